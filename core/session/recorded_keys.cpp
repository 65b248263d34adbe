#include "core/session/recorded_keys.h"

#include <utility>

#include "core/error.h"
#include "core/wire/encapsulated.h"
#include "core/wire/error_response.h"
#include "core/wire/session_messages.h"

namespace spdm {

namespace {

bool has_code(View message, Code code) { return message.size() >= kHeaderSize && read_header(message).code == code; }

KeyOperation operation_of(View message) {
  Reader reader(message, "KEY_UPDATE");
  return KeyUpdate::decode(reader, read_header(message).version).operation;
}

}  // namespace

Bytes RecordedKeys::open(Direction by, View record, const std::optional<Bytes>& asked) {
  Bytes out = by == Direction::request ? session_.open(by, record) : open_response(record);
  try {
    if (by == Direction::request)
      note_request(out, asked);
    else
      note_response(out);
  } catch (const Error&) {
    session_.kill();  // nobody knows which keys hold
    throw;
  }
  return out;
}

// A responder that refuses an update answers ERROR under the old key. That is tried first: open() ends the session when it fails.
Bytes RecordedKeys::open_response(View record) {
  if (!renews_response_) return session_.open(Direction::response, record);
  if (std::optional<Bytes> old = session_.open_with_old(Direction::response, record)) {
    if (!is_error(*old)) {
      session_.kill();
      malformed("secured message", "key", "an answer to KEY_UPDATE under the old key that is not an ERROR");
    }
    session_.revert(Direction::response);
    renews_response_ = false;
    return std::move(*old);
  }
  Bytes out = session_.open(Direction::response, record);
  session_.confirm(Direction::response);
  renews_response_ = false;
  return out;
}

void RecordedKeys::renew(Direction direction) {
  bool& renews = direction == Direction::request ? renews_request_ : renews_response_;
  if (renews || session_.phase() != SessionPhase::application) malformed("KEY_UPDATE", "state", "the keys cannot be renewed here");
  session_.update(direction);
  renews = true;
}

void RecordedKeys::note_request(View message, const std::optional<Bytes>& asked) {
  if (has_code(message, Code::key_update)) {
    const KeyOperation operation = operation_of(message);
    if (operation == KeyOperation::update_key || operation == KeyOperation::update_all_keys) renew(Direction::request);
    if (operation == KeyOperation::update_all_keys) renew(Direction::response);
  }
  // As an encapsulated request the responder renews its own key: from the acknowledgement on.
  if (!has_code(message, Code::deliver_encapsulated_response) || !asked || !has_code(*asked, Code::key_update)) return;
  Reader reader(message, "DELIVER_ENCAPSULATED_RESPONSE");
  const DeliverEncapsulatedResponse delivered = DeliverEncapsulatedResponse::decode(reader, read_header(message).version);
  if (has_code(delivered.response, Code::key_update_ack) && operation_of(*asked) == KeyOperation::update_key) renew(Direction::response);
}

void RecordedKeys::note_response(View message) {
  if (!std::exchange(renews_request_, false)) return;
  if (has_code(message, Code::key_update_ack))
    session_.confirm(Direction::request);
  else
    session_.revert(Direction::request);
}

}  // namespace spdm
