// What `gate` and `watch` share: policy, keyring and mode. A gate that cannot appraise stays closed.
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

// The first of spdmctl.gate= on the kernel command line, --mode and the policy that gives a mode; else enforce. An unknown word
// on the kernel command line means enforce, too, and is noted on stderr.
ChosenMode choose_mode(const GateOptions& options, const Policy& policy, const transport::Host& host, const Console& console);

// The policy, and how devices are attested. When policy or keyring cannot be read, `broken` says why, and `attest` refuses every
// device: what cannot be read must not open the gate.
struct GateSetup {
  Policy policy;
  Gatekeeper::Attest attest;
  std::optional<Error> broken;
};
GateSetup set_up_gate(const GateOptions& options, const transport::Host& host, const Console& console);
// What set_up_gate() opens, for a process that calls it again once it is confined.
std::vector<std::filesystem::path> configuration_read_again(const GateOptions& options);
// Notes on stderr what follows from a broken setup.
void tell_closed(const Console& console);

// The device passed, and the decision is allowed or audited.
bool is_good(const DeviceState& state);

// Writes one line to the kernel log: at boot there may be no journal yet.
void tell_kernel_log(const transport::Host& host, const DeviceState& state);

}  // namespace spdm::cmd
