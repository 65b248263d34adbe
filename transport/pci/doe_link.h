// SPDM over the DOE mailboxes of a function, for any way of access to its configuration space.
#pragma once

#include <memory>

#include "transport/base/binding.h"
#include "transport/pci/doe.h"

namespace spdm::transport {

struct DoeLinkOptions {
  bool force = false;                        // aborts an exchange that another process seems to have begun
  std::size_t max_receive = kEmuMaxReceive;  // bytes of one SPDM message; QEMU's mailboxes carry this much
  DoeLimits limits = {};                     // max_object follows from max_receive
};

// SPDM over configuration space. The first exchange looks for the mailboxes, and claims the first one whose discovery
// lists CMA-SPDM. A busy or broken mailbox is passed over. Throws Error: no_spdm when there is no mailbox or none of
// them carries CMA-SPDM, and what DoeMailbox throws. After no_device the function stays gone. Whether it carries sessions
// is known from the first exchange on, and false before: the same discovery tells it.
std::unique_ptr<Link> doe_link(std::unique_ptr<ConfigSpace> config, const DoeLinkOptions& options);

}  // namespace spdm::transport
