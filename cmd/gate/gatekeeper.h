// Keeps drivers off devices that were not attested: holds devices back, attests them, and lets them go or not. Used by
// `gate` for all devices at boot and by `watch` for one at a time.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "cmd/attest/gather.h"
#include "cmd/attest/pci_scope.h"
#include "cmd/attest/time_shares.h"
#include "cmd/gate/device_state.h"
#include "transport/pci/control.h"

namespace spdm::cmd {

class Gatekeeper {
 public:
  // Attests one function by the deadline. It must be thread-safe and own what it uses: a call that overruns the deadline is left
  // behind, and may outlive the gatekeeper.
  using Attest = std::function<Report(const transport::PciDevice&, const PolicyRule&, Clock::time_point deadline)>;
  // Receives each decision as it is made, for the journal, the kernel log or the terminal.
  using Tell = std::function<void(const DeviceState&)>;

  struct Options {
    Options(GateMode wanted = GateMode::enforce) : mode(wanted) {}  // NOLINT: a mode is enough

    GateMode mode;
    bool dry_run = false;                      // attest and tell, but change nothing: no state files either
    transport::PciControl::Changed changed{};  // for tests
    std::size_t at_once = kMostAtOnce;         // devices that are asked at the same time; fewer in tests
  };

  Gatekeeper(const transport::Host& host, Policy policy, const Options& options, Attest attest, Tell tell);

  // All devices of the host, in parallel, within the policy's time limit: hold, attest, decide, let go. Returns what
  // became of each function in scope and of each device that is expected but absent, by address, and leaves a state file
  // for each. May be killed at any point: the next run comes to the same end. Throws Error: busy when another gate runs,
  // no_device (no PCI), permission, io.
  std::vector<DeviceState> run(Occasion occasion = Occasion::boot);

  // Functions that arrived, woke up or were reset, with all functions of their devices. What failed is blocked, and a
  // driver that is already bound is unbound where the rule says so. Nothing when they are out of scope, or gone. Waits for
  // another gate at work, within the policy's time limit. Throws Error like run().
  std::vector<DeviceState> attend(const std::vector<transport::Bdf>& bdfs, Occasion occasion);
  std::vector<DeviceState> attend(const transport::Bdf& bdf, Occasion occasion) { return attend(std::vector{bdf}, occasion); }

  // Each device that is expected and absent, once: what has been told is told again only when it was there in between. Throws Error
  // like run().
  std::vector<DeviceState> tell_absent(Occasion occasion);

  // For a watch that has turned autoprobe off. Those of the functions that were judged and may be used, and those out of scope, get
  // their drivers now, as far as each is still the device that was judged. A function in scope without a driver and without a
  // judgement is held, with all of its device; returned is what waits for a judgement: attend() is next. Throws Error like run().
  std::vector<transport::Bdf> admit(const std::vector<transport::Bdf>& bdfs);
  // Holds every function in scope that has neither a driver nor a judgement: before autoprobe comes back, and once more after it.
  // Throws Error like run().
  void hold_unjudged();

  // Undoes what a gate did: overrides of ours are cleared, the kernel looks for drivers, autoprobe is as it was before,
  // and the state files are gone. With functions given only their devices, and autoprobe stays. Returns what was released.
  std::vector<transport::Bdf> release(const std::vector<transport::Bdf>& only = {});

  // How many attestations overran their limit and were left behind. They run on until the program ends.
  std::size_t left_behind() const;

 private:
  struct Work;
  std::shared_ptr<Work> work_;
};

// Functions that the policy has judged, alone or as a part of their device. A policy is all that decides on it.
std::set<transport::Bdf> in_scope(const transport::Host& host, const Policy& policy, const std::vector<transport::PciDevice>& devices);

// The Attest of the program: opens the device with these options, collects what the rule wants, appraises.
Gatekeeper::Attest make_attest(const transport::OpenOptions& options, std::shared_ptr<const Verifier> verifier);
// An Attest that reports this error for every device: the gate stays closed.
Gatekeeper::Attest refuse_all(const Error& error);

}  // namespace spdm::cmd
