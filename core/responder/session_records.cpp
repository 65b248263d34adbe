// Secured messages of the responder: each is opened, answered in its session, and the answer sealed.
#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

Reply Responder::respond_secured(View record) {
  reply_ = {};
  Session* session = session_of(record);
  if (session == nullptr) return answer_outside(ErrorCode::invalid_session);
  session_ = session;
  session->heard = now_();
  const std::optional<Bytes> request = session->keys.try_open(Direction::request, record);
  on_record_.clear();
  Bytes response = request ? handle(*request) : error({ErrorCode::decrypt_error});
  if (!request) session->ends = true;
  if (strikes(FaultKind::drop_session) != nullptr) {
    sessions_.remove(*session);
    return answer_outside(ErrorCode::invalid_session);
  }
  reply_.secured = strikes(FaultKind::in_clear) == nullptr;
  try {
    reply_.bytes = reply_.secured ? seal(*session, response) : std::move(response);
    carry_out(*session);
  } catch (const Error&) {  // the key protects no more
    sessions_.remove(*session);
    return answer_outside(ErrorCode::invalid_session);
  }
  session_ = nullptr;
  return std::move(reply_);
}

// nullptr: there is none with this id that has been heard of lately.
Session* Responder::session_of(View record) {
  constexpr std::size_t kId = 4;
  sessions_.remove_silent(now_());
  return record.size() < kId ? nullptr : sessions_.find(record_session_id(record));
}

Reply Responder::answer_outside(ErrorCode why) {
  session_ = nullptr;
  reply_.secured = false;
  reply_.bytes = error({why});
  return std::move(reply_);
}

// With what faults do to the record.
Bytes Responder::seal(Session& session, View message) {
  if (strikes(FaultKind::skip_number) != nullptr) (void)session.keys.seal(Direction::response, message);
  Bytes record = session.keys.seal(Direction::response, message);
  const Bytes earlier = std::exchange(session.last_record, record);
  if (strikes(FaultKind::repeat_record) != nullptr && !earlier.empty()) record = earlier;
  if (strikes(FaultKind::bad_tag) != nullptr) record.back() ^= 1;
  if (strikes(FaultKind::other_session) != nullptr) record.front() ^= 1;
  if (const Fault* fault = strikes(FaultKind::cut_record)) record.resize(std::min(record.size(), fault->position_in(record.size())));
  return record;
}

// What was waiting for the answer to be sealed: it goes out under the keys that the request came under.
void Responder::carry_out(Session& session) {
  if (session.updates_later) session.keys.update(Direction::response);
  session.updates_later = false;
  // A large FINISH_RSP belongs to the handshake up to its last chunk.
  if (!session.th2.empty() && !session.place.outgoing) {
    session.keys.establish(session.th2);
    session.th2.clear();
  }
  if (session.ends) sessions_.remove(session);
}

}  // namespace spdm
