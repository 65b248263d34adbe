// The seam to ioctl(2). Tests record there what the kernel would be told, byte by byte.
#pragma once

#include <functional>

namespace spdm::transport {

// As ioctl(2): -1, with errno, for an error.
using Ioctl = std::function<int(int fd, unsigned long request, void* argument)>;
int kernel_ioctl(int fd, unsigned long request, void* argument);

}  // namespace spdm::transport
