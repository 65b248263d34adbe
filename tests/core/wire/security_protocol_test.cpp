#include "core/wire/security_protocol.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

TEST_CASE("DSP0286: the layouts") {
  CHECK(hex(StorageDiscovery{.version = 0x1000, .connections = 4, .operations = 0x66, .order = ByteOrder::little}.encode()) ==
        cat("200000100300000066", std::string(46, '0')));
  CHECK(hex(StorageDiscovery{.version = 0x1000, .connections = 1, .operations = 0x22, .order = ByteOrder::big}.encode()) ==
        cat("002010000000000022", std::string(46, '0')));
  CHECK(hex(PendingInfo{.waits = true, .length = 0x1234}.encode(ByteOrder::little)) == "0c0000100100000034120000");
  CHECK(hex(PendingInfo{.waits = true, .length = 0x1234}.encode(ByteOrder::big)) == "000c10000000000100001234");
  CHECK(hex(encode_protocol_list({0x00, 0xE8})) == "000000000000000200e8");
  CHECK(protocol_specific(StorageOperation::discovery) == 0x04);
  CHECK(protocol_specific(StorageOperation::pending_info) == 0x08);
  CHECK(protocol_specific(StorageOperation::message) == 0x14);
  CHECK(protocol_specific(StorageOperation::secured_message, 3) == 0x1B);
}

TEST_CASE("DSP0286: what is written is read again, and what follows is ignored") {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const StorageDiscovery discovery{.version = 0x1100, .connections = 3, .operations = 0x66, .order = order};
    Bytes bytes = discovery.encode();
    bytes.resize(64, 0xA5);
    CHECK(StorageDiscovery::decode(bytes) == discovery);
    CHECK(discovery.version_text() == "1.1");
    bytes = PendingInfo{.waits = true, .length = 4600}.encode(order);
    bytes.resize(64, 0xA5);
    const PendingInfo info = PendingInfo::decode(bytes, order);
    CHECK(info.waits);
    CHECK(info.length == 4600);
  }
  CHECK(decode_protocol_list(unhex("000000000000000200e8ffff", "test")) == std::vector<std::uint8_t>{0x00, 0xE8});
}

TEST_CASE("N376 DSP0286: length and version in different orders") {
  CHECK(StorageDiscovery::decode(unhex(cat("200010000000000066", std::string(46, '0')), "test")).order == ByteOrder::little);
  CHECK(StorageDiscovery::decode(unhex(cat("002000100000000066", std::string(46, '0')), "test")).order == ByteOrder::big);
}

TEST_CASE("N375 DSP0286: what discovery must say") {
  const Bytes discovery = StorageDiscovery{.version = 0x1000, .connections = 1, .operations = 0x66, .order = ByteOrder::little}.encode();
  refused_when_cut(discovery, [](View cut) { StorageDiscovery::decode(cut); });
  const auto refused = [&](std::size_t at, std::uint8_t value, const std::string& field) {
    Bytes other = discovery;
    other[at] = value;
    malformed(field, [&] { StorageDiscovery::decode(other); });
  };
  refused(0, 31, "length");
  refused(3, 0x20, "binding version");
  refused(8, 0x46, "operations");
}

TEST_CASE("N377 DSP0286: what pending info must say") {
  const Bytes info = PendingInfo{.waits = true, .length = 1}.encode(ByteOrder::little);
  refused_when_cut(info, [](View cut) { PendingInfo::decode(cut, ByteOrder::little); });
  malformed("length", [&] { PendingInfo::decode(info, ByteOrder::big); });
  malformed("response length", [] { PendingInfo::decode(PendingInfo{.waits = true, .length = 0}.encode(ByteOrder::big), ByteOrder::big); });
  Bytes other = info;
  other[3] = 0x20;
  malformed("binding version", [&] { PendingInfo::decode(other, ByteOrder::little); });
}

TEST_CASE("a list of protocols that is cut") {
  refused_when_cut(encode_protocol_list({0x00, 0xE8}), [](View cut) { decode_protocol_list(cut); });
}

TEST_CASE("a list of protocols that is longer than what was asked for is read as far as it came") {
  Bytes list = encode_protocol_list(std::vector<std::uint8_t>(600, 0x01));
  list[8] = 0xE8;
  list.resize(kListAllocation);
  CHECK(decode_protocol_list(list).size() == kListAllocation - 8);
}
