#include "certstore/issuers.h"

#include "certstore/fingerprint.h"
#include "certstore/keyring.h"

namespace spdm::certstore {

namespace {

constexpr std::size_t kCost = 8192;  // of one without what depends on its size

Decoded shared(const Decoded& known) {
  X509_up_ref(known.certificate.get());
  return {crypto::OwnedX509(known.certificate.get()), known.info};
}

// An SM2 signature is tried with two identities, which is written into the certificate (is_signed_by).
bool is_changed(const X509* certificate) { return X509_get_signature_nid(certificate) == NID_SM2_with_SM3; }

}  // namespace

Decoded decode(View der) {
  crypto::OwnedX509 certificate = parse_x509(der);
  CertificateInfo info = certificate ? describe(certificate.get(), der) : describe(der);
  return {std::move(certificate), std::move(info)};
}

Decoded Issuers::decode(View der) {
  const std::string fingerprint = sha256(der);
  {
    const std::lock_guard lock(mutex_);
    if (const auto* const found = known_.find(fingerprint)) return shared(**found);
  }
  auto fresh = std::make_shared<Decoded>(certstore::decode(der));
  if (!fresh->certificate || is_changed(fresh->certificate.get())) return std::move(*fresh);
  const std::lock_guard lock(mutex_);
  known_.insert(fingerprint, fresh, kCost + 6 * der.size());
  return shared(*fresh);
}

std::size_t Issuers::size() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

}  // namespace spdm::certstore
