// Which devices a rule, a reference value or a root is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"

namespace spdm::yaml {
class Value;
}

namespace spdm {

// Every key that is given must fit; a match without keys fits every device. A value that is not known of a device fits
// no key: a device without a PCI identity matches no vendor.
struct DeviceMatch {
  std::optional<std::uint16_t> vendor, device, subsystem_vendor, subsystem;
  std::optional<std::uint32_t> class_code, class_mask;  // "01", "0108", "010802"
  std::optional<std::string> bdf;                       // a pattern of fnmatch(3), "0000:03:*"; with its domain
  std::optional<std::string> target;                    // a pattern of fnmatch(3) over the target's name, "emu://*"
  std::optional<std::string> driver, slot;              // exactly
  std::optional<bool> removable;

  bool operator==(const DeviceMatch&) const = default;
};

bool matches(const DeviceMatch& match, const HostView& host);
// Why it does not match, by the first key that does not fit: "class is 020000, not 0108". Empty when it matches.
std::string misfit(const DeviceMatch& match, const HostView& host);
// The keys that are given, as they stand in a file.
struct MatchKey {
  std::string_view name;
  std::string value;
  bool is_flag = false;  // "true" and "false" stand without quotes
};
std::vector<MatchKey> keys_of(const DeviceMatch& match);

// A pattern of fnmatch(3) that fits this name and no other. Exception: a character that a file cannot hold becomes "?",
// which fits any one character.
std::string pattern_for(std::string_view name);

// {vendor: "1b36", device: "0010", subsystem-vendor: "1af4", subsystem: "1100", class: "0108", bdf: "0000:03:*",
//  target: "emu://*", driver: nvme, slot: "3", removable: true}. Throws Error{config} with file, line and column.
DeviceMatch read_device_match(const yaml::Value& value);

}  // namespace spdm
