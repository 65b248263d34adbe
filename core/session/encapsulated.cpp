#include "core/session/encapsulated.h"

#include <algorithm>

#include "core/error.h"
#include "core/evidence/transcript.h"
#include "core/session/key_update.h"
#include "core/text.h"
#include "core/wire/encapsulated.h"
#include "core/wire/session_messages.h"

namespace spdm {

namespace {

// A chain in small portions takes many rounds. What takes more never ends (N278).
constexpr unsigned kMaxRounds = 1024;

}  // namespace

EncapsulatedFlow::EncapsulatedFlow(Requester& requester, FlowPlace place, const RequesterIdentity* identity, SessionLink* inside)
    : requester_(requester), place_(place), identity_(identity), inside_(inside) {}

void EncapsulatedFlow::run() {
  requester_.ask(encode_get_encapsulated_request(parameters().version));
  Reader reader(requester_.connection().exchanges().back().response, "ENCAPSULATED_REQUEST");
  EncapsulatedRequest asked = EncapsulatedRequest::decode(reader, parameters().version);
  answer_all(asked.id, std::move(asked.request));
}

void EncapsulatedFlow::run_with_digests() { answer_all(0, begin(parameters().version, Code::get_digests).take()); }

void EncapsulatedFlow::run_if_pending() {
  const std::vector<ErrorSeen>& errors = requester_.connection().errors();
  const std::size_t before = errors.size();
  try {
    run();
  } catch (const Error&) {
    // DSP0274 ERROR: NoPendingRequests (1.3+), and UnexpectedRequest before (A13).
    const bool nothing = answered_ == 0 && errors.size() > before &&
                         (errors.back().error.code == ErrorCode::no_pending_requests ||
                          (parameters().version < k13 && errors.back().error.code == ErrorCode::unexpected_request));
    if (!nothing) throw;
  }
}

void EncapsulatedFlow::answer_all(std::uint8_t id, Bytes request) {
  for (unsigned round = 0;; ++round) {
    if (round == kMaxRounds) malformed("ENCAPSULATED_RESPONSE_ACK", "payload", cat(round, " requests without an end"));
    const DeliverEncapsulatedResponse deliver{.id = id, .response = answer(request)};
    if (key_ == Key::renewing) {
      ask_under_new_key(requester_, *inside_, deliver.encode(parameters().version));
      key_ = Key::unverified;
    } else {
      requester_.ask(deliver.encode(parameters().version));
    }
    Reader reader(requester_.connection().exchanges().back().response, "ENCAPSULATED_RESPONSE_ACK");
    EncapsulatedResponseAck ack = EncapsulatedResponseAck::decode(reader, parameters().version, id);
    assert_at_end(reader);  // N277
    if (ack.payload == EncapsulatedResponseAck::Payload::slot) slot_ = ack.slot;
    if (ack.payload != EncapsulatedResponseAck::Payload::request) return;
    id = ack.id;
    request = std::move(ack.request);
  }
}

// What an inner message is answered with. One that breaks a rule is refused there, inside: the responder shall know why.
Bytes EncapsulatedFlow::answer(Bytes& request) {
  const Header header = read_header(request);
  ++answered_;
  if (header.version != parameters().version) return error(ErrorCode::version_mismatch, header.code);  // N270
  Reader reader(request, "encapsulated request");
  try {
    return answer_known(header.code, reader, request);
  } catch (const Malformed& why) {
    if (!refused_) refused_ = why;
    return error(ErrorCode::invalid_request, header.code);
  }
}

// What does not belong here, and what nobody asks a requester, is refused alike (N273, N274).
Bytes EncapsulatedFlow::answer_known(Code code, Reader& reader, Bytes& request) {
  switch (code) {
    case Code::get_digests: {
      if (identity_ == nullptr || !identity_->has_chain()) return error(ErrorCode::unsupported_request, code);
      expect(reader, code, parameters().version);
      trim(request, reader);
      Bytes response = note(request, identity_->digests(parameters()));
      if (answered_ == 1) first_digests_ = response;
      return response;
    }
    case Code::get_certificate: {
      if (identity_ == nullptr || !identity_->has_chain()) return error(ErrorCode::unsupported_request, code);
      const GetCertificate asked = GetCertificate::decode(reader, parameters().version);
      trim(request, reader);
      return note(request, identity_->certificate(asked, parameters(), room()));
    }
    case Code::challenge:
      return answer_challenge(reader, request);
    case Code::key_update:
      return answer_key_update(reader, request);
    case Code::send_event:
      return answer_events(reader, request);
    default:
      return error(ErrorCode::unexpected_request, code);
  }
}

Bytes EncapsulatedFlow::answer_challenge(Reader& reader, Bytes& request) {
  if (place_ != FlowPlace::after_challenge) return error(ErrorCode::unexpected_request, Code::challenge);
  if (identity_ == nullptr) return error(ErrorCode::unsupported_request, Code::challenge);
  const Challenge asked = Challenge::decode(reader, parameters().version);
  trim(request, reader);
  // DSP0274 "CHALLENGE_AUTH signature generation": 1.1 has no A in the transcript of the requester's signature.
  Bytes transcript = parameters().version >= k12 ? vca(requester_.connection().exchanges()) : Bytes();
  append(transcript, transcript_);
  append(transcript, request);
  return note(request, identity_->challenge_auth(asked, parameters(), std::move(transcript)));
}

// DSP0274 "KEY_UPDATE": encapsulated it is about the responder's own key, and nothing else.
Bytes EncapsulatedFlow::answer_key_update(Reader& reader, Bytes& request) {
  if (place_ != FlowPlace::established || inside_ == nullptr || !parameters().both(cap::key_upd))
    return error(ErrorCode::unexpected_request, Code::key_update);
  const KeyUpdate asked = KeyUpdate::decode(reader, parameters().version);
  trim(request, reader);
  if (asked.operation == KeyOperation::update_key && key_ == Key::settled)
    key_ = Key::renewing;
  else if (asked.operation == KeyOperation::verify_new_key && key_ == Key::unverified)
    key_ = Key::settled;
  else
    return error(ErrorCode::invalid_request, Code::key_update);
  return asked.encode_ack(parameters().version);
}

// DSP0274 "Event mechanism": it is told of in established sessions, to who has subscribed there (N368). One that breaks a rule is
// refused (N369), and nothing of it counts.
Bytes EncapsulatedFlow::answer_events(Reader& reader, Bytes& request) {
  if (!events_ || place_ != FlowPlace::established || inside_ == nullptr) return error(ErrorCode::unexpected_request, Code::send_event);
  const SendEvent sent = SendEvent::decode(reader, parameters().version);
  trim(request, reader);
  events_(sent.events);
  return begin(parameters().version, Code::event_ack).take();
}

// An inner message has no length of its own.
void EncapsulatedFlow::trim(Bytes& request, const Reader& reader) const {
  assert_at_end(reader);
  request.resize(reader.offset());
}

// Outside of a session the padding of the binding may follow.
void EncapsulatedFlow::assert_at_end(const Reader& reader) const {
  const View surplus = reader.rest();
  if (!is_padding(inside_ != nullptr ? Binding::none : requester_.link().binding(), surplus))
    reader.fail("length", cat(surplus.size(), " bytes after the message"));
}

Bytes EncapsulatedFlow::note(const Bytes& request, Bytes response) {
  if (is_error(response)) return response;
  append(transcript_, request);
  append(transcript_, response);
  return response;
}

Bytes EncapsulatedFlow::error(ErrorCode code, Code request) const {
  const std::uint8_t data = code == ErrorCode::unsupported_request ? static_cast<std::uint8_t>(request) : std::uint8_t{0};
  return ErrorResponse{.version = parameters().version, .code = code, .data = data, .extended = {}}.encode();
}

// How large an answer may be, so that it arrives together with what delivers it.
std::size_t EncapsulatedFlow::room() const {
  const Link& way = inside_ != nullptr ? *inside_ : requester_.link();
  std::size_t whole = way.max_send();
  if (parameters().chunking())
    whole = parameters().responder.max_message_size;
  else if (parameters().version >= k12)
    whole = std::min<std::size_t>(whole, parameters().responder.data_transfer_size);
  return whole - std::min(whole, kHeaderSize);
}

}  // namespace spdm
