// What `gate` and `watch` have in common: policy, keyring and mode, and that a gate which cannot judge stays closed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/attestation.h"
#include "cmd/gate/gatekeeper.h"

namespace spdm::cmd {

struct GateOptions {
  TrustOptions trust;
  std::vector<std::string> policies;
  std::string mode, timeout;
};

void add_gate_options(CLI::App& parser, GateOptions& options);
// Throws Error{usage} for values that make no sense.
void check(const GateOptions& options);

struct ChosenMode {
  GateMode mode = GateMode::enforce;
  std::string from = "default";  // who said so, in words
  std::string name = "default";  // the same in JSON
};

// spdmctl.gate= of the kernel command line, --mode, the policy: the first of them that says something; else enforce.
ChosenMode choose_mode(const GateOptions& options, const Policy& policy, const transport::Host& host, const Console& console);

// Policy and judge. When they cannot be had, `broken` says why, and what may speak SPDM is refused: a policy or a keyring
// that cannot be read must not be an open gate.
struct GateSetup {
  Policy policy;
  Gatekeeper::Attest attest;
  std::optional<Error> broken;
};
GateSetup set_up_gate(const GateOptions& options, const transport::Host& host, const Console& console);
// Says on stderr what a broken setup comes to.
void tell_closed(const Console& console);

// A decision that leaves nothing to look after.
bool is_good(const DeviceState& state);

// One line in the kernel log, where there may be no journal yet.
void tell_kernel_log(const transport::Host& host, const DeviceState& state);

}  // namespace spdm::cmd
