// What the host knows of a drive that was asked by the security protocol commands (DSP0286). The drive has signed none of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/wire/security_protocol.h"

namespace spdm {

struct DriveView {
  std::string model, serial, firmware;  // as the kernel shows them, without the blanks around; empty where it shows nothing
  std::string transport;                // "pcie", "tcp", "rdma", "fc", "loop"; "sata", "sas", "usb", "iscsi", "scsi"; "emulated"
  // What the drive says of its way to SPDM; nothing before it was asked.
  std::optional<StorageDiscovery> discovery;

  bool operator==(const DriveView&) const = default;
};

}  // namespace spdm
