// What a device may do so that its conversation, or a part of it, is not seen in a capture: it is judged, or it is an error.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "expect_error.h"
#include "network_capture.h"

using namespace spdm;
using namespace capture;

namespace {

using Labels = std::vector<std::string>;

const std::string kOne = "[127.0.0.1:4194 from :1]", kTwo = "[127.0.0.1:4194 from :1, connection 2]";
const std::string kOneOther = "[127.0.0.1:9000 from :1]", kTwoOther = "[127.0.0.1:9000 from :1, connection 2]";

// In any order: a large capture has those first that have ended.
std::string all_of(Labels labels) {
  std::sort(labels.begin(), labels.end());
  std::string out;
  for (const std::string& label : labels) out += label + " ";
  return out;
}

// As a small capture and as a large one.
void both_say(const File& file, const Labels& labels) {
  for (const std::size_t most_whole : {file.bytes.size(), std::size_t{1}})
    CHECK(all_of(labels_of(parts_of(file, most_whole))) == all_of(labels));
}

Labels labels_small(const Talk& talk) {
  File file(kLinkRaw);
  return labels_of(parts_of(put(file, talk), file.bytes.size()));
}

// The next segments as a capture of their own.
Talk& onward(Talk& talk) {
  talk.sent.clear();
  return talk;
}

// More connections than are known at the same time; `payload` of each one's client.
File& put_many(File& file, const Bytes& payload = {}) {
  for (std::size_t i = 0; i < kMaxTcpConnections + 10; ++i) {
    const unsigned flags = payload.empty() ? kSyn : kAck;
    file.frame(ipv4({.from = 5000 + static_cast<unsigned>(i), .to = 443, .payload = payload, .flags = flags}));
  }
  return file;
}

std::string error_of(CaptureParts parts) {
  while (const std::optional<EvidencePart> part = parts.next())
    if (part->error) return part->error->what();
  return {};
}

}  // namespace

TEST_CASE("after a connection was handed on, other bytes at its numbers are an error, and a SYN begins another with the same numbers") {
  Talk talk = ended(conversation(1));
  Talk other = talk;
  other.sent[3].payload.back() ^= 1;
  File sent_again(kLinkRaw), changed(kLinkRaw), renewed(kLinkRaw);
  Talk same = talk, differs = other;
  same.sent.erase(same.sent.begin(), same.sent.begin() + 2);
  differs.sent.erase(differs.sent.begin(), differs.sent.begin() + 2);
  CHECK(labels_of(parts_of(put(put_others(put(sent_again, talk)), same))) == Labels{kOne});
  CHECK(labels_of(parts_of(put(put_others(put(changed, talk)), differs))) == Labels{kOne, kTwo + "!"});
  CHECK(error_of(parts_of(changed)).find("again, and it is another: " + kOne + " was judged without this") != std::string::npos);
  both_say(put(put_others(put(renewed, talk)), talk), {kOne, kTwo});
}

TEST_CASE("what is sent again after the end, and nobody remembers any more, is an error") {
  File file(kLinkRaw);
  Talk talk = ended(conversation(1));
  put(file, talk);
  for (unsigned i = 2; i < 60; ++i) {
    Talk big{.client = i, .server = 4194};
    big.open().say(true, over_tcp(kGetVersion)).say(false, over_tcp(Bytes(60'000, 4)));
    big.say(true, over_tcp(Bytes(60'000, 4))).say(false, over_tcp(Bytes(5'000, 4)));
    put(file, ended(std::move(big)));
  }
  put_others(file);
  put_others(file);
  file.frame(ipv4(talk.sent[2]));
  CHECK(error_of(parts_of(file)).find("too late to be compared") != std::string::npos);
}

TEST_CASE("a reset before the first byte, of whoever wants to disturb, does not take a conversation out of a large capture") {
  File file(kLinkRaw);
  Talk talk{.client = 1, .server = 9000};
  talk.open().add(false, {}, kRst);
  put_others(put(file, talk));
  onward(talk).say(true, over_tcp(kGetVersion)).say(false, over_tcp(kVersion));
  both_say(put(file, talk), {kOneOther});
}

TEST_CASE("many connections after one that was handed on do not hide that it goes on") {
  File file(kLinkRaw);
  Talk talk = conversation(1, 9000);
  talk.add(false, {}, kRst);
  put_many(put_others(put(file, talk)));
  put_many(file);
  onward(talk).say(true, over_tcp({0x12, 0xE1, 0, 0}));
  CHECK(labels_of(parts_of(put(file, talk))) == Labels{kOneOther, kTwoOther + "!"});
  // With a SYN it is another connection, as ever.
  File begun(kLinkRaw);
  put(put_many(put_others(put(begun, ended(conversation(1))))), conversation(1).shift(0x1000));
  CHECK(labels_of(parts_of(begun)) == Labels{kOne, kTwo});
}

TEST_CASE("more connections than are remembered after their end are told, once") {
  File file(kLinkRaw);
  const std::size_t most = kMaxTcpMarks + kMaxTcpConnections;
  for (std::size_t i = 0; i < most + 100; ++i)
    file.frame(ipv4({.from = 5000 + static_cast<unsigned>(i % 60'000),
                     .to = 443,
                     .payload = text("GET / HTTP/1.1"),
                     .host = i < 60'000 ? std::uint8_t{2} : std::uint8_t{3}}));
  put(file, conversation(1));
  const Labels labels = labels_of(parts_of(file));
  CHECK(all_of(labels) == all_of({"[other TCP connections]!", kOne}));
}

TEST_CASE("what a device said that is no SPDM is known though many connections came after it") {
  File file(kLinkRaw);
  Talk talk{.client = 1, .server = 9000};
  talk.open().say(false, text("HTTP/1.1 200 OK"));
  put_many(put(file, talk));
  onward(talk).say(true, over_tcp(kGetVersion)).say(false, over_tcp(kVersion));
  both_say(put(put(file, talk), conversation(2)), {kOneOther + "!", "[127.0.0.1:4194 from :2]"});
}

TEST_CASE("connections that only wait for their first bytes do not take the memory of one whose first bytes come") {
  File file(kLinkRaw);
  for (unsigned i = 0; i < 200; ++i) {
    Talk waits{.client = 100 + i, .server = 7000};
    waits.open();
    waits.next[true] += 10;
    put(file, waits.say(true, Bytes(30'000, 1)));
  }
  Talk first{.client = 1, .server = 9000};
  first.open().say(true, over_tcp(kGetVersion), 5).say(false, over_tcp(kVersion));
  std::swap(first.sent[2], first.sent[3]);
  both_say(put(file, first), {kOneOther});
  // Those which it was taken from are told where they turn out to be of SPDM.
  Talk late{.client = 100, .server = 7000};
  late.open();
  late.sent.clear();
  put(file, late.say(false, over_tcp(kGetVersion)));
  both_say(file, {"[127.0.0.1:100 from :7000]!", kOneOther});
}

TEST_CASE("another connection between the same ends, without an end of the first one and with segments that are missing") {
  Talk first = conversation(1), second = conversation(1);
  second.shift(0xFF000000);
  // All of it may be lost of which TCP has no need to tell: the SYN and what answers it, or the first bytes.
  for (const auto& [from, to] : {std::pair(2, 4), std::pair(0, 2), std::pair(0, 3), std::pair(1, 3)}) {
    const int lost = from;
    CAPTURE(lost);
    Talk talk = first, rest = second;
    rest.sent.erase(rest.sent.begin() + from, rest.sent.begin() + to);
    talk.sent.insert(talk.sent.end(), rest.sent.begin(), rest.sent.end());
    bool is_told = false;
    try {
      for (const std::string& label : labels_small(talk)) is_told = is_told || label.ends_with('!');
    } catch (const Error&) {
      is_told = true;
    }
    CHECK(is_told);
  }
  // After its end, too.
  File file(kLinkRaw);
  Talk rest = second;
  rest.sent.erase(rest.sent.begin(), rest.sent.begin() + 2);
  put(put_others(put(file, ended(first))), rest);
  CHECK(labels_of(parts_of(file)) == Labels{kOne, kTwo + "!"});
}

TEST_CASE("a connection that has begun in place of another, and of which nothing follows, is an error of its own") {
  Talk talk = conversation(1), next = conversation(1);
  next.shift(0x1000000);
  talk.sent.insert(talk.sent.end(), next.sent.begin(), next.sent.begin() + 2);
  CHECK(labels_small(talk) == Labels{kOne, kTwo + "!"});
  // Nobody has answered.
  talk.sent.pop_back();
  CHECK(labels_small(talk) == Labels{kOne});
}

TEST_CASE("one capture of two interfaces, on which the same ends have other numbers") {
  const Talk first = conversation(1);
  Talk second = conversation(1);
  second.shift(0xFF000000);
  NgFile file;
  file.section().interface(kLinkRaw).interface(kLinkRaw);
  for (const Segment& one : first.sent) file.enhanced(0, 0, ipv4(one));
  for (std::size_t i = 2; i < second.sent.size(); ++i) file.enhanced(1, 0, ipv4(second.sent[i]));
  expect_error(ErrorId::bad_input, "before the first byte of its TCP connection", [&] { read_pcap(file.bytes, "x"); });
}

TEST_CASE("a SYN in the middle whose number fits what follows does not cut a connection in two") {
  for (const unsigned port : {4194U, 9000U})
    for (const bool is_reset : {false, true})
      for (const std::uint32_t by : {0U, 1U << 30}) {
        Talk talk = conversation(1, port);
        if (is_reset) talk.add(false, {}, kRst);
        Segment& syn = talk.add(true, {}, kSyn);
        --talk.next[true];
        syn.sequence = talk.next[true] - 1 + by;
        talk.say(true, over_tcp({0x12, 0xE1, 0, 0})).say(false, over_tcp({0x12, 0x61, 0, 0}));
        const std::string label = cat("[127.0.0.1:", port, " from :1]"), next = cat("[127.0.0.1:", port, " from :1, connection 2]");
        const std::vector<EvidencePart> parts = read_pcap(talk.file().bytes, "x");
        if (!is_reset) {
          REQUIRE(parts.size() == 1);
          CHECK(parts[0].evidence.log.size() == 4);
          continue;
        }
        // It was reset: what follows is of another connection, and judged or told, whatever the port.
        REQUIRE(parts.size() == 2);
        CHECK(parts[1].label == next);
        CHECK(parts[1].error.has_value() == (by != 0));
      }
}

TEST_CASE("after two FINs the same ends may speak of something else") {
  Talk talk = ended(conversation(1, 9000)), web{.client = 1, .server = 9000};
  web.open().say(true, text("GET / HTTP/1.1\r\n\r\n")).say(false, text("HTTP/1.1 200 OK\r\n\r\n")).shift(0x1000);
  talk.sent.insert(talk.sent.end(), web.sent.begin(), web.sent.end());
  CHECK(labels_small(talk) == Labels{kOneOther});
  Talk cut = conversation(1, 9000);
  cut.add(false, {}, kRst);
  cut.sent.insert(cut.sent.end(), web.sent.begin(), web.sent.end());
  CHECK(labels_small(cut) == Labels{kOneOther, kTwoOther + "!"});
}

TEST_CASE("messages at the end that are missing are told by the FIN, and by what was acknowledged") {
  Talk talk = conversation(1);
  talk.say(false, over_tcp({0x12, 0x61, 0, 0}));
  talk.sent.pop_back();
  Talk acknowledged = talk;
  acknowledged.add(true, {});
  Talk closed = ended(talk);
  for (const Talk& one : {acknowledged, closed}) {
    File file(kLinkRaw);
    put(file, one);
    expect_error(ErrorId::bad_input, "begins a TCP connection of which 8 bytes before the end are missing",
                 [&] { read_pcap(file.bytes, "x"); });
    put_others(file);
    CHECK(labels_of(parts_of(file)) == Labels{kOne + "!"});
  }
  // Ends that are closed one after the other, and a FIN that was not captured, are no error.
  Talk half = conversation(1);
  half.add(true, {}, kFin | kAck);
  half.add(false, {});
  CHECK(labels_small(half) == Labels{kOne});
  half.sent.erase(half.sent.end() - 2);
  CHECK(labels_small(half) == Labels{kOne});
}

TEST_CASE("on other ports, too, one odd segment in front does not hide what the other end asks") {
  for (const bool of_client : {false, true})
    for (const int kind : {0, 1, 2, 3}) {
      CAPTURE(of_client);
      CAPTURE(kind);
      File file(kLinkRaw);
      Talk talk{.client = 1, .server = 9000};
      put(file, talk.open());
      Segment segment = onward(talk).add(of_client, {0, 0, 0});
      talk.next[of_client] -= 3;
      if (kind == 0) segment.sequence += 2 * kMaxTcpAhead;
      file.frame(ipv4(segment, kind == 1 ? 0x2000 : 0));
      if (kind == 2) {
        segment.payload[2] = 1;
        file.frame(ipv4(segment));
      }
      Bytes cut = ipv4(segment);
      cut[3] = static_cast<std::uint8_t>(cut[3] + 9);
      if (kind == 3) file.frame(cut);
      put(file, onward(talk).say(true, over_tcp(kGetVersion)).say(false, over_tcp(kVersion)));
      put(file, conversation(2));
      const Labels labels = labels_of(parts_of(file, file.bytes.size()));
      REQUIRE(labels.size() == 2);
      CHECK(std::count_if(labels.begin(), labels.end(), [](const std::string& label) { return label.ends_with('!'); }) == 1);
    }
}

TEST_CASE("a segment that was cut inside its header is an error of its connection, and none where it has no bytes") {
  const Talk talk = conversation(1);
  for (const std::size_t size : {24U, 28U, 36U, 40U, 41U}) {
    File file(kLinkRaw);
    for (std::size_t i = 0; i + 1 < talk.sent.size(); ++i) file.frame(ipv4(talk.sent[i]));
    file.frame(View(ipv4(talk.sent.back())).first(size));
    expect_error(ErrorId::bad_input, "it was cut when it was captured", [&] { read_pcap(file.bytes, "x"); });
  }
}
