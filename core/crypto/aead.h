// Authenticated encryption (AEAD) of records. Implemented with OpenSSL.
#pragma once

#include <optional>

#include "core/crypto/crypto.h"
#include "core/secret_bytes.h"

namespace spdm::crypto {

bool supports(const AeadAlgorithm& algorithm);

// Ciphertext and tag. `iv` has kAeadIvSize bytes.
Bytes seal(const AeadAlgorithm& algorithm, const SecretBytes& key, View iv, View associated, View plaintext);
// The plaintext; nothing when the tag is wrong. `sealed` is ciphertext and tag.
std::optional<Bytes> open(const AeadAlgorithm& algorithm, const SecretBytes& key, View iv, View associated, View sealed);

}  // namespace spdm::crypto
