#include "core/fleet/expected_devices.h"

#include <fnmatch.h>
#include <strings.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/appraisal/verdict.h"
#include "core/format/fingerprint.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Section;
using yaml::Value;

constexpr std::string_view kEnding = ".yaml";

std::string read_words(const Value& value) {
  std::string out = value.text();
  if (out.empty()) value.fail("is empty", "leave the key out");
  return out;
}

std::string read_pin_name(const Value& value) {
  const std::string out = read_words(value);
  if (out.find('/') != std::string::npos)
    value.fail(cat("invalid file name '", printable(out), "'"), "write the name of a file of the keyring's pins, without its folder");
  return out;
}

ExpectedDevice read_device(const Value& value) {
  const Section section(value, {"name", "host", "leaf-key", "certificate-identity", "device-info", "root", "pin"});
  ExpectedDevice out;
  out.origin = section.origin();
  out.name = out.origin.substr(out.origin.rfind('/') + 1);
  section.with("name", [&](const Value& name) { out.name = read_words(name); });
  section.with("host", [&](const Value& host) { out.host = read_words(host); });
  section.with("leaf-key", [&](const Value& key) { out.leaf_key = read_fingerprint(key); });
  section.with("certificate-identity", [&](const Value& pattern) { out.identity = read_words(pattern); });
  section.with("device-info", [&](const Value& pattern) { out.device_info = read_words(pattern); });
  section.with("root", [&](const Value& root) { out.root = read_fingerprint(root); });
  section.with("pin", [&](const Value& pin) { out.pin = read_pin_name(pin); });
  if (!out.leaf_key && !out.identity && !out.device_info && !out.root && !out.pin)
    section.fail("says of no device what it must prove", "one of leaf-key, certificate-identity, device-info, root and pin must be there");
  return out;
}

bool same_host(const std::string& a, const std::string& b) { return ::strcasecmp(a.c_str(), b.c_str()) == 0; }

bool fits_one(const std::optional<std::string>& pattern, const std::vector<std::string>& texts) {
  if (!pattern) return true;
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return ::fnmatch(pattern->c_str(), text.c_str(), 0) == 0; });
}

bool is_one(const std::optional<std::string>& wanted, const std::vector<std::string>& there) {
  return !wanted || std::find(there.begin(), there.end(), *wanted) != there.end();
}

bool is_pin(const std::optional<std::string>& wanted, const std::vector<std::string>& files) {
  return !wanted || std::any_of(files.begin(), files.end(),
                                [&](const std::string& file) { return file == *wanted || file == *wanted + std::string(kEnding); });
}

// "leaf-key 12ab..., host 'a'".
std::string in_words(const ExpectedDevice& device) {
  std::string out;
  const auto add = [&](std::string_view key, const std::optional<std::string>& value) {
    if (value) out += cat(out.empty() ? "" : ", ", key, " ", *value);
  };
  add("leaf-key", device.leaf_key);
  add("certificate-identity", device.identity);
  add("device-info", device.device_info);
  add("root", device.root);
  add("pin", device.pin);
  add("host", device.host);
  return out;
}

}  // namespace

bool ExpectedDevice::fits(const ShownDevice& shown, const std::optional<std::string>& at_host) const {
  if (host && (!at_host || !same_host(*host, *at_host))) return false;
  return is_one(leaf_key, shown.leaf_keys) && is_one(root, shown.roots) && fits_one(identity, shown.identity_texts) &&
         fits_one(device_info, shown.device_infos) && is_pin(pin, shown.pins);
}

std::vector<ExpectedDevice> read_expected_devices(const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "devices"});
  section.get("version").number(1, 1);
  std::vector<ExpectedDevice> out;
  std::set<std::string> names;
  std::multimap<std::string, std::optional<std::string>> hosts;  // by leaf key
  std::size_t patterns = 0;
  for (const Value& entry : section.get("devices").list()) {
    if (out.size() == kMaxExpected) entry.fail(cat("exceeds the limit of ", kMaxExpected, " devices"), "split the list by host");
    ExpectedDevice device = read_device(entry);
    if (!device.leaf_key && ++patterns > kMaxExpectedByPattern)
      entry.fail(cat("exceeds the limit of ", kMaxExpectedByPattern, " devices without a leaf-key"), "name devices by their leaf-key");
    if (!names.insert(device.name).second)
      entry.fail(cat("another device has the name '", printable(device.name), "'"),
                 "leave the name out: then the place in the file is its name");
    if (device.leaf_key) {
      const auto [begin, end] = hosts.equal_range(*device.leaf_key);
      if (std::any_of(begin, end, [&](const auto& one) { return !one.second || !device.host || same_host(*one.second, *device.host); }))
        entry.fail("has the leaf-key of another device of the list", "a device that several hosts show is listed once for each host");
      hosts.emplace(*device.leaf_key, device.host);
    }
    out.push_back(std::move(device));
  }
  return out;
}

RollCall::RollCall(std::vector<ExpectedDevice> expected) : expected_(std::move(expected)), met_(expected_.size()) {
  for (std::size_t i = 0; i < expected_.size(); ++i) {
    if (expected_[i].leaf_key)
      by_key_.emplace(*expected_[i].leaf_key, i);
    else
      patterns_.push_back(i);
  }
  seats_.assign(patterns_.size(), kNobody);
  fixed_.assign(patterns_.size(), false);
}

// Nobody else can meet an entry that names the key, so it is taken whatever else fits.
bool RollCall::meets_by_key(const ShownDevice& shown, const std::optional<std::string>& host) {
  for (const std::string& key : shown.leaf_keys) {
    const auto [begin, end] = by_key_.equal_range(key);
    for (auto entry = begin; entry != end; ++entry)
      if (expected_[entry->second].fits(shown, host)) {
        met_[entry->second] = true;
        return true;
      }
  }
  return false;
}

// Whether an entry that the device has met already speaks for this host, too.
bool RollCall::is_covered(const std::string& key, const std::optional<std::string>& host) {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i] == kNobody || guests_[seats_[i]].key != key) continue;
    const std::optional<std::string>& wanted = expected_[patterns_[i]].host;
    if (wanted && (!host || !same_host(*wanted, *host))) continue;
    fixed_[i] = fixed_[i] || guests_[seats_[i]].host != host;
    return true;
  }
  return false;
}

bool RollCall::seat(std::size_t guest, std::vector<bool>& tried) {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (!guests_[guest].fits[i] || tried[i] || fixed_[i]) continue;
    tried[i] = true;
    if (seats_[i] != kNobody && !seat(seats_[i], tried)) continue;
    seats_[i] = guest;
    return true;
  }
  return false;
}

bool RollCall::meets_by_pattern(const std::string& key, const ShownDevice& shown, const std::optional<std::string>& host) {
  if (is_covered(key, host)) return true;
  Guest& guest = guests_.emplace_back(Guest{key, host, std::vector<bool>(patterns_.size())});
  for (std::size_t i = 0; i < patterns_.size(); ++i) guest.fits[i] = expected_[patterns_[i]].fits(shown, host);
  std::vector<bool> tried(patterns_.size());
  if (seat(guests_.size() - 1, tried)) return true;
  guests_.pop_back();
  return false;
}

std::optional<Finding> RollCall::meet(const Report& report, const ShownDevice& shown) {
  if (report.verdict != Verdict::pass || (report.policy && report.policy->exempt)) return std::nullopt;
  const std::string key = shown.leaf_keys.empty() ? std::string() : shown.leaf_keys.front();
  if (!key.empty() && (meets_by_key(shown, report.host.hostname) || meets_by_pattern(key, shown, report.host.hostname)))
    return std::nullopt;
  return Finding{FindingId::device_surplus, "",
                 key.empty()
                     ? "it proves nothing by which it could be on the list of expected devices"
                     : cat("it is not on the list of expected devices, or another device has taken its place there; its leaf-key is ", key),
                 "find out where it comes from; if it belongs there, add it to the list"};
}

std::vector<Report> RollCall::absent() const {
  std::vector<Report> out;
  const auto add = [&](const ExpectedDevice& device) {
    Report& report = out.emplace_back();
    report.source = device.name;
    if (device.host) report.host.hostname = device.host;
    const std::string why = cat("no device that passes is the one listed at ", device.origin, ": ", in_words(device));
    report.checks.push_back({Check::policy, CheckStatus::fail, why});
    report.findings.push_back(
        {FindingId::device_absent, "", why, "check whether it was removed, does not answer, or fails; or take it off the list"});
    conclude(report, Depth::look);
  };
  std::size_t place = 0;
  for (std::size_t i = 0; i < expected_.size(); ++i) {
    const bool met = expected_[i].leaf_key ? met_[i] : seats_[place++] != kNobody;
    if (!met) add(expected_[i]);
  }
  return out;
}

}  // namespace spdm
