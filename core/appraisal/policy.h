// What the owner wants of devices: which rule is about which device, what must hold, and what follows when it does not.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/appraisal/appraise.h"
#include "core/appraisal/device_match.h"

namespace spdm {

struct PolicyRule {
  std::string name;    // given, or "FILE:LINE"
  std::string origin;  // "FILE:LINE", or "built-in"
  DeviceMatch match;
  bool exempt = false;                    // what matches is out of scope
  bool expected = false;                  // at least one device must match, and must speak SPDM
  std::optional<IdentityMatch> identity;  // exact if nothing is said
  bool measurements = false;              // signed measurements must be there
  Requirement require;
  std::vector<FailureAction> on_failure{FailureAction::block};

  bool operator==(const PolicyRule&) const = default;
};

struct Policy {
  Policy();  // the one that holds without any file: who is asked must authenticate, or is blocked

  std::optional<GateMode> mode;               // of the gate
  std::chrono::milliseconds timeout{30'000};  // of the gate, for all devices together
  Matching matching = Matching::first;
  bool defaults_given = false;    // by a file: the default rule is not the built-in one
  std::vector<PolicyRule> rules;  // the last is the default rule: for what no other matches
};

// Reads the contents of one file into the policy: its rules go before the default rule. Throws Error{config} naming file,
// line and column.
void add_policy_file(Policy& policy, const std::string& file, const std::string& contents);

// The rule that decides on a device: there is always one. With Matching::all it may be made of several, whose names are
// joined by " + ": the stricter word of each counts, and none that exempts takes away what another one asks.
std::shared_ptr<const PolicyRule> rule_of(const Policy& policy, const HostView& host);
// A rule that decided before, by its name; the default rule when it is gone.
std::shared_ptr<const PolicyRule> rule_named(const Policy& policy, std::string_view name);
// The names that a joined name is made of.
std::vector<std::string_view> names_in(std::string_view name);

// Failures are told, and nothing follows.
bool only_warns(const PolicyRule& rule);

// Whether measurements must be read to judge by the rule.
bool needs_measurements(const PolicyRule& rule);

// A file of a keyring as `require.roots` calls it: "vendor.pem", "anchors/vendor.pem". These are two.
std::string root_name(const std::string& file);
// Whether a word of `require.roots` means the certificate with this fingerprint, or in this file of a keyring.
bool is_named(const std::string& root, const std::string& sha256, const std::string& file);

// Puts what the rule asks into the question: the one way from a rule to a judgement. An identity match that was given by
// other means (`identity_given`) stays.
void ask(const PolicyRule& rule, Question& question, bool identity_given = false);

// "90s", "7d": a duration in the largest unit that it is whole in.
std::string duration_text(std::uint32_t seconds);

}  // namespace spdm
