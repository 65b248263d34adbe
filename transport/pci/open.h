// Target [DOMAIN:]BUS:DEVICE.FUNCTION: SPDM through the DOE mailbox of a PCI function (CMA-SPDM, PCIe r6.x 6.31).
#pragma once

#include "transport/base/opened.h"
#include "transport/pci/bus.h"

namespace spdm::transport {

inline constexpr std::string_view kPciUsage = "[DOMAIN:]BUS:DEVICE.FUNCTION[?max=BYTES]";

// Configuration space through the file `config` in sysfs, with a descriptor of its own; the right to use all of it is
// checked when it is opened, and kept when privileges are dropped later. Throws Error: no_device; permission when only
// the first bytes can be read; no_spdm when the function has no extended configuration space; io.
std::unique_ptr<ConfigSpace> open_config(const Host& host, const Bdf& bdf);

// Takes the per-device lock (pci_lock.h), refuses when somebody else owns the device's SPDM (OpenOptions::force
// overrules), brings the device to D0 and holds it there as long as the link lives (pci_power.h). No access to a mailbox
// yet: that is the first exchange's. Throws Error: no_device, no_spdm (no mailbox, or none with CMA-SPDM as the kernel
// says), owned, busy (another spdmctl), timeout (asleep), permission, lockdown, io. The first exchange can throw these, too.
Opened open_pci(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
