#include "core/appraisal/policy.h"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/appraisal/requirements.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kJoint = " + ";

void join(PolicyRule& out, const PolicyRule& other) {
  out.name += cat(kJoint, other.name);
  out.origin += cat(", ", other.origin);
  out.expected = out.expected || other.expected;
  out.shared = out.shared && other.shared;
  out.names_function = out.names_function || other.names_function;
  out.names_key = out.names_key || other.names_key;
  for (const RequirementRow& row : requirements()) row.join(out, other);
  out.on_failure.insert(out.on_failure.end(), other.on_failure.begin(), other.on_failure.end());
  std::sort(out.on_failure.begin(), out.on_failure.end());
  out.on_failure.erase(std::unique(out.on_failure.begin(), out.on_failure.end()), out.on_failure.end());
  if (out.on_failure.size() > 1) std::erase(out.on_failure, FailureAction::warn);
}

std::shared_ptr<const PolicyRule> joined(const std::vector<const PolicyRule*>& rules) {
  auto out = std::make_shared<PolicyRule>(*rules.front());
  for (std::size_t i = 1; i < rules.size(); ++i) join(*out, *rules[i]);
  return out;
}

}  // namespace

Policy::Policy() {
  PolicyRule& rule = rules.emplace_back();
  rule.name = "default";
  rule.origin = "built-in";
}

std::shared_ptr<const PolicyRule> rule_of(const Policy& policy, const HostView& host, const Proven& proven) {
  std::vector<const PolicyRule*> found, exempting;
  for (std::size_t i = 0; i + 1 < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (!matches(rule.match, host, proven)) continue;
    (rule.exempt ? exempting : found).push_back(&rule);
    if (policy.matching == Matching::first) break;
  }
  if (!found.empty()) return joined(found);
  return std::make_shared<PolicyRule>(exempting.empty() ? policy.rules.back() : *exempting.front());
}

namespace {

using Rules = std::vector<std::shared_ptr<const PolicyRule>>;

void add(Rules& out, std::shared_ptr<const PolicyRule> rule) {
  const auto is_same = [&](const auto& other) { return other->name == rule->name; };
  if (std::none_of(out.begin(), out.end(), is_same)) out.push_back(std::move(rule));
}

// Each rule down to the first that surely matches.
void add_first(Rules& out, const Policy& policy, const HostView& host, const Proven& proven) {
  for (const PolicyRule& rule : policy.rules) {
    const Fit how = &rule == &policy.rules.back() ? Fit::yes : fit(rule.match, host, proven);
    if (how != Fit::no) add(out, std::make_shared<PolicyRule>(rule));
    if (how == Fit::yes) return;
  }
}

// All that could match together; then what is left when none of those matches that only could.
void add_joined(Rules& out, const Policy& policy, const HostView& host, const Proven& proven) {
  std::vector<const PolicyRule*> all, sure, exempting;
  bool any_sure = false;
  for (std::size_t i = 0; i + 1 < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    const Fit how = fit(rule.match, host, proven);
    if (how == Fit::no) continue;
    (rule.exempt ? exempting : all).push_back(&rule);
    if (how == Fit::yes && !rule.exempt) sure.push_back(&rule);
    any_sure = any_sure || how == Fit::yes;
  }
  if (!all.empty()) add(out, joined(all));
  if (!sure.empty()) return add(out, joined(sure));
  for (const PolicyRule* rule : exempting) add(out, std::make_shared<PolicyRule>(*rule));
  if (!any_sure) add(out, std::make_shared<PolicyRule>(policy.rules.back()));
}

}  // namespace

std::vector<std::shared_ptr<const PolicyRule>> rules_of(const Policy& policy, const HostView& host, const Proven& proven) {
  Rules out{rule_of(policy, host, proven)};
  if (policy.matching == Matching::first)
    add_first(out, policy, host, proven);
  else
    add_joined(out, policy, host, proven);
  return out;
}

std::vector<std::string_view> names_in(std::string_view name) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find(kJoint, at), name.size());
    out.push_back(name.substr(at, end - at));
    at = end + kJoint.size();
  }
  return out;
}

std::shared_ptr<const PolicyRule> rule_named(const Policy& policy, std::string_view name) {
  const std::vector<std::string_view> names = names_in(name);
  std::vector<const PolicyRule*> found;
  for (const PolicyRule& rule : policy.rules)
    if (std::find(names.begin(), names.end(), rule.name) != names.end()) found.push_back(&rule);
  return found.empty() ? std::make_shared<PolicyRule>(policy.rules.back()) : joined(found);
}

bool trusts_host(const Policy& policy, const std::string& name) {
  return std::any_of(policy.trust_host.begin(), policy.trust_host.end(),
                     [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

static bool says(const PolicyRule& rule, std::string_view key) {
  return std::find(rule.said.begin(), rule.said.end(), key) != rule.said.end();
}

std::vector<std::string_view> inherited_keys(const Policy& policy, const PolicyRule& rule) {
  const PolicyRule& defaults = policy.rules.back();
  std::vector<std::string_view> out;
  if (&rule == &defaults || rule.exempt) return out;
  for (const RequirementRow& row : requirements())
    if (!says(rule, row.key) && !row.show(defaults).is_null()) out.push_back(row.key);
  if (says(defaults, kOnFailure) && !says(rule, kOnFailure)) out.push_back(kOnFailure);
  return out;
}

std::vector<std::string_view> removed_keys(const Policy& policy, const PolicyRule& rule) {
  const PolicyRule& defaults = policy.rules.back();
  std::vector<std::string_view> out;
  if (&rule == &defaults || rule.exempt) return out;
  for (const RequirementRow& row : requirements())
    if (says(rule, row.key) && row.show(rule).is_null() && !row.show(defaults).is_null()) out.push_back(row.key);
  return out;
}

bool only_warns(const PolicyRule& rule) { return rule.on_failure == std::vector{FailureAction::warn}; }

bool asks_for_sessions(const Policy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(),
                     [](const PolicyRule& rule) { return rule.require.session || rule.require.inspects(); });
}

bool needs_measurements(const PolicyRule& rule) {
  const std::span<const RequirementRow> rows = requirements();
  return std::any_of(rows.begin(), rows.end(),
                     [&](const RequirementRow& row) { return row.needs == Needs::measurements && !row.show(rule).is_null(); });
}

void ask(const PolicyRule& rule, Question& question) {
  question.rule = {};
  PolicyResult& told = question.rule.told.emplace();
  told.rule = rule.name;
  told.origin = rule.origin;
  told.exempt = rule.exempt;
  if (rule.exempt) return;
  told.actions = rule.on_failure;
  told.on_failure = rule.on_failure;
  told.shared = rule.shared;
  told.max_age = rule.require.max_age;
  const bool asks = rule.identity && *rule.identity != IdentityMatch::none;
  const bool waived = question.user.identity_match_given && question.user.identity_match == IdentityMatch::none;
  question.rule.identity = !asks ? IdentityDemand::if_known : waived ? IdentityDemand::waived : IdentityDemand::required;
  if (!question.user.identity_match_given) question.user.identity_match = rule.identity.value_or(IdentityMatch::exact);
  question.rule.measurements = needs_measurements(rule);
  question.rule.require = rule.require;
  question.rule.speaks_for_device = rule.names_key || (rule.names_function && (!rule.require.roots.empty() || rule.require.pin));
}

std::string duration_text(std::uint32_t seconds) {
  struct Unit {
    std::uint32_t seconds;
    char letter;
  };
  for (const Unit unit : {Unit{86'400, 'd'}, Unit{3600, 'h'}, Unit{60, 'm'}})
    if (seconds >= unit.seconds && seconds % unit.seconds == 0) return cat(seconds / unit.seconds, unit.letter);
  return cat(seconds, "s");
}

}  // namespace spdm
