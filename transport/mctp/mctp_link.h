// SPDM over MCTP (DSP0275, DSP0276): one message a request, one a response, matched by network, EID, type and tag.
#pragma once

#include <memory>

#include "transport/mctp/endpoint_lock.h"

namespace spdm::transport {

struct MctpLinkOptions {
  std::size_t max_message = kMostMctpMessage;  // that is received, in bytes
  // Asks for the message types first (DSP0236, Get Message Type Support): who does not have type 5 is Error{no_spdm}, not a silence.
  bool ask_types = false;
};

// `peer`: with its network. Tags are taken at once, and given back at the end. `lock`: held for as long; nullptr: nobody else asks the
// endpoint. Throws as MctpSocket::take_tag.
std::unique_ptr<Link> mctp_link(std::unique_ptr<MctpSocket> socket, const MctpAddress& peer, const MctpLinkOptions& options,
                                std::unique_ptr<EndpointLock> lock = nullptr);

}  // namespace spdm::transport
