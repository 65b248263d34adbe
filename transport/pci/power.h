// Holds a PCI function in D0 while we work with its mailbox: asleep it does not answer, and the kernel puts a function to
// sleep that nobody seems to use.
#pragma once

#include "core/protocol/link.h"
#include "transport/pci/lock.h"

namespace spdm::transport {

// While it lives, power/control is "on"; then it is again what it was before. A holder that is killed in between leaves
// the earlier value in the lock file, and the next PciPower of the same device restores it at its end. Where control is "on" anyway, or the
// kernel has no such file, nothing is written.
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
  Descriptor control_;  // open when there is something to restore
};

// For a handler of SIGINT and the like, which ends the process: lets go of what every PciPower holds, as their ends would.
// Calls only what a signal handler may call.
void release_all_power() noexcept;

}  // namespace spdm::transport
