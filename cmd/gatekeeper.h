// Keeps drivers off devices that were not attested: holds devices back, attests them, and lets them go or not. Used by
// `gate` for all devices at boot and by `watch` for one at a time.
#pragma once

#include <functional>

#include "cmd/attest.h"
#include "cmd/device_state.h"
#include "cmd/policy.h"

namespace cmd {

// Written into driver_override: no driver has this name, so none binds.
inline constexpr std::string_view kSentinel = "spdmctl-blocked";

class Gatekeeper {
 public:
  // Attests one function within a time limit. Thread-safe.
  using Attest = std::function<spdm::Report(const transport::PciDevice&, const PolicyRule&, spdm::Clock::time_point deadline)>;
  // Tells people: one line for each decision (journal, kernel log, terminal).
  using Tell = std::function<void(const DeviceState&)>;

  Gatekeeper(transport::Host host, Policy policy, GateMode mode, Attest attest, Tell tell);

  // All devices of the host, in parallel, within the policy's time limit: hold, attest, decide, let go. Returns what
  // became of each device in scope and of each that is expected but absent. Always leaves a state file for each.
  std::vector<DeviceState> run();

  // One function that arrived, woke up or was reset, with all functions of its device. What failed is blocked, and a
  // driver that is already bound is unbound where the rule says so. Nothing when it is out of scope.
  std::vector<DeviceState> attend(const transport::Bdf& bdf, std::string_view occasion);

  // Undoes what a gate did: overrides of ours are cleared, autoprobe is as it was before. Returns what was released.
  std::vector<transport::Bdf> release();

 private:
  transport::Host host_;
  Policy policy_;
  GateMode mode_;
  Attest attest_;
  Tell tell_;
};

// The Attest of the program: opens the device, collects what the rule wants, judges.
Gatekeeper::Attest make_attest(const transport::Host& host, const Judge& judge);

}  // namespace cmd
