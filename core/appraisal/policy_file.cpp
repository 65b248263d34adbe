// Reads policy files: YAML, read strictly. Anything that is not understood is an error.
#include <algorithm>

#include "core/appraisal/policy.h"
#include "core/appraisal/requirements.h"
#include "core/error.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Section;
using yaml::Value;

constexpr std::size_t kMaxRules = 1024, kMaxHosts = 1024;
constexpr std::chrono::seconds kMaxTimeout = std::chrono::hours(1);

void read_requirements(const Value& value, PolicyRule& out) {
  std::vector<std::string_view> keys;
  for (const RequirementRow& row : requirements()) keys.push_back(row.key);
  const Section section(value, keys);
  for (const RequirementRow& row : requirements()) section.with(row.key, [&](const Value& wanted) { row.read(wanted, out); });
}

std::vector<FailureAction> read_actions(const Value& value) {
  std::vector<FailureAction> out;
  for (const Value& word : value.list()) out.push_back(word.word(kFailureActions));
  std::sort(out.begin(), out.end());
  const bool block = std::find(out.begin(), out.end(), FailureAction::block) != out.end();
  const bool only_warn = out.size() == 1 && out.front() == FailureAction::warn;
  // Without `block` a driver could bind and set Bus Master again. `warn` beside others is redundant: they report, too.
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
  const Section section(value, {"name", "match", "exempt", "expected", "shared", "require", "on-failure"});
  PolicyRule out;
  out.origin = section.origin();
  out.name = out.origin.substr(out.origin.rfind('/') + 1);
  section.with("name", [&](const Value& name) { out.name = read_name(name); });
  out.match = read_device_match(section.get("match"));
  section.with("exempt", [&](const Value& flag) { out.exempt = flag.boolean(); });
  section.with("expected", [&](const Value& flag) { out.expected = flag.boolean(); });
  section.with("shared", [&](const Value& flag) { out.shared = flag.boolean(); });
  section.with("require", [&](const Value& wanted) { read_requirements(wanted, out); });
  section.with("on-failure", [&](const Value& actions) { out.on_failure = read_actions(actions); });
  if (out.exempt && (out.expected || out.shared || section.find("require") || section.find("on-failure")))
    section.fail("exempt asks for nothing: expected, shared, require and on-failure contradict it");
  // No device has a driver before the gate has decided, so such a rule would not match then. It must neither hide a
  // device from the gate nor raise a false alarm.
  if (out.match.driver && (out.exempt || out.expected))
    section.fail("a driver is bound only after the gate has decided: exempt and expected cannot hang on it",
                 "match by class, vendor or bdf");
  if (needs_proof(out.match) && (out.exempt || out.expected))
    section.fail("what a device proves is known only after it has been asked: exempt and expected cannot hang on it",
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

// Several files may name hosts: each of them counts.
void read_trusted_hosts(const Value& value, Policy& policy) {
  for (const Value& one : value.list()) {
    if (policy.trust_host.size() == kMaxHosts) one.fail(cat("is one more than the ", kMaxHosts, " hosts that are read"));
    std::string host = one.text();
    if (host.empty()) one.fail("is empty", "give the name of a host, or a pattern such as web*");
    if (host.find('/') != std::string::npos) one.fail("has a '/', which no name of a host has");
    if (std::find(policy.trust_host.begin(), policy.trust_host.end(), host) == policy.trust_host.end())
      policy.trust_host.push_back(std::move(host));
  }
}

void read_defaults(const Value& value, Policy& policy) {
  PolicyRule& out = policy.rules.back();
  const Section section(value, {"require", "on-failure"});
  // With two defaults one would be silently ignored.
  if (policy.defaults_given) value.fail(cat("defaults are given already: ", out.origin), "join the two");
  PolicyRule rule;
  rule.name = out.name;
  rule.origin = section.origin();
  section.with("require", [&](const Value& wanted) { read_requirements(wanted, rule); });
  section.with("on-failure", [&](const Value& actions) { rule.on_failure = read_actions(actions); });
  out = rule;
  policy.defaults_given = true;
}

}  // namespace

void add_policy_file(Policy& policy, const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "gate", "mode", "trust-host", "defaults", "rules"});
  section.get("version").number(1, 1);
  section.with("gate", [&](const Value& value) {
    const Section gate(value, {"mode", "timeout"});
    gate.with("mode", [&](const Value& mode) {
      policy.mode = mode.word(kGateModes);
      policy.mode_origin = mode.origin();
    });
    gate.with("timeout", [&](const Value& timeout) { policy.timeout = read_duration(timeout, kMaxTimeout); });
  });
  section.with("mode", [&](const Value& mode) { policy.matching = mode.word(kMatchings); });
  section.with("trust-host", [&](const Value& hosts) { read_trusted_hosts(hosts, policy); });
  section.with("defaults", [&](const Value& defaults) { read_defaults(defaults, policy); });
  section.with("rules", [&](const Value& rules) { read_rules(rules, policy); });
}

}  // namespace spdm
