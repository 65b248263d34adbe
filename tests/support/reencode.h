// Writes certificates in other ways without the key of their issuer: what is signed stays as it is, byte for byte.
#pragma once

#include "core/bytes.h"

namespace reencode {

using spdm::Bytes;
using spdm::View;

// The parts of a certificate, each with tag and length.
struct Parts {
  Bytes tbs, algorithm, signature;
};

Parts parts_of(View certificate);
Bytes assemble(const Parts& parts);

// DER of one element.
Bytes element(std::uint8_t tag, const Bytes& content);
Bytes joined(const Bytes& a, const Bytes& b);

// The other good ECDSA signature, (r, n - s), in DER; the key is on P-384.
Bytes with_other_s(View certificate);
// The outer signatureAlgorithm with its length in one byte more than it needs.
Bytes with_long_length(View certificate);
// Another BIT STRING in place of the signature: its tag and all of its content.
Bytes with_signature(View certificate, std::uint8_t tag, const Bytes& content);
// The content of the signature's BIT STRING, the byte that counts unused bits first.
Bytes signature_of(View certificate);

}  // namespace reencode
