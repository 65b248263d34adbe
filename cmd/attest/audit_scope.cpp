#include "cmd/attest/audit_scope.h"

#include <unistd.h>

#include <algorithm>

#include "cmd/attest/drive_scope.h"
#include "cmd/attest/endpoint_scope.h"
#include "cmd/attest/pci_scope.h"
#include "core/appraisal/verdict.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::PciDevice;

namespace {

Report failed(const HostView& host, const std::string& source, const PolicyRule& rule, Finding finding) {
  Report out;
  out.host = host;
  out.source = source;
  PolicyResult& policy = out.policy.emplace();
  policy.rule = rule.name;
  policy.origin = rule.origin;
  policy.demands = {{"it is there, and speaks SPDM", DemandState::unmet}};
  policy.actions = rule.on_failure;
  out.checks.push_back({Check::policy, CheckStatus::fail, finding.why});
  out.findings.push_back(std::move(finding));
  conclude(out, Depth::look);
  return out;
}

Report absent_report(const PolicyRule& rule) {
  return failed({}, rule.name, rule,
                {FindingId::device_absent, "", cat("rule '", rule.name, "' expects a device, and there is none that matches it"),
                 "it was taken out, or does not answer any more: find out which; or take the rule away"});
}

std::vector<PciDevice> devices_of(const transport::Host& host) {
  try {
    return transport::scan(host);
  } catch (const Error& error) {
    if (error.id != ErrorId::no_device) throw;
    return {};  // no PCI: nothing is there
  }
}

bool holds(const AuditScope& scope, const transport::Bdf& bdf) {
  return std::any_of(scope.targets.begin(), scope.targets.end(),
                     [&](const AuditTarget& target) { return address_of(target.name()) == bdf; });
}

std::string left_out(const HostView& view, const PolicyRule& rule) {
  return cat("all: left out: ", view.target, ": exempt by rule '", rule.name, "' (", rule.origin, ")");
}

void add_host(AuditScope& out, const Policy* policy, const std::vector<PciDevice>& devices, Exempt exempt) {
  std::size_t unknown = 0;
  const bool others = !out.targets.empty();
  bool found = false;
  for (const PciDevice& device : devices) {
    found = found || device.may_attest();
    if (holds(out, device.bdf)) continue;
    HostView view = host_view(device);
    const std::shared_ptr<const PolicyRule> rule = policy == nullptr ? nullptr : rule_of(*policy, view);
    const bool expected = rule && rule->expected && !is_plumbing(device);
    if (rule && rule->exempt && exempt == Exempt::left_out) {
      if (device.may_attest()) out.notes.push_back(left_out(view, *rule));
      continue;
    }
    if (device.gone || (!device.doe_features && !device.mailboxes)) {
      if (!expected) ++unknown;
    }
    if (!device.may_attest() && !expected) continue;
    AuditTarget& target = out.targets.emplace_back();
    // Where the kernel has found CMA-SPDM, a mailbox that denies it is worth a report.
    target.target = {.name = to_string(device.bdf), .sought = !device.doe_features};
    target.host = std::move(view);
    target.target.expected = expected;
    if (expected) target.expected_by = rule;
    target.silent = !could_attest(device);
  }
  if (unknown > 0 && out.targets.empty() && ::geteuid() != 0) fail_for_want_of_permission(unknown);
  if (unknown > 0) out.notes.push_back(unknown_in_words(unknown));
  if (others && !found && unknown == 0) out.notes.push_back(cat("all: ", kNoDevice, "; ", kSeeDevices));
}

void add_sought(AuditScope& out, const Policy* policy, HostView view, Exempt exempt, bool supposed = false) {
  const std::shared_ptr<const PolicyRule> rule = policy == nullptr ? nullptr : rule_of(*policy, view);
  if (rule && rule->exempt && exempt == Exempt::left_out) return out.notes.push_back(left_out(view, *rule));
  AuditTarget& target = out.targets.emplace_back();
  target.target = {.name = view.target, .sought = true, .supposed = supposed};
  target.target.expected = rule && rule->expected;
  if (target.target.expected) target.expected_by = rule;
  target.host = std::move(view);
}

// The drives of the host, where only their own way is asked.
void add_drives(AuditScope& out, const Policy* policy, const transport::Host& host, Exempt exempt) {
  const AwakeDrives drives = awake_drives(host);
  for (const transport::Drive& drive : drives.list) {
    HostView view = view_of(drive, host);
    if (std::none_of(out.targets.begin(), out.targets.end(), [&](const AuditTarget& target) { return target.name() == view.target; }))
      add_sought(out, policy, std::move(view), exempt);
  }
  if (drives.asleep > 0) out.notes.push_back(asleep_in_words(drives.asleep));
}

// The endpoints that its routes lead to, where MCTP is asked.
void add_endpoints(AuditScope& out, const Policy* policy, const transport::Host& host, Exempt exempt) {
  for (const transport::MctpNeighbour& endpoint : endpoints_to_ask(host))
    if (std::none_of(out.targets.begin(), out.targets.end(),
                     [&](const AuditTarget& target) { return means(target.name(), endpoint.address); }))
      add_sought(out, policy, view_of(endpoint), exempt, endpoint.is_one_of_many);
}

// A target that was named may meet a rule, too.
void add_absent(AuditScope& out, const Policy& policy, const std::vector<PciDevice>& devices) {
  for (const PolicyRule& rule : policy.rules) {
    if (!rule.expected || is_met(rule, devices)) continue;
    const auto meets = [&](const AuditTarget& target) { return matches(rule.match, target.host); };
    if (std::none_of(out.targets.begin(), out.targets.end(), meets)) out.absent.push_back(absent_report(rule));
  }
}

}  // namespace

std::vector<Target> AuditScope::take_live() {
  std::vector<Target> out;
  for (AuditTarget& target : targets)
    if (!target.silent) out.push_back(std::move(target.target));
  return out;
}

AuditScope audit_scope(const std::vector<std::string>& names, const Policy* policy, const transport::Host& host, Exempt exempt,
                       transport::Via via) {
  AuditScope out;
  std::vector<std::string> named;
  for (const std::string& name : names)
    if (name != kAllDevices) named.push_back(name);
  for (Target& target : targets_of(named, host, via).list) {
    AuditTarget& added = out.targets.emplace_back();
    added.host.target = target.name;
    added.target = std::move(target);
  }
  if (!names.empty() && named.size() == names.size()) return out;
  const std::vector<PciDevice> devices = devices_of(host);
  if (via == transport::Via::storage)
    add_drives(out, policy, host, exempt);
  else if (via == transport::Via::mctp)
    add_endpoints(out, policy, host, exempt);
  else
    add_host(out, policy, devices, exempt);
  if (policy != nullptr) add_absent(out, *policy, devices);
  return out;
}

bool expects_devices(const std::vector<std::string>& names, const Policy* policy) {
  const bool all = names.empty() || std::find(names.begin(), names.end(), kAllDevices) != names.end();
  return all && policy != nullptr &&
         std::any_of(policy->rules.begin(), policy->rules.end(), [](const PolicyRule& rule) { return rule.expected; });
}

Report silent_report(const AuditTarget& target) {
  const PolicyRule& rule = *target.expected_by;
  return failed(target.host, target.name(), rule,
                {FindingId::policy_unmet, "", cat("rule '", rule.name, "' expects it to speak SPDM, and it does not"),
                 "a device that fails can pretend to have no mailbox: find out what it is; or take expected out of the rule"});
}

}  // namespace spdm::cmd
