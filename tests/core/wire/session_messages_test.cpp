#include "core/wire/session_messages.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

TEST_CASE("session messages: the layouts") {
  const KeyUpdate update{.operation = KeyOperation::update_all_keys, .tag = 0x5A};
  CHECK(hex(update.encode(k12)) == "12e9025a");
  CHECK(hex(update.encode_ack(k12)) == "1269025a");
  CHECK(hex(EndSession{.clear_state = true}.encode(k11)) == "11ec0100");
  CHECK(hex(EndSession{.clear_state = false}.encode(k14)) == "14ec0000");
  CHECK(hex(encode_heartbeat(k13)) == "13e80000");
  CHECK_FALSE(decode<EndSession>(Bytes{k12, 0xEC, 0xFE, 0xFF}, k12).clear_state);  // reserved bits
}

TEST_CASE("session messages: operations have names") {
  CHECK(name(KeyOperation::update_key) == "UpdateKey");
  CHECK(name(KeyOperation::update_all_keys) == "UpdateAllKeys");
  CHECK(name(KeyOperation::verify_new_key) == "VerifyNewKey");
  CHECK(name(static_cast<KeyOperation>(9)) == "9");
}

TEST_CASE("Q12 KEY_UPDATE with an operation that does not exist") {
  for (const std::uint8_t operation : Octets{0, 4, 255})
    malformed("KeyOperation", [&] { decode<KeyUpdate>(Bytes{k12, 0xE9, operation, 1}, k12); });
  CHECK(decode<KeyUpdate>(Bytes{k12, 0xE9, 3, 7}, k12).tag == 7);
}

TEST_CASE("N258 HEARTBEAT_ACK of five bytes or with another code") {
  const auto read = [](const Bytes& message) {
    Reader reader(message, "HEARTBEAT_ACK");
    expect(reader, Code::heartbeat_ack, k12);
    reader.assert_done();
  };
  read({k12, 0x68, 0, 0});
  CHECK_THROWS_AS(read({k12, 0x68, 0, 0, 0}), Error);
  malformed("expected HEARTBEAT_ACK", [&] { read({k12, 0x6C, 0, 0}); });
  malformed("expected HEARTBEAT_ACK", [&] { read({k12, 0xE8, 0, 0}); });
}

TEST_CASE("N259 KEY_UPDATE_ACK of another step") {
  const KeyUpdate sent{.operation = KeyOperation::verify_new_key, .tag = 7};
  const auto read = [&](const Bytes& message) {
    Reader reader(message, "KEY_UPDATE_ACK");
    sent.check_ack(reader, k12);
    reader.assert_done();
  };
  read(sent.encode_ack(k12));
  malformed("KeyOperation: UpdateAllKeys, sent VerifyNewKey", [&] { read({k12, 0x69, 2, 7}); });
  malformed("KeyOperation: 0, sent VerifyNewKey", [&] { read({k12, 0x69, 0, 7}); });
  malformed("Tag: 8, sent 7", [&] { read({k12, 0x69, 3, 8}); });
  malformed("expected KEY_UPDATE_ACK", [&] { read(sent.encode(k12)); });
}
