#include "support/reencode.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include <memory>
#include <stdexcept>

namespace reencode {

namespace {

// The first element of `rest`, in DER, which is left behind it.
View take(View& rest) {
  if (rest.size() < 2) throw std::runtime_error("reencode: no element");
  std::size_t length = rest[1], header = 2;
  if (length >= 0x80) {
    header += length & 0x7F;
    length = 0;
    for (std::size_t i = 2; i < header; ++i) length = length << 8 | rest[i];
  }
  const View out = rest.first(header + length);
  rest = rest.subspan(out.size());
  return out;
}

View content_of(View element) {
  const std::size_t length = element[1];
  return element.subspan(length >= 0x80 ? 2 + (length & 0x7F) : 2);
}

}  // namespace

Bytes joined(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

Bytes element(std::uint8_t tag, const Bytes& content) {
  Bytes out{tag};
  const std::size_t size = content.size();
  if (size >= 0x100)
    out.insert(out.end(), {0x82, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
  else if (size >= 0x80)
    out.insert(out.end(), {0x81, static_cast<std::uint8_t>(size)});
  else
    out.push_back(static_cast<std::uint8_t>(size));
  return joined(out, content);
}

Parts parts_of(View certificate) {
  View rest = content_of(certificate);
  Parts out;
  for (Bytes* part : {&out.tbs, &out.algorithm, &out.signature}) *part = spdm::to_bytes(take(rest));
  return out;
}

Bytes assemble(const Parts& parts) { return element(0x30, joined(joined(parts.tbs, parts.algorithm), parts.signature)); }

Bytes signature_of(View certificate) { return spdm::to_bytes(content_of(parts_of(certificate).signature)); }

Bytes with_signature(View certificate, std::uint8_t tag, const Bytes& content) {
  Parts parts = parts_of(certificate);
  parts.signature = element(tag, content);
  return assemble(parts);
}

Bytes with_other_s(View certificate) {
  const Bytes signature = signature_of(certificate);
  const std::uint8_t* at = signature.data() + 1;
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size() - 1)),
                                                                   ECDSA_SIG_free);
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> curve(EC_GROUP_new_by_curve_name(NID_secp384r1), EC_GROUP_free);
  if (!pair || !curve) throw std::runtime_error("reencode: no ECDSA signature");
  BIGNUM *r = BN_dup(ECDSA_SIG_get0_r(pair.get())), *s = BN_new();
  BN_sub(s, EC_GROUP_get0_order(curve.get()), ECDSA_SIG_get0_s(pair.get()));
  ECDSA_SIG_set0(pair.get(), r, s);
  Bytes out(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
  std::uint8_t* end = out.data();
  i2d_ECDSA_SIG(pair.get(), &end);
  return with_signature(certificate, 0x03, joined({0}, out));
}

Bytes with_long_length(View certificate) {
  Parts parts = parts_of(certificate);
  parts.algorithm.insert(parts.algorithm.begin() + 1, 0x81);
  return assemble(parts);
}

}  // namespace reencode
