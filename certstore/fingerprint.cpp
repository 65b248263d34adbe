#include "certstore/fingerprint.h"

#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm::certstore {

std::string sha256(View bytes) { return hex(crypto::hash(*find_hash("SHA-256"), bytes)); }

}  // namespace spdm::certstore
