// Signed JSON for relying parties: JSON Web Signatures (RFC 7515) in the compact form, with the algorithms of RFC 7518 and
// RFC 8037.
#pragma once

#include <string>
#include <string_view>

#include "core/crypto/crypto.h"

namespace spdm::crypto {

// "ES256", "ES384", "ES512", "PS256" (RSA of 2048, 3072 or 4096 bits) or "EdDSA" (Ed25519): what `key` signs with. Throws
// Error{usage} for keys of other kinds.
std::string_view jws_algorithm(const PrivateKey& key);

// header.payload.signature, each in base64url: a JWT when the payload is a set of claims. Throws as jws_algorithm().
std::string sign_jws(const PrivateKey& key, std::string_view payload);

// RFC 4648 section 5, without padding.
std::string base64url(View bytes);

}  // namespace spdm::crypto
