// The result of opening a target, and the options for it.
#pragma once

#include <memory>

#include "core/evidence/evidence.h"
#include "core/protocol/link.h"
#include "transport/base/host.h"

namespace spdm::transport {

class DriveOpener;

// How a device is asked that has more than one way to SPDM: a PCI function with a mailbox that is also an NVMe controller. And what `all`
// stands for.
enum class Via {
  any,      // the mailbox; the drive's own way where the kernel is locked down
  doe,      // the mailbox only
  storage,  // the security protocol commands only
  mctp,     // endpoints of MCTP networks only: `all` are those, and neither functions nor drives can be asked
};
// Throws Error{usage} with Via::mctp: for what is no endpoint.
void refuse_mctp(Via via);

struct OpenOptions {
  Clock::duration timeout = std::chrono::seconds(10);  // for a look-up of its name, for a function to wake up
  Host host = {};                                      // where to look for PCI devices
  bool force = false;                                  // open it although another process seems to own the device
  // A session is to be opened: that ends the one that an owner has, and with it what the owner protects. `force` does not overrule
  // an owner then.
  bool for_session = false;
  // HostView::encryption is wanted: what configuration space and the kernel tell of PCI encryption.
  bool inspect = false;
  Via via = Via::any;
  bool gently = false;                            // a drive in standby is not woken (Error{unsupported})
  std::shared_ptr<DriveOpener> drives = nullptr;  // nullptr: drives cannot be opened any more, or were never to be
};

struct Opened {
  std::unique_ptr<Link> link;
  HostView host;
  bool for_session = false;  // as OpenOptions had it
};

}  // namespace spdm::transport
