// Which PCI functions the policy covers, and by which rule: for the gate, and for audits.
#pragma once

#include "core/appraisal/policy.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

// Written into driver_override: no driver has this name, so none binds.
inline constexpr std::string_view kSentinel = "spdmctl-blocked";

// A bridge that leads to other devices: its driver must not be kept off. The class code alone does not make a bridge of a function
// that may speak SPDM: a device could claim it to escape.
bool is_plumbing(const transport::PciDevice& device);
// The function may speak SPDM, or its mailboxes could not be looked for: it sleeps, or does not answer.
bool could_attest(const transport::PciDevice& device);
bool is_exempt(const Policy& policy, const transport::PciDevice& device);
// The rule that decides on a function; nullptr when it is out of scope. Bridges (is_plumbing()) and exempt functions are out of
// scope. So are functions that could not attest, unless policy expects them, or the gate holds them already.
std::shared_ptr<const PolicyRule> rule_for(const Policy& policy, const transport::PciDevice& device);
// Whether one of the devices matches the rule. Bridges do not count.
bool is_met(const PolicyRule& rule, const std::vector<transport::PciDevice>& devices);

}  // namespace spdm::cmd
