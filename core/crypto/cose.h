// CBOR that one signer has signed: COSE_Sign1 (RFC 9052), as CoRIM files and the tokens of devices are. It is taken apart and
// verified here; whose key may sign is for the caller to say.
#pragma once

#include <string>
#include <vector>

#include "core/crypto/crypto.h"
#include "core/format/cbor.h"

namespace spdm::crypto {

inline constexpr std::uint64_t kSign1Tag = 18;

struct Sign1 {
  Bytes protected_bytes;  // as they were signed; empty where there is no such header
  cbor::Item header;      // what they hold: a map
  cbor::Item unprotected;
  Bytes payload;
  std::size_t payload_offset = 0;  // in what was read
  Bytes signature;

  // DER, the signer's first (x5chain, RFC 9360 2), of the protected header or else of the other. They prove nothing by themselves.
  std::vector<Bytes> certificates() const;
};

// Of tag 18, or of its array alone. Throws Error{bad_input}: for what is no COSE_Sign1, for a payload that lies elsewhere, and for
// headers that are no maps or say what both of them may not.
Sign1 read_sign1(const cbor::Item& item);

// "ES384"; "COSE algorithm -65535" for one that is not known.
std::string algorithm_of(const Sign1& message);

// Whether the key has signed the message, by the algorithm of its protected header. ES256, ES384 and ES512 on the curves of RFC 9053 2.1
// and of RFC 9864, PS256, PS384 and PS512 with RSA of 2048, 3072 or 4096 bits. Throws Error{bad_input} for critical headers, which
// RFC 9052 3.1 lets nobody ignore, and for a message without algorithm; Error{unsupported} for other algorithms.
bool verify(const Sign1& message, const PublicKey& key);

}  // namespace spdm::crypto
