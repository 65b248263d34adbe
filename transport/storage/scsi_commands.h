// SECURITY PROTOCOL OUT and IN of a SCSI device, or of a SATA one that the kernel translates them for.
#pragma once

#include <memory>

#include "core/descriptor.h"
#include "transport/storage/scsi_execute.h"
#include "transport/storage/security_commands.h"

namespace spdm::transport {

// `fd` is of /dev/sgN or a disk (version 3), or of /dev/bsg/... (version 4); `name` is for messages.
std::unique_ptr<SecurityCommands> scsi_commands(Descriptor fd, std::string name, SgVersion version, Ioctl ioctl = kernel_ioctl);

// Whether the disk sleeps, so that another command could wake it up. These two commands do not: REQUEST SENSE, which a SAS disk
// answers with its power condition (SPC-6 "REQUEST SENSE command"), and CHECK POWER MODE of ATA, which only SATA disks have. A disk
// that refuses both is awake, as far as anybody can tell. Throws as SecurityCommands does.
bool is_in_standby(const ScsiDevice& device, Clock::time_point deadline);

}  // namespace spdm::transport
