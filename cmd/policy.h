// What the owner wants of PCI devices: which are in scope, what must hold, and what follows when it does not.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/appraise.h"
#include "core/appraisal/device_match.h"
#include "transport/pci_bus.h"

namespace cmd {

// Written into driver_override: no driver has this name, so none binds.
inline constexpr std::string_view kSentinel = "spdmctl-blocked";

enum class GateMode { off, audit, enforce };
std::optional<GateMode> gate_mode_of(std::string_view name);
std::string_view name(GateMode mode);

// What is done to a device that does not meet its rule.
enum class FailureAction {
  warn,  // nothing: it is only told
  block,
  // The others come on top of `block`.
  clear_bus_master,
  remove,
  power_off,
};
std::string_view name(FailureAction action);

struct PolicyRule {
  std::string name;  // given, or "FILE:LINE"
  spdm::DeviceMatch match;
  bool exempt = false;    // what matches is out of scope
  bool expected = false;  // at least one device must match, and must speak SPDM
  spdm::IdentityMatch identity = spdm::IdentityMatch::exact;
  bool measurements = false;  // signed measurements must be there
  std::vector<FailureAction> on_failure{FailureAction::block};
};

struct Policy {
  Policy();  // the one that holds without any file: what has a mailbox must authenticate, or is blocked

  std::optional<GateMode> mode;
  std::chrono::milliseconds timeout{30'000};  // for all devices together
  std::vector<PolicyRule> rules;              // the first that matches decides; the last is the default rule
};

// policy.d in the configuration layers, the strongest first: /etc/spdmctl/policy.d, /run/..., /usr/local/lib/..., /usr/lib/...
std::vector<std::filesystem::path> policy_directories();

// Reads *.yaml of the directories (drop-ins by name, the strongest layer wins, an empty file or a link to /dev/null masks
// a name), in the order of their names. Throws Error{config} naming file, line and column; Error{permission}.
Policy load_policy(const std::vector<std::filesystem::path>& directories);
// The same for the contents of one file: its rules go before the default rule. The parser of policy_file.cpp.
void add_policy_file(Policy& policy, const std::string& file, const std::string& contents);

// Failures are told, and nothing follows.
bool only_warns(const PolicyRule& rule);
// A bridge that leads to other devices: nothing may keep its driver from it. What a function says of its class is not
// enough, or a device that is expected to attest could call itself a bridge and go free.
bool is_plumbing(const transport::PciDevice& device);
// It may speak SPDM, or nobody can tell before it was asked: asleep, or deaf.
bool could_attest(const transport::PciDevice& device);
bool is_exempt(const Policy& policy, const transport::PciDevice& device);
// The rule that decides on a function; nullptr: it is out of scope. That is every function that is plumbing or exempt,
// and every one that could not attest unless it is expected to.
const PolicyRule* rule_for(const Policy& policy, const transport::PciDevice& device);

}  // namespace cmd
