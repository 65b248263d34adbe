// MCTP control messages (DSP0236), as far as SPDM needs them: which message types an endpoint takes.
#pragma once

#include <optional>
#include <vector>

#include "transport/mctp/socket.h"

namespace spdm::transport {

// Get Message Type Support: what `peer` takes, besides control. `peer`: with its network. Waits two seconds at most, whatever is left until
// `deadline`. Throws Error: timeout when it does not answer, peer for an answer that is none, and what the socket throws.
std::vector<std::uint8_t> message_types(MctpSocket& socket, const MctpAddress& peer, Clock::time_point deadline);

// What an endpoint with these message types answers to a control message: to Get Message Type Support, these; to all others, that it does
// not have the command. Nothing to what is no request.
std::optional<Bytes> answer_control(View request, const std::vector<std::uint8_t>& types);

}  // namespace spdm::transport
