// Tags as the kernel hands them out: an ioctl on the socket that they are for.
#pragma once

#include "transport/base/ioctl.h"
#include "transport/mctp/socket.h"

namespace spdm::transport {

// As MctpSocket::take_tag, with the bits of the kernel. Throws Error: busy, unsupported where an older kernel has tags on network 1 alone,
// io.
std::uint8_t take_kernel_tag(const Ioctl& ioctl, int socket, const MctpAddress& peer);
void give_back_kernel_tag(const Ioctl& ioctl, int socket, const MctpAddress& peer, std::uint8_t tag);

}  // namespace spdm::transport
