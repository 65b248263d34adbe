// Target [DOMAIN:]BUS:DEVICE.FUNCTION: SPDM through the DOE mailbox of a PCI function (CMA-SPDM, PCIe r6.x 6.31).
#pragma once

#include "transport/base/opened.h"
#include "transport/pci/bus.h"

namespace spdm::transport {

inline constexpr std::string_view kPciUsage = "[DOMAIN:]BUS:DEVICE.FUNCTION[?max=BYTES]";

// Configuration space through the file `config` in sysfs, with a descriptor of its own. The kernel checks the right to
// use all of it at opening, and privileges may be dropped later. Throws Error: no_device; permission when only the
// first bytes can be read; no_spdm when the function has no extended configuration space; io.
std::unique_ptr<ConfigSpace> open_config(const Host& host, const Bdf& bdf);

// Throws Error{owned} where another party owns SPDM of the function, by whatever way it is spoken, and OpenOptions do not overrule it.
void refuse_owned(const PciDevice& device, const OpenOptions& options);
// For a session: the keys of an enabled IDE stream came over one that somebody holds, also where no file of the kernel tells of an owner.
// Throws Error{owned}, and what find_ide() (ide.h) throws.
void refuse_encrypted(ConfigSpace& config, const Bdf& bdf);

// Takes the per-device lock (lock.h), refuses when another party owns the device's SPDM (OpenOptions::force overrules),
// brings the device to D0 and holds it there as long as the link lives (power.h). For a session (OpenOptions::for_session), nobody
// overrules an owner, and a function with an enabled IDE stream has one: keys of a stream come over a session. It does not access a
// mailbox; the first exchange does. Throws Error: no_device, no_spdm (no mailbox, or none with CMA-SPDM as the kernel says), owned, busy
// (another spdmctl), timeout (asleep), permission, lockdown, io. The first exchange can throw these, too. With OpenOptions::inspect
// HostView::encryption is filled, or the Error of encryption_of() (encryption.h) is thrown.
Opened open_pci(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
