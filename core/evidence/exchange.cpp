#include "core/evidence/exchange.h"

#include "core/text.h"

namespace spdm {

namespace {
// Bounds memory: a listener does not know the receiver's MaxSPDMmsgSize before CAPABILITIES, which may come in chunks.
constexpr std::uint64_t kMaxHeard = 16U << 20;
}  // namespace

std::optional<Exchange> Listener::hear(const Message& message, std::size_t log_index) {
  if (message.secured) return std::nullopt;
  const Header header = read_header(message.bytes);
  if (!message.from_requester) {
    if (waiting()) assert_same_place(message, header.code);
    return hear_response(message.bytes);
  }
  hear_request(message, header, log_index);
  return std::nullopt;
}

// DSP0274 "Session": what is asked in a session is answered in it, and nothing else is.
void Listener::assert_same_place(const Message& message, Code code) const {
  if (message.inside != inside_) malformed(name(code), "session", "the response was not exchanged in the session of its request");
}

void Listener::hear_request(const Message& heard, const Header& header, std::size_t log_index) {
  const Bytes& message = heard.bytes;
  const Code code = header.code;
  if (code == Code::respond_if_ready || code == Code::chunk_get) {  // still the same request
    if (waiting()) assert_same_place(heard, code);
  }
  if (code == Code::respond_if_ready) return;
  if (code == Code::chunk_get) {
    if (!receiving_) malformed("CHUNK_GET", "Handle", "no large response is pending");
    return;
  }
  version_ = header.version;
  if (code == Code::chunk_send) {
    Reader reader(message, "CHUNK_SEND");
    last_chunk_ = Chunk::decode(reader, Code::chunk_send, version_);
    if (last_chunk_->sequence == 0) {
      sending_.emplace(version_, last_chunk_->handle, kMaxHeard);
      log_index_ = log_index;
      inside_ = heard.inside;
    }
    if (!sending_) malformed("CHUNK_SEND", "ChunkSeqNo", "does not begin with chunk 0");
    assert_same_place(heard, code);
    sending_->add(*last_chunk_, "CHUNK_SEND");
    request_ = sending_->complete() ? std::optional(sending_->take()) : std::nullopt;
    return;
  }
  // Any other request gives up what was pending (DSP0274: one outstanding request).
  last_chunk_.reset();
  sending_.reset();
  receiving_.reset();
  request_ = message;
  log_index_ = log_index;
  inside_ = heard.inside;
}

std::optional<Exchange> Listener::hear_response(const Bytes& message) {
  const Code code = read_header(message).code;
  asked_to_resynch_ = false;
  if (code == Code::chunk_send_ack && last_chunk_) {
    Reader reader(message, "CHUNK_SEND_ACK");
    ChunkSendAck ack = ChunkSendAck::decode(reader, *last_chunk_, version_);
    if (ack.response.empty()) return std::nullopt;
    note_resynch(ack.response);
    if (!request_) {  // an early error ends a request that was not sent in full
      sending_.reset();
      last_chunk_.reset();
      return std::nullopt;
    }
    return finish(std::move(ack.response));
  }
  if (!request_) return std::nullopt;  // unsolicited: never an answer to anything (DSP0274, N13, N20, N192)
  if (code == Code::chunk_response && receiving_) {
    Reader reader(message, "CHUNK_RESPONSE");
    receiving_->add(Chunk::decode(reader, Code::chunk_response, version_), "CHUNK_RESPONSE");
    return receiving_->complete() ? finish(receiving_->take()) : std::nullopt;
  }
  if (code == Code::error) {
    Reader reader(message, "ERROR");
    const ErrorResponse error = ErrorResponse::decode(reader);
    if (error.code == ErrorCode::response_not_ready) return std::nullopt;
    note_resynch(message);
    // An error answer to one CHUNK_GET leaves the transfer where it was; the requester may ask again.
    if (receiving_ && error.code != ErrorCode::large_response) return std::nullopt;
    if (error.code == ErrorCode::large_response) {
      receiving_.emplace(version_, error.large_response_handle(), kMaxHeard);
      return std::nullopt;
    }
  }
  return finish(message);
}

void Listener::note_resynch(View response) {
  asked_to_resynch_ =
      response.size() >= kHeaderSize && is_error(response) && static_cast<ErrorCode>(response[2]) == ErrorCode::request_resynch;
}

std::optional<Exchange> Listener::finish(Bytes response) {
  note_resynch(response);
  Exchange exchange{
      .request = std::move(*request_), .response = std::move(response), .log_index = log_index_, .signature_size = 0, .inside = inside_};
  request_.reset();
  last_chunk_.reset();
  sending_.reset();
  receiving_.reset();
  return exchange;
}

}  // namespace spdm
