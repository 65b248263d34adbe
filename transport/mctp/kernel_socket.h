// MCTP by the kernel (AF_MCTP, from Linux 5.15 on; a part of few distributions' kernels).
#pragma once

#include <initializer_list>
#include <memory>

#include "transport/mctp/socket.h"

namespace spdm::transport {

// Whether this kernel has MCTP.
bool kernel_has_mctp();

// Throws Error{unsupported} where the kernel has no MCTP.
[[noreturn]] void fail_without_mctp();

// A socket for requests. Throws Error: unsupported where the kernel has no MCTP, permission, io.
std::unique_ptr<MctpSocket> open_mctp_socket();

// For requests of others: each of these message types, sent to `local`, whose network is named; with neither network nor EID, to all
// addresses of ours. Throws Error: as above; permission (it takes CAP_NET_BIND_SERVICE), busy when somebody else has the type.
std::unique_ptr<MctpSocket> bind_mctp_socket(const MctpAddress& local, std::initializer_list<std::uint8_t> types);

}  // namespace spdm::transport
