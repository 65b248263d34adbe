// Signatures without what SPDM puts around what is signed. For the files of this folder.
#pragma once

#include "core/crypto/crypto.h"

namespace spdm::crypto {

// Whether the primitive verifies: over a digest where it signs one (RSA, ECDSA), else over the message. Otherwise as verify().
bool verify_primitive(const PublicKey& key, const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::string_view context, View input,
                      View signature);

}  // namespace spdm::crypto
