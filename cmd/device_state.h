// What became of a PCI device: /run/spdmctl/devices/BDF.json, "schema": "spdmctl.state/1". Written whole or not at all,
// read by `status`, by the next run of the gate and by `watch`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/report.h"
#include "transport/host.h"
#include "transport/pci_address.h"

namespace cmd {

enum class Decision {
  pending,  // held back, not judged yet: what a gate that was killed leaves behind
  allowed,  // it may be used; a driver may bind
  blocked,  // no driver binds
  late,     // it failed, or was judged, only after a driver was bound
  audited,  // judged, but nothing was done: mode audit
  absent,   // policy expects it, and it is not there
};
std::string_view name(Decision decision);

struct DeviceState {
  std::string bdf, time, occasion;  // occasion: "boot", "arrival", "resume", "reset", "interval", "request"
  Decision decision = Decision::pending;
  spdm::Verdict verdict = spdm::Verdict::undetermined;
  spdm::Exit exit = spdm::Exit::internal;
  std::string reason;                   // one line
  std::string rule;                     // name of the rule that decided
  std::vector<std::string> actions;     // what was done, in order: "driver_override", "bus-master-cleared", "removed", ...
  std::optional<std::string> driver;    // bound when the decision was made
  std::optional<std::string> identity;  // CMA wording of what the host sees (PciIdentity)
  std::optional<std::string> leaf;      // SHA-256 of the leaf certificate, lower-case hex
  std::optional<bool> same_device;      // leaf and identity are those of the state before; nothing when there was none
};

// Throws Error: io, permission.
void write_state(const transport::Host& host, const DeviceState& state);
void remove_state(const transport::Host& host, const std::string& bdf);
// By address; a file that cannot be understood is an Error{bad_input} that names it.
std::vector<DeviceState> read_states(const transport::Host& host);
std::optional<DeviceState> read_state(const transport::Host& host, const std::string& bdf);

}  // namespace cmd
