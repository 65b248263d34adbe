#include "core/protocol/requester.h"

#include <algorithm>
#include <thread>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

std::optional<ErrorResponse> as_error(View message) {
  if (!is_error(message)) return std::nullopt;
  Reader reader(message, "ERROR");
  return ErrorResponse::decode(reader);
}

constexpr std::string_view kMoreTime = "the device needs more time than --timeout allows";

// Between two requests of the same, where the responder has no answer yet.
constexpr std::chrono::milliseconds kShortestPause{1}, kLongestPause{100};

void sleep_until(Clock::time_point time, Clock::time_point deadline, std::string_view why) {
  if (time > deadline) throw Error(ErrorId::timeout, std::string(why), std::string(kMoreTime));
  std::this_thread::sleep_until(time);
}

// Says how often it was Busy, and for how long: whether it is stuck, or wants more time.
std::string stays_busy(Code code, unsigned times, Clock::duration time) {
  const auto tenths = std::chrono::round<std::chrono::duration<long, std::deci>>(time).count();
  return cat(name(code), ": the responder stays Busy: it answered ERROR Busy ", times, times == 1 ? " time" : " times", " in ", tenths / 10,
             ".", tenths % 10, " s, and nothing else");
}

// Every message of a conversation comes by here: when it is about to be sent, or has just come.
void append_now(MessageLog& log, Message message) {
  message.time = std::chrono::system_clock::now().time_since_epoch();
  log.push_back(std::move(message));
}

// The first exchanges must be answered at once and in one piece (DSP0274 ERROR: ResponseNotReady is not allowed there).
bool negotiates(Code code) { return code == Code::get_version || code == Code::get_capabilities || code == Code::negotiate_algorithms; }

}  // namespace

bool is_refusal(const Error& error, const Connection& connection, std::size_t errors) {
  const std::vector<ErrorSeen>& seen = connection.errors();
  return error.id == ErrorId::peer && seen.size() > errors && seen.back().error.code != ErrorCode::request_resynch;
}

void Requester::ask(Bytes request) {
  if (before_each_) before_each_();
  const Code code = read_header(request).code;
  if (limits_.is_stopped != nullptr && code != Code::end_session && limits_.is_stopped())
    throw Error(ErrorId::io, cat("the program was stopped before ", name(code), " was sent"));
  const Clock::time_point deadline = std::min(Clock::now() + limits_.exchange, end_);
  const std::size_t log_index = log_.size();
  Bytes response = respond(request, deadline);
  const std::optional<ErrorResponse> error = as_error(response);
  const bool in_one_piece = equal(View(log_.back().bytes).subspan(in_front_), response);
  connection_.observe(
      {.request = std::move(request), .response = std::move(response), .log_index = log_index, .signature_size = 0, .inside = session_});
  if (!error && in_one_piece) end_last(in_front_ + connection_.exchanges().back().response.size());
  if (!error) return;
  if (error->code == ErrorCode::busy) throw Error(ErrorId::busy, stays_busy(code, busy_, busy_for_), "try again later");
  throw Error(ErrorId::peer, cat(name(code), ": the responder answered ERROR ", describe(*error, code)),
              code == Code::negotiate_algorithms     ? "it may know no algorithm that this host can verify, see: spdmctl doctor"
              : code == Code::get_measurements       ? "the device may have no such measurement, see all of them with: spdmctl measurements"
              : code == Code::vendor_defined_request ? "the device does not know this request, or refuses it: its vendor says which it has"
                                                     : "");
}

Bytes Requester::exchange_once(View message, Clock::time_point deadline) {
  const bool twice = keeps_records_ && inside_ != nullptr;
  if (log_.size() + (twice ? 4 : 2) > limits_.messages)
    malformed(name(read_header(message).code), "response", cat("the conversation has ", log_.size(), " messages and does not end"));
  const Code code = read_header(message).code;
  assert_within_budget(name(code), message.size() + (twice ? message.size() + kRecordOverhead : 0));
  append_now(log_, {.from_requester = true, .secured = false, .bytes = to_bytes(message), .inside = session_});
  bytes_ += message.size();
  Bytes response = way().exchange(message, deadline);
  assert_within_budget(name(code), response.size());
  bytes_ += response.size();
  in_front_ = 0;
  append_now(log_, {.from_requester = false, .secured = false, .bytes = response, .inside = session_});
  // DSP0274 message format, N1: a response without a full header is not read any further.
  if (response.size() < kHeaderSize) malformed(name(read_header(message).code), "response", cat("only ", response.size(), " bytes"));
  // DSP0274 CAPABILITIES, N19: no response may be larger than the DataTransferSize that we announced. Before 1.2 nobody announces one,
  // and no answer comes in pieces: there only what we put together at most is the limit.
  const bool announced = !connection_.capabilities() || connection_.version() >= k12;
  const std::size_t most = announced ? data_transfer_size() : limits_.max_message;
  if (response.size() > most && response.size() - most > padding())
    malformed(name(read_header(message).code), "response", cat(response.size(), " bytes; we take ", most, " in one piece"));
  return response;
}

void Requester::end_last(std::size_t size) {
  Bytes& last = log_.back().bytes;
  if (link_.binding() != Binding::storage || inside_ != nullptr || size >= last.size()) return;
  bytes_ -= last.size() - size;
  last.resize(size);
}

// Before memory is taken for a message: what a device sends is kept, more than once, until it is judged and told.
void Requester::assert_within_budget(std::string_view what, std::size_t more) const {
  if (bytes_ + more <= limits_.bytes) return;
  throw Error(
      ErrorId::peer,
      cat(what, ": ", more, " bytes after ", bytes_, " before them: the limit for all messages of one device is ", limits_.bytes, " bytes"),
      "ask for a part, such as one measurement (--index); a device that sends so much for one question misbehaves");
}

void Requester::keep_record(bool from_requester, View record) {
  if (!from_requester) assert_within_budget("secured message", record.size());
  append_now(log_, {.from_requester = from_requester, .secured = true, .bytes = to_bytes(record)});
  bytes_ += record.size();
}

// DSP0274 ERROR, N22, N23: after Busy the same request is sent again, later.
Bytes Requester::respond(View request, Clock::time_point deadline) {
  const Code code = read_header(request).code;
  const Clock::time_point begin = Clock::now();
  auto pause = kShortestPause;
  for (unsigned attempt = 0;; ++attempt) {
    Bytes response = send(request, deadline);
    std::optional<ErrorResponse> error = as_error(response);
    if (error) end_last(in_front_ + error->size());
    if (error && error->code == ErrorCode::response_not_ready) {
      if (negotiates(code)) malformed(name(code), "response", "ResponseNotReady is not allowed here");  // DSP0274 ERROR, N32
      response = wait_until_ready(*error, request, deadline);
      error = as_error(response);
    }
    if (error && error->code == ErrorCode::large_response) {
      response = receive_chunks(*error, request, deadline);
      error = as_error(response);
    }
    if (!error || error->code != ErrorCode::busy) return response;
    busy_ = attempt + 1;
    busy_for_ = Clock::now() - begin;
    if (attempt == limits_.busy_retries) return response;
    sleep_until(Clock::now() + pause, deadline, stays_busy(code, busy_, busy_for_));
    pause = std::min(pause * 2, kLongestPause);
  }
}

Bytes Requester::send(View request, Clock::time_point deadline) {
  const Parameters& parameters = connection_.parameters();
  const bool sized = connection_.capabilities() && parameters.version >= k12;
  const std::size_t one_piece = sized ? std::min<std::size_t>(parameters.responder.data_transfer_size, way().max_send()) : way().max_send();
  if (request.size() <= one_piece) return exchange_once(request, deadline);
  const std::string what = cat(name(read_header(request).code), " of ", request.size(), " bytes");
  if (!sized || !parameters.requester.has(cap::chunk) || !parameters.responder.has(cap::chunk))
    throw Error(ErrorId::no_spdm, cat(what, ": the responder takes ", one_piece, " in one piece, and no chunks"));
  if (request.size() > parameters.responder.max_message_size)
    throw Error(ErrorId::no_spdm, cat(what, ": the responder's MaxSPDMmsgSize is ", parameters.responder.max_message_size));
  return send_chunks(request, deadline);
}

Bytes Requester::send_chunks(View request, Clock::time_point deadline) {
  const std::uint8_t version = connection_.version();
  const std::size_t room = std::min<std::size_t>(connection_.parameters().responder.data_transfer_size, way().max_send());
  Chunk chunk{
      .last = false, .handle = next_handle_++, .sequence = 0, .large_message_size = static_cast<std::uint32_t>(request.size()), .data = {}};
  for (View left = request;; ++chunk.sequence) {
    const View piece = left.first(std::min(left.size(), room - Chunk::header_size(chunk.sequence)));
    left = left.subspan(piece.size());
    chunk.data = to_bytes(piece);
    chunk.last = left.empty();
    const Bytes response = exchange_once(chunk.encode(Code::chunk_send, version), deadline);
    // When acknowledgement and response together do not fit, the responder sends LargeResponse instead of both.
    if (is_error(response)) return response;
    Reader reader(response, "CHUNK_SEND_ACK");
    ChunkSendAck ack = ChunkSendAck::decode(reader, chunk, version);
    // It ends with the response in it, which is not read yet.
    in_front_ = reader.offset() - ack.response.size();
    if (!ack.response.empty()) return std::move(ack.response);
    end_last(in_front_);
    const View surplus = reader.rest();
    // DSP0274 large messages, N296: the responder cannot answer a request that it does not have in full.
    if (surplus.size() > padding()) reader.fail("length", "a response before the last chunk was sent");
  }
}

// DSP0274 "ResponseNotReady": waits RDT, then asks with the token, within WTmax = RDT * RDTM. A response that is still not ready opens
// a new window (N33), with its own RDT and token. The deadline bounds all of them; and a device that asks for no time gets some all
// the same, so that it is not asked without pause.
Bytes Requester::wait_until_ready(const ErrorResponse& error, View request, Clock::time_point deadline) {
  using std::chrono::microseconds;
  const Header header = read_header(request);
  ResponseNotReady wait = error.not_ready(header.code);
  microseconds pause(0);
  for (unsigned times = 1;; ++times) {
    const microseconds asked(std::uint64_t{1} << wait.rdt_exponent), window = asked * wait.rdtm;
    const Clock::time_point until = Clock::now() + std::max(asked, std::min(pause, std::max<microseconds>(window, kShortestPause)));
    sleep_until(until, deadline,
                cat(name(header.code), ": the response is not ready in time: the responder answered ResponseNotReady ", times,
                    times == 1 ? " time" : " times"));
    Bytes response =
        exchange_once(begin(header.version, Code::respond_if_ready, static_cast<std::uint8_t>(header.code), wait.token).take(), deadline);
    const std::optional<ErrorResponse> again = as_error(response);
    if (again) end_last(again->size());
    if (!again || again->code != ErrorCode::response_not_ready) return response;
    wait = again->not_ready(header.code);
    pause = std::clamp<microseconds>(pause * 2, kShortestPause, kLongestPause);
  }
}

Bytes Requester::receive_chunks(const ErrorResponse& error, View request, Clock::time_point deadline) {
  const Header header = read_header(request);
  const Parameters& parameters = connection_.parameters();
  // DSP0274 large messages: chunks need 1.2 and both CHUNK_CAP (N36, N37). CAPABILITIES itself may be large only when
  // the Supported Algorithms block was requested; VERSION never is (N39, N56).
  const bool large_capabilities = header.code == Code::get_capabilities && (header.param1 & 1) != 0;
  if (header.code == Code::get_version || (!parameters.chunking() && !large_capabilities))
    malformed(name(header.code), "response", "LargeResponse although chunks were not negotiated");
  const std::uint8_t handle = error.large_response_handle();
  ChunkAssembler assembler(header.version, handle, limits_.max_message);
  while (!assembler.complete()) {
    const ChunkGet get{.handle = handle, .sequence = assembler.next_sequence()};
    const Bytes response = exchange_once(get.encode(header.version), deadline);
    if (const std::optional<ErrorResponse> refused = as_error(response)) {
      end_last(refused->size());
      // DSP0274 large messages, N290: a chunk never comes in chunks.
      if (refused->code == ErrorCode::large_response) malformed("CHUNK_RESPONSE", "response", "LargeResponse to CHUNK_GET");
      throw Error(ErrorId::peer, cat("CHUNK_GET: the responder answered ERROR ", describe(*refused, Code::chunk_get)));
    }
    Reader reader(response, "CHUNK_RESPONSE");
    const Chunk chunk = Chunk::decode(reader, Code::chunk_response, header.version);
    end_last(reader.offset());
    if (reader.remaining() > padding()) reader.fail("length", cat(reader.remaining(), " bytes after the chunk"));
    assembler.add(chunk, "CHUNK_RESPONSE");
  }
  Bytes message = assembler.take();
  const Header inner = read_header(message);
  const bool large_again = inner.code == Code::error && static_cast<ErrorCode>(inner.param1) == ErrorCode::large_response;
  // DSP0274 large messages, N291: a large message never is a chunk message itself. Otherwise this would recurse without
  // bound.
  if (large_again || inner.code == Code::chunk_response || inner.code == Code::chunk_send_ack)
    malformed("CHUNK_RESPONSE", "message", "a large message that is itself about chunks");
  return message;
}

}  // namespace spdm
