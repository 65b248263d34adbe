// Targets that are drives.
#pragma once

#include "transport/base/opened.h"
#include "transport/storage/drives.h"

namespace spdm::transport {

inline constexpr std::string_view kNvmeUsage = "nvme:/dev/nvmeN[?max=BYTES]", kScsiUsage = "scsi:/dev/sgN[?max=BYTES]";

Opened open_nvme(std::string_view target, const OpenOptions& options);
Opened open_scsi(std::string_view target, const OpenOptions& options);
// By a drive that was found. Its view has the identity of its PCI function, where it is one.
Opened open_drive(const Drive& drive, const OpenOptions& options);

}  // namespace spdm::transport
