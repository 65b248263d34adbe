// SPDM messages in the packing of a binding, as captures have them.
#pragma once

#include <optional>

#include "core/bytes.h"
#include "core/evidence/mctp_packet.h"
#include "core/wire/binding.h"

namespace spdm {

struct CapturedMessage {
  bool secured = false;
  View bytes;  // padding of the binding kept
};

inline constexpr std::size_t kDoeObjectHeader = 8, kTcpMessageHeader = 4;

// One message: a DOE object, a message of MCTP with its type, a message of DSP0287 with its header, or a bare one (Binding::none).
// Nothing where it is sound, and none of SPDM: discovery, other vendors and types, role inquiries and errors of DSP0287.
// Throws Error{bad_input} naming the packet.
std::optional<CapturedMessage> unpack(Binding binding, View packed, const PacketPlace& place);

// Bytes of the DOE object that begins with these eight (PCIe r6.x 6.30.1), and of the message of DSP0287 that begins with these four,
// header included.
std::size_t doe_object_size(View header);
std::size_t tcp_message_size(View header, const PacketPlace& place);

}  // namespace spdm
