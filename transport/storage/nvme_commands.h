// Security Send and Security Receive of an NVMe controller, through the kernel's passthrough of admin commands.
#pragma once

#include <memory>

#include "core/descriptor.h"
#include "transport/base/ioctl.h"
#include "transport/storage/security_commands.h"

namespace spdm::transport {

// `fd` is of /dev/nvmeN; `name` is for messages.
std::unique_ptr<SecurityCommands> nvme_commands(Descriptor fd, std::string name, Ioctl ioctl = kernel_ioctl);

}  // namespace spdm::transport
