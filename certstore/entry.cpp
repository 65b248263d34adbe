#include "certstore/entry.h"

#include <mutex>

#include "certstore/fingerprint.h"
#include "certstore/keyring.h"
#include "certstore/outline.h"

namespace spdm::certstore {

struct Entry::Certificate {
  Bytes der;
  std::string sha256;
  std::once_flag described;
  CertificateInfo info;
};

Entry::Entry(Bytes der, std::string from) : file(std::move(from)), certificate_(std::make_shared<Certificate>()) {
  certificate_->sha256 = certstore::sha256(der);
  certificate_->der = std::move(der);
}

View Entry::der() const { return certificate_->der; }
const std::string& Entry::sha256() const { return certificate_->sha256; }

const CertificateInfo& Entry::info() const {
  std::call_once(certificate_->described, [&] { certificate_->info = describe(certificate_->der); });
  return certificate_->info;
}

void Entry::know(const CertificateInfo& info) const {
  std::call_once(certificate_->described, [&] { certificate_->info = info; });
}

bool Entry::is_self_issued() const {
  if (const std::optional<Outline> outline = outline_of(der())) {
    if (equal(outline->issuer, outline->subject)) return true;
    // The same text may be in strings of another type, and then has the same size.
    if (outline->issuer.size() != outline->subject.size()) return false;
  }
  return info().issuer == info().subject;
}

}  // namespace spdm::certstore
