// The result of opening a target, and the options for it.
#pragma once

#include <memory>

#include "core/evidence/evidence.h"
#include "core/protocol/link.h"
#include "transport/base/host.h"

namespace spdm::transport {

struct OpenOptions {
  Clock::duration timeout = std::chrono::seconds(10);  // for a look-up of its name, for a function to wake up
  Host host = {};                                      // where to look for PCI devices
  bool force = false;                                  // open it although another process seems to own the device
  // A session is to be opened: that ends the one that an owner has, and with it what the owner protects. `force` does not overrule
  // an owner then.
  bool for_session = false;
  // HostView::encryption is wanted: what configuration space and the kernel tell of PCI encryption.
  bool inspect = false;
};

struct Opened {
  std::unique_ptr<Link> link;
  HostView host;
  bool for_session = false;  // as OpenOptions had it
};

}  // namespace spdm::transport
