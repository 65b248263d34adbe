// What `gate` and `watch` share: policy, keyring and mode. A gate that cannot appraise stays closed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/attestation.h"
#include "cmd/gate/gate_mode.h"
#include "cmd/gate/gate_time.h"
#include "cmd/gate/gatekeeper.h"

namespace spdm::cmd {

struct GateOptions {
  TrustOptions trust;
  std::vector<std::string> policies;
  std::string mode, timeout, via;
};

void add_gate_options(CLI::App& parser, GateOptions& options);
// Throws Error{usage} for values that make no sense.
void check(const GateOptions& options);

// The policy, the mode in force, the time of judging, and how devices are attested. When policy or keyring cannot be read, `broken` says
// why, and `attest` refuses every device: what cannot be read must not open the gate.
struct GateSetup {
  Policy policy;
  ModeInForce mode;
  GateTime time;
  Gatekeeper::Attest attest;
  std::shared_ptr<const Verifier> verifier;  // nullptr when it is broken
  std::optional<Error> broken;
};
// `drives`: who opens drives; nullptr: nobody.
GateSetup set_up_gate(const GateOptions& options, const transport::Host& host, const Console& console,
                      std::shared_ptr<transport::DriveOpener> drives = nullptr);
// What set_up_gate() opens, for a process that calls it again once it is confined.
std::vector<std::filesystem::path> configuration_read_again(const GateOptions& options);
// Notes on stderr what the owner has to know of mode and time, and what follows from a broken setup.
void tell_setup(const GateSetup& setup, const Console& console);

// Whether the gates to come may go by this mode when they cannot read what it comes from: it is the policy's, and all could be read.
bool is_worth_keeping(const GateSetup& setup);

// The device passed, and the decision is allowed or audited.
bool is_good(const DeviceState& state);

// Writes one line, which begins with its level, to the kernel log: at boot there may be no journal yet.
void write_kernel_log(const transport::Host& host, std::string line);
void tell_kernel_log(const transport::Host& host, const DeviceState& state);

}  // namespace spdm::cmd
