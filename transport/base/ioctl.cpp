#include "transport/base/ioctl.h"

#include <sys/ioctl.h>

namespace spdm::transport {

int kernel_ioctl(int fd, unsigned long request, void* argument) { return ::ioctl(fd, request, argument); }

}  // namespace spdm::transport
