// What a transport gives once a target is open.
#pragma once

#include <memory>

#include "core/evidence/evidence.h"
#include "core/protocol/link.h"
#include "transport/base/host.h"

namespace spdm::transport {

struct OpenOptions {
  Clock::duration timeout = std::chrono::seconds(10);  // for connecting
  Host host = {};                                      // where PCI devices are looked for
  bool force = false;                                  // although somebody else seems to own the device
};

struct Opened {
  std::unique_ptr<Link> link;
  HostView host;
};

}  // namespace spdm::transport
