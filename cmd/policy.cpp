#include "cmd/policy.h"

#include <algorithm>
#include <array>

namespace cmd {

namespace {

constexpr std::array kModes{"off", "audit", "enforce"};
constexpr std::array kActions{"warn", "block", "clear-bus-master", "remove", "power-off"};

}  // namespace

std::string_view name(GateMode mode) { return kModes.at(static_cast<std::size_t>(mode)); }

std::optional<GateMode> gate_mode_of(std::string_view name) {
  const auto* it = std::find(kModes.begin(), kModes.end(), name);
  if (it == kModes.end()) return std::nullopt;
  return static_cast<GateMode>(it - kModes.begin());
}

std::string_view name(FailureAction action) { return kActions.at(static_cast<std::size_t>(action)); }

Policy::Policy() {
  PolicyRule& rule = rules.emplace_back();
  rule.name = "default";
}

namespace {

const PolicyRule* first_match(const Policy& policy, const transport::PciDevice& device) {
  const spdm::HostView host = host_view(device);
  for (const PolicyRule& rule : policy.rules)
    if (matches(rule.match, host)) return &rule;
  return nullptr;
}

}  // namespace

bool only_warns(const PolicyRule& rule) { return rule.on_failure == std::vector{FailureAction::warn}; }

bool is_plumbing(const transport::PciDevice& device) {
  const std::uint32_t kind = device.identity.class_code >> 8;  // PCI-to-PCI, CardBus, semi-transparent PCI-to-PCI
  const bool looks_so = device.header_type != 0 && (kind == 0x0604 || kind == 0x0607 || kind == 0x0609);
  // What it looks like is its own word. Ports with a mailbox have their driver from the start, for it is no module.
  return device.driver == "pcieport" || (looks_so && !device.may_attest());
}

bool could_attest(const transport::PciDevice& device) { return device.may_attest() || (!device.doe_features && !device.mailboxes); }

bool is_exempt(const Policy& policy, const transport::PciDevice& device) {
  const PolicyRule* rule = first_match(policy, device);
  return rule != nullptr && rule->exempt;
}

const PolicyRule* rule_for(const Policy& policy, const transport::PciDevice& device) {
  const PolicyRule* rule = is_plumbing(device) ? nullptr : first_match(policy, device);
  if (rule == nullptr || rule->exempt) return nullptr;
  // What is held back stays in scope, even if its mailbox is not to be seen any more.
  return rule->expected || could_attest(device) || device.driver_override == kSentinel ? rule : nullptr;
}

}  // namespace cmd
