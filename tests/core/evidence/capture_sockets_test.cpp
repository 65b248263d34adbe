// Captures of SPDM over TCP, and of the sockets of the emulator.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/evidence/capture_framing.h"
#include "core/evidence/capture_sockets.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "expect_error.h"
#include "network_capture.h"

using namespace spdm;
using namespace capture;

namespace {

constexpr unsigned kNone = 0, kOverMctp = 1, kDoe = 2, kOverTcp = 3;

Bytes mctp_message(const Bytes& message, std::uint8_t type = 5) { return joined({{type}, message}); }

Bytes packed(unsigned transport, const Bytes& message) {
  return transport == kOverMctp  ? mctp_message(message)
         : transport == kDoe     ? doe(message)
         : transport == kOverTcp ? over_tcp(message)
                                 : message;
}

Talk emulated(unsigned transport, unsigned client = 41'234, unsigned server = 2323) {
  Talk out{.client = client, .server = server};
  out.open();
  out.say(true, emulator(transport, text(std::string_view("Client Hello!\0", 14)), 0xDEAD));
  out.say(false, emulator(transport, text(std::string_view("Server Hello!\0", 14)), 0xDEAD));
  if (transport == kDoe) out.say(true, emulator(kDoe, doe({0, 0, 0, 0}, 0))).say(false, emulator(kDoe, doe({1, 0, 0, 1}, 0)));
  out.say(true, emulator(transport, packed(transport, kGetVersion))).say(false, emulator(transport, packed(transport, kVersion)), 7);
  out.say(true, emulator(transport, {}, 0xFFFE)).say(false, emulator(transport, {}, 0xFFFE));
  return out;
}

Talk dsp0287(unsigned client = 41'234, unsigned server = 4194) {
  Talk out{.client = client, .server = server};
  return out.open().say(true, over_tcp(kGetVersion)).say(false, over_tcp(kVersion), 5);
}

void is_conversation(const EvidencePart& part, std::string_view label, Binding binding) {
  CHECK(part.label == label);
  CHECK(!part.error);
  CHECK(part.evidence.binding == binding);
  REQUIRE(part.evidence.log.size() == 2);
  CHECK(part.evidence.log[0].from_requester);
  CHECK(part.evidence.log[0].bytes == kGetVersion);
  CHECK(!part.evidence.log[1].from_requester);
  CHECK(part.evidence.log[1].bytes == kVersion);
}

std::vector<EvidencePart> read(const Talk& talk) { return read_pcap(talk.file().bytes, "x"); }
void refused(const Talk& talk, const std::string& why) {
  expect_error(ErrorId::bad_input, why, [&] { read(talk); });
}
void holds_nothing(const Talk& talk) { refused(talk, "x: the capture holds no SPDM message"); }

}  // namespace

TEST_CASE("the sockets of the emulator, in each of its transports") {
  const std::pair<unsigned, Binding> transports[] = {
      {kNone, Binding::none}, {kOverMctp, Binding::mctp}, {kDoe, Binding::doe}, {kOverTcp, Binding::tcp}};
  for (const auto& [transport, binding] : transports) {
    const std::vector<EvidencePart> parts = read(emulated(transport));
    REQUIRE(parts.size() == 1);
    is_conversation(parts[0], "[127.0.0.1:2323 from :41234]", binding);
  }
}

TEST_CASE("SPDM over TCP: secured messages, who asks, times") {
  Talk talk = dsp0287();
  talk.say(true, over_tcp({9, 9}, 6)).say(false, over_tcp({8, 8}, 6));
  File file(kLinkRaw);
  for (const Segment& one : talk.sent) {
    ++file.seconds;
    file.frame(ipv4(one));
  }
  const std::vector<EvidencePart> parts = read_pcap(file.bytes, "x");
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].label == "[127.0.0.1:4194 from :41234]");
  const MessageLog& log = parts[0].evidence.log;
  REQUIRE(log.size() == 4);
  CHECK(log[2].secured);
  CHECK(log[2].from_requester);
  CHECK(!log[3].from_requester);
  CHECK(parts[0].evidence.time == "1970-01-01T00:00:03Z");
  CHECK(log[0].time == std::chrono::seconds(3));
  CHECK(log[1].time == std::chrono::seconds(6));  // that of the segment that ends it
}

TEST_CASE("the responder may be the one that connects: the first message tells who asks") {
  Talk talk{.client = 4194, .server = 40'000};
  talk.open().say(true, {0, 0, 1, 0xBF}).say(false, over_tcp(kGetVersion)).say(true, over_tcp(kVersion));
  is_conversation(read(talk).at(0), "[127.0.0.1:4194 from :40000]", Binding::tcp);
  talk = {.client = 40'000, .server = 4194};
  talk.open().say(true, {2, 0, 1, 0xBF}).say(false, over_tcp(kGetVersion)).say(true, over_tcp(kVersion));
  is_conversation(read(talk).at(0), "[127.0.0.1:40000 from :4194]", Binding::tcp);
  // A capture that begins later: an answer, or a secured message, comes first.
  talk = {};
  talk.server = 4194;
  talk.say(false, over_tcp(kVersion));
  CHECK(!read(talk).at(0).evidence.log.at(0).from_requester);
  talk = {};
  talk.server = 4194;
  talk.say(false, over_tcp({1, 2}, 6)).say(true, over_tcp({3}, 6));
  CHECK(!read(talk).at(0).evidence.log.at(0).from_requester);
  CHECK(read(talk).at(0).evidence.log.at(1).from_requester);
}

TEST_CASE("on other ports only what opens a conversation is taken, to the byte") {
  is_conversation(read(dsp0287(40'000, 9000)).at(0), "[127.0.0.1:9000 from :40000]", Binding::tcp);
  for (const unsigned transport : {kNone, kOverMctp, kDoe, kOverTcp}) {
    is_conversation(read(emulated(transport, 40'000, 9000)).at(0), "[127.0.0.1:9000 from :40000]",
                    std::array{Binding::none, Binding::mctp, Binding::doe, Binding::tcp}.at(transport));
    Talk plain{.client = 40'000, .server = 9000};  // QEMU does not greet
    CHECK(read(plain.say(true, emulator(transport, packed(transport, kGetVersion)), 3)).size() == 1);
    Talk later{.client = 40'000, .server = 9000};
    Bytes other = packed(transport, Bytes{0x11, 0xE1, 0, 0});
    if (transport != kDoe) holds_nothing(later.open().say(true, emulator(transport, other)));
  }
  for (const Bytes& first : {text("GET / HTTP/1.1\r\n\r\n"), over_tcp({0x11, 0x84, 0, 0}), over_tcp(kVersion), emulator(4, kGetVersion),
                             emulator(kNone, kGetVersion, 0xFFFE), emulator(kDoe, Bytes(12)),
                             emulator(kNone, text("Client hello!!"), 0xDEAD), emulator(7, kGetVersion), text("\x06")}) {
    Talk talk{.client = 40'000, .server = 9000};
    holds_nothing(talk.open().say(true, first).say(true, kGetVersion));
  }
}

TEST_CASE("on the ports of SPDM, another protocol is an error of its connection; on others it is left out") {
  for (const unsigned port : {2323U, 4194U}) {
    Talk seen{.server = port}, late{.server = port};
    refused(seen.open().say(true, text("\xFF\xFB\x18 telnet says hello")), "does not begin with a message of SPDM");
    refused(late.say(true, text("\xFF\xFB\x18 telnet says hello")), "is in the middle of a message, or carries no SPDM");
  }
  Talk other{.server = 23};
  holds_nothing(other.open().say(true, text("\xFF\xFB\x18 telnet says hello")));
}

TEST_CASE("the words of a reset are no part of the stream") {
  Talk talk = dsp0287();
  const std::size_t before = read_pcap(talk.file().bytes, "x").at(0).evidence.log.size();
  talk.add(false, text("go away"), kRst);
  CHECK(read_pcap(talk.file().bytes, "x").at(0).evidence.log.size() == before);
}

TEST_CASE("a device that speaks first does not leave the capture") {
  for (const unsigned port : {2323U, 5000U}) {
    Talk talk{.server = port};
    talk.open().say(false, {0});
    talk.say(true, emulator(kDoe, doe(kGetVersion))).say(false, emulator(kDoe, doe(kVersion)));
    refused(talk, "packet");
  }
}

TEST_CASE("each connection is a device, and another one between the same ends is another") {
  File file(kLinkRaw);
  const Talk all[] = {emulated(kDoe), dsp0287(), emulated(kOverMctp, 41'235)};
  for (std::size_t i = 0; i < 20; ++i)
    for (const Talk& talk : all)
      if (i < talk.sent.size()) file.frame(ipv4(talk.sent[i]));
  Talk again = emulated(kNone);
  again.shift(0x1000);
  for (const Segment& one : again.sent) file.frame(ipv4(one));
  Talk far = dsp0287();
  for (Segment& one : far.sent) (one.to == 4194 ? one.host : one.peer) = 7;
  for (const Segment& one : far.sent) file.frame(ipv4(one));
  const std::vector<EvidencePart> parts = read_pcap(file.bytes, "x");
  REQUIRE(parts.size() == 5);
  is_conversation(parts[0], "[127.0.0.1:4194 from :41234]", Binding::tcp);
  is_conversation(parts[1], "[127.0.0.1:2323 from :41235]", Binding::mctp);
  is_conversation(parts[2], "[127.0.0.1:2323 from :41234]", Binding::doe);
  is_conversation(parts[3], "[127.0.0.1:2323 from :41234, connection 2]", Binding::none);
  is_conversation(parts[4], "[127.0.0.1:4194 from 127.0.0.7:41234]", Binding::tcp);
}

TEST_CASE("a capture of all interfaces has packets twice; frames may come with packets of MCTP") {
  const Talk talk = dsp0287();
  File file(kCooked2);
  for (const Segment& one : talk.sent)
    for (const bool outgoing : {true, false}) file.add({.outgoing = outgoing}, ipv4(one), 0x0800);
  file.add({}, packets({}, 5, kGetVersion).at(0)).add({}, Bytes(40, 3), 0x0806);
  const std::vector<EvidencePart> parts = read_pcap(file.bytes, "x");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].label == "[mctp 9]");
  is_conversation(parts[1], "[127.0.0.1:4194 from :41234]", Binding::tcp);
}

TEST_CASE("IPv6 over Ethernet") {
  File file(kLinkEthernet);
  for (const Segment& one : dsp0287().sent) file.frame(ethernet(ipv6(one), 0x86DD));
  is_conversation(read_pcap(file.bytes, "x").at(0), "[[::1]:4194 from :41234]", Binding::tcp);
}

TEST_CASE("a segment that is missing, cut or changed, or a message that has no end, is an error of its connection") {
  Talk gap = dsp0287();
  gap.sent.erase(gap.sent.begin() + 4);  // of the answer, in segments of five bytes
  refused(gap, "comes after 5 bytes of its TCP connection that are missing");
  Talk first = dsp0287();
  first.sent.erase(first.sent.begin() + 2);
  first.sent.pop_back();
  refused(first, "ends inside of a message, after 10 bytes of it");
  Talk end = dsp0287();
  end.sent.pop_back();
  refused(end, "packet 1 at offset 24: begins a TCP connection that ends inside of a message, after 10 bytes of it");
  Talk changed = dsp0287();
  changed.sent.push_back(changed.sent[2]);
  changed.sent.back().payload[7] = 0xFF;
  refused(changed, "sends byte 7 of its TCP connection again, and it is another");
  for (Talk bad : {gap, end, changed}) {
    const Talk good = emulated(kDoe);
    bad.sent.insert(bad.sent.end(), good.sent.begin(), good.sent.end());
    const std::vector<EvidencePart> parts = read(bad);
    REQUIRE(parts.size() == 2);
    for (const EvidencePart& part : parts) {
      const bool is_good = part.label == "[127.0.0.1:2323 from :41234]";
      CHECK(part.error.has_value() != is_good);
      CHECK(part.evidence.log.empty() != is_good);
    }
  }
  File fragments(kLinkRaw);
  const Talk talk = dsp0287();
  for (const Segment& one : talk.sent) fragments.frame(ipv4(one, &one == &talk.sent[3] ? 0x2000 : 0));
  expect_error(ErrorId::bad_input, "is a fragment of IP", [&] { read_pcap(fragments.bytes, "x"); });
}

TEST_CASE("what is wrong with a connection that nobody takes is no error") {
  Talk web{.client = 40'000, .server = 80};
  web.open().say(true, text("GET / HTTP/1.1\r\n\r\n"));
  web.add(false, text("a lot")).sequence += 0x10000000;
  Talk silent{.client = 40'000, .server = 81};
  silent.open().add(false, text("a lot")).sequence += 0x10000000;
  Talk talk = dsp0287();
  for (const Talk& other : {web, silent}) talk.sent.insert(talk.sent.end(), other.sent.begin(), other.sent.end());
  CHECK(read(talk).size() == 1);
}

TEST_CASE("N315 frames of the emulator in a capture that are wrong") {
  const auto emulator_says = [](const Bytes& frame, const std::string& why) {
    Talk talk = emulated(kDoe);
    refused(talk.say(true, frame), why);
  };
  emulator_says(emulator(kDoe, {}, 9), "the command 0x00000009 of its emulator frame does not exist");
  emulator_says(emulator(kNone, kGetVersion), "the transport type of its emulator frame is 0, and was 2");
  emulator_says(emulator(4, {}, 2), "its emulator frame is for a drive (transport type 4)");
  emulator_says(emulator(kDoe, {}, 3), "is for a drive");
  emulator_says(joined({big(1, 4), big(kDoe, 4), big(0x100001, 4)}), "its emulator frame has 1048577 bytes, more than 1048576");
  emulator_says(emulator(kDoe, {1, 0, 1}), "its 3 bytes are less than a DOE header");
  emulator_says(emulator(kDoe, Bytes(8)), "its DOE header says 1048576 bytes, the packet has 8");
  Talk mctp = emulated(kOverMctp);
  CHECK(read(mctp.say(true, emulator(kOverMctp, {1, 2, 3}))).at(0).evidence.log.size() == 2);
  refused(mctp.say(true, emulator(kOverMctp, {0x85, 2, 3})), "integrity check");
  refused(emulated(kOverMctp).say(true, emulator(kOverMctp, {5})), "no message follows its header");
}

TEST_CASE("N313 messages of DSP0287 in a capture that are wrong") {
  const auto tcp_says = [](const Bytes& frame, const std::string& why) {
    Talk talk = dsp0287();
    refused(talk.say(true, frame), why);
  };
  tcp_says({4, 0, 2, 5, 1, 2}, "the version in its header of SPDM over TCP is 2, not 1");
  tcp_says({4, 0, 1, 7, 1, 2}, "the message type in its header of SPDM over TCP is 0x07, which does not exist");
  tcp_says({2, 0, 1, 5, 1, 2}, "the length in its header of SPDM over TCP is 2, which does not fit the message type");
  tcp_says({3, 0, 1, 0xC0}, "the length in its header of SPDM over TCP is 3");
  tcp_says({2, 0, 1, 5, 0}, "the length");
  Talk talk = dsp0287();
  CHECK(read(talk.say(false, {0, 0, 1, 0xC1})).at(0).evidence.log.size() == 2);
}

TEST_CASE("more connections, and more messages, than the limit") {
  File file(kLinkRaw);
  for (std::size_t i = 0; i <= kMaxTcpConnections; ++i) file.frame(ipv4({.from = 1 + static_cast<unsigned>(i), .to = 80, .payload = {0}}));
  expect_error(ErrorId::bad_input, "packet 16385 at offset 933912: exceeds the limit of 16384 open TCP connections in one capture",
               [&] { read_pcap(file.bytes, "x"); });
  Talk talk = dsp0287();
  Bytes many;
  for (int i = 0; i < 100; ++i) append(many, over_tcp({1}, 6));
  for (int i = 0; i < 200; ++i) talk.say(true, many);
  refused(talk, "exceeds the limit of 20000 messages");
}

TEST_CASE("a capture of TCP that is cut at every byte, every byte garbled: an error or messages, never worse") {
  for (const Talk& talk : {emulated(kDoe), dsp0287()}) {
    const Bytes whole = talk.file().bytes;
    for (std::size_t size = 0; size < whole.size(); ++size) try {
        for (const EvidencePart& part : read_pcap(View(whole).first(size), "x")) CHECK(part.evidence.log.size() <= 2);
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int change : {0x01, 0x80, 0xFF}) {
        Bytes garbled = whole;
        garbled[at] = static_cast<std::uint8_t>(garbled[at] ^ change);
        try {
          for (const EvidencePart& part : read_pcap(garbled, "x"))
            CHECK(part.evidence.log.size() <= 4);  // discovery may have become a message
        } catch (const Error& error) {
          CHECK(error.id == ErrorId::bad_input);
        }
      }
  }
}

TEST_CASE("an answer that was captured before what it answers has its place by what it acknowledges") {
  for (const unsigned port : {4194U, 9000U}) {
    Talk talk{.server = port};
    talk.open().say(true, over_tcp(kGetVersion)).say(false, over_tcp(kVersion));
    talk.say(true, over_tcp({0x12, 0xE1, 0, 0})).say(false, over_tcp({0x12, 0x61, 0, 0}), 5);
    std::swap(talk.sent[2], talk.sent[3]);
    std::swap(talk.sent[4], talk.sent[5]);
    const std::vector<EvidencePart> parts = read(talk);
    REQUIRE(parts.size() == 1);
    const MessageLog& log = parts[0].evidence.log;
    REQUIRE(log.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) CHECK(log[i].from_requester == (i % 2 == 0));
    CHECK(log[3].bytes[1] == 0x61);
  }
  // A capture that begins later: the first numbers of both ends are not known.
  Talk late{.server = 4194};
  late.say(true, over_tcp({0x12, 0xE1, 0, 0})).say(false, over_tcp({0x12, 0x61, 0, 0}));
  std::swap(late.sent[0], late.sent[1]);
  CHECK(read(late).at(0).evidence.log.at(0).from_requester);
}

TEST_CASE("an answer to bytes that were not captured is not held for ever") {
  Talk talk = dsp0287();
  talk.add(true, Bytes(100));
  talk.sent.pop_back();
  talk.say(false, over_tcp({0x12, 0x61, 0, 0}));
  refused(talk, "begins a TCP connection of which 100 bytes before the end are missing");
  // The last words of an end are acknowledged with its FIN.
  Talk closed = dsp0287();
  closed.add(true, {}, kFin | kAck);
  closed.say(false, over_tcp({0x12, 0x7F, 1, 0}));
  CHECK(read(closed).at(0).evidence.log.size() == 3);
}

TEST_CASE("a SYN in the middle, of whoever wants to disturb, does not end a connection whose numbers go on") {
  for (const bool is_answered : {false, true}) {
    Talk talk = dsp0287();
    Segment syn{.sequence = 0x12345678, .payload = {}, .flags = kSyn};
    syn.to = 4194;
    talk.sent.insert(talk.sent.begin() + 3, syn);
    Segment answer{.from = 4194, .to = 41'234, .sequence = 0x777, .payload = {}, .flags = kSyn | kAck};
    answer.acknowledged = 0x12345679;
    if (is_answered) talk.sent.insert(talk.sent.begin() + 4, answer);
    const std::vector<EvidencePart> parts = read(talk);
    REQUIRE(parts.size() == 1);
    is_conversation(parts[0], "[127.0.0.1:4194 from :41234]", Binding::tcp);
  }
}
