#include "core/appraisal/device_match.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>

#include "core/format/yaml_reader.h"
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

// As in /sys, where a domain has four digits at least. A pattern that can match no address would silently match nothing:
// "03:00.0" is completed, as on the command line.
std::string read_address(const Value& value) {
  const std::string text = value.text();
  const auto fail = [&] {
    value.fail(cat("'", printable(text), "' is no address"), "write it as in /sys: \"0000:03:00.0\", \"0000:03:*\"");
  };
  if (text.empty() || text.find_first_not_of("0123456789abcdef:.*?[]-!") != std::string::npos) fail();
  const bool is_pattern = text.find_first_of("*?[") != std::string::npos;
  // A star may stand for a domain, too: what it fits is not changed.
  const std::size_t colon = text.find(':');
  const bool is_short = colon != std::string::npos && colon <= 2 && colon == text.rfind(':') && text.find('*') > colon;
  const std::string full = is_short ? cat("0000:", colon == 1 ? "0" : "", text) : text;
  if (is_pattern) return full;
  if (full.find_first_of("]-!") != std::string::npos) fail();
  unsigned domain = 0, bus = 0, device = 0, function = 0;
  int used = 0;
  const int found = std::sscanf(full.c_str(), "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &used);  // NOLINT(cert-err34-c)
  if (found != 4 || static_cast<std::size_t>(used) != full.size() || device > 31 || function > 7) fail();
  std::string digits = hex(domain, 8);
  digits.erase(0, std::min<std::size_t>(digits.find_first_not_of('0'), 4));
  return cat(digits, ":", hex(bus, 2), ":", hex(device, 2), ".", function);
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

// Not known is neither.
std::optional<bool> is_removable(const HostView& host) {
  if (!host.removable || host.removable->empty() || *host.removable == "unknown") return std::nullopt;
  return *host.removable == "removable";
}

// The first key that does not fit, in the order of the file; empty: none.
std::string_view first_misfit(const DeviceMatch& match, const HostView& host) {
  const PciIdentity none{};
  const PciIdentity& identity = host.identity ? *host.identity : none;
  const auto id_fits = [&](const std::optional<std::uint16_t>& wanted, std::uint16_t there) {
    return !wanted || (host.identity && *wanted == there);
  };
  if (!id_fits(match.vendor, identity.vendor)) return "vendor";
  if (!id_fits(match.device, identity.device)) return "device";
  if (!fits(match.subsystem_vendor, identity.subsystem_vendor)) return "subsystem-vendor";
  if (!fits(match.subsystem, identity.subsystem)) return "subsystem";
  if (match.class_code && (!host.identity || *match.class_code != (identity.class_code & match.class_mask.value_or(0xFFFFFF))))
    return "class";
  if (match.bdf && (!host.bdf || !fits_pattern(match.bdf, *host.bdf))) return "bdf";
  if (!fits_pattern(match.target, host.target)) return "target";
  if (!fits<std::string>(match.driver, host.driver)) return "driver";
  if (!fits<std::string>(match.slot, host.slot)) return "slot";
  if (!fits(match.removable, is_removable(host))) return "removable";
  return {};
}

std::string digits(const std::optional<std::uint16_t>& id) { return id ? hex(*id, 4) : std::string(); }

// What the host has seen under a key; empty: nothing.
std::string seen(std::string_view key, const HostView& host) {
  if (key == "bdf") return host.bdf.value_or("");
  if (key == "target") return host.target;
  if (key == "driver") return host.driver.value_or("");
  if (key == "slot") return host.slot.value_or("");
  if (key == "removable") return !is_removable(host) ? host.removable.value_or("") : *is_removable(host) ? "true" : "false";
  if (!host.identity) return {};
  if (key == "vendor") return digits(host.identity->vendor);
  if (key == "device") return digits(host.identity->device);
  if (key == "subsystem-vendor") return digits(host.identity->subsystem_vendor);
  if (key == "subsystem") return digits(host.identity->subsystem);
  return hex(host.identity->class_code, 6);
}

}  // namespace

std::string pattern_for(std::string_view name) {
  constexpr std::string_view special = "*?[\\";
  std::string out;
  for (const char c : name) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c >= ' ' && c < 0x7F ? c : '?';
  }
  return out;
}

bool matches(const DeviceMatch& match, const HostView& host) { return first_misfit(match, host).empty(); }

std::string misfit(const DeviceMatch& match, const HostView& host) {
  const std::string_view key = first_misfit(match, host);
  if (key.empty()) return {};
  std::string wanted;
  for (const auto& [name, value] : keys_of(match))
    if (name == key) wanted = printable(value);
  const std::string there = printable(seen(key, host));
  return there.empty() ? cat("it has no ", key, ", the rule asks for ", wanted) : cat(key, " is ", there, ", not ", wanted);
}

std::vector<std::pair<std::string_view, std::string>> keys_of(const DeviceMatch& match) {
  std::vector<std::pair<std::string_view, std::string>> out;
  const auto add = [&](std::string_view key, const auto& value, auto text) {
    if (value) out.emplace_back(key, text(*value));
  };
  const auto id = [](std::uint16_t value) { return hex(value, 4); };
  const auto word = [](const std::string& value) { return value; };
  add("vendor", match.vendor, id);
  add("device", match.device, id);
  add("subsystem-vendor", match.subsystem_vendor, id);
  add("subsystem", match.subsystem, id);
  add("class", match.class_code, [&](std::uint32_t code) {
    const std::uint32_t mask = match.class_mask.value_or(0xFFFFFF);
    return hex(code, 6).substr(0, (mask & 0xFF) != 0 ? 6 : (mask & 0xFF00) != 0 ? 4 : 2);
  });
  add("bdf", match.bdf, word);
  add("target", match.target, word);
  add("driver", match.driver, word);
  add("slot", match.slot, word);
  add("removable", match.removable, [](bool value) { return std::string(value ? "true" : "false"); });
  return out;
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
