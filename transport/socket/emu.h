// The socket framing of the DMTF emulator and of QEMU: twelve bytes, big-endian, before each message.
//   command | transport type | payload size
// The frame functions serve both ends; the link is the requester's.
#pragma once

#include <memory>
#include <optional>

#include "transport/base/opened.h"
#include "transport/socket/socket.h"

namespace spdm::transport {

inline constexpr std::uint16_t kEmuPort = 2323;
inline constexpr std::string_view kEmuUsage = "emu://HOST[:PORT][?binding=doe|mctp|tcp|storage|none][&max=BYTES]";

enum class Command : std::uint32_t {
  normal = 0x0001,  // one message in the packing of the binding
  send = 0x0002,    // Binding::storage only, as the next two: what a drive is asked, and answers (storage_frames.h)
  receive = 0x0003,
  status = 0x0004,
  key_update = 0x8001,  // not of SPDM: the responder is to have new keys the next time that it is asked for encapsulated requests
  keep_going = 0xFFFD,  // "CONTINUE": the responder answers, closes and waits for the next client
  shutdown = 0xFFFE,    // the responder answers and exits
  unknown = 0xFFFF,     // the answer to a command that the responder does not know
  test = 0xDEAD,        // the greeting
};

inline constexpr std::size_t kFrameHeader = 12;
inline constexpr std::size_t kMaxFramePayload = std::size_t{1} << 20;  // the largest DOE object (2^18 dwords)

struct FrameHeader {
  Command command;  // may hold a value without a name
  std::size_t size;
};

struct Frame {
  Command command;
  Bytes payload;
};

// The greetings, with the NUL at their end. Binding::none and Binding::storage have no greeting.
View client_hello();
View server_hello();

Bytes encode_frame(Binding binding, Command command, View payload);
// Throws Error{peer} for another transport type than the binding's and for more than kMaxFramePayload bytes.
FrameHeader parse_frame_header(Binding binding, View header);
Frame read_frame(Stream& stream, Binding binding, Clock::time_point deadline);
// As read_frame(), but nothing when the peer closed the connection between two frames.
std::optional<Frame> next_frame(Stream& stream, Binding binding, Clock::time_point deadline);

// Greets the peer on a connected stream. `max_receive` is at least 42. Not for Binding::storage: see emu_drive.h.
std::unique_ptr<Link> emu_link(Stream stream, Binding binding, std::size_t max_receive, Clock::time_point deadline);

inline constexpr const char* kBindingHint = "use doe, mctp, tcp, storage or none";

// Makes the sockets; Link::connect() connects, and greets.
Opened open_emu(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
