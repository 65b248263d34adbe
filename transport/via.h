// The way to a PCI function that has more than one: its mailbox, and the commands of the drive that it is.
#pragma once

#include "transport/base/opened.h"

namespace spdm::transport {

// By OpenOptions::via. Via::any is the mailbox; but where the kernel refuses to write to it, and the function is a drive that can be opened
// (OpenOptions::drives), it is the drive's own way. Without such a drive, and where it does not speak SPDM in this way (Link::connect),
// the error is the lockdown. Throws what open_pci() and open_drive() throw; with Via::storage also Error{no_device} where the kernel has
// no NVMe controller for the function; with Via::mctp Error{usage}.
Opened open_function(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
