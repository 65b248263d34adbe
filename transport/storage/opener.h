// Who opens drives. The kernel asks for a capability at each command, not when the node is opened: so a process of its own keeps the
// capability, and nobody else has it (cmd/host/drive_broker.h).
#pragma once

#include <filesystem>
#include <memory>

#include "transport/base/ioctl.h"
#include "transport/storage/drives.h"
#include "transport/storage/security_commands.h"

namespace spdm::transport {

class DriveOpener {
 public:
  virtual ~DriveOpener() = default;
  // Opens a node for its two commands. `gently`: not when that would wake the drive (Error{unsupported}). Throws Error: no_device,
  // permission, busy, io.
  virtual std::unique_ptr<SecurityCommands> open(DriveKind kind, const std::filesystem::path& node, bool gently) = 0;
};

// Opens drives in this process, which keeps CAP_SYS_ADMIN (NVMe) or CAP_SYS_RAWIO (SCSI) for their commands.
// Nodes of no drive, by their names, are refused (Error{usage}).
std::unique_ptr<DriveOpener> direct_opener(Ioctl ioctl = kernel_ioctl);

}  // namespace spdm::transport
