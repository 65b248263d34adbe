// HMAC (RFC 2104) and HKDF (RFC 5869), for the key schedule of sessions. Implemented with OpenSSL.
#pragma once

#include "core/crypto/crypto.h"
#include "core/secret_bytes.h"

namespace spdm::crypto {

SecretBytes hkdf_extract(const HashAlgorithm& hash, View salt, const SecretBytes& key);
SecretBytes hkdf_expand(const HashAlgorithm& hash, const SecretBytes& key, View info, std::size_t size);

// The MAC of `data`; it is no secret.
Bytes hmac(const HashAlgorithm& hash, const SecretBytes& key, View data);
// Compares without a difference in time.
bool equal_in_constant_time(View a, View b);

}  // namespace spdm::crypto
