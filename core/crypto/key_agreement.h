// How the two sides of a session come to a secret: Diffie-Hellman (DHE) or a key encapsulation mechanism (KEM). Implemented with
// OpenSSL.
#pragma once

#include <memory>

#include "core/crypto/crypto.h"
#include "core/secret_bytes.h"

namespace spdm::crypto {

// Whether the library in use has the algorithm.
bool supports(const KeyExchangeAlgorithm& algorithm);

// A key pair for one session. Throws Error{unsupported} when the library lacks the algorithm.
class KeyAgreement {
 public:
  explicit KeyAgreement(const KeyExchangeAlgorithm& algorithm);
  ~KeyAgreement();
  KeyAgreement(KeyAgreement&&) noexcept;
  KeyAgreement& operator=(KeyAgreement&&) noexcept;

  // ExchangeData of ours: for EC x || y, for FFDHE y, both in full width and big-endian; for a KEM the encapsulation key.
  Bytes public_value() const;
  // The secret from the peer's ExchangeData (a KEM's requester: from the ciphertext), in full width, leading zeros included. Throws
  // Error{peer} for a value that is no member of the group (a point that is not on the curve; FFDHE: not 1 < y < p - 1).
  SecretBytes derive(View peer) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The responder's side of a KEM: the secret, and the ciphertext that carries it. Throws Error{peer} for a malformed key.
struct Encapsulated {
  SecretBytes secret;
  Bytes ciphertext;
};
Encapsulated encapsulate(const KeyExchangeAlgorithm& algorithm, View encapsulation_key);

}  // namespace spdm::crypto
