// Large messages (DSP0274 "Large SPDM message transfer mechanism", 1.2+): receives requests in chunks, sends answers in
// chunks.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

namespace {
// The length field of a record has 16 bits (DSP0277), and counts the tag, ApplicationDataLength and what a binding adds, too.
constexpr std::size_t kMaxInRecord = 0xFFFF - 64;
}  // namespace

std::size_t Responder::send_limit() const {
  const std::size_t wanted = profile_->send_limit != 0 ? profile_->send_limit : profile_->data_transfer_size;
  const std::size_t own = inside() ? std::min(wanted, kMaxInRecord) : wanted;
  // Before 1.2 the requester does not say what it can receive.
  return version_byte() < k12 ? own : std::min<std::size_t>(own, parameters_.requester.data_transfer_size);
}

Bytes Responder::fit(Bytes response, std::size_t beside) {
  if (version_byte() < k12 && inside() && response.size() > kMaxInRecord) return error({ErrorCode::unspecified});
  if (version_byte() < k12 || state_ < State::capabilities || response.size() + beside <= send_limit()) return response;
  const bool fits_in_chunks = parameters_.chunking() && response.size() <= parameters_.requester.max_message_size;
  if (!fits_in_chunks) return error({ErrorCode::response_too_large, 0, Writer().u32(response.size()).take()});
  here().outgoing = Place::Outgoing{std::move(response), ++handle_};
  return error({ErrorCode::large_response, 0, {handle_}});
}

Bytes Responder::chunk_response(Reader& reader) {
  const ChunkGet request = ChunkGet::decode(reader, version_byte());
  if (!parameters_.chunking() || !here().outgoing) throw Refusal{ErrorCode::unexpected_request};
  Place::Outgoing& out = *here().outgoing;
  if (request.handle != out.handle || request.sequence != out.next) throw Refusal{ErrorCode::invalid_request};
  const std::size_t room = send_limit() - Chunk::header_size(request.sequence);
  const std::size_t size = std::min(room, out.message.size() - out.sent);
  const View data = View(out.message).subspan(out.sent, size);
  out.sent += size;
  out.next += 1;
  Chunk chunk{out.sent == out.message.size(), out.handle, request.sequence, static_cast<std::uint32_t>(out.message.size()), to_bytes(data)};
  if (chunk.last) here().outgoing.reset();
  return chunk.encode(Code::chunk_response, version_byte());
}

Bytes Responder::chunk_send(Reader& reader) {
  const std::uint8_t version = version_byte();
  if (!parameters_.chunking() || here().outgoing) throw Refusal{ErrorCode::unexpected_request};
  const View request = reader.rest();
  ChunkSendAck ack;
  try {
    // The fields that the acknowledgement echoes are read first, so that it can be written whatever follows them.
    Reader front(request, reader.message());
    front.skip(3, "header");
    ack.handle = front.u8("Handle");
    ack.sequence = version >= k14 ? front.u32("ChunkSeqNo") : front.u16("ChunkSeqNo");
  } catch (const Error&) {
    throw Refusal{ErrorCode::invalid_request};
  }
  try {
    const Chunk chunk = Chunk::decode(reader, Code::chunk_send, version);
    if (reader.offset() > profile_->data_transfer_size) reader.fail("ChunkSize", "more than DataTransferSize");
    if (!here().incoming) here().incoming.emplace(version, chunk.handle, profile_->max_message_size);
    here().incoming->add(chunk, reader.message());
  } catch (const Error&) {
    here().incoming.reset();
    ack.early_error = true;
    ack.response = error({ErrorCode::invalid_request});
    return ack.encode(version);
  }
  if (!here().incoming->complete()) return ack.encode(version);

  const Bytes message = here().incoming->take();
  here().incoming.reset();
  const Code code = message.size() >= kHeaderSize ? static_cast<Code>(message[1]) : Code::chunk_send;
  // Chunk messages do not nest, and no RESPOND_IF_READY is large.
  const bool nested = code == Code::chunk_send || code == Code::chunk_get;
  ack.response = fit(nested ? error({ErrorCode::invalid_request}) : answer(message), ChunkSendAck::header_size(version));
  // An acknowledgement with a large answer would not fit either: LargeResponse is sent instead.
  return here().outgoing ? ack.response : ack.encode(version);
}

}  // namespace spdm
