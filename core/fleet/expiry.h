// When the certificates of a fleet expire. Each is counted once, however many devices send it.
#pragma once

#include <deque>
#include <utility>

#include "core/appraisal/names.h"
#include "core/fleet/digest_table.h"
#include "core/fleet/summary.h"

namespace spdm {

class ExpiryTable {
 public:
  explicit ExpiryTable(std::int64_t at);

  // Adds the certificates of a device, which may have had a result before. Returns when the first of them expires, in seconds since 1970;
  // nothing when none has a readable notAfter.
  std::optional<std::int64_t> add(const std::vector<ResultCertificate>& certificates, bool again);
  Expiry finish(std::size_t most) const;
  bool full() const { return full_ || names_.full(); }

 private:
  struct Entry {
    Block<32> sha256{};  // its fingerprint, unless it has another name
    std::int64_t not_after = 0;
    NameId name = Names::kNone, subject = Names::kNone;
    std::uint32_t devices = 0;
    CertificateRole role = CertificateRole::leaf;
  };
  // The entry of this fingerprint, and whether it is new; nullptr where there is no room for it.
  std::pair<Entry*, bool> entry_of(const std::string& fingerprint);
  std::pair<Entry*, bool> add_entry(const Block<32>& digest, Entry fresh, std::string_view name);
  std::string fingerprint_of(const Entry& entry) const;
  enum class Counted { certificate, device };
  void count(std::int64_t not_after, Counted counted);

  std::int64_t at_;
  std::vector<ExpiryPeriod> periods_, months_;
  std::vector<std::int64_t> ends_;  // of the months
  bool full_ = false;
  Names names_;
  DigestTable numbers_;        // of the entries, by SHA-256
  std::deque<Entry> entries_;  // in the order in which they came
};

}  // namespace spdm
