// Applies the deny list to every certificate and key of a chain, and to the anchor.
#include "certstore/fingerprint.h"
#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

std::string fingerprint_of_key(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::string out = sha256({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

void check(Validation& j, std::size_t index, const std::string& certificate, const std::string& key) {
  if (const Denial* entry = find_denial(j.denials, false, certificate)) j.result.findings.push_back(denial(*entry, j.place(index)));
  if (const Denial* entry = find_denial(j.denials, true, key)) j.result.findings.push_back(denial(*entry, j.place(index)));
}

}  // namespace

std::string key_fingerprint(View der) {
  const auto certificate = parse_x509(der);
  return certificate ? fingerprint_of_key(certificate.get()) : std::string();
}

Finding denial(const Denial& entry, std::string where) {
  return {FindingId::denied, std::move(where),
          cat(entry.origin, " denies ", entry.key ? "the key" : "the certificate", " with the SHA-256 fingerprint ", entry.sha256,
              entry.comment.empty() ? "" : ": ", entry.comment),
          "do not use the device; or take the entry out of the deny list"};
}

void check_denied(Validation& j) {
  for (std::size_t i = 0; i < j.received.size(); ++i) {
    const std::string key = fingerprint_of_key(j.received[i].get());
    if (i + 1 == j.received.size() && j.result.leaf_key) j.result.leaf_key_sha256 = key;
    check(j, i, j.result.certificates[i].sha256, key);
  }
  if (j.outer) check(j, j.received.size(), j.anchor->info.sha256, fingerprint_of_key(j.outer.get()));
}

}  // namespace spdm::certstore
