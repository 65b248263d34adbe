// MCTP control messages (DSP0236), as far as a requester of SPDM needs them.
#pragma once

#include <vector>

#include "transport/mctp/socket.h"

namespace spdm::transport {

// Get Message Type Support: what `peer` takes, besides control. `peer`: with its network. Throws Error: timeout when it does not answer,
// peer for an answer that is none, and what the socket throws.
std::vector<std::uint8_t> message_types(MctpSocket& socket, const MctpAddress& peer, Clock::time_point deadline);

}  // namespace spdm::transport
