// Targets that are drives.
#pragma once

#include "transport/base/opened.h"
#include "transport/storage/drives.h"
#include "transport/storage/storage_link.h"

namespace spdm::transport {

inline constexpr std::string_view kNvmeUsage = "nvme:/dev/nvmeN[?max=BYTES]", kScsiUsage = "scsi:/dev/sgN[?max=BYTES]";

// By the node of a drive. With Via::doe, the mailbox of its PCI function (pci/open.h). Throws Error: usage, also with Via::mctp; and what
// find_drive() and open_drive() throw; no_spdm with Via::doe where it is no PCI function.
Opened open_nvme(std::string_view target, const OpenOptions& options);
Opened open_scsi(std::string_view target, const OpenOptions& options);

// By a drive that was found. It takes the lock of its PCI function, where it is one, or one by its name; the view has the identity of
// that function then. An owner of the function's SPDM is refused as open_pci() does it. Throws Error: owned, busy (another spdmctl),
// internal without OpenOptions::drives; and what assert_node_of() and DriveOpener::open() throw. The drive has got no command yet:
// Link::connect() sends it.
Opened open_drive(const Drive& drive, const OpenOptions& options, std::size_t max_message = StorageLinkOptions{}.max_message);

}  // namespace spdm::transport
