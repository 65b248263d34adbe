// Drives that `watch --drives` attests by their own way: those that no mailbox of a PCI function leads to. Nothing is done to them.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cmd/attest/verifier.h"
#include "cmd/gate/device_state.h"
#include "transport/base/opened.h"
#include "transport/storage/drives.h"

namespace spdm::cmd {

// The drives that are awake and have one of these nodes ("nvme0", "sg0"); all of them where one of the nodes is empty. A function that may
// have a mailbox for SPDM is not among them: it is attested as such. Nor is one that a rule exempts.
std::vector<transport::Drive> drives_to_attest(const transport::Host& host, const Policy& policy, const std::set<std::string>& nodes);

// What became of each that speaks SPDM, in order; several are asked at once, and all within the time of the policy.
std::vector<DeviceState> attest_drives(const std::vector<transport::Drive>& drives, const transport::OpenOptions& options,
                                       const Verifier& verifier, Clock::duration time, Occasion occasion);

}  // namespace spdm::cmd
