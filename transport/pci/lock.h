// Lets one process at a time use SPDM of a device: a lock file below /run/spdmctl. The file also records what must be
// undone when its holder is killed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/base/host.h"
#include "transport/base/lock_file.h"
#include "transport/pci/address.h"

namespace spdm::transport {

// Holds /run/spdmctl/lock/BDF. Its line is "PID CONTROL DEVICE mailbox", and blank after an orderly end. CONTROL is the earlier value of
// the device's power/control (see power.h), or "-" when there is nothing to restore. DEVICE tells the device from a later one at the
// same address. "mailbox" means that an exchange may have been cut off.
class PciLock {
 public:
  // What its holder works with: the mailbox, or a drive's own way, which leaves the mailbox as it is.
  enum class Way { mailbox, storage };

  // Throws Error: busy naming who holds it, at once; permission, io.
  PciLock(const Host& host, const Bdf& bdf, Way way = Way::mailbox);
  // Leaves in the file only what is still to be restored or cleaned up.
  ~PciLock();
  PciLock(const PciLock&) = delete;
  PciLock& operator=(const PciLock&) = delete;

  // The earlier value of power/control that a killed holder has not restored; nothing when there is none.
  const std::optional<std::string>& power() const { return power_; }
  // Throws Error{io}.
  void remember_power(std::string_view control);
  void forget_power();

  // Whether a holder was killed: then an exchange in the mailbox is that holder's, and may be aborted.
  bool abandoned() const { return abandoned_; }
  // To be called once the mailbox is known to be idle and usable.
  void settle() { abandoned_ = false; }

 private:
  void write(bool holding) const;

  std::string device_;  // the inode number of its directory in /sys, which no other device gets
  LockFile file_;
  Way way_;
  std::optional<std::string> power_;
  bool abandoned_ = false;
};

}  // namespace spdm::transport
