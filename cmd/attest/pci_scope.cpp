#include "cmd/attest/pci_scope.h"

#include <algorithm>

namespace spdm::cmd {

using transport::PciDevice;

bool is_plumbing(const PciDevice& device) {
  const std::uint32_t kind = device.identity.class_code >> 8;  // PCI-to-PCI, CardBus, semi-transparent PCI-to-PCI
  const bool looks_so = device.header_type != 0 && (kind == 0x0604 || kind == 0x0607 || kind == 0x0609);
  // Class code and header type are the device's own claim. A port with a mailbox has its driver from the start: it is no module.
  return device.is_port() || (looks_so && !device.may_attest());
}

bool could_attest(const PciDevice& device) { return device.may_attest() || (!device.doe_features && !device.mailboxes); }

bool is_exempt(const Policy& policy, const PciDevice& device) { return rule_of(policy, host_view(device))->exempt; }

std::shared_ptr<const PolicyRule> rule_for(const Policy& policy, const PciDevice& device) {
  if (is_plumbing(device)) return nullptr;
  std::shared_ptr<const PolicyRule> rule = rule_of(policy, host_view(device));
  if (rule->exempt) return nullptr;
  // A function that is held back stays in scope, even when its mailbox can no longer be seen.
  return rule->expected || could_attest(device) || device.driver_override == kSentinel ? rule : nullptr;
}

bool is_met(const PolicyRule& rule, const std::vector<PciDevice>& devices) {
  return std::any_of(devices.begin(), devices.end(),
                     [&](const PciDevice& device) { return !is_plumbing(device) && matches(rule.match, host_view(device)); });
}

}  // namespace spdm::cmd
