// When the certificates of a fleet expire. Each is counted once, however many devices send it.
#pragma once

#include <unordered_map>

#include "core/appraisal/names.h"
#include "core/fleet/summary.h"

namespace spdm {

class ExpiryTable {
 public:
  explicit ExpiryTable(std::int64_t at);

  // Adds the certificates of a device, which may have had a result before. Returns when the first of them expires, in seconds since 1970;
  // nothing when none has a readable notAfter.
  std::optional<std::int64_t> add(const std::vector<ResultCertificate>& certificates, bool again);
  Expiry finish(std::size_t most) const;
  bool full() const { return names_.full(); }

 private:
  struct Entry {
    std::int64_t not_after = 0;
    NameId subject = Names::kNone;
    std::uint32_t devices = 0;
    CertificateRole role = CertificateRole::leaf;
  };
  enum class Counted { certificate, device };
  void count(std::int64_t not_after, Counted counted);

  std::int64_t at_;
  std::vector<ExpiryPeriod> periods_, months_;
  std::vector<std::int64_t> ends_;  // of the months
  Names names_;
  std::unordered_map<NameId, Entry> entries_;  // by SHA-256
};

}  // namespace spdm
