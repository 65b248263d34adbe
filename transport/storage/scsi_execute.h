// One SCSI command through SG_IO: version 3 of its header for /dev/sgN and disks, version 4 for /dev/bsg.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "transport/base/ioctl.h"
#include "transport/storage/command_failure.h"
#include "transport/storage/scsi_sense.h"

namespace spdm::transport {

enum class SgVersion { v3, v4 };

inline constexpr std::string_view kScsiCapability = "CAP_SYS_RAWIO";

enum class Direction { none, to_device, from_device };

// A device that takes commands.
struct ScsiDevice {
  CommandPlace place;
  SgVersion version = SgVersion::v3;
  Ioctl ioctl = kernel_ioctl;
};

struct ScsiAnswer {
  std::uint8_t status = 0;     // 0 good, 2 CHECK CONDITION (SAM-6 "Status codes")
  std::optional<Sense> sense;  // with CHECK CONDITION
  std::size_t moved = 0;       // bytes of the data that were transferred

  bool is_good() const;
  // "SCSI check condition 5/24/00 (invalid field in CDB)"; empty when it is good.
  std::string refusal() const;
};

// Sends a command. What the device has not written of `data` is zero afterwards. An attention of the device, for something that
// happened before, ends a command that was not done: it is sent again, a few times. Throws Error for what the device has not answered.
ScsiAnswer execute(const ScsiDevice& device, View command, Direction direction, std::span<std::uint8_t> data, Clock::time_point deadline);

}  // namespace spdm::transport
