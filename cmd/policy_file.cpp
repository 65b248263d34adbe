// Policies as the owner writes them: YAML, read strictly. What cannot be understood is an error, never a guess.
#include <algorithm>

#include "cmd/layers.h"
#include "cmd/policy.h"
#include "core/error.h"
#include "core/evidence/yaml_reader.h"
#include "core/text.h"

namespace cmd {

namespace {

using namespace spdm::yaml;
using spdm::cat;
using spdm::Error;
using spdm::ErrorId;
namespace fs = std::filesystem;

constexpr std::size_t kMaxRules = 1024;
constexpr std::uint32_t kMaxTimeout = 3600;  // seconds

constexpr std::array<Choice, 3> kModes{{{"off", 0}, {"audit", 1}, {"enforce", 2}}};
constexpr std::array<Choice, 3> kIdentities{{{"exact", 0}, {"ids", 1}, {"none", 2}}};
constexpr std::array<Choice, 5> kActions{{{"warn", 0}, {"block", 1}, {"clear-bus-master", 2}, {"remove", 3}, {"power-off", 4}}};

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

PolicyRule read_rule(const Value& value, const std::string& file) {
  const Section section(value, {"name", "match", "exempt", "expected", "require", "on-failure"});
  PolicyRule out;
  out.name = cat(fs::path(file).filename().string(), ":", section.node().Mark().line + 1);
  section.with("name", [&](const Value& name) { out.name = name.text(); });
  out.match = spdm::read_device_match(section.get("match"));
  section.with("exempt", [&](const Value& flag) { out.exempt = flag.boolean(); });
  section.with("expected", [&](const Value& flag) { out.expected = flag.boolean(); });
  section.with("require", [&](const Value& wanted) {
    const Section require(wanted, {"identity", "measurements"});
    require.with("identity", [&](const Value& how) { out.identity = static_cast<spdm::IdentityMatch>(how.choice(kIdentities)); });
    require.with("measurements", [&](const Value& flag) { out.measurements = flag.boolean(); });
  });
  section.with("on-failure", [&](const Value& actions) { out.on_failure = read_actions(actions); });
  if (out.exempt && (out.expected || section.find("require") || section.find("on-failure")))
    section.fail("exempt asks for nothing: expected, require and on-failure contradict it");
  return out;
}

}  // namespace

std::vector<fs::path> policy_directories() { return layers_of("policy.d"); }

void add_policy_file(Policy& policy, const std::string& file, const std::string& contents) {
  const Section section(parse(file, contents), {"version", "gate", "rules"});
  section.get("version").number(1, 1);
  section.with("gate", [&](const Value& value) {
    const Section gate(value, {"mode", "timeout"});
    gate.with("mode", [&](const Value& mode) { policy.mode = static_cast<GateMode>(mode.choice(kModes)); });
    gate.with("timeout", [&](const Value& timeout) { policy.timeout = std::chrono::seconds(timeout.number(1, kMaxTimeout)); });
  });
  section.with("rules", [&](const Value& rules) {
    for (const Value& value : rules.list()) {
      if (policy.rules.size() > kMaxRules) value.fail(cat("is one more than the ", kMaxRules, " rules that are read"));
      PolicyRule rule = read_rule(value, file);
      const auto same = [&](const PolicyRule& other) { return other.name == rule.name; };
      if (std::any_of(policy.rules.begin(), policy.rules.end(), same))
        value.fail(cat("another rule has the name '", spdm::printable(rule.name), "'"));
      policy.rules.insert(policy.rules.end() - 1, std::move(rule));
    }
  });
}

Policy load_policy(const std::vector<fs::path>& directories) {
  Policy out;
  for (const DropIn& drop_in : read_drop_ins(directories)) add_policy_file(out, drop_in.file.string(), drop_in.contents);
  return out;
}

}  // namespace cmd
