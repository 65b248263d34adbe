// Holds a PCI function in D0 while we use its mailbox: a sleeping function does not answer, and the kernel puts
// functions to sleep that seem unused.
#pragma once

#include "core/descriptor.h"
#include "core/protocol/link.h"
#include "transport/pci/lock.h"

namespace spdm::transport {

// Sets power/control to "on" while it lives, and restores the earlier value at its end. A killed holder leaves that
// value in the lock file, and the next PciPower of the same device restores it at its own end. Nothing is written when
// control is "on" already, or when the kernel has no such file.
class PciPower {
 public:
  // `lock` must outlive it. Throws Error: permission, no_device, io.
  PciPower(const Host& host, const Bdf& bdf, PciLock& lock);
  // Opens nothing: works after privileges were dropped.
  ~PciPower();
  PciPower(const PciPower&) = delete;
  PciPower& operator=(const PciPower&) = delete;

  // Returns once the function is awake. Throws Error: timeout when it stays asleep, io when it cannot wake up.
  void wait_until_awake(Clock::time_point deadline) const;

 private:
  void set(std::string_view control) const;

  Host host_;
  std::string name_;
  PciLock& lock_;
  Descriptor control_;  // open only when there is something to restore
};

// For signal handlers that end the process: restores power/control for every PciPower, as their destructors would.
// Calls only async-signal-safe functions (signal-safety(7)).
void release_all_power() noexcept;

}  // namespace spdm::transport
