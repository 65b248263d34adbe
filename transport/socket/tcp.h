// SPDM over TCP (DSP0287), without any other framing.
#pragma once

#include <memory>

#include "transport/base/opened.h"
#include "transport/socket/socket.h"

namespace spdm::transport {

inline constexpr std::string_view kTcpUsage = "tcp://HOST[:PORT]";

std::unique_ptr<Link> tcp_link(Stream stream);

// Begins to connect. Link::connect() waits for the connection.
Opened open_tcp(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
