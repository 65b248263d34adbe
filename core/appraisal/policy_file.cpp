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

enum class Inherits { nothing, defaults };

void assert_inherits(const Value& none, Inherits what) {
  if (what == Inherits::nothing) none.fail("none takes away what is inherited, and defaults inherit nothing", "leave the key out");
}

void read_requirement(const RequirementRow& row, const Value& value, Inherits inherits, PolicyRule& out) {
  out.said.push_back(row.key);
  // {max-age: none} is none of it. Of an identity `none` is a word of its own: it is not compared.
  if (row.demand == Demand::identity || !value.is(kNone)) return row.read(value, out);
  assert_inherits(value, inherits);
}

void read_requirements(const Value& value, Inherits inherits, PolicyRule& out) {
  std::vector<std::string_view> keys;
  for (const RequirementRow& row : requirements()) keys.push_back(row.key);
  if (value.is(kNone) && value.node().IsScalar()) {
    assert_inherits(value, inherits);
    out.said = keys;
    return;
  }
  const Section section(value, keys);
  for (const RequirementRow& row : requirements())
    section.with(row.key, [&](const Value& wanted) { read_requirement(row, wanted, inherits, out); });
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
  out.names_function = names_function(out.match);
  out.names_key = out.match.leaf_key.has_value();
  section.with("exempt", [&](const Value& flag) { out.exempt = flag.boolean(); });
  section.with("expected", [&](const Value& flag) { out.expected = flag.boolean(); });
  section.with("shared", [&](const Value& flag) { out.shared = flag.boolean(); });
  section.with("require", [&](const Value& wanted) { read_requirements(wanted, Inherits::defaults, out); });
  section.with(kOnFailure, [&](const Value& actions) {
    out.said.push_back(kOnFailure);
    if (!actions.is(kNone)) out.on_failure = read_actions(actions);
  });
  if (out.exempt && (out.expected || out.shared || section.find("require") || section.find("on-failure")))
    section.fail("exempt asks for nothing: expected, shared, require and on-failure contradict it");
  // No device has a driver before the gate has decided, so such a rule would not match then. It must neither hide a
  // device from the gate nor raise a false alarm.
  if (out.match.driver && (out.exempt || out.expected))
    section.fail("a driver is bound only after the gate has decided: exempt and expected cannot hang on it",
                 "match by class, vendor or bdf");
  if (names_drive(out.match) && (out.exempt || out.expected))
    section.fail("what a drive says of itself is known only once its driver is bound: exempt and expected cannot hang on it",
                 "match by class, vendor, bdf or target");
  if (needs_proof(out.match) && (out.exempt || out.expected))
    section.fail("what a device proves is known only after it has been asked: exempt and expected cannot hang on it",
                 "match by class, vendor or bdf");
  return out;
}

void read_rules(const Value& value, Policy& policy) {
  for (const Value& one : value.list()) {
    if (policy.rules.size() > kMaxRules) one.fail(cat("exceeds the limit of ", kMaxRules, " rules"));
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
    if (policy.trust_host.size() == kMaxHosts) one.fail(cat("exceeds the limit of ", kMaxHosts, " hosts"));
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
  section.with("require", [&](const Value& wanted) { read_requirements(wanted, Inherits::nothing, rule); });
  section.with(kOnFailure, [&](const Value& actions) {
    rule.said.push_back(kOnFailure);
    rule.on_failure = read_actions(actions);
  });
  out = rule;
  policy.defaults_given = true;
}

bool says(const PolicyRule& rule, std::string_view key) { return std::find(rule.said.begin(), rule.said.end(), key) != rule.said.end(); }

// What a rule does not say it has from the defaults: to join it with one that does not ask is to take it over. But where no
// identity is said it is exact, and joining would keep that. Files come in the order of their names, so that each of them may bring
// the defaults of rules that are there already. Doing so twice changes nothing.
void inherit(Policy& policy) {
  if (!policy.defaults_given) return;
  const PolicyRule& defaults = policy.rules.back();
  for (std::size_t i = 0; i + 1 < policy.rules.size(); ++i) {
    PolicyRule& rule = policy.rules[i];
    if (rule.exempt) continue;
    for (const RequirementRow& row : requirements()) {
      if (says(rule, row.key)) continue;
      if (row.demand == Demand::identity)
        rule.identity = defaults.identity;
      else
        row.join(rule, defaults);
    }
    if (!says(rule, kOnFailure)) rule.on_failure = defaults.on_failure;
  }
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
  inherit(policy);
}

}  // namespace spdm
