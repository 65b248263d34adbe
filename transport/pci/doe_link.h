// SPDM over the DOE mailboxes of a function, whatever its configuration space is reached through.
#pragma once

#include <memory>

#include "transport/base/binding.h"
#include "transport/pci/doe.h"

namespace spdm::transport {

struct DoeLinkOptions {
  bool force = false;                        // aborts what somebody else seems to have begun
  std::size_t max_receive = kEmuMaxReceive;  // what QEMU's mailboxes can carry, too
  DoeLimits limits = {};                     // max_object follows from max_receive
};

// SPDM over configuration space. The first exchange looks for the mailboxes and claims the first one that carries CMA-SPDM,
// as its discovery says; a mailbox that is busy or broken is passed over. Throws Error: no_spdm when there is no mailbox
// or none of them carries CMA-SPDM, and what DoeMailbox throws. After no_device the function stays gone.
std::unique_ptr<Link> doe_link(std::unique_ptr<ConfigSpace> config, const DoeLinkOptions& options);

}  // namespace spdm::transport
