#include "core/evidence/capture_framing.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

// Of the emulator: command, transport type and size of the payload, big-endian.
constexpr std::size_t kFrameHeader = 12;
constexpr std::uint32_t kNormal = 1, kTest = 0xDEAD;
constexpr std::uint32_t kDriveFirst = 2, kDriveLast = 4;  // to send, to receive, and its status
// Two that only prepare the responder for what it is asked next; CONTINUE, SHUTDOWN, unknown command.
constexpr std::array<std::uint32_t, 5> kOthers{0x8001, 0x8002, 0xFFFD, 0xFFFE, 0xFFFF};
constexpr std::array kTransports{Binding::none, Binding::mctp, Binding::doe, Binding::tcp};
constexpr std::string_view kGreeting("Client Hello!\0", 14);
// GET_VERSION is 10 84 whatever the version is (DSP0274).
constexpr std::string_view kGetVersion("\x10\x84", 2), kMctpGetVersion("\x05\x10\x84", 3), kTcpGetVersion("\x06\0\x01\x05\x10\x84", 6);

std::uint32_t u32(View bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

bool is_of_drive(std::uint32_t command) { return command >= kDriveFirst && command <= kDriveLast; }

bool is_command(std::uint32_t command) {
  return command == kNormal || command == kTest || is_of_drive(command) ||
         std::find(kOthers.begin(), kOthers.end(), command) != kOthers.end();
}

FramingFit fits_text(View bytes, std::string_view text) {
  const std::size_t size = std::min(bytes.size(), text.size());
  if (as_text(bytes.first(size)) != text.substr(0, size)) return FramingFit::no;
  return size == text.size() ? FramingFit::yes : FramingFit::undecided;
}

FramingFit fits_tcp(View bytes, bool is_known_port) {
  if (!is_known_port) return fits_text(bytes, kTcpGetVersion);
  if (bytes.size() < kTcpMessageHeader) return FramingFit::undecided;
  try {
    tcp_message_size(bytes, {});
    return FramingFit::yes;
  } catch (const Error&) {
    return FramingFit::no;
  }
}

// The payload of the first frame, where nothing else is known of the connection.
FramingFit fits_payload(Binding binding, View payload, std::size_t size) {
  switch (binding) {
    case Binding::mctp:
      return size == kMctpGetVersion.size() + 2 ? fits_text(payload, kMctpGetVersion) : FramingFit::no;
    case Binding::tcp:
      return size == kTcpGetVersion.size() + 2 ? fits_text(payload, kTcpGetVersion) : FramingFit::no;
    case Binding::doe:
      if (payload.size() < kDoeObjectHeader) return FramingFit::undecided;
      return payload[0] == 1 && payload[1] == 0 && payload[2] <= 1 && payload[3] == 0 && doe_object_size(payload) == size ? FramingFit::yes
                                                                                                                          : FramingFit::no;
    case Binding::none:
    case Binding::storage:
      break;
  }
  return size == kGetVersion.size() + 2 ? fits_text(payload, kGetVersion) : FramingFit::no;
}

FramingFit fits_emulator(View bytes, bool is_known_port) {
  if (bytes.size() < kFrameHeader) return FramingFit::undecided;
  const std::uint32_t command = u32(bytes, 0), transport = u32(bytes, 4), size = u32(bytes, 8);
  constexpr std::uint32_t kMostTransports = 5;  // those of drives among them
  if (!is_command(command) || transport > kMostTransports || size > kMaxEmulatorPayload) return FramingFit::no;
  if (is_known_port) return FramingFit::yes;
  if (transport >= kTransports.size()) return FramingFit::no;
  const View payload = bytes.subspan(kFrameHeader);
  if (command == kTest) return size == kGreeting.size() ? fits_text(payload, kGreeting) : FramingFit::no;
  return command == kNormal ? fits_payload(kTransports[transport], payload, size) : FramingFit::no;
}

std::optional<FramedMessage> first_of_tcp(View bytes, const PacketPlace& place) {
  if (bytes.size() < kTcpMessageHeader) return std::nullopt;
  const std::size_t size = tcp_message_size(bytes, place);
  if (bytes.size() < size) return std::nullopt;
  return FramedMessage{size, Binding::tcp, unpack(Binding::tcp, bytes.first(size), place)};
}

std::optional<FramedMessage> first_of_emulator(View bytes, std::optional<std::uint32_t>& transport, const PacketPlace& place) {
  if (bytes.size() < kFrameHeader) return std::nullopt;
  const std::uint32_t command = u32(bytes, 0), type = u32(bytes, 4), size = u32(bytes, 8);
  if (!is_command(command)) place.fail(cat("the command 0x", hex(command, 8), " of its emulator frame does not exist"));
  if (type >= kTransports.size() || is_of_drive(command))
    place.fail(cat("its emulator frame is for a drive (transport type ", type, "), and these are not read from captures"));
  if (transport && *transport != type) place.fail(cat("the transport type of its emulator frame is ", type, ", and was ", *transport));
  if (size > kMaxEmulatorPayload) place.fail(cat("its emulator frame has ", size, " bytes, more than ", kMaxEmulatorPayload));
  transport = type;
  if (bytes.size() < kFrameHeader + size) return std::nullopt;
  FramedMessage out{kFrameHeader + size, kTransports[type], std::nullopt};
  if (command == kNormal) out.message = unpack(out.binding, bytes.subspan(kFrameHeader, size), place);
  return out;
}

}  // namespace

FramingFit fits(Framing framing, View bytes, bool is_known_port) {
  return framing == Framing::tcp ? fits_tcp(bytes, is_known_port) : fits_emulator(bytes, is_known_port);
}

bool opens_conversation(View bytes) {
  return fits(Framing::tcp, bytes, false) == FramingFit::yes || fits(Framing::emulator, bytes, false) == FramingFit::yes;
}

std::optional<FramedMessage> first_message(Framing framing, View bytes, std::optional<std::uint32_t>& transport, const PacketPlace& place) {
  return framing == Framing::tcp ? first_of_tcp(bytes, place) : first_of_emulator(bytes, transport, place);
}

}  // namespace spdm
