// The owner's appraisal policy: which rule is about which device, what must hold, and what follows when it does not.
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
  bool shared = false;                    // several hosts may show one device
  std::optional<IdentityMatch> identity;  // exact if nothing is said
  bool measurements = false;              // signed measurements must be there
  Requirement require;
  std::vector<FailureAction> on_failure{FailureAction::block};
  std::vector<std::string_view> said;  // keys of `require` that it gives, and kOnFailure: these it does not inherit
  // Its match, or that of a rule joined into it:
  bool names_function = false;  // names_function() of device_match.h
  bool names_key = false;       // has the key of the device

  bool operator==(const PolicyRule&) const = default;
};

inline constexpr std::string_view kOnFailure = "on-failure";
// In a rule, in place of a value: what the defaults say of this key does not hold for it.
inline constexpr std::string_view kNone = "none";

struct Policy {
  Policy();  // the built-in one, without any file: a device must authenticate, or it is blocked

  std::optional<GateMode> mode;               // of the gate
  std::string mode_origin;                    // "FILE:LINE" where it is given
  std::chrono::milliseconds timeout{30'000};  // of the gate, for all devices together
  Matching matching = Matching::first;
  std::vector<std::string> trust_host;  // patterns of fnmatch(3): hosts whose word counts where they have signed it
  bool defaults_given = false;          // by a file: it has replaced the built-in default rule
  // The last is the default rule, for devices that no other rule matches. What it asks the others inherit, key by key.
  std::vector<PolicyRule> rules;
};

// Reads the contents of one file into the policy: its rules go before the default rule, and all that are there inherit. Throws
// Error{config} naming file, line and column.
void add_policy_file(Policy& policy, const std::string& file, const std::string& contents);

// The keys that a rule of the policy has from its defaults, and those that it has taken out of what it would have.
std::vector<std::string_view> inherited_keys(const Policy& policy, const PolicyRule& rule);
std::vector<std::string_view> removed_keys(const Policy& policy, const PolicyRule& rule);

// The rule that decides on a device; there is always one. With Matching::all it may join several rules, their names
// joined by " + ". Then the stricter value of each key counts, and a rule that exempts takes away nothing that another
// one asks.
std::shared_ptr<const PolicyRule> rule_of(const Policy& policy, const HostView& host, const Proven& proven = {});

// All rules that could decide on a device, where some keys of their matches are open (device_match.h). The first is the one that
// decides by what the host says. With Matching::all the rules that could match are there joined, for a device that meets all of them
// meets each.
std::vector<std::shared_ptr<const PolicyRule>> rules_of(const Policy& policy, const HostView& host, const Proven& proven);
// Finds a rule that decided before by its name. The default rule when that rule is gone.
std::shared_ptr<const PolicyRule> rule_named(const Policy& policy, std::string_view name);
// The names that a joined name is made of.
std::vector<std::string_view> names_in(std::string_view name);

// Whether the word of a host of this name counts as a fact. The name must be proven, by its signature.
bool trusts_host(const Policy& policy, const std::string& name);

// Whether a failure is only reported, and no action follows.
bool only_warns(const PolicyRule& rule);

// Whether any of its rules asks for a session.
bool asks_for_sessions(const Policy& policy);

// Whether measurements must be read to appraise by the rule.
bool needs_measurements(const PolicyRule& rule);

// Whether an entry of `require.roots` names the certificate with this SHA-256 fingerprint, or one of these names in the keyring:
// "vendor.pem" and "anchors/vendor.pem" are two.
bool is_named(const std::string& root, const std::string& sha256, const std::vector<std::string>& names);

// Puts what the rule asks into the question, in the place of what another rule has asked: the only way from a rule to an appraisal.
void ask(const PolicyRule& rule, Question& question);

// "90s", "7d": a duration in the largest unit that gives a whole number.
std::string duration_text(std::uint32_t seconds);

}  // namespace spdm
