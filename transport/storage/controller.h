// The NVMe controller behind a device node, whatever part of the drive the node stands for. No command is sent to a drive.
#pragma once

#include <filesystem>
#include <string_view>

#include "transport/storage/drives.h"

namespace spdm::transport {

// Whether this is a node of an NVMe drive by its name alone: "/dev/nvme0", "/dev/nvme0n1", "/dev/nvme0n1p2", "/dev/ng0n1".
bool is_nvme_node(std::string_view word);

// The controller of such a node. Throws Error: no_device where there is no such drive; usage where a namespace has several
// controllers, which are named.
Drive controller_of(const Host& host, std::string_view node);

}  // namespace spdm::transport
