// What a page shows of a device once its row is opened: findings, chain, measurements and the hash of the evidence. Texts are
// kept once, for devices of one model have most of them in common. Bounded: the writer of the reports must not be able to
// exhaust the memory, nor make a page that no browser opens.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/appraisal/names.h"
#include "core/fleet/result.h"
#include "core/format/json.h"

namespace spdm {

// Each number is that of a text.
struct DeviceDetails {
  struct Certificate {
    NameId subject = 0, sha256 = 0, not_after = 0;
    bool is_ca = false;
  };
  struct Measurement {
    std::uint8_t index = 0;
    NameId type = 0, value = 0;
    bool is_signed = false;
  };
  using Finding = std::array<NameId, 5>;  // id, severity, where, why, remedy

  NameId evidence = 0;  // SHA-256 of what was judged
  NameId leaf_key = 0;  // SHA-256 of the leaf key of the main slot, proven or not
  std::vector<Finding> findings;
  std::vector<Certificate> certificates;
  std::vector<Measurement> measurements;
};

// Arrays of numbers, in the order of the members above.
Json to_json(const DeviceDetails& details);

// How much is kept. Devices that pass have half of it: those that do not pass are found with their details, however late
// they come.
struct DetailLimits {
  std::size_t devices = 20'000, numbers = 1'000'000, text_bytes = 8U << 20;
};

class DetailStore {
 public:
  explicit DetailStore(DetailLimits limits = {}) : limits_(limits), texts_(limits.text_bytes / 8, limits.text_bytes) {}

  // `row`: a number of the caller, once.
  void keep(std::size_t row, const Result& result);
  const DeviceDetails* find(std::size_t row) const;
  // By number; those with 0 and 1 say that there is none, and that there was no room.
  std::vector<std::string> texts() const;
  bool full() const { return full_ || texts_.full(); }

 private:
  bool has_room(std::size_t numbers, bool passes) const;

  DetailLimits limits_;
  Names texts_;
  std::unordered_map<std::size_t, DeviceDetails> rows_;
  std::size_t numbers_ = 0;
  bool full_ = false;
};

}  // namespace spdm
