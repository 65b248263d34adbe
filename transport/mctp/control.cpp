#include "transport/mctp/control.h"

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// The first byte: the request bit and an instance number, which an answer repeats.
constexpr std::uint8_t kRequest = 0x80, kInstance = 0x01;
constexpr std::uint8_t kGetMessageTypeSupport = 0x05;

// N391
std::vector<std::uint8_t> decode(View message) {
  Reader reader(message, "Get Message Type Support");
  reader.skip(2, "header");
  const std::uint8_t completion = reader.u8("completion code");
  if (completion != 0) reader.fail("completion code", cat("0x", hex(completion, 2), " is an error"));
  const std::uint8_t count = reader.u8("message type count");
  const Bytes types = to_bytes(reader.take(count, "message types"));
  return {types.begin(), types.end()};
}

}  // namespace

std::vector<std::uint8_t> message_types(MctpSocket& socket, const MctpAddress& peer, Clock::time_point deadline) {
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

}  // namespace spdm::transport
