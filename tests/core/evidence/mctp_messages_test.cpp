#include "core/evidence/mctp_messages.h"

#include <doctest/doctest.h>

#include "capture.h"
#include "core/error.h"
#include "core/text.h"
#include "expect_error.h"

using namespace spdm;
using capture::kBegin, capture::kEnd, capture::Way;

namespace {

// Numbers packets from 1 on, as a capture does.
struct Assembly {
  MctpMessages messages;
  std::size_t number = 0;
  std::vector<Bytes> kept;  // views of them stay

  std::optional<MctpMessage> take(const Bytes& bytes, std::optional<std::uint32_t> interface = std::nullopt) {
    kept.reserve(100'000);
    kept.push_back(bytes);
    std::optional<MctpPacket> packet = parse_mctp(kept.back(), {.file = "x", .number = ++number});
    REQUIRE(packet);
    packet->interface = interface;
    return messages.take(*packet);
  }
  void refused(const Bytes& bytes, const std::string& why) {
    expect_error(ErrorId::bad_input, cat("x: packet ", number + 1, " at offset 0: ", why), [&] { take(bytes); });
  }
};

Bytes letters(std::size_t size) {
  Bytes out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(i * 7 + i / 256));
  return out;
}

Bytes piece(std::uint8_t flags, unsigned sequence, std::size_t size = 4, std::uint8_t first = 5) {
  Bytes payload = letters(size);
  if ((flags & kBegin) != 0 && size != 0) payload[0] = first;
  return capture::packet(Way{}, flags, sequence, payload);
}

}  // namespace

TEST_CASE("a packet of MCTP, field by field") {
  CHECK(!parse_mctp(Bytes{1, 9, 8}, {}));
  const Bytes bytes = unhex("01090AB2FF", "packet");
  const std::optional<MctpPacket> packet = parse_mctp(bytes, {});
  REQUIRE(packet);
  CHECK(packet->version == 1);
  CHECK(packet->destination == 9);
  CHECK(packet->source == 10);
  CHECK(packet->begins);
  CHECK(!packet->ends);
  CHECK(packet->sequence == 3);
  CHECK(!packet->owns_tag);
  CHECK(packet->tag == 2);
  CHECK(packet->payload.size() == 1);
  CHECK(pair_of(*packet) == MctpPair{9, 10, std::nullopt});
  const Bytes asks = unhex("01090A4F", "packet");
  CHECK(parse_mctp(asks, {})->ends);
  CHECK(parse_mctp(asks, {})->owns_tag);
  CHECK(parse_mctp(asks, {})->tag == 7);
  CHECK(pair_of(*parse_mctp(asks, {})) == MctpPair{10, 9, std::nullopt});
}

TEST_CASE("messages of every size are put together, whatever the sequence begins with") {
  for (const std::size_t size : std::vector<std::size_t>{1, 62, 63, 64, 126, 127, 128, 1000, 65'535})
    for (unsigned sequence = 0; sequence < 4; ++sequence) {
      Assembly assembly;
      const std::vector<Bytes> packets = capture::packets(Way{}, sequence % 2 == 0 ? 5 : 6, letters(size), 64, sequence);
      for (std::size_t i = 0; i + 1 < packets.size(); ++i) CHECK(!assembly.take(packets[i]));
      const std::optional<MctpMessage> message = assembly.take(packets.back());
      REQUIRE(message);
      CHECK(message->bytes == letters(size));
      CHECK(message->secured == (sequence % 2 == 1));
      CHECK(assembly.messages.open().empty());
    }
}

TEST_CASE("messages that differ in an endpoint, the tag, its owner or the interface do not mix") {
  const Way base;
  std::vector<std::pair<Way, std::optional<std::uint32_t>>> ways(6, {base, 1});
  ways[1].first.to = 10;
  ways[2].first.from = 10;
  ways[3].first.tag = 1;
  ways[4].first.owner = false;
  ways[5].second = 2;
  Assembly assembly;
  std::vector<std::vector<Bytes>> all;
  for (std::size_t i = 0; i < ways.size(); ++i) all.push_back(capture::packets(ways[i].first, 5, letters(200 + i)));
  for (std::size_t at = 0; at < 4; ++at)
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const std::optional<MctpMessage> message = assembly.take(all[i][at], ways[i].second);
      REQUIRE(message.has_value() == (at == 3));
      if (message) CHECK(message->bytes == letters(200 + i));
    }
}

TEST_CASE("left out: other types, and what has begun before the capture") {
  Assembly assembly;
  CHECK(!assembly.take(piece(0, 1)));
  CHECK(!assembly.take(piece(kEnd, 2)));
  for (const std::uint8_t type : std::vector<std::uint8_t>{0x00, 0x01, 0x04, 0x7E, 0x81}) {
    CHECK(!assembly.take(piece(kBegin, 0, 4, type)));
    CHECK(!assembly.take(piece(0, 3)));
    CHECK(!assembly.take(piece(kEnd, 3, 9)));
    CHECK(!assembly.take(piece(kBegin | kEnd, 0, 4, type)));
  }
  CHECK(!assembly.take(piece(kBegin, 0, 0)));
  CHECK(!assembly.take(piece(kBegin | kEnd, 0, 0)));
  CHECK(assembly.messages.open().empty());
  CHECK(assembly.take(piece(kBegin | kEnd, 0)));
}

TEST_CASE("a fragment that is missing is named") {
  Assembly middle;
  middle.take(piece(kBegin | kEnd, 0));
  middle.take(piece(kBegin, 3));
  middle.take(piece(0, 0));
  middle.refused(piece(0, 2),
                 "fragment 3 of the SPDM message that began with packet 2 is missing: sequence number 1 is next, and this one has 2");
  for (const unsigned sequence : std::vector<unsigned>{0, 2, 3}) {
    Assembly assembly;
    assembly.take(piece(kBegin, 0));
    assembly.refused(piece(kEnd, sequence), "fragment 2 of the SPDM message that began with packet 1 is missing");
  }
  // Twice the same, and a beginning in the middle.
  Assembly twice;
  twice.take(piece(kBegin, 0));
  twice.take(piece(0, 1));
  twice.refused(piece(0, 1), "fragment 3 of");
  for (const std::uint8_t type : std::vector<std::uint8_t>{5, 6, 1})
    for (const std::uint8_t ends : {std::uint8_t{0}, kEnd}) {
      Assembly assembly;
      assembly.take(piece(kBegin, 0));
      assembly.refused(piece(kBegin | ends, 1, 4, type),
                       "begins another message, and the end of the SPDM message that began with packet 1 is missing");
    }
}

TEST_CASE("the beginning of a response is missing where its request was seen, and its tag is for nothing else") {
  const Way way{};
  const auto asked = [&](Assembly& assembly, std::uint8_t type) {
    for (const Bytes& packet : capture::packets(way, type, letters(100))) assembly.take(packet);
  };
  const std::vector<Bytes> response = capture::packets(way.back(), 5, letters(200));
  Assembly missing;
  asked(missing, 5);
  missing.refused(response[1], "the first fragment of the SPDM message that answers packet 2 is missing");
  missing.refused(response.back(), "the first fragment of");
  // It was another one's, of another tag, or interface.
  Way other = way.back();
  other.tag = 3;
  CHECK(!missing.take(capture::packets(other, 5, letters(200))[1]));
  CHECK(!missing.take(response[1], 7));
  // The response is there.
  for (const Bytes& packet : response) missing.take(packet);
  CHECK(!missing.take(response[1]));
  // The tag went on to something else, or was never of SPDM.
  asked(missing, 5);
  asked(missing, 1);
  CHECK(!missing.take(response[1]));
  // What does not own its tag awaits nothing.
  CHECK(!missing.take(capture::packets(way, 5, letters(200))[1]));
}

TEST_CASE("what to do about it") {
  Assembly assembly;
  assembly.take(piece(kBegin | kEnd, 0));
  assembly.take(piece(kBegin | kEnd, 0));
  assembly.take(piece(kBegin, 0));
  REQUIRE(assembly.messages.open().size() == 1);
  CHECK(advice_on_missing(assembly.messages.open().front()).find("editcap -r -F pcap IN OUT 1-2") != std::string::npos);
  Assembly first;
  first.take(piece(kBegin, 0));
  CHECK(advice_on_missing(first.messages.open().front()).find("editcap") == std::string::npos);
}

TEST_CASE("all fragments but the last have the same size, and the last has no more") {
  for (const std::size_t size : std::vector<std::size_t>{3, 5}) {
    Assembly assembly;
    assembly.take(piece(kBegin, 0));
    assembly.refused(piece(0, 1, size),
                     cat("is a fragment of ", size, " bytes, and the first of the SPDM message that began with packet 1 has 4"));
  }
  Assembly longer;
  longer.take(piece(kBegin, 0));
  longer.refused(piece(kEnd, 1, 5), "is a fragment of 5 bytes");
  Assembly shorter;
  shorter.take(piece(kBegin, 0));
  CHECK(shorter.take(piece(kEnd, 1, 1)));
}

TEST_CASE("a message that is put together has no more than 64 KiB") {
  for (const std::size_t size : std::vector<std::size_t>{kMaxMctpMessage - 1, kMaxMctpMessage}) {
    Assembly assembly;
    const std::vector<Bytes> packets = capture::packets(Way{}, 5, letters(size), 1024);
    for (std::size_t i = 0; i + 1 < packets.size(); ++i) assembly.take(packets[i]);
    if (size + 1 > kMaxMctpMessage)
      assembly.refused(packets.back(), "the SPDM message that began with packet 1 has more than 65536 bytes");
    else
      CHECK(assembly.take(packets.back())->bytes.size() == size);
  }
  Assembly assembly;
  assembly.refused(piece(kBegin, 0, kMaxMctpMessage + 1), "is a fragment of 65537 bytes");
  CHECK(assembly.take(piece(kBegin | kEnd, 0, kMaxMctpMessage + 1)));  // in one packet, as the bindings' link type has it
}

TEST_CASE("no more messages are open than the limit") {
  Assembly assembly;
  const auto begin = [](std::size_t i) {
    Way way;
    way.from = static_cast<std::uint8_t>(i);
    way.to = static_cast<std::uint8_t>(100 + i / 256);
    return capture::packet(way, kBegin, 0, Bytes{5});
  };
  for (std::size_t i = 0; i < kMaxOpenMctpMessages; ++i) assembly.take(begin(i));
  for (std::size_t i = kMaxOpenMctpMessages; i < 300; ++i) assembly.refused(begin(i), "begins one more than the 256 messages");
  CHECK(assembly.messages.open().size() == kMaxOpenMctpMessages);
  CHECK(assembly.messages.open().back().place.number == kMaxOpenMctpMessages);
  assembly.messages.forget({7, 100, std::nullopt});
  CHECK(assembly.messages.open().size() == kMaxOpenMctpMessages - 1);
  CHECK(!assembly.take(begin(299)));
}

TEST_CASE("the integrity check bit") {
  Assembly assembly;
  assembly.refused(piece(kBegin | kEnd, 0, 4, 0x85), "has the MCTP integrity check bit set");
  assembly.refused(piece(kBegin, 0, 4, 0x86), "has the MCTP integrity check bit set");
}
