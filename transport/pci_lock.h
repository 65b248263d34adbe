// One process at a time works with SPDM of a device: a lock file below /run/spdmctl, which also remembers what has to be
// undone when its holder is killed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/descriptor.h"
#include "transport/host.h"
#include "transport/pci_address.h"

namespace transport {

// Holds /run/spdmctl/lock/BDF with flock(2), so the lock ends with its holder, however that ends. The file stays where it
// is: its content is "PID", or "PID CONTROL DEVICE" while power/control of that device is not what it was before (see
// pci_power.h). Nothing is opened after construction, so all of this goes on working once privileges were dropped.
class PciLock {
 public:
  // Throws Error: busy naming who holds it, at once; permission, io.
  PciLock(const Host& host, const Bdf& bdf);
  // Leaves nothing of its holder in the file; what is to be restored stays, if anything is.
  ~PciLock();
  PciLock(const PciLock&) = delete;
  PciLock& operator=(const PciLock&) = delete;

  // What power/control was before a holder that did not live to restore it; nothing when it was another device that had
  // this address.
  const std::optional<std::string>& power() const { return power_; }
  // Throws Error{io}.
  void remember_power(std::string_view control);
  void forget_power();

 private:
  void write(std::string_view record) const;

  std::string name_;
  std::string device_;  // the number of its directory in /sys, which no other device gets that comes to the same address
  Descriptor fd_;
  std::optional<std::string> power_;
};

}  // namespace transport
