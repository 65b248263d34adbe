// SPDM over TCP (DSP0287), without any other framing.
#pragma once

#include <memory>

#include "transport/socket.h"
#include "transport/target.h"

namespace transport {

std::unique_ptr<spdm::Link> tcp_link(Stream stream);

Opened open_tcp(std::string_view target, const OpenOptions& options);

}  // namespace transport
