// What a profile says of a drive.
#include "transport/emulated/profile_storage.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "transport/emulated/profile.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

DeviceStorage parse(const std::string& contents) { return parse_profile(contents, "profile.yaml").storage; }

}  // namespace

TEST_CASE("a profile of a drive") {
  const DeviceStorage sound = parse("name: a drive\n");
  CHECK(sound.protocols == std::vector<std::uint8_t>{0x00, 0xE8});
  CHECK(sound.order == ByteOrder::little);
  CHECK_FALSE(sound.operations);
  const DeviceStorage all = parse(
      "sessions: {psk: [{hint: a, key-hex: 00112233445566778899aabbccddeeff}]}\n"
      "storage: {protocols: [0, 0xef], byte-order: big-endian, version: 0x1234, connections: 3, operations: [discovery, "
      "pending-info, message, secured-message], stale-tail: true, waiting: 00ff, not-ready: 2, empty: true}\n");
  CHECK(all.protocols == std::vector<std::uint8_t>{0x00, 0xEF});
  CHECK(all.order == ByteOrder::big);
  CHECK(all.version == 0x1234);
  CHECK(all.connections == 3);
  CHECK(all.operations == 0x66);
  CHECK(all.stale_tail);
  CHECK(all.waiting == Bytes{0x00, 0xFF});
  CHECK(all.not_ready == 2);
  CHECK(all.empty);
  CHECK(parse("storage: {operations: []}\n").operations == 0x00);
}

TEST_CASE("what a profile must not say of a drive") {
  struct Row {
    std::string yaml, place, what;
  };
  const std::vector<Row> rows{
      {"storage: true", ":1:10:", "must be a mapping"},
      {"storage: {protocol: [1]}", ":1:11:", "unknown key 'protocol'"},
      {"storage: {protocols: [256]}", ":1:23:", "out of range"},
      {"storage: {protocols: [1, 0x01]}", ":1:26:", "it is listed twice"},
      {"storage: {byte-order: middle}", ":1:23:", "'middle' is unknown"},
      {"storage: {version: 0x10000}", ":1:20:", "out of range"},
      {"storage: {connections: 0}", ":1:24:", "out of range"},
      {"storage: {connections: 5}", ":1:24:", "out of range"},
      {"storage: {operations: [encapsulated]}", ":1:24:", "'encapsulated' is unknown"},
      {"storage: {operations: [secured-message]}", ":1:1:", "secured messages are of sessions"},
      {"storage: {stale-tail: perhaps}", ":1:23:", "neither true nor false"},
      {"storage: {waiting: 1}", ":1:20:", "hex"},
      {"storage: {not-ready: 1001}", ":1:22:", "out of range"},
      {"storage: {empty: 1}", ":1:18:", "neither true nor false"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    try {
      parse(row.yaml);
      FAIL_CHECK("taken; expected: ", row.what);
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::config);
      const std::string told = error.what();
      CHECK_MESSAGE(told.find("profile.yaml" + row.place) == 0, told);
      CHECK_MESSAGE(told.find(row.what) != std::string::npos, told);
    }
  }
}
