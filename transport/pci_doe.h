// Target [DOMAIN:]BUS:DEVICE.FUNCTION: SPDM through the DOE mailbox of a PCI function (CMA-SPDM, PCIe r6.x 6.31).
#pragma once

#include "transport/pci_bus.h"
#include "transport/target.h"

namespace transport {

// Configuration space through the file `config` in sysfs, with a descriptor of its own; the right to use all of it is
// checked when it is opened, and kept when privileges are dropped later.
std::unique_ptr<ConfigSpace> open_config(const Host& host, const Bdf& bdf);

// Takes the per-device lock, refuses when somebody else owns the device's SPDM (OpenOptions::force overrules), brings
// the device to D0 and holds it there as long as the link lives. No exchange yet: the first one claims the mailbox and
// picks, by discovery, the one that carries CMA-SPDM. Throws Error: no_device, no_spdm (no mailbox), owned, busy (another
// spdmctl), permission, lockdown, io. The first exchange can throw these, too.
Opened open_pci(std::string_view target, const OpenOptions& options);

}  // namespace transport
