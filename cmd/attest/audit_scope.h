// Which devices an audit is about: those that are there, and those that policy expects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/attest/subjects.h"
#include "core/appraisal/policy.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

struct AuditSubject {
  Subject subject;
  HostView host;                                  // as far as it is known before it was asked
  std::shared_ptr<const PolicyRule> expected_by;  // the rule that expects it to speak SPDM; nullptr when none does
  bool silent = false;                            // it is expected to speak SPDM, and has no mailbox for it

  const std::string& target() const { return host.target; }
};

struct AuditScope {
  std::vector<AuditSubject> subjects;  // those that were named first, then the others of the host
  std::vector<Report> absent;          // a failure for each rule that expects a device where none is
  std::vector<std::string> notes;      // devices that are left out, and why

  // Those that are to be asked, for open_devices() and confine().
  std::vector<Subject> live() const;
};

// `targets`: names, or "all", which is what nothing stands for. `policy`: nullptr when there is none. Touches no device.
// Throws Error{usage} for a name that is wrong, {permission} when the mailboxes of this host cannot be looked for.
AuditScope audit_scope(const std::vector<std::string>& targets, const Policy* policy, const transport::Host& host);

// Opens the PCI functions among them.
void open_devices(AuditScope& scope, const transport::OpenOptions& options);

// It is there, and does not speak SPDM although a rule expects it to (expected_by is there).
Report silent_report(const AuditSubject& subject);

}  // namespace spdm::cmd
