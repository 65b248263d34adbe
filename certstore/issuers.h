// Certificates of issuers that were decoded before: many chains have the same, and to decode one takes a fifth of the time that it takes
// to verify a signature. Bounded and thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "certstore/lru.h"
#include "certstore/x509.h"

namespace spdm::certstore {

struct Decoded {
  crypto::OwnedX509 certificate;  // nullptr: it is none; then only DER and fingerprint are in `info`
  CertificateInfo info;
};

Decoded decode(View der);

class Issuers {
 public:
  // As decode(); `certificate` is shared with other chains, and must not be changed.
  Decoded decode(View der);
  std::size_t size() const;

 private:
  static constexpr std::size_t kBudget = 4U << 20U;  // bytes, by estimate

  mutable std::mutex mutex_;
  Lru<std::string, std::shared_ptr<const Decoded>> known_{kBudget};  // by fingerprint
};

}  // namespace spdm::certstore
