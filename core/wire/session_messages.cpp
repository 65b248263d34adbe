#include "core/wire/session_messages.h"

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::array kOperations{
    Word{KeyOperation::update_key, "UpdateKey"},
    Word{KeyOperation::update_all_keys, "UpdateAllKeys"},
    Word{KeyOperation::verify_new_key, "VerifyNewKey"},
};

constexpr std::uint8_t kClearState = 1;

}  // namespace

std::string name(KeyOperation operation) {
  for (const Word<KeyOperation>& row : kOperations)
    if (row.value == operation) return std::string(row.name);
  return cat(static_cast<unsigned>(operation));
}

Bytes KeyUpdate::encode(std::uint8_t version) const {
  return begin(version, Code::key_update, static_cast<std::uint8_t>(operation), tag).take();
}

Bytes KeyUpdate::encode_ack(std::uint8_t version) const {
  return begin(version, Code::key_update_ack, static_cast<std::uint8_t>(operation), tag).take();
}

KeyUpdate KeyUpdate::decode(Reader& reader, std::uint8_t version) {
  const Header header = expect(reader, Code::key_update, version);
  const KeyUpdate out{.operation = static_cast<KeyOperation>(header.param1), .tag = header.param2};
  if (out.operation < KeyOperation::update_key || out.operation > KeyOperation::verify_new_key)  // DSP0274 KEY_UPDATE, Q12
    reader.fail("KeyOperation", cat(header.param1, ", 1 to 3 are defined"));
  return out;
}

void KeyUpdate::check_ack(Reader& reader, std::uint8_t version) const {
  const Header header = expect(reader, Code::key_update_ack, version);
  // DSP0274 KEY_UPDATE_ACK, N259: one that answers another step would have us change to keys that the responder does not have.
  if (header.param1 != static_cast<std::uint8_t>(operation))
    reader.fail("KeyOperation", cat(name(static_cast<KeyOperation>(header.param1)), ", sent ", name(operation)));
  if (header.param2 != tag) reader.fail("Tag", cat(header.param2, ", sent ", tag));
}

Bytes EndSession::encode(std::uint8_t version) const { return begin(version, Code::end_session, clear_state ? kClearState : 0).take(); }

EndSession EndSession::decode(Reader& reader, std::uint8_t version) {
  return {.clear_state = (expect(reader, Code::end_session, version).param1 & kClearState) != 0};
}

Bytes encode_heartbeat(std::uint8_t version) { return begin(version, Code::heartbeat).take(); }

}  // namespace spdm
