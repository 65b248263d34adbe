// What the owner wants of PCI devices: which are in scope, what must hold, and what follows when it does not.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/appraise.h"
#include "transport/pci_bus.h"

namespace cmd {

enum class GateMode { off, audit, enforce };
std::optional<GateMode> gate_mode_of(std::string_view name);
std::string_view name(GateMode mode);

// What is done to a device that does not meet its rule, beside the driver_override that keeps drivers away.
enum class FailureAction { warn, block, clear_bus_master, remove, power_off };

struct DeviceMatch {
  std::optional<std::uint16_t> vendor, device;
  std::optional<std::uint32_t> class_code, class_mask;  // "01", "0108", "010802"
  std::optional<std::string> bdf;                       // a pattern of fnmatch(3), "0000:03:*"
};

struct PolicyRule {
  std::string name;  // given, or "FILE:LINE"
  DeviceMatch match;
  bool expected = false;  // at least one device must match, and must speak SPDM
  spdm::IdentityMatch identity = spdm::IdentityMatch::exact;
  bool measurements = false;  // signed measurements must be there
  std::vector<FailureAction> on_failure{FailureAction::block};
};

struct Policy {
  std::optional<GateMode> mode;
  std::chrono::milliseconds timeout{30'000};  // for all devices together
  std::vector<PolicyRule> rules;              // the first that matches decides; the last is the default rule
};

// Reads *.yaml of policy.d in the configuration layers (drop-ins by name, the strongest layer wins, a link to /dev/null
// masks). Throws Error{config} naming file, line and column. With no file at all: every device that has a CMA mailbox
// must authenticate.
Policy load_policy(const std::vector<std::filesystem::path>& directories);

// nullptr: the device is out of scope.
const PolicyRule* rule_for(const Policy& policy, const transport::PciDevice& device);

}  // namespace cmd
