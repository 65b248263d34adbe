// The devices that must be shown, as their owner has listed them, and which of them were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/appraisal/report.h"
#include "core/fleet/shown_device.h"

namespace spdm {

// Entries of one list, and those among them that several devices may fit: the others name a key, which one device has.
inline constexpr std::size_t kMaxExpected = 100'000, kMaxExpectedByPattern = 4'096;

// Every key that is given must fit, of what is proven (shown_device.h). The host alone is its collector's word: it narrows, and is
// never enough.
struct ExpectedDevice {
  std::string name, origin;                          // name: given, or "FILE:LINE"; origin: "FILE:LINE"
  std::optional<std::string> host;                   // the name of the host that must show it
  std::optional<std::string> leaf_key, root;         // SHA-256, lower-case hex
  std::optional<std::string> identity, device_info;  // patterns of fnmatch(3)
  std::optional<std::string> pin;                    // the name of a file of pins/, with or without .yaml

  bool fits(const ShownDevice& shown, const std::optional<std::string>& at_host) const;
};

// {version: 1, devices: [{name: TEXT, host: HOSTNAME, leaf-key: SHA256, certificate-identity: PATTERN, device-info: PATTERN,
//   root: SHA256, pin: NAME}, ...]}; of the last five at least one.
// Throws Error{config} with file, line and column.
std::vector<ExpectedDevice> read_expected_devices(const std::string& file, const std::string& contents);

// Meets the devices that pass with the list. Each entry is met by one device, and a device, known by its key, meets one entry; it
// may be shown as often as it likes. Which device meets which entry is settled so that as many as can be are met.
class RollCall {
 public:
  explicit RollCall(std::vector<ExpectedDevice> expected);

  // Notes the device of a report that passes. Returns what is wrong with it: that it is not on the list.
  std::optional<Finding> meet(const Report& report, const ShownDevice& shown);
  // A failure for each entry that no device has met.
  std::vector<Report> absent() const;

 private:
  static constexpr std::size_t kNobody = SIZE_MAX;

  // A device at a host, as far as it meets an entry that fits several.
  struct Guest {
    std::string key;
    std::optional<std::string> host;
    std::vector<bool> fits;  // by the place in patterns_
  };
  bool meets_by_key(const ShownDevice& shown, const std::optional<std::string>& host);
  bool meets_by_pattern(const std::string& key, const ShownDevice& shown, const std::optional<std::string>& host);
  bool is_covered(const std::string& key, const std::optional<std::string>& host);
  // Finds an entry for the guest, and another one for whom that displaces.
  bool seat(std::size_t guest, std::vector<bool>& tried);

  std::vector<ExpectedDevice> expected_;
  std::unordered_multimap<std::string, std::size_t> by_key_;  // entries that name a key
  std::vector<std::size_t> patterns_;                         // the others
  std::vector<bool> met_;                                     // by the place in expected_; of those that name a key
  std::vector<std::size_t> seats_;                            // by the place in patterns_: a guest, or kNobody
  std::vector<bool> fixed_;                                   // the same: several hosts show this guest, so it stays
  std::vector<Guest> guests_;
};

}  // namespace spdm
