// Messages in the bytes of a TCP connection: SPDM over TCP (DSP0287), and the socket framing of the DMTF emulator and of QEMU.
#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/evidence/capture_payload.h"
#include "core/wire/binding.h"

namespace spdm {

inline constexpr std::uint16_t kSpdmTcpPort = 4194, kEmulatorPort = 2323;
inline constexpr std::size_t kMaxEmulatorPayload = std::size_t{1} << 20;  // the largest DOE object

enum class Framing { tcp, emulator };

// Whether a connection begins with these bytes.
enum class FramingFit { no, undecided, yes };

// `is_known_port`: one that is of SPDM; then the bytes may be any message, else only one that opens a conversation: GET_VERSION, the
// greeting of the emulator, DOE discovery.
FramingFit fits(Framing framing, View bytes, bool is_known_port);

// Whether they open a conversation, and are all that this takes.
bool opens_conversation(View bytes);

struct FramedMessage {
  std::size_t size = 0;  // with its framing
  Binding binding = Binding::none;
  std::optional<CapturedMessage> message;  // nothing: a command or a message that is not of SPDM
};

// The first message; nothing as long as it is not whole. `transport`: the type that the frames of this connection have, set by the first
// one. Throws Error{bad_input} naming the packet.
std::optional<FramedMessage> first_message(Framing framing, View bytes, std::optional<std::uint32_t>& transport, const PacketPlace& place);

}  // namespace spdm
