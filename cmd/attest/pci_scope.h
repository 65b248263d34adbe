// Which PCI functions the gate looks after, and by which rule of the policy.
#pragma once

#include "core/appraisal/policy.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

// Written into driver_override: no driver has this name, so none binds.
inline constexpr std::string_view kSentinel = "spdmctl-blocked";

// A bridge that leads to other devices: nothing may keep its driver from it. What a function says of its class is not
// enough, or a device that is expected to attest could call itself a bridge and go free.
bool is_plumbing(const transport::PciDevice& device);
// It may speak SPDM, or nobody can tell before it was asked: asleep, or deaf.
bool could_attest(const transport::PciDevice& device);
bool is_exempt(const Policy& policy, const transport::PciDevice& device);
// The rule that decides on a function; nullptr: it is out of scope. That is every function that is plumbing or exempt,
// and every one that could not attest unless it is expected to.
std::shared_ptr<const PolicyRule> rule_for(const Policy& policy, const transport::PciDevice& device);
// A device is there that the rule is about.
bool is_met(const PolicyRule& rule, const std::vector<transport::PciDevice>& devices);

}  // namespace spdm::cmd
