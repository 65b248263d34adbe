#include "cmd/attest/audit_scope.h"

#include <unistd.h>

#include <algorithm>

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
  conclude(out, false);
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
  return std::any_of(scope.subjects.begin(), scope.subjects.end(),
                     [&](const AuditSubject& subject) { return address_of(subject.target()) == bdf; });
}

void add_host(AuditScope& out, const Policy* policy, const std::vector<PciDevice>& devices) {
  std::size_t unknown = 0;
  for (const PciDevice& device : devices) {
    if (holds(out, device.bdf)) continue;
    HostView view = host_view(device);
    const std::shared_ptr<const PolicyRule> rule = policy == nullptr ? nullptr : rule_of(*policy, view);
    const bool expected = rule && rule->expected && !is_plumbing(device);
    if (rule && rule->exempt) {
      if (device.may_attest())
        out.notes.push_back(cat("all: left out: ", view.target, ": exempt by rule '", rule->name, "' (", rule->origin, ")"));
      continue;
    }
    if (device.gone || (!device.doe_features && !device.mailboxes)) {
      if (!expected) ++unknown;
    }
    if (!device.may_attest() && !expected) continue;
    AuditSubject& subject = out.subjects.emplace_back();
    // Where the kernel has found CMA-SPDM, a mailbox that denies it is worth a report.
    subject.subject = {.target = to_string(device.bdf), .sought = !device.doe_features};
    subject.host = std::move(view);
    if (expected) subject.expected_by = rule;
    subject.silent = !could_attest(device);
  }
  if (unknown > 0 && out.subjects.empty() && ::geteuid() != 0) fail_for_want_of_permission(unknown);
  if (unknown > 0) out.notes.push_back(unknown_in_words(unknown));
}

// A rule may be met by what was named, too.
void add_absent(AuditScope& out, const Policy& policy, const std::vector<PciDevice>& devices) {
  for (const PolicyRule& rule : policy.rules) {
    if (!rule.expected || is_met(rule, devices)) continue;
    const auto meets = [&](const AuditSubject& subject) { return matches(rule.match, subject.host); };
    if (std::none_of(out.subjects.begin(), out.subjects.end(), meets)) out.absent.push_back(absent_report(rule));
  }
}

}  // namespace

std::vector<Subject> AuditScope::live() const {
  std::vector<Subject> out;
  for (const AuditSubject& subject : subjects)
    if (!subject.silent) out.push_back({.target = subject.subject.target});
  return out;
}

AuditScope audit_scope(const std::vector<std::string>& targets, const Policy* policy, const transport::Host& host) {
  AuditScope out;
  std::vector<std::string> named;
  for (const std::string& target : targets)
    if (target != kAllDevices) named.push_back(target);
  for (Subject& subject : subjects_of(named, host).list) {
    AuditSubject& added = out.subjects.emplace_back();
    added.host.target = subject.target;
    added.subject = std::move(subject);
  }
  if (!targets.empty() && named.size() == targets.size()) return out;
  const std::vector<PciDevice> devices = devices_of(host);
  add_host(out, policy, devices);
  if (policy != nullptr) add_absent(out, *policy, devices);
  return out;
}

void open_devices(AuditScope& scope, const transport::OpenOptions& options) {
  std::vector<Subject> subjects;
  for (AuditSubject& subject : scope.subjects)
    if (!subject.silent) subjects.push_back(std::move(subject.subject));
  open_devices(subjects, options);
  auto next = subjects.begin();
  for (AuditSubject& subject : scope.subjects) {
    if (subject.silent) continue;
    subject.subject = std::move(*next++);
    if (subject.subject.opened) subject.host = subject.subject.opened->host;
  }
}

Report silent_report(const AuditSubject& subject) {
  const PolicyRule& rule = *subject.expected_by;
  return failed(subject.host, subject.target(), rule,
                {FindingId::policy_unmet, "", cat("rule '", rule.name, "' expects it to speak SPDM, and it does not"),
                 "a device that fails can pretend to have no mailbox: find out what it is; or take expected out of the rule"});
}

}  // namespace spdm::cmd
