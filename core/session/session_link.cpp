#include "core/session/session_link.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/capabilities.h"
#include "core/wire/error_response.h"

namespace spdm {

namespace {

// A record has a length of 16 bits (DSP0277 "Secured Message"), and room for what it adds.
std::size_t room_inside(std::size_t outside) {
  const std::size_t record = std::min<std::size_t>(outside, std::numeric_limits<std::uint16_t>::max());
  return std::max<std::size_t>(record - std::min(record, kRecordOverhead), kMinDataTransferSize);
}

// DSP0274 ERROR, N15, N43: a plain message is no answer to a secured one. Whoever is on the path can send one, so it ends the request
// and nothing else.
[[noreturn]] void refuse_plain(std::string_view request, View message) {
  std::string what = message.size() < kHeaderSize ? cat(message.size(), " bytes") : name(read_header(message).code);
  if (message.size() >= kHeaderSize && is_error(message)) {
    Reader reader(message, "ERROR");
    what += " " + describe(ErrorResponse::decode(reader));
  }
  throw Error(ErrorId::peer, cat(request, ": answered outside the session, with ", what), "the device may have ended the session");
}

// DSP0274 ERROR, N42, N268: after these the responder has no session any more, and after RequestResynch not even a connection.
bool says_that_it_is_over(View message) {
  if (message.size() < kHeaderSize || !is_error(message)) return false;
  constexpr std::array codes{ErrorCode::decrypt_error, ErrorCode::invalid_session, ErrorCode::request_resynch,
                             ErrorCode::request_session_terminated};
  return std::find(codes.begin(), codes.end(), static_cast<ErrorCode>(message[2])) != codes.end();
}

}  // namespace

SessionLink::SessionLink(Link& outer, SecuredSession session, SessionTaps taps)
    : outer_(outer), session_(std::move(session)), taps_(std::move(taps)) {
  tell_secrets();
}

std::size_t SessionLink::max_receive() const { return room_inside(outer_.max_receive()); }
std::size_t SessionLink::max_send() const { return room_inside(outer_.max_send()); }

// DSP0277 "Sequence number", N266: no number is used twice. The last one of a key is kept for what renews the key or ends the session.
void SessionLink::assert_can_send(Code code) const {
  if (is_over()) throw Error(ErrorId::peer, cat(name(code), ": the session is over"));
  const bool last = session_.phase() == SessionPhase::application && code != Code::key_update && code != Code::end_session;
  if (session_.left(Direction::request) > (last ? 1U : 0U)) return;
  throw Error(ErrorId::peer, cat(name(code), ": the key of the session protects no more messages"),
              "ask for less in one session; this device takes few messages under one key");
}

Bytes SessionLink::exchange(View request, Clock::time_point deadline) {
  const Code code = read_header(request).code;
  assert_can_send(code);
  const Bytes record = session_.seal(Direction::request, request);
  if (taps_.record) taps_.record(true, record);
  const SecuredReply reply = outer_.exchange_secured(record, deadline);
  if (!reply.is_secured) refuse_plain(name(code), reply.bytes);
  if (taps_.record) taps_.record(false, reply.bytes);
  Bytes message = open(name(code), reply.bytes);
  last_ = Clock::now();
  if (says_that_it_is_over(message)) session_.kill();
  return message;
}

Bytes SessionLink::open(std::string_view request, View record) {
  if (!expects_new_key_) return session_.open(Direction::response, record);
  // DSP0274 "KEY_UPDATE": the answer comes under the new key. A responder that refuses has kept the old one, and says so with ERROR.
  if (std::optional<Bytes> old = session_.open_with_old(Direction::response, record)) {
    if (is_error(*old)) return std::move(*old);
    session_.kill();
    malformed(request, "key", "answered under the old key, which is renewed");  // N260
  }
  Bytes message = session_.open(Direction::response, record);
  if (!is_error(message)) return message;
  session_.kill();
  malformed(request, "key", "ERROR under the new key: neither side knows which key holds");
}

void SessionLink::expect_new_key() {
  session_.update(Direction::response);
  expects_new_key_ = true;
}

void SessionLink::keep_old_key() {
  if (expects_new_key_ && !is_over()) session_.revert(Direction::response);
  expects_new_key_ = false;
}

void SessionLink::take_new_key() {
  session_.confirm(Direction::response);
  expects_new_key_ = false;
  tell_secrets();
}

void SessionLink::use_new_key() { session_.update(Direction::request); }

void SessionLink::confirm_new_key() {
  session_.confirm(Direction::request);
  tell_secrets();
}

void SessionLink::tell_secrets() const {
  if (taps_.secrets && !is_over()) taps_.secrets(session_);
}

}  // namespace spdm
