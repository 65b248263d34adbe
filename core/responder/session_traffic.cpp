// HEARTBEAT, KEY_UPDATE and END_SESSION of the responder.
#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

// That it came is all there is to it: respond_secured() has noted when.
Bytes Responder::heartbeat(Reader& reader) {
  expect(reader, Code::heartbeat, version_byte());
  return begin(version_byte(), Code::heartbeat_ack).take();
}

// DSP0274 KEY_UPDATE: a request for new keys comes under the old ones. The acknowledgement of UpdateAllKeys is the first message under
// the new response key; what the requester sends next is under its new key, too.
Bytes Responder::key_update(Reader& reader) {
  const KeyUpdate request = KeyUpdate::decode(reader, version_byte());
  SecuredSession& keys = session_->keys;
  const bool verifies = request.operation == KeyOperation::verify_new_key;
  if (verifies != session_->update.has_value()) throw Refusal{ErrorCode::invalid_request};
  const bool keeps = find_fault(struck_, FaultKind::keep_keys) != nullptr;
  if (verifies) {
    keys.confirm(Direction::request);
    keys.confirm(Direction::response);
    session_->update.reset();
  } else if (!keeps) {
    session_->update = request.operation;
    keys.update(Direction::request);
    session_->updates_later = request.operation == KeyOperation::update_all_keys;
    if (find_fault(struck_, FaultKind::old_key) == nullptr) {
      if (session_->updates_later) keys.update(Direction::response);
      session_->updates_later = false;
    }
  }
  return request.encode_ack(version_byte());
}

Bytes Responder::end_session(Reader& reader) {
  (void)EndSession::decode(reader, version_byte());  // nothing is cached that could be cleared
  session_->ends = true;
  return begin(version_byte(), Code::end_session_ack).take();
}

}  // namespace spdm
