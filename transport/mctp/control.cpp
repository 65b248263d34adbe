#include "transport/mctp/control.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// The first byte: the request bit and an instance number, which an answer repeats.
constexpr std::uint8_t kRequest = 0x80, kInstance = 0x01;
constexpr std::uint8_t kGetMessageTypeSupport = 0x05;
// Bits of the first byte: request, datagram (nobody waits for an answer), the instance number.
constexpr std::uint8_t kDatagram = 0x40, kInstanceMask = 0x1F;
// The bindings give an endpoint a fraction of a second for a control message. Where a route leads to a range, most EIDs never answer.
constexpr std::chrono::seconds kLongest{2};
constexpr std::uint8_t kSuccess = 0x00, kUnsupportedCommand = 0x05;

// N391
std::vector<std::uint8_t> decode(View message) {
  Reader reader(message, "Get Message Type Support");
  reader.skip(2, "header");
  const std::uint8_t completion = reader.u8("completion code");
  if (completion != kSuccess) reader.fail("completion code", cat("0x", hex(completion, 2), " is an error"));
  const std::uint8_t count = reader.u8("message type count");
  const Bytes types = to_bytes(reader.take(count, "message types"));
  return {types.begin(), types.end()};
}

}  // namespace

std::vector<std::uint8_t> message_types(MctpSocket& socket, const MctpAddress& peer, Clock::time_point deadline) {
  deadline = std::min<Clock::time_point>(deadline, Clock::now() + kLongest);
  const MctpTag tag(socket, peer);
  socket.send({peer, kMctpControl, tag.with_owner_bit()}, Bytes{kRequest | kInstance, kGetMessageTypeSupport});
  while (const std::optional<MctpMessage> answer = socket.receive(deadline)) {
    const MctpHeader& from = answer->from;
    const Bytes& bytes = answer->bytes;
    if (from.peer == peer && from.type == kMctpControl && from.tag == tag.number() && bytes.size() >= 2 && bytes[0] == kInstance &&
        bytes[1] == kGetMessageTypeSupport)
      return decode(bytes);
    if (Clock::now() >= deadline) break;  // who sends without end does not keep us
  }
  throw Error(ErrorId::timeout, cat("endpoint ", to_string(peer), " does not say which message types it takes"));
}

std::optional<Bytes> answer_control(View request, const std::vector<std::uint8_t>& types) {
  if (request.size() < 2 || (request[0] & (kRequest | kDatagram)) != kRequest) return std::nullopt;
  Writer out;
  out.u8(request[0] & kInstanceMask).u8(request[1]);
  if (request[1] != kGetMessageTypeSupport || request.size() != 2) return out.u8(kUnsupportedCommand).take();
  return out.u8(kSuccess).u8(types.size()).bytes(types).take();
}

}  // namespace spdm::transport
