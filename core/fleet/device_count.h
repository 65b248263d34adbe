// How many devices results are about. A key is one device, whatever function, transport or day a result is of; where a result
// proves no key, its host and the name that it has there are the device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/appraisal/names.h"
#include "core/fleet/digest_table.h"

namespace spdm {

class DeviceCount {
 public:
  struct Seen {
    std::uint32_t number = 0;  // of the device, from 0 on
    bool again = false;        // it had a result before
    bool same_place = false;   // and so had this host and name
  };
  explicit DeviceCount(std::size_t most) : most_(most) {}

  // `key`: SHA-256 in hex, or empty. Nothing when the device is not known, or there is no room for it.
  std::optional<Seen> add(const std::string& key, NameId host, NameId device);
  std::size_t count() const { return keyed_.size() - merged_; }
  bool full() const { return full_; }

 private:
  std::uint32_t number(bool keyed);

  std::size_t most_, merged_ = 0;
  bool full_ = false;
  DigestTable keys_;                                         // to numbers
  std::unordered_map<std::uint64_t, std::uint32_t> places_;  // host and name, to numbers
  std::vector<bool> keyed_;                                  // by number: its key is known
};

}  // namespace spdm
