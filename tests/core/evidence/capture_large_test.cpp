// Captures that are larger than what is kept: what ends is handed on, what does not fit is told.
#include <doctest/doctest.h>

#include <string>

#include "capture.h"
#include "core/error.h"
#include "core/evidence/capture_hold.h"
#include "core/evidence/capture_sockets.h"
#include "core/evidence/capture_source.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "expect_error.h"
#include "network_capture.h"

using namespace spdm;
using namespace capture;

namespace {

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("a connection of a large capture is handed on once it has ended; what has not ended comes last") {
  File file(kLinkRaw);
  put(file, conversation(1));
  put(file, ended(conversation(2)));
  put_others(file);
  const std::size_t before = file.bytes.size();
  put(file, ended(conversation(3)));
  std::size_t taken = 0;
  CaptureParts parts(
      [&, whole = pieces_of(file.bytes)](std::span<char> room) mutable {
        const std::size_t size = whole(room.first(std::min<std::size_t>(room.size(), 500)));
        taken += size;
        return size;
      },
      "x", 1);
  CHECK(!parts.is_whole());
  CHECK(parts.next()->label == "[127.0.0.1:4194 from :2]");
  CHECK(taken <= before + 500);
  CHECK(parts.next()->label == "[127.0.0.1:4194 from :1]");
  CHECK(parts.next()->label == "[127.0.0.1:4194 from :3]");
  CHECK(!parts.next());
}

TEST_CASE("a capture that is not large comes in the order in which SPDM was first seen") {
  File file(kLinkRaw);
  put(file, conversation(1));
  put(file, ended(conversation(2)));
  put_others(file);
  CaptureParts parts = parts_of(file, file.bytes.size());
  CHECK(parts.is_whole());
  CHECK(labels_of(std::move(parts)) == Labels{"[127.0.0.1:4194 from :1]", "[127.0.0.1:4194 from :2]"});
}

TEST_CASE("a reset ends a connection, too; what comes late is waited for, and what goes on goes on") {
  File file(kLinkRaw);
  Talk talk = conversation(1);
  talk.add(false, {}, kRst | kAck);
  talk.say(true, over_tcp({0x12, 0xE1, 0, 0}));
  put(file, talk);
  put_others(file);
  put_others(file);
  talk.sent.clear();
  put(file, talk.say(false, over_tcp({0x12, 0x61, 0, 0})));
  CaptureParts parts = parts_of(file);
  const std::optional<EvidencePart> part = parts.next();
  REQUIRE(part);
  CHECK(part->evidence.log.size() == 4);
  CHECK(!parts.next());
  Talk reset = conversation(1);
  reset.add(false, {}, kRst);
  File other(kLinkRaw);
  put(put_others(put(other, reset)), conversation(2));
  CHECK(labels_of(parts_of(other)) == Labels{"[127.0.0.1:4194 from :1]", "[127.0.0.1:4194 from :2]"});
}

TEST_CASE("what goes on after a connection was handed on is told; what is only sent again is not") {
  File file(kLinkRaw);
  Talk talk = ended(conversation(1));
  put_others(put(file, talk));
  file.frame(ipv4(talk.sent[2]));
  CHECK(labels_of(parts_of(file)) == Labels{"[127.0.0.1:4194 from :1]"});
  talk.sent.clear();
  talk.say(false, over_tcp(kVersion));
  put(file, talk);
  CaptureParts parts = parts_of(file);
  CHECK(!parts.next()->error);
  const std::optional<EvidencePart> more = parts.next();
  REQUIRE(more);
  CHECK(more->label == "[127.0.0.1:4194 from :1, connection 2]");
  REQUIRE(more->error);
  CHECK(std::string(more->error->what()).find("goes on with a TCP connection that both ends had ended") != std::string::npos);
}

TEST_CASE("another connection between the same ends, after one that was handed on") {
  File file(kLinkRaw);
  put(put_others(put(file, ended(conversation(1)))), ended(conversation(1)).shift(0x1000));
  CHECK(labels_of(parts_of(file)) == Labels{"[127.0.0.1:4194 from :1]", "[127.0.0.1:4194 from :1, connection 2]"});
}

TEST_CASE("an error of a large capture comes after what was handed on, once; of its connections only their own") {
  File file(kLinkRaw);
  put_others(put(file, ended(conversation(1))));
  Talk gap = ended(conversation(2));
  gap.sent.erase(gap.sent.begin() + 3);
  put(put_others(put(file, gap)), conversation(3));
  CHECK(labels_of(parts_of(file)) == Labels{"[127.0.0.1:4194 from :1]", "[127.0.0.1:4194 from :2]!", "[127.0.0.1:4194 from :3]"});
  file.bytes.pop_back();
  CaptureParts parts = parts_of(file);
  CHECK(parts.next());
  CHECK(parts.next());
  expect_error(ErrorId::bad_input, "the file has", [&] { parts.next(); });
  CHECK(!parts.next());
}

TEST_CASE("a large capture without SPDM, and one of which the only device cannot be read") {
  File file(kLinkRaw);
  expect_error(ErrorId::bad_input, "x: the capture holds no SPDM message", [&] { labels_of(parts_of(put_others(file))); });
  Talk gap = conversation(2);
  gap.sent.erase(gap.sent.begin() + 4);
  CHECK(labels_of(parts_of(put(file, gap))) == Labels{"[127.0.0.1:4194 from :2]!"});
}

TEST_CASE("any number of connections, one after the other, and no more than the limit at once") {
  File file(kLinkRaw);
  for (unsigned i = 1; i <= kMaxDevicesOfDocument + 10; ++i) put(file, conversation(i));
  const Labels labels = labels_of(parts_of(file));
  CHECK(labels.size() == kMaxDevicesOfDocument + 10);
  CHECK(std::count_if(labels.begin(), labels.end(), [](const std::string& label) { return label.ends_with('!'); }) == 10);
  CHECK(labels.front() == "[127.0.0.1:4194 from :1025]!");
  File ending(kLinkRaw);
  for (unsigned i = 1; i <= 2 * kMaxDevicesOfDocument; ++i) put(ending, ended(conversation(i)));
  const Labels all = labels_of(parts_of(ending));
  CHECK(all.size() == 2 * kMaxDevicesOfDocument);
  CHECK(std::none_of(all.begin(), all.end(), [](const std::string& label) { return label.ends_with('!'); }));
}

TEST_CASE("connections of others are forgotten where there are many, those of SPDM are not") {
  File file(kLinkRaw);
  Talk talk = conversation(1);
  const Segment last = talk.sent.back();
  talk.sent.pop_back();
  put(file, talk);
  for (std::size_t i = 0; i < 2 * kMaxTcpConnections; ++i)
    file.frame(ipv4({.from = 5000 + static_cast<unsigned>(i % 60'000), .to = 443, .payload = text(std::string(20, 'a'))}));
  file.frame(ipv4(last));
  CHECK(labels_of(parts_of(file)) == Labels{"[127.0.0.1:4194 from :1]"});
}

TEST_CASE("what waits takes no more memory than its limit; whose bytes were left out is told") {
  CaptureHold hold(1000);
  HeldMemory one(hold), other(hold);
  CHECK(one.resize(700));
  CHECK(!hold.is_tight());
  CHECK(!other.resize(301));
  CHECK(other.resize(300));
  CHECK(hold.is_tight());
  CHECK(one.resize(100));
  { const HeldMemory moved = std::move(one); }
  CHECK(other.resize(1000));
  // Each connection lacks its first segment, and waits with what follows.
  File file(kLinkRaw);
  const Bytes big(60'000, 1);
  for (unsigned i = 0; i < 20; ++i) {
    Talk talk{.client = 100 + i, .server = 4194};
    talk.open();
    talk.next[true] += 1;
    put(file, talk.say(true, Bytes(1'000'000, 1), big.size()));
  }
  put(file, conversation(1));
  CaptureParts parts = parts_of(file);
  std::size_t told = 0;
  while (const std::optional<EvidencePart> part = parts.next())
    if (part->error && std::string(part->error->what()).find("bytes of memory") != std::string::npos) ++told;
  CHECK(told >= 3);
}

TEST_CASE("one end that says what is no SPDM, at any length, is no reason to leave out what the other asks") {
  File file(kLinkRaw);
  Talk talk{.client = 40'000, .server = 9000};
  talk.say(false, Bytes(3'000'000, 'x'));
  put(file, talk);
  expect_error(ErrorId::bad_input, "no SPDM message", [&] { labels_of(parts_of(file)); });
  talk.sent.clear();
  put(file, talk.say(true, over_tcp(kGetVersion)));
  CHECK(labels_of(parts_of(file)) == Labels{"[127.0.0.1:9000 from :40000]!"});
}

TEST_CASE("packets of MCTP that come in and go out: copies are left out of a large capture, too, or told") {
  const Bytes ask{0x10, 0x84, 0, 0}, answer{0x10, 0x04, 0, 0, 0, 1, 0, 0x12};
  const Way in{.outgoing = false}, out{.outgoing = true};
  File file(kCooked2);
  file.send(in, 5, ask).send(out, 5, ask).send(out.back(), 5, answer);
  REQUIRE(read_pcap(file.bytes, "x").at(0).evidence.log.size() == 2);
  // All ways are known when it turns out to be large.
  CHECK(labels_of(parts_of(file, file.bytes.size() - 1)) == Labels{"[mctp 9]"});
  // One is not.
  CHECK(labels_of(parts_of(file, 1)) == Labels{"[mctp 9]!"});
}

TEST_CASE("packets of MCTP that wait give back their memory one by one; of what is no SPDM the type is enough") {
  const Bytes ask{0x10, 0x84, 0, 0}, long_answer(4'000, 4), other(60'000, 1);
  File file(kCooked2);
  for (int i = 0; i < 150; ++i) file.send({.to = 20}, 0x7E, other, other.size() + 1);
  for (int i = 0; i < 900; ++i)
    for (const std::uint8_t to : {std::uint8_t{9}, std::uint8_t{10}, std::uint8_t{11}}) {
      const Way way{.to = to};
      file.send(way, 5, ask).send(way.back(), 5, long_answer, 5'000);
    }
  CaptureParts parts = parts_of(file, file.bytes.size());
  CHECK(parts.is_whole());
  CHECK(labels_of(std::move(parts)) == Labels{"[mctp 9]", "[mctp 10]", "[mctp 11]"});
}
