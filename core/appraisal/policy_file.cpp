// Policies as the owner writes them: YAML, read strictly. What cannot be understood is an error, never a guess.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "core/appraisal/policy.h"
#include "core/calendar.h"
#include "core/error.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Choice;
using yaml::Section;
using yaml::Value;

constexpr std::size_t kMaxRules = 1024, kMaxRoots = 256;
constexpr std::uint32_t kMaxStrength = 256;  // bits
constexpr std::chrono::seconds kMaxTimeout = std::chrono::hours(1), kMaxAge = std::chrono::days(36'500);

constexpr std::array<Choice, 3> kModes{{{"off", 0}, {"audit", 1}, {"enforce", 2}}};
constexpr std::array<Choice, 2> kMatching{{{"first", 0}, {"all", 1}}};
constexpr std::array<Choice, 3> kIdentities{{{"exact", 0}, {"ids", 1}, {"none", 2}}};
constexpr std::array<Choice, 2> kDebug{{{"any", 0}, {"off", 1}}};
constexpr std::array<Choice, 5> kVersions{{{"1.0", k10}, {"1.1", k11}, {"1.2", k12}, {"1.3", k13}, {"1.4", k14}}};
constexpr std::array<Choice, 5> kActions{{{"warn", 0}, {"block", 1}, {"clear-bus-master", 2}, {"remove", 3}, {"power-off", 4}}};

// Whole seconds.
std::chrono::seconds read_duration(const Value& value, std::chrono::seconds most) {
  const std::string text = value.text();
  const std::optional<std::chrono::milliseconds> out = parse_duration(text);
  if (!out) value.fail(cat("'", printable(text), "' is no duration"), "write seconds, or 30s, 15m, 2h, 7d");
  if (out->count() == 0 || out->count() % 1000 != 0 || *out > most)
    value.fail(cat("'", printable(text), "' is out of range"),
               cat("allowed: whole seconds from 1s to ", duration_text(static_cast<std::uint32_t>(most.count()))));
  return std::chrono::duration_cast<std::chrono::seconds>(*out);
}

std::uint32_t read_age(const Value& value) { return static_cast<std::uint32_t>(read_duration(value, kMaxAge).count()); }

// A fingerprint in one form, however it was printed ("AB:CD:..."); a file name as it is.
std::string read_root(const Value& value) {
  const std::string text = value.text();
  if (text.empty() || text.find('/', text.starts_with("anchors/") ? 8 : 0) != std::string::npos)
    value.fail(cat("'", printable(text), "' names no root"), "write the name of a file of the keyring, or a SHA-256 fingerprint");
  std::string digits;
  for (const char c : text)
    if (c != ':') digits += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  const bool fingerprint = digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  // Long, and nothing but hex digits: no file is called so.
  if (!fingerprint && digits.size() > 32 && digits.find_first_not_of("0123456789abcdef") == std::string::npos)
    value.fail(cat("has ", digits.size(), " hex digits"), "the SHA-256 fingerprint of a certificate has 64");
  return fingerprint ? digits : text;
}

std::vector<std::string> read_roots(const Value& value) {
  std::vector<std::string> out;
  for (const Value& root : value.list()) out.push_back(read_root(root));
  if (out.empty()) value.fail("names no root, which no device could meet", "leave the key out to accept every root of the keyring");
  if (out.size() > kMaxRoots) value.fail(cat("names more than ", kMaxRoots, " roots"));
  return out;
}

void read_requirement(const Value& value, PolicyRule& out) {
  const Section section(value, {"identity", "measurements", "roots", "pin", "min-version", "min-strength", "references", "debug", "min-svn",
                                "max-age", "crl"});
  Requirement& require = out.require;
  section.with("identity", [&](const Value& how) { out.identity = static_cast<IdentityMatch>(how.choice(kIdentities)); });
  section.with("measurements", [&](const Value& flag) { out.measurements = flag.boolean(); });
  section.with("roots", [&](const Value& roots) { require.roots = read_roots(roots); });
  section.with("pin", [&](const Value& flag) { require.pin = flag.boolean(); });
  section.with("min-version", [&](const Value& word) { require.min_version = static_cast<std::uint8_t>(word.choice(kVersions)); });
  section.with("min-strength", [&](const Value& bits) { require.min_strength = bits.number(1, kMaxStrength); });
  section.with("references", [&](const Value& flag) { require.references = flag.boolean(); });
  section.with("debug", [&](const Value& word) { require.debug_off = word.choice(kDebug) == 1; });
  section.with("min-svn", [&](const Value& number) { require.min_svn = number.number64(0, UINT64_MAX); });
  section.with("max-age", [&](const Value& age) { require.max_age = read_age(age); });
  section.with("crl", [&](const Value& crl) { require.max_crl_age = read_age(Section(crl, {"max-age"}).get("max-age")); });
}

std::vector<FailureAction> read_actions(const Value& value) {
  std::vector<FailureAction> out;
  for (const Value& word : value.list()) out.push_back(static_cast<FailureAction>(word.choice(kActions)));
  std::sort(out.begin(), out.end());
  const bool block = std::find(out.begin(), out.end(), FailureAction::block) != out.end();
  const bool only_warn = out.size() == 1 && out.front() == FailureAction::warn;
  // A driver that binds sets Bus Master again, and warning is what the others do anyway.
  if (!only_warn && (!block || out.front() == FailureAction::warn))
    value.fail("must be [warn] alone, or [block] with what comes on top of it", "for example [block, clear-bus-master]");
  if (std::adjacent_find(out.begin(), out.end()) != out.end()) value.fail("says the same twice");
  return out;
}

std::string read_name(const Value& value) {
  std::string out = value.text();
  if (out.empty()) value.fail("is empty", "leave the key out: then the place in the file is its name");
  if (names_in(out).size() > 1) value.fail("has ' + ' in it, which joins the names of several rules");
  return out;
}

PolicyRule read_rule(const Value& value) {
  const Section section(value, {"name", "match", "exempt", "expected", "require", "on-failure"});
  PolicyRule out;
  out.origin = section.origin();
  out.name = out.origin.substr(out.origin.rfind('/') + 1);
  section.with("name", [&](const Value& name) { out.name = read_name(name); });
  out.match = read_device_match(section.get("match"));
  section.with("exempt", [&](const Value& flag) { out.exempt = flag.boolean(); });
  section.with("expected", [&](const Value& flag) { out.expected = flag.boolean(); });
  section.with("require", [&](const Value& wanted) { read_requirement(wanted, out); });
  section.with("on-failure", [&](const Value& actions) { out.on_failure = read_actions(actions); });
  if (out.exempt && (out.expected || section.find("require") || section.find("on-failure")))
    section.fail("exempt asks for nothing: expected, require and on-failure contradict it");
  // Before a driver is bound nobody has one: what is missed then must not be a way past the gate, nor a false alarm.
  if (out.match.driver && (out.exempt || out.expected))
    section.fail("a driver is bound only after the gate has decided: exempt and expected cannot hang on it",
                 "match by class, vendor or bdf");
  return out;
}

void read_rules(const Value& value, Policy& policy) {
  for (const Value& one : value.list()) {
    if (policy.rules.size() > kMaxRules) one.fail(cat("is one more than the ", kMaxRules, " rules that are read"));
    PolicyRule rule = read_rule(one);
    const auto same = std::find_if(policy.rules.begin(), policy.rules.end(), [&](const PolicyRule& r) { return r.name == rule.name; });
    if (same != policy.rules.end())
      one.fail(cat("another rule has the name '", printable(rule.name), "'"), cat("it is at ", printable(same->origin)));
    policy.rules.insert(policy.rules.end() - 1, std::move(rule));
  }
}

void read_defaults(const Value& value, PolicyRule& out) {
  const Section section(value, {"require", "on-failure"});
  // One of two would not hold, and nobody would see which.
  if (out.origin != "built-in") value.fail(cat("defaults are given already: ", out.origin), "join the two");
  PolicyRule rule;
  rule.name = out.name;
  rule.origin = section.origin();
  section.with("require", [&](const Value& wanted) { read_requirement(wanted, rule); });
  section.with("on-failure", [&](const Value& actions) { rule.on_failure = read_actions(actions); });
  out = rule;
}

}  // namespace

void add_policy_file(Policy& policy, const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "gate", "mode", "defaults", "rules"});
  section.get("version").number(1, 1);
  section.with("gate", [&](const Value& value) {
    const Section gate(value, {"mode", "timeout"});
    gate.with("mode", [&](const Value& mode) { policy.mode = static_cast<GateMode>(mode.choice(kModes)); });
    gate.with("timeout", [&](const Value& timeout) { policy.timeout = read_duration(timeout, kMaxTimeout); });
  });
  section.with("mode", [&](const Value& mode) { policy.matching = static_cast<Matching>(mode.choice(kMatching)); });
  section.with("defaults", [&](const Value& defaults) { read_defaults(defaults, policy.rules.back()); });
  section.with("rules", [&](const Value& rules) { read_rules(rules, policy); });
}

}  // namespace spdm
