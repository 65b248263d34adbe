#include "certstore/spki.h"

#include "certstore/x509.h"

namespace spdm::certstore {

Bytes spki_of(View certificate) {
  const crypto::OwnedX509 parsed = parse_x509(certificate);
  const EVP_PKEY* key = parsed ? X509_get0_pubkey(parsed.get()) : nullptr;
  const int size = key == nullptr ? -1 : i2d_PUBKEY(key, nullptr);
  if (size <= 0) {
    ERR_clear_error();
    return {};
  }
  Bytes out(static_cast<std::size_t>(size));
  std::uint8_t* at = out.data();
  i2d_PUBKEY(key, &at);
  return out;
}

}  // namespace spdm::certstore
