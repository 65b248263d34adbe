#include "core/appraisal/policy.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::array kModes{"off", "audit", "enforce"};
constexpr std::array kIdentities{"exact", "ids", "none"};
constexpr std::array kActions{"warn", "block", "clear-bus-master", "remove", "power-off"};
constexpr std::string_view kJoint = " + ";

template <class T, class Stricter>
void tighten(std::optional<T>& own, const std::optional<T>& other, Stricter stricter) {
  if (other) own = own ? stricter(*own, *other) : *other;
}

// `out` names one root at least, and so does `other`: only those on both lists may vouch. None of them is no list, but a
// demand that nobody meets.
void narrow(std::vector<std::string>& out, const std::vector<std::string>& other) {
  if (other.empty()) return;
  if (out.empty()) {
    out = other;
    return;
  }
  std::erase_if(out, [&](const std::string& root) { return std::find(other.begin(), other.end(), root) == other.end(); });
  if (out.empty()) out.emplace_back("(none: the rules name different roots)");
}

void join(Requirement& out, const Requirement& other) {
  const auto least = [](auto a, auto b) { return std::min(a, b); };
  const auto most = [](auto a, auto b) { return std::max(a, b); };
  narrow(out.roots, other.roots);
  out.pin = out.pin || other.pin;
  out.references = out.references || other.references;
  out.debug_off = out.debug_off || other.debug_off;
  tighten(out.min_version, other.min_version, most);
  tighten(out.min_strength, other.min_strength, most);
  tighten(out.min_svn, other.min_svn, most);
  tighten(out.max_age, other.max_age, least);
  tighten(out.max_crl_age, other.max_crl_age, least);
}

void join(PolicyRule& out, const PolicyRule& other) {
  out.name += cat(kJoint, other.name);
  out.origin += cat(", ", other.origin);
  out.expected = out.expected || other.expected;
  // Saying nothing is asking for an exact match: a rule for all that is lax takes nothing away from one that is not.
  const bool said = out.identity || other.identity;
  if (said) out.identity = std::min(out.identity.value_or(IdentityMatch::exact), other.identity.value_or(IdentityMatch::exact));
  out.measurements = out.measurements || other.measurements;
  join(out.require, other.require);
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

std::string_view name(GateMode mode) { return kModes.at(static_cast<std::size_t>(mode)); }
std::string_view name(IdentityMatch how) { return kIdentities.at(static_cast<std::size_t>(how)); }
std::string_view name(FailureAction action) { return kActions.at(static_cast<std::size_t>(action)); }

std::optional<GateMode> gate_mode_of(std::string_view name) {
  const auto* it = std::find(kModes.begin(), kModes.end(), name);
  if (it == kModes.end()) return std::nullopt;
  return static_cast<GateMode>(it - kModes.begin());
}

Policy::Policy() {
  PolicyRule& rule = rules.emplace_back();
  rule.name = "default";
  rule.origin = "built-in";
}

std::shared_ptr<const PolicyRule> rule_of(const Policy& policy, const HostView& host) {
  std::vector<const PolicyRule*> found, exempting;
  for (std::size_t i = 0; i + 1 < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (!matches(rule.match, host)) continue;
    (rule.exempt ? exempting : found).push_back(&rule);
    if (policy.matching == Matching::first) break;
  }
  if (!found.empty()) return joined(found);
  return std::make_shared<PolicyRule>(exempting.empty() ? policy.rules.back() : *exempting.front());
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

bool only_warns(const PolicyRule& rule) { return rule.on_failure == std::vector{FailureAction::warn}; }

bool needs_measurements(const PolicyRule& rule) {
  return rule.measurements || rule.require.references || rule.require.debug_off || rule.require.min_svn;
}

void ask(const PolicyRule& rule, Question& question, bool identity_given) {
  PolicyResult& told = question.policy.emplace();
  told.rule = rule.name;
  told.origin = rule.origin;
  told.exempt = rule.exempt;
  if (rule.exempt) return;
  for (const FailureAction action : rule.on_failure) told.actions.emplace_back(name(action));
  const bool asks = rule.identity && *rule.identity != IdentityMatch::none;
  question.identity_waived = asks && identity_given && question.identity_match == IdentityMatch::none;
  question.identity_required = asks && !question.identity_waived;
  if (!identity_given) question.identity_match = rule.identity.value_or(IdentityMatch::exact);
  if (needs_measurements(rule)) {
    question.measurements = true;
    question.all_measurements = true;
    question.count_suffices = false;
  }
  question.require = rule.require;
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
