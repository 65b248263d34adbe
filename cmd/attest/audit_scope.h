// Which devices an audit is about: those that are there, and those that policy expects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/attest/targets.h"
#include "core/appraisal/policy.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

struct AuditTarget {
  Target target;
  HostView host;                                  // what is known before the device is asked
  std::shared_ptr<const PolicyRule> expected_by;  // the rule that expects it to speak SPDM; nullptr when none does
  bool silent = false;                            // it is expected to speak SPDM, and has no mailbox for it

  const std::string& name() const { return host.target; }
};

struct AuditScope {
  std::vector<AuditTarget> targets;  // those that were named first, then the others of the host
  std::vector<Report> absent;        // a failure for each rule that expects a device where none is
  std::vector<std::string> notes;    // devices that are left out, and why

  // Moves out the targets to be asked, in order. Silent ones are left.
  std::vector<Target> take_live();
};

// `names`: targets, or "all"; an empty list means "all". `policy`: nullptr when there is none. Touches no device.
// `via`: as targets_of() has it.
// Throws Error{usage} for a name that is wrong, {permission} when the mailboxes of this host cannot be looked for.
// What a rule exempts is left out of `all`, or is judged by nothing more than what always must hold.
enum class Exempt { left_out, judged };
AuditScope audit_scope(const std::vector<std::string>& names, const Policy* policy, const transport::Host& host,
                       Exempt exempt = Exempt::left_out, transport::Via via = transport::Via::any);

// Whether these targets stand for the devices of the host, and a rule expects some of them: then who lacks has failed.
bool expects_devices(const std::vector<std::string>& names, const Policy* policy);

// The report on a device that is there and does not speak SPDM, although a rule expects it to. `expected_by` must be set.
Report silent_report(const AuditTarget& target);

}  // namespace spdm::cmd
