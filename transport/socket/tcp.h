// SPDM over TCP (DSP0287), without any other framing.
#pragma once

#include <memory>

#include "transport/socket/socket.h"
#include "transport/base/opened.h"

namespace transport {

inline constexpr std::string_view kTcpUsage = "tcp://HOST[:PORT]";

std::unique_ptr<spdm::Link> tcp_link(Stream stream);

Opened open_tcp(std::string_view target, const OpenOptions& options);

}  // namespace transport
