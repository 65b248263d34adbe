// The protocol of sd_notify(3): datagrams to the service manager that started us.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace spdm::cmd {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET and WATCHDOG_USEC; without them every call does nothing.
  ServiceManager();

  // "READY=1\nSTATUS=..." and the like. A manager that does not listen is no reason to stop.
  void tell(const std::string& state) const;
  // How often "WATCHDOG=1" should be said: half of what the manager allows; nothing when it does not watch.
  std::optional<std::chrono::milliseconds> watchdog() const { return watchdog_; }

 private:
  Descriptor fd_;  // connected
  std::optional<std::chrono::milliseconds> watchdog_;
};

}  // namespace spdm::cmd
