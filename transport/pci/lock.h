// One process at a time works with SPDM of a device: a lock file below /run/spdmctl, which also remembers what has to be
// undone when its holder is killed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/base/descriptor.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

// Holds /run/spdmctl/lock/BDF with flock(2), so the lock ends with its holder, however that ends. The file stays where it
// is. Its content is one line, "PID CONTROL DEVICE mailbox", and blank after an orderly end: CONTROL is what power/control
// of the device was before (see pci_power.h), or "-" when there is nothing to restore; DEVICE tells it from another one
// that came to the same address; "mailbox" says that an exchange may have been cut off. Nothing is opened after
// construction, so all of this goes on working once privileges were dropped.
class PciLock {
 public:
  // Throws Error: busy naming who holds it, at once; permission, io.
  PciLock(const Host& host, const Bdf& bdf);
  // Leaves in the file what is still to be restored or cleaned up, and nothing else.
  ~PciLock();
  PciLock(const PciLock&) = delete;
  PciLock& operator=(const PciLock&) = delete;

  // What power/control was before a holder that did not live to restore it.
  const std::optional<std::string>& power() const { return power_; }
  // Throws Error{io}.
  void remember_power(std::string_view control);
  void forget_power();

  // A holder was killed: what is under way in the mailbox is its exchange, and may be aborted.
  bool abandoned() const { return abandoned_; }
  // The mailbox is known to be in order.
  void settle() { abandoned_ = false; }

 private:
  void write(bool holding) const;

  std::string name_;
  std::string device_;  // the number of its directory in /sys, which no other device gets
  Descriptor fd_;
  std::optional<std::string> power_;
  bool abandoned_ = false;
};

}  // namespace spdm::transport
