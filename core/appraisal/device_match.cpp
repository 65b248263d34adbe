#include "core/appraisal/device_match.h"

#include <fnmatch.h>

#include <algorithm>

#include "core/evidence/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Section;
using yaml::Value;

// Hex digits as lspci -n prints them, without a prefix. The number of digits counts: "0108" is a class without its interface.
std::uint32_t hex_digits(const Value& value, std::initializer_list<std::size_t> lengths, std::string_view hint) {
  const std::string text = value.text();
  const bool digits = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!digits || std::find(lengths.begin(), lengths.end(), text.size()) == lengths.end())
    value.fail(cat("'", printable(text), "' is no such number"), hint);
  return static_cast<std::uint32_t>(std::stoul(text, nullptr, 16));
}

std::uint16_t read_id(const Value& value) { return static_cast<std::uint16_t>(hex_digits(value, {4}, "write four hex digits: \"1b36\"")); }

// A pattern that can match no address would silently match nothing.
std::string read_address(const Value& value) {
  std::string out = value.text();
  if (out.empty() || out.find_first_not_of("0123456789abcdef:.*?[]-!") != std::string::npos)
    value.fail(cat("'", printable(out), "' is no address"), "write it as in /sys: \"0000:03:00.0\", \"0000:03:*\"");
  return out;
}

std::string read_word(const Value& value) {
  std::string out = value.text();
  if (out.empty()) value.fail("is empty", "leave the key out to match any");
  return out;
}

bool fits_pattern(const std::optional<std::string>& pattern, const std::string& text) {
  return !pattern || ::fnmatch(pattern->c_str(), text.c_str(), 0) == 0;
}

template <class T>
bool fits(const std::optional<T>& wanted, const std::optional<T>& there) {
  return !wanted || wanted == there;
}

bool fits_identity(const DeviceMatch& match, const std::optional<PciIdentity>& identity) {
  if (!identity) return !match.vendor && !match.device && !match.subsystem_vendor && !match.subsystem && !match.class_code;
  if (match.vendor.value_or(identity->vendor) != identity->vendor || match.device.value_or(identity->device) != identity->device)
    return false;
  if (!fits(match.subsystem_vendor, identity->subsystem_vendor) || !fits(match.subsystem, identity->subsystem)) return false;
  return !match.class_code || *match.class_code == (identity->class_code & match.class_mask.value_or(0xFFFFFF));
}

}  // namespace

bool matches(const DeviceMatch& match, const HostView& host) {
  if (!fits_identity(match, host.identity)) return false;
  if (match.bdf && !host.bdf) return false;
  if (!fits_pattern(match.bdf, host.bdf.value_or("")) || !fits_pattern(match.target, host.target)) return false;
  if (match.removable && (host.removable.value_or("") == "removable") != *match.removable) return false;
  return fits<std::string>(match.driver, host.driver) && fits<std::string>(match.slot, host.slot);
}

DeviceMatch read_device_match(const Value& value) {
  const Section section(value,
                        {"vendor", "device", "subsystem-vendor", "subsystem", "class", "bdf", "target", "driver", "slot", "removable"});
  DeviceMatch out;
  section.with("vendor", [&](const Value& id) { out.vendor = read_id(id); });
  section.with("device", [&](const Value& id) { out.device = read_id(id); });
  section.with("subsystem-vendor", [&](const Value& id) { out.subsystem_vendor = read_id(id); });
  section.with("subsystem", [&](const Value& id) { out.subsystem = read_id(id); });
  section.with("class", [&](const Value& code) {
    const std::size_t missing = 4 * (6 - std::min<std::size_t>(code.text().size(), 6));
    out.class_code = hex_digits(code, {2, 4, 6}, "write two, four or six hex digits: \"01\", \"0108\", \"010802\"") << missing;
    out.class_mask = 0xFFFFFF >> missing << missing;
  });
  section.with("bdf", [&](const Value& pattern) { out.bdf = read_address(pattern); });
  section.with("target", [&](const Value& pattern) { out.target = read_word(pattern); });
  section.with("driver", [&](const Value& name) { out.driver = read_word(name); });
  section.with("slot", [&](const Value& name) { out.slot = read_word(name); });
  section.with("removable", [&](const Value& flag) { out.removable = flag.boolean(); });
  return out;
}

}  // namespace spdm
