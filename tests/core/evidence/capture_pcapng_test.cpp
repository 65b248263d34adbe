#include "core/evidence/capture_pcapng.h"

#include <doctest/doctest.h>

#include <deque>

#include "core/error.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "expect_error.h"
#include "network_capture.h"

using namespace spdm;
using capture::kGetVersion, capture::kVersion, capture::NgFile;

namespace {

std::vector<CaptureFrame> frames(View file) {
  std::vector<CaptureFrame> out;
  CaptureSource source(pieces_of(file));
  const std::unique_ptr<CaptureFrames> all = open_capture(source, "x.pcapng");
  static std::deque<Bytes> kept;  // the bytes of a frame stay until the next one
  while (std::optional<CaptureFrame> frame = all->next()) {
    frame->bytes = kept.emplace_back(to_bytes(frame->bytes));
    out.push_back(*frame);
  }
  return out;
}

void refused(View file, const std::string& why) {
  expect_error(ErrorId::bad_input, why, [&] { frames(file); });
  expect_error(ErrorId::bad_input, "x.pcapng: ", [&] { frames(file); });
}

constexpr std::uint64_t kTime = 1'700'000'000'123'456;  // microseconds

NgFile file(bool big_endian = false) {
  NgFile out{big_endian, {}};
  out.section().interface(kLinkDoe);
  return out;
}

const Bytes kData{1, 2, 3, 4, 5};

}  // namespace

TEST_CASE("pcapng: the three kinds of packets, in both byte orders; other blocks are skipped") {
  for (const bool big_endian : {false, true}) {
    NgFile capture = file(big_endian);
    capture.block(10, Bytes(20, 0xAA)).interface(kLinkRaw, 4);  // secrets to decrypt with
    capture.enhanced(0, kTime, kData, 9).block(0x80000BAD, {1}).simple(kData).obsolete(1, kTime, View(kData).first(4)).block(5, Bytes(12));
    const std::vector<CaptureFrame> all = frames(capture.bytes);
    REQUIRE(all.size() == 3);
    CHECK(all[0].place.number == 1);
    CHECK(all[0].place.offset == 28 + 20 + 32 + 20);
    CHECK(all[0].place.time == std::chrono::nanoseconds(kTime * 1000));
    CHECK(all[0].link_type == kLinkDoe);
    CHECK(all[0].interface == 0);
    CHECK(all[0].original == 9);
    CHECK(to_bytes(all[0].bytes) == kData);
    CHECK(!all[1].place.time);
    CHECK(all[1].place.number == 2);
    CHECK(all[1].original == 5);
    CHECK(to_bytes(all[1].bytes) == kData);
    CHECK(all[2].interface == 1);
    CHECK(all[2].link_type == kLinkRaw);
    CHECK(all[2].place.time == std::chrono::nanoseconds(kTime * 1000));
    CHECK(all[2].bytes.size() == 4);
  }
}

TEST_CASE("pcapng: a simple packet is as long as the snap length of its interface lets it") {
  NgFile capture;
  capture.section().interface(kLinkRaw, 3).simple(View(kData).first(3), 5);
  const std::vector<CaptureFrame> all = frames(capture.bytes);
  REQUIRE(all.size() == 1);
  CHECK(all[0].bytes.size() == 3);
  CHECK(all[0].original == 5);
}

TEST_CASE("pcapng: each section has its byte order and its interfaces") {
  NgFile first = file(false), second{true, {}};
  first.enhanced(0, kTime, kData);
  second.section().interface(kLinkRaw).enhanced(0, kTime, kData);
  append(first.bytes, second.bytes);
  const std::vector<CaptureFrame> all = frames(first.bytes);
  REQUIRE(all.size() == 2);
  CHECK(all[1].link_type == kLinkRaw);
  CHECK(all[1].place.number == 2);
  second = NgFile{true, {}};
  second.section().enhanced(0, kTime, kData);
  append(first.bytes, second.bytes);
  refused(first.bytes, "packet 3 at offset 204: is of interface 0, and the section has described 0");
}

TEST_CASE("pcapng: the resolution and the offset of times") {
  using std::chrono::nanoseconds;
  CHECK(capture_time(1'700'000'000, 0, 0) == nanoseconds(1'700'000'000'000'000'000));
  CHECK(capture_time(1'700'000'000'123, 3, 0) == nanoseconds(1'700'000'000'123'000'000));
  CHECK(capture_time(1'700'000'000'123'456'789, 9, 0) == nanoseconds(1'700'000'000'123'456'789));
  CHECK(capture_time(17'000'000'123'456'789'99, 10, 0) == nanoseconds(170'000'001'234'567'899));
  CHECK(capture_time(18'000'000'000'000'000'000U, 19, 1) == nanoseconds(2'800'000'000));
  CHECK(capture_time(5, 0x80 | 1, 0) == nanoseconds(2'500'000'000));
  CHECK(capture_time(0xC000000000000000, 0x80 | 63, 0) == nanoseconds(1'500'000'000));
  CHECK(capture_time(7, 0x80, -5) == nanoseconds(2'000'000'000));
  CHECK(capture_time(1'000'000, 6, 1'700'000'000) == nanoseconds(1'700'000'001'000'000'000));
  CHECK(!capture_time(0, 6, 0));  // nobody knows
  CHECK(!capture_time(5, 0, -6));
  CHECK(!capture_time(~std::uint64_t{0}, 0, 0));
  CHECK(!capture_time(5, 0, std::int64_t{1} << 62));
  CHECK(!capture_time(5, 0, std::numeric_limits<std::int64_t>::min()));
  for (const bool big_endian : {false, true}) {
    NgFile capture{big_endian, {}};
    capture.section().interface(kLinkDoe, 0,
                                NgFile::join({capture.option(2, capture::text("eth0")), capture.option(9, {9}),
                                              capture.option(14, capture.number(5, 8)), capture.option(0, {})}));
    CHECK(frames(capture.enhanced(0, 1'500'000'000, kData).bytes).at(0).place.time == nanoseconds(6'500'000'000));
  }
}

TEST_CASE("N316 pcapng: sections, blocks and options that are wrong") {
  refused(View(file().bytes).first(27), "block at offset 0 of the pcapng capture, before packet 1: the file ends in the section header");
  NgFile capture = file();
  capture.bytes[8] = 0;
  refused(capture.bytes, "the byte order of the section is none");
  capture = file();
  capture.bytes[12] = 2;
  refused(capture.bytes, "the version of the section is 2, not 1");
  const auto with_length = [](std::uint8_t first, std::uint8_t last) {
    NgFile out = file();
    out.block(99, Bytes(8));
    out.bytes[48 + 4] = first;
    out.bytes[48 + 16] = last;
    return out.bytes;
  };
  refused(with_length(8, 8), "block at offset 48 of the pcapng capture, before packet 1: its length is 8");
  refused(with_length(18, 18), "its length is 18");
  refused(with_length(24, 24), "says 24 bytes, the file has 20");
  refused(with_length(20, 16), "its two lengths differ: 20 and 16");
  refused(NgFile{}.section().block(1, Bytes(4)).bytes, "less than the description of an interface");
  const auto with_option = [](unsigned code, const Bytes& value) {
    NgFile out;
    return out.section().interface(1, 0, out.option(code, value)).bytes;
  };
  refused(with_option(9, {6, 6}), "the option if_tsresol has 2 bytes, not 1");
  refused(with_option(9, {20}), "the option if_tsresol is 20");
  refused(with_option(9, {0x80 | 64}), "the option if_tsresol is 192");
  refused(with_option(14, {1}), "the option if_tsoffset has 1 bytes, not 8");
  refused(NgFile{}.section().interface(1, 0, {2, 0, 9, 0}).bytes, "option 2 of an interface says 9 bytes, and the block has fewer");
  capture = NgFile{}.section();
  for (std::size_t i = 0; i <= kMaxCaptureInterfaces; ++i) capture.interface(1);
  refused(capture.bytes, "exceeds the limit of 1024 interfaces in one section");
}

TEST_CASE("N316 pcapng: packets that are wrong") {
  refused(file().block(6, Bytes(16)).bytes, "packet 1 at offset 48: its block has 16 bytes, less than its 20 bytes of fields");
  refused(file().block(3, {}).bytes, "less than its 4 bytes of fields");
  refused(file().enhanced(1, 0, kData).bytes, "packet 1 at offset 48: is of interface 1, and the section has described 1");
  refused(NgFile{}.section().simple(kData).bytes, "is of interface 0, and the section has described 0");
  refused(NgFile{}.section().interface(1, 4).enhanced(0, 0, kData).bytes, "its 5 bytes are more than the snap length of the capture (4)");
  NgFile capture = file();
  refused(capture.block(6, NgFile::join({Bytes(12), {9, 0, 0, 0}, {9, 0, 0, 0}, kData})).bytes, "says 9 bytes, its block has 8");
  refused(file().block(3, NgFile::join({{9, 0, 0, 0}, kData})).bytes, "says 9 bytes, its block has 8");
}

TEST_CASE("pcapng: messages, their times and their interfaces") {
  NgFile capture = file(true);
  capture.interface(105).interface(kLinkDoe);  // 105: wireless, which is left out
  capture.enhanced(1, kTime, kData).enhanced(0, kTime, capture::doe(kGetVersion)).enhanced(2, kTime, capture::doe(kGetVersion));
  capture.enhanced(0, kTime + 5, capture::doe(kVersion)).enhanced(0, 0, capture::doe(kGetVersion));
  const std::vector<EvidencePart> parts = read_pcap(capture.bytes, "x");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].label == "[doe]");
  CHECK(parts[1].label == "[doe, interface 2]");
  CHECK(parts[0].evidence.time == "2023-11-14T22:13:20Z");
  const MessageLog& log = parts[0].evidence.log;
  REQUIRE(log.size() == 3);
  CHECK(log[0].from_requester);
  CHECK(log[0].time == std::chrono::nanoseconds(kTime * 1000));
  CHECK(!log[1].from_requester);
  CHECK(log[1].time == std::chrono::nanoseconds((kTime + 5) * 1000));
  CHECK(!log[2].time);
  expect_error(ErrorId::bad_input, "x: link type 105 is neither MCTP",
               [] { read_pcap(NgFile{}.section().interface(105).enhanced(0, 0, kData).bytes, "x"); });
  expect_error(ErrorId::bad_input, "x: the capture holds no SPDM message", [] { read_pcap(file().bytes, "x"); });
}

TEST_CASE("pcapng: endpoints of the same number at two interfaces are two devices") {
  const auto packet = [](View message) { return capture::packets({}, 5, message).at(0); };
  NgFile capture;
  capture.section().interface(kLinkMctp).interface(kLinkMctp);
  capture.enhanced(0, 0, packet(kGetVersion)).enhanced(1, 0, packet(kGetVersion));
  const std::vector<EvidencePart> parts = read_pcap(capture.bytes, "x");
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].label == "[mctp 9, interface 1]");
}

TEST_CASE("pcapng: interfaces of another section are other interfaces") {
  NgFile capture;
  for (int section = 0; section < 2; ++section)
    capture.section().interface(kLinkDoe).enhanced(0, 0, capture::doe(kGetVersion)).enhanced(0, 0, capture::doe(kVersion));
  const std::vector<EvidencePart> parts = read_pcap(capture.bytes, "x");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].label == "[doe]");
  CHECK(parts[1].label == "[doe, interface 1]");
  CHECK(parts[1].evidence.log.size() == 2);
}

TEST_CASE("pcapng: a conversation with a nonce that is there twice is one") {
  Bytes challenge{0x12, 0x83, 0, 0};
  challenge.resize(36, 0x5A);
  NgFile capture;
  capture.section().interface(kLinkDoe).interface(kLinkDoe);
  for (const unsigned interface : {0U, 1U}) capture.enhanced(interface, 0, capture::doe(challenge));
  CHECK(read_pcap(capture.bytes, "x").size() == 1);
  challenge.back() = 0;
  capture.section().interface(kLinkDoe).enhanced(0, 0, capture::doe(challenge));
  CHECK(read_pcap(capture.bytes, "x").size() == 2);
}

TEST_CASE("N316 pcapng: cut at every byte, every byte garbled: an error or messages, never worse") {
  NgFile capture = file();
  capture.interface(kLinkRaw, 0, capture.option(9, {9})).enhanced(0, kTime, capture::doe(kGetVersion)).simple(capture::doe(kVersion));
  capture.obsolete(0, kTime, capture::doe(kGetVersion));
  for (std::size_t size = 0; size < capture.bytes.size(); ++size) try {
      const std::vector<EvidencePart> parts = read_pcap(View(capture.bytes).first(size), "x");
      CHECK(parts.at(0).evidence.log.size() < 3);
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::bad_input);
    }
  for (std::size_t at = 0; at < capture.bytes.size(); ++at)
    for (const int change : {0x01, 0x80, 0xFF}) {
      Bytes garbled = capture.bytes;
      garbled[at] = static_cast<std::uint8_t>(garbled[at] ^ change);
      try {
        const std::vector<EvidencePart> parts = read_pcap(garbled, "x");
        CHECK(!parts.empty());
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    }
}
