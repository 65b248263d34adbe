// Captures as they are made on a BMC.
#include <doctest/doctest.h>

#include "capture.h"
#include "core/error.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "expect_error.h"
#include "link_capture.h"

using namespace spdm;
using capture::File, capture::Way;

namespace {

const Bytes kGetVersion{0x10, 0x84, 0, 0};
const std::vector<std::uint32_t> kLinks{capture::kCooked, capture::kCooked2, capture::kMctp};

Bytes answer(std::uint8_t device, std::size_t size = 150) {
  Bytes out(size, device);
  out[0] = 0x10;
  out[1] = 0x04;
  return out;
}

Way to(std::uint8_t device, std::uint32_t interface = 3) { return {.to = device, .interface = interface}; }

std::vector<std::string> labels(const std::vector<EvidencePart>& parts) {
  std::vector<std::string> out;
  for (const EvidencePart& part : parts) out.push_back(part.label);
  return out;
}

std::vector<EvidencePart> read(const File& file) { return read_pcap(file.bytes, "x"); }

// A request and the answer to it of each, packet by packet in turn.
File interleaved(std::uint32_t link) {
  File out(link);
  for (const std::uint8_t device : std::vector<std::uint8_t>{9, 10}) out.send(to(device), 5, kGetVersion);
  const std::vector<Bytes> a = capture::packets(to(9).back(), 5, answer(9)), b = capture::packets(to(10).back(), 5, answer(10));
  for (std::size_t i = 0; i < a.size(); ++i) out.add(to(9).back(), a[i]).add(to(10).back(), b[i]);
  return out;
}

}  // namespace

TEST_CASE("each endpoint is a device, and messages of theirs that are interleaved do not mix") {
  for (const std::uint32_t link : kLinks) {
    const std::vector<EvidencePart> parts = read(interleaved(link));
    REQUIRE(parts.size() == 2);
    CHECK(labels(parts) == std::vector<std::string>{"[mctp 9]", "[mctp 10]"});
    for (const EvidencePart& part : parts) {
      CHECK(!part.error);
      CHECK(part.evidence.binding == Binding::mctp);
      REQUIRE(part.evidence.host.mctp);
      const std::uint8_t eid = part.evidence.host.mctp->eid;
      CHECK(*part.evidence.host.mctp == MctpView{.network = std::nullopt, .eid = eid, .interface = ""});
      REQUIRE(part.evidence.log.size() == 2);
      CHECK(part.evidence.log[0].from_requester);
      CHECK(part.evidence.log[0].bytes == kGetVersion);
      CHECK(!part.evidence.log[1].from_requester);
      CHECK(part.evidence.log[1].bytes == answer(eid));
    }
  }
}

TEST_CASE("other protocols, versions and types of a cooked capture are left out, cut or not") {
  for (const std::uint32_t link : {capture::kCooked, capture::kCooked2}) {
    File file(link);
    file.add(to(9), Bytes{1, 9, 8}).add(to(9), Bytes{}).add(to(9), Bytes{1, 9, 8, 0xC8});
    Bytes other = capture::packet(to(9), 0xC0, 0, Bytes{5, 0x10, 0x84, 0, 0});
    file.add(to(9), other, 0x0800).add(to(9), other, 0xFA00);
    other[0] = 2;
    file.add(to(9), other).send(to(9), 1, answer(9));
    expect_error(ErrorId::bad_input, "x: the capture holds no SPDM message", [&] { read(file); });
    // TCP that was cut is nothing to us; MCTP is.
    File cut(link);
    cut.add(to(9), answer(9), 0x0800);
    cut.bytes[24 + 12] = 0xFF;
    cut.send(to(9), 5, kGetVersion);
    CHECK(read(cut).size() == 1);
    cut.send(to(9), 5, kGetVersion);
    cut.bytes[cut.bytes.size() - (link == capture::kCooked ? 16 : 20) - 9 - 4] = 0xFF;
    expect_error(ErrorId::bad_input, "x: packet 3 at offset", [&] { read(cut); });
    expect_error(ErrorId::bad_input, "of 255 bytes when it was captured", [&] { read(cut); });
    File small(link);
    small.send(to(9), 5, kGetVersion).frame(Bytes(link == capture::kCooked ? 15 : 19));
    expect_error(ErrorId::bad_input, "less than the header of a cooked capture", [&] { read(small); });
  }
}

TEST_CASE("who asks owns the tag, whatever the codes say; both sides may ask") {
  for (const std::uint32_t link : kLinks) {
    File file(link);
    file.send(to(9), 6, Bytes{1}).send(to(9), 6, Bytes{2}).send(to(9).back(), 6, Bytes{3}).send(to(9), 5, answer(9));
    file.send({.from = 9, .to = 8, .outgoing = false}, 5, kGetVersion);
    const std::vector<EvidencePart> parts = read(file);
    CHECK(labels(parts) == std::vector<std::string>{"[mctp 9]", "[mctp 8]"});
    std::vector<bool> asked;
    for (const Message& message : parts.front().evidence.log) asked.push_back(message.from_requester);
    CHECK(asked == std::vector<bool>{true, true, false, true});
    CHECK(parts.front().evidence.log[0].secured);
    CHECK(!parts.front().evidence.log[3].secured);
  }
}

TEST_CASE("labels say as much as tells devices apart") {
  File file(capture::kCooked2);
  file.send({.from = 8, .to = 9, .interface = 3}, 5, kGetVersion).send({.from = 8, .to = 10, .interface = 3}, 5, kGetVersion);
  file.send({.from = 11, .to = 10, .interface = 3}, 5, kGetVersion).send({.from = 8, .to = 9, .interface = 0x104}, 5, kGetVersion);
  const std::vector<EvidencePart> parts = read(file);
  CHECK(labels(parts) ==
        std::vector<std::string>{"[mctp 9, interface 3]", "[mctp 10, requester 8]", "[mctp 10, requester 11]", "[mctp 9, interface 260]"});
}

TEST_CASE("what a bridge forwards counts once without interfaces, and as two complete devices with them") {
  const Way asked{.from = 20, .to = 9, .interface = 3, .outgoing = false};
  for (const std::uint32_t link : {capture::kCooked, capture::kCooked2}) {
    File file(link);
    const auto forward = [&](Way way, std::uint32_t other, View message) {
      for (const Bytes& one : capture::packets(way, 5, message)) {
        file.add(way, one);
        Way out = way;
        out.interface = other;
        out.outgoing = true;
        file.add(out, one);
      }
    };
    Way back = asked.back();
    back.outgoing = false;
    back.interface = 4;
    forward(asked, 4, kGetVersion);
    forward(back, 3, answer(9));
    const std::vector<EvidencePart> parts = read(file);
    CHECK(parts.size() == (link == capture::kCooked ? 1 : 2));
    for (const EvidencePart& part : parts) {
      REQUIRE(part.evidence.log.size() == 2);
      CHECK(part.evidence.log[1].bytes == answer(9));
    }
  }
}

TEST_CASE("both ends of a cable in one host: packets go out, and come in again") {
  for (const std::uint32_t link : {capture::kCooked, capture::kCooked2}) {
    File file(link);
    const auto pass = [&](Way way, std::uint32_t other, View message) {
      way.outgoing = true;
      Way in = way;
      in.outgoing = false;
      in.interface = other;
      for (const Bytes& one : capture::packets(way, 5, message)) file.add(way, one).add(in, one);
    };
    pass(to(9, 3), 4, kGetVersion);
    pass(to(9, 4).back(), 3, answer(9));
    const std::vector<EvidencePart> parts = read(file);
    CHECK(parts.size() == (link == capture::kCooked ? 1 : 2));
    for (const EvidencePart& part : parts) CHECK(part.evidence.log.size() == 2);
  }
}

TEST_CASE("what a host sends goes out: what comes in from its own address is a copy, or false, whichever comes first") {
  const Bytes other{0x10, 0x84, 0, 1};
  for (const std::uint32_t link : {capture::kCooked, capture::kCooked2}) {
    File file(link);
    Way false_request = to(9);
    false_request.outgoing = false;
    file.send(false_request, 5, other).send(to(9).back(), 5, answer(9));
    file.send(to(9), 5, kGetVersion).send(to(9).back(), 5, answer(9)).send(false_request, 5, other);
    const std::vector<EvidencePart> parts = read(file);
    REQUIRE(parts.size() == 1);
    REQUIRE(parts.front().evidence.log.size() == 3);
    CHECK(!parts.front().evidence.log[0].from_requester);
    CHECK(parts.front().evidence.log[1].bytes == kGetVersion);
    CHECK(!parts.front().evidence.log[2].from_requester);
  }
}

TEST_CASE("null endpoints are one device, of which codes and turns tell who asks; beside others it has a label") {
  const Way null{.from = 0, .to = 0, .owner = false};
  File file(capture::kMctp);
  file.send(null, 5, kGetVersion).send(null, 5, answer(0)).send(null, 6, Bytes{1}).send(null, 6, answer(0));
  std::vector<EvidencePart> parts = read(file);
  REQUIRE(parts.size() == 1);
  REQUIRE(parts[0].evidence.log.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(parts[0].evidence.log[i].from_requester == (i % 2 == 0));
  CHECK(!parts[0].evidence.host.mctp);
  file.send(to(9), 5, kGetVersion);
  CHECK(labels(read(file)) == std::vector<std::string>{"[mctp 0]", "[mctp 9]"});
}

TEST_CASE("a missing fragment is the error of its device, and thrown where there is no other") {
  const std::vector<Bytes> packets = capture::packets(to(9).back(), 5, answer(9));
  for (std::size_t missing = 1; missing < packets.size(); ++missing) {
    File alone(capture::kCooked2);
    alone.send(to(9), 5, kGetVersion);
    for (std::size_t i = 0; i < packets.size(); ++i)
      if (i != missing) alone.add(to(9).back(), packets[i]);
    alone.send(to(9), 5, kGetVersion);  // its own tag: ends nothing
    const bool last = missing + 1 == packets.size();
    const std::string why =
        last ? "begins an SPDM message whose last fragment is missing" : "fragment 2 of the SPDM message that began with packet 2";
    expect_error(ErrorId::bad_input, why, [&] { read(alone); });
    expect_error(ErrorId::bad_input, last ? "x: packet 2 at offset" : "x: packet 3 at offset", [&] { read(alone); });

    alone.send(to(10), 5, kGetVersion).send(to(10).back(), 5, answer(10));
    const std::vector<EvidencePart> parts = read(alone);
    CHECK(labels(parts) == std::vector<std::string>{"[mctp 9]", "[mctp 10]"});
    REQUIRE(parts[0].error);
    CHECK(parts[0].evidence.log.empty());
    CHECK(!parts[0].error->hint.empty());
    CHECK(!parts[1].error);
    CHECK(parts[1].evidence.log.size() == 2);
  }
  // Without its first fragment nobody knows what it is.
  File beginning(capture::kCooked2);
  for (std::size_t i = 1; i < packets.size(); ++i) beginning.add(to(9).back(), packets[i]);
  beginning.send(to(9), 5, kGetVersion);
  CHECK(read(beginning).front().evidence.log.size() == 1);
}

TEST_CASE("what is wrong with one device later does not matter to its first error, nor to others") {
  File file(capture::kCooked2);
  file.send(to(9), 5, Bytes{}).send(to(9), 0x85, kGetVersion).send(to(10), 0x86, kGetVersion).send(to(11), 5, kGetVersion);
  const std::vector<EvidencePart> parts = read(file);
  REQUIRE(parts.size() == 3);
  CHECK(std::string(parts[0].error->what()).find("no message follows its header") != std::string::npos);
  CHECK(std::string(parts[1].error->what()).find("integrity check") != std::string::npos);
  CHECK(!parts[2].error);
}

TEST_CASE("more devices than a document may have are refused") {
  File file(capture::kCooked2);
  for (std::uint32_t i = 0; i <= kMaxDevicesOfDocument; ++i) {
    if (i == kMaxDevicesOfDocument) CHECK(read(file).size() == kMaxDevicesOfDocument);
    file.send(to(9, i), 5, kGetVersion);
  }
  expect_error(ErrorId::bad_input, "exceeds the limit of 1024 devices", [&] { read(file); });
}

TEST_CASE("the time of a device is that of its first message") {
  File file(capture::kCooked);
  file.seconds = 1'700'000'000;
  file.add(to(9), Bytes{1}, 0x0800).send(to(9), 5, kGetVersion);
  file.seconds = 1'700'000'060;
  file.send(to(10), 5, kGetVersion);
  const std::vector<EvidencePart> parts = read(file);
  CHECK(parts[0].evidence.time == "2023-11-14T22:13:20Z");
  CHECK(parts[1].evidence.time == "2023-11-14T22:14:20Z");
}

TEST_CASE("each device is written and read again on its own") {
  for (const EvidencePart& part : read(interleaved(capture::kCooked2))) {
    const std::vector<EvidencePart> again = read_pcap(capture::write_pcap(part.evidence), "again");
    REQUIRE(again.size() == 1);
    CHECK(again[0].evidence.host.mctp == part.evidence.host.mctp);
    CHECK(again[0].evidence.log.size() == part.evidence.log.size());
    CHECK(again[0].evidence.log[1].bytes == part.evidence.log[1].bytes);
  }
}

TEST_CASE("one device of several: what is said") {
  const File file = interleaved(capture::kCooked);
  CHECK(may_hold_several(file.bytes));
  CHECK(load_parts(file.bytes, "x").size() == 2);
  expect_error(ErrorId::bad_input, "x: has evidence of 2 devices", [&] { load_evidence(file.bytes, "x"); });
}

TEST_CASE("captures of MCTP: cut at every byte, every byte garbled: errors or messages, never worse") {
  for (const std::uint32_t link : kLinks) {
    const Bytes whole = interleaved(link).bytes;
    const auto attempt = [](View bytes) {
      try {
        std::size_t messages = 0;
        for (const EvidencePart& part : read_pcap(bytes, "x")) {
          CHECK(part.evidence.log.empty() == part.error.has_value());
          messages += part.evidence.log.size();
        }
        CHECK(messages <= 4);
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    };
    for (std::size_t size = 0; size < whole.size(); ++size) attempt(View(whole).first(size));
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int change : {0x01, 0x08, 0x40, 0x80, 0xFF}) {
        Bytes garbled = whole;
        garbled[at] = static_cast<std::uint8_t>(garbled[at] ^ change);
        attempt(garbled);
      }
  }
}
