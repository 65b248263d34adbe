#include "core/appraisal/device_match.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
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

// In the form of /sys, where a domain has at least four digits. "03:00.0" is completed, as on the command line. A
// pattern that fits no address is an error: it would silently match nothing.
std::string read_address(const Value& value) {
  const std::string text = value.text();
  const auto fail = [&] {
    value.fail(cat("'", printable(text), "' is no address"), "write it as in /sys: \"0000:03:00.0\", \"0000:03:*\"");
  };
  if (text.empty() || text.find_first_not_of("0123456789abcdef:.*?[]-!") != std::string::npos) fail();
  const bool is_pattern = text.find_first_of("*?[") != std::string::npos;
  // A star may stand for the domain, too, so such a pattern stays as it is.
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

// Nothing when it is not known.
std::optional<bool> is_removable(const HostView& host) {
  if (!host.removable || host.removable->empty() || *host.removable == "unknown") return std::nullopt;
  return *host.removable == "removable";
}

bool id_fits(const std::optional<std::uint16_t>& wanted, const HostView& host, std::uint16_t PciIdentity::*there) {
  return !wanted || (host.identity && *wanted == *host.identity.*there);
}

std::string digits(const std::optional<std::uint16_t>& id) { return id ? hex(*id, 4) : std::string(); }

std::string seen_id(const HostView& host, std::uint16_t PciIdentity::*id) { return host.identity ? hex(*host.identity.*id, 4) : ""; }

std::string boolean(bool value) { return value ? "true" : "false"; }

// "01", "0108", "010802": as many digits as were written.
void read_class(const Value& code, DeviceMatch& out) {
  const std::size_t missing = 4 * (6 - std::min<std::size_t>(code.text().size(), 6));
  out.class_code = hex_digits(code, {2, 4, 6}, "write two, four or six hex digits: \"01\", \"0108\", \"010802\"") << missing;
  out.class_mask = 0xFFFFFF >> missing << missing;
}

bool class_fits(const DeviceMatch& match, const HostView& host) {
  return !match.class_code || (host.identity && *match.class_code == (host.identity->class_code & match.class_mask.value_or(0xFFFFFF)));
}

std::string class_text(const DeviceMatch& match) {
  if (!match.class_code) return {};
  const std::uint32_t mask = match.class_mask.value_or(0xFFFFFF);
  return hex(*match.class_code, 6).substr(0, (mask & 0xFF) != 0 ? 6 : (mask & 0xFF00) != 0 ? 4 : 2);
}

// One row per key, in the order in which they are compared and shown.
struct KeyRow {
  using Read = void (*)(const Value& value, DeviceMatch& out);
  using Fits = bool (*)(const DeviceMatch& match, const HostView& host);
  using Text = std::string (*)(const DeviceMatch& match);
  using Seen = std::string (*)(const HostView& host);

  // No member has a default: a row that lacks one does not compile.
  constexpr KeyRow(std::string_view name_in_file, bool is_boolean, Read how_read, Fits how_compared, Text how_shown, Seen what_is_there)
      : name(name_in_file), is_flag(is_boolean), read(how_read), fits(how_compared), text(how_shown), seen(what_is_there) {}

  std::string_view name;
  bool is_flag;
  Read read;
  Fits fits;
  Text text;  // as `read` understands it; empty where the key is not given
  Seen seen;  // empty: the host has seen nothing of the kind
};

constexpr std::array kKeys{
    KeyRow(
        "vendor", false, [](const Value& id, DeviceMatch& out) { out.vendor = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) { return id_fits(match.vendor, host, &PciIdentity::vendor); },
        [](const DeviceMatch& match) { return digits(match.vendor); },
        [](const HostView& host) { return seen_id(host, &PciIdentity::vendor); }),
    KeyRow(
        "device", false, [](const Value& id, DeviceMatch& out) { out.device = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) { return id_fits(match.device, host, &PciIdentity::device); },
        [](const DeviceMatch& match) { return digits(match.device); },
        [](const HostView& host) { return seen_id(host, &PciIdentity::device); }),
    KeyRow(
        "subsystem-vendor", false, [](const Value& id, DeviceMatch& out) { out.subsystem_vendor = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) {
          return !match.subsystem_vendor || (host.identity && match.subsystem_vendor == host.identity->subsystem_vendor);
        },
        [](const DeviceMatch& match) { return digits(match.subsystem_vendor); },
        [](const HostView& host) { return host.identity ? digits(host.identity->subsystem_vendor) : ""; }),
    KeyRow(
        "subsystem", false, [](const Value& id, DeviceMatch& out) { out.subsystem = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) {
          return !match.subsystem || (host.identity && match.subsystem == host.identity->subsystem);
        },
        [](const DeviceMatch& match) { return digits(match.subsystem); },
        [](const HostView& host) { return host.identity ? digits(host.identity->subsystem) : ""; }),
    KeyRow("class", false, read_class, class_fits, class_text,
           [](const HostView& host) { return host.identity ? hex(host.identity->class_code, 6) : ""; }),
    KeyRow(
        "bdf", false, [](const Value& pattern, DeviceMatch& out) { out.bdf = read_address(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return !match.bdf || (host.bdf && fits_pattern(match.bdf, *host.bdf)); },
        [](const DeviceMatch& match) { return match.bdf.value_or(""); }, [](const HostView& host) { return host.bdf.value_or(""); }),
    KeyRow(
        "target", false, [](const Value& pattern, DeviceMatch& out) { out.target = read_word(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return fits_pattern(match.target, host.target); },
        [](const DeviceMatch& match) { return match.target.value_or(""); }, [](const HostView& host) { return host.target; }),
    KeyRow(
        "driver", false, [](const Value& name, DeviceMatch& out) { out.driver = read_word(name); },
        [](const DeviceMatch& match, const HostView& host) { return fits(match.driver, host.driver); },
        [](const DeviceMatch& match) { return match.driver.value_or(""); }, [](const HostView& host) { return host.driver.value_or(""); }),
    KeyRow(
        "slot", false, [](const Value& name, DeviceMatch& out) { out.slot = read_word(name); },
        [](const DeviceMatch& match, const HostView& host) { return fits(match.slot, host.slot); },
        [](const DeviceMatch& match) { return match.slot.value_or(""); }, [](const HostView& host) { return host.slot.value_or(""); }),
    KeyRow(
        "removable", true, [](const Value& flag, DeviceMatch& out) { out.removable = flag.boolean(); },
        [](const DeviceMatch& match, const HostView& host) { return fits(match.removable, is_removable(host)); },
        [](const DeviceMatch& match) { return match.removable ? boolean(*match.removable) : std::string(); },
        [](const HostView& host) { return is_removable(host) ? boolean(*is_removable(host)) : host.removable.value_or(""); }),
};

// The first row that does not fit; nullptr when all do.
const KeyRow* first_misfit(const DeviceMatch& match, const HostView& host) {
  for (const KeyRow& row : kKeys)
    if (!row.fits(match, host)) return &row;
  return nullptr;
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

bool matches(const DeviceMatch& match, const HostView& host) { return first_misfit(match, host) == nullptr; }

std::string misfit(const DeviceMatch& match, const HostView& host) {
  const KeyRow* row = first_misfit(match, host);
  if (row == nullptr) return {};
  const std::string wanted = printable(row->text(match)), there = printable(row->seen(host));
  return there.empty() ? cat("it has no ", row->name, ", the rule asks for ", wanted) : cat(row->name, " is ", there, ", not ", wanted);
}

std::vector<MatchKey> keys_of(const DeviceMatch& match) {
  std::vector<MatchKey> out;
  for (const KeyRow& row : kKeys)
    if (std::string text = row.text(match); !text.empty()) out.push_back({row.name, std::move(text), row.is_flag});
  return out;
}

DeviceMatch read_device_match(const Value& value) {
  std::array<std::string_view, kKeys.size()> keys;
  for (std::size_t i = 0; i < keys.size(); ++i) keys.at(i) = kKeys.at(i).name;
  const Section section(value, keys);
  DeviceMatch out;
  for (const KeyRow& row : kKeys) section.with(row.name, [&](const Value& wanted) { row.read(wanted, out); });
  return out;
}

}  // namespace spdm
