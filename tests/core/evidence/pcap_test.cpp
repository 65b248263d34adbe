#include "core/evidence/pcap.h"

#include <doctest/doctest.h>

#include "core/evidence/file.h"
#include "core/text.h"
#include "expect_error.h"
#include "link_capture.h"

using namespace spdm;
using capture::write_pcap;

namespace {

Bytes h(std::string_view digits) { return unhex(digits, "test"); }

// Numbers in the byte order of the capture's writer.
struct Capture {
  bool big_endian = false;
  Bytes bytes;

  Capture& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? size - 1 - i : i)));
    return *this;
  }
  Capture& header(std::uint32_t magic, std::uint32_t snap_length, std::uint32_t link_type) {
    return number(magic, 4).number(2, 2).number(4, 2).number(0, 4).number(0, 4).number(snap_length, 4).number(link_type, 4);
  }
  Capture& packet(std::string_view digits, std::uint32_t seconds = 0) {
    const Bytes data = h(digits);
    number(seconds, 4).number(0, 4).number(data.size(), 4).number(data.size(), 4);
    append(bytes, data);
    return *this;
  }
};

Capture mctp(std::uint32_t snap_length = 0x10000) {
  Capture out;
  out.header(0xA1B2C3D4, snap_length, 291);
  return out;
}

Capture doe() {
  Capture out;
  out.header(0xA1B2C3D4, 0x10000, 292);
  return out;
}

Evidence only(View capture) {
  std::vector<EvidencePart> parts = read_pcap(capture, "x.pcap");
  REQUIRE(parts.size() == 1);
  return std::move(parts.front().evidence);
}

void refused(View capture, const std::string& why) {
  expect_error(ErrorId::bad_input, why, [&] { read_pcap(capture, "x.pcap"); });
  expect_error(ErrorId::bad_input, "x.pcap: ", [&] { read_pcap(capture, "x.pcap"); });
}

Evidence sample(Binding binding) {
  Evidence out;
  out.binding = binding;
  out.log = {{true, false, h("10840000")},
             {false, false, h("1004000000010012")},
             {true, true, h("000000000000000000000001")},
             {false, true, h("000000000000000000000002")},
             {true, false, h("12E10000")}};
  return out;
}

bool same(const MessageLog& a, const MessageLog& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Message& x, const Message& y) {
    return x.from_requester == y.from_requester && x.secured == y.secured && x.bytes == y.bytes;
  });
}

constexpr std::string_view kGetVersion = "000000C0 05 10840000";
constexpr std::string_view kVersion = "000000C0 05 1004000000010012";

}  // namespace

TEST_CASE("what is written is read again") {
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp, Binding::none}) {
    const Evidence before = sample(binding);
    const Bytes capture = write_pcap(before);
    CHECK(looks_like_pcap(capture));
    const Evidence after = only(capture);
    CHECK(after.binding == (binding == Binding::doe ? Binding::doe : Binding::mctp));
    CHECK(same(before.log, after.log));
    CHECK(after.time.empty());
    CHECK(!after.live);
  }
}

TEST_CASE("the bytes that are written") {
  Evidence evidence;
  evidence.binding = Binding::mctp;
  evidence.log = {{true, false, h("10840000")}, {false, true, h("AB")}};
  CHECK(hex(write_pcap(evidence)) ==
        "d4c3b2a1020004000000000000000000000004002301000000000000000000000900000009000000010000c80510840000"
        "00000000000000000600000006000000010000c006ab");
  evidence.binding = Binding::doe;
  CHECK(hex(View(write_pcap(evidence)).subspan(20)) ==
        "240100000000000000000000"
        "0c0000000c000000"
        "010001000300000010840000"
        "0000000000000000"
        "0c0000000c000000"
        "0100020003000000ab000000");
}

TEST_CASE("the plain text of a session was not on the link: it is not written as if it had been") {
  for (const Binding binding : {Binding::mctp, Binding::doe}) {
    Evidence evidence = sample(binding);
    const Bytes without = write_pcap(evidence);
    const auto at = evidence.log.begin() + 2;
    evidence.log.insert(at, {{.from_requester = true, .bytes = h("12E00000"), .inside = 0xFFFE0001},
                             {.from_requester = false, .bytes = Bytes(0x80000), .inside = 0xFFFE0001}});
    CHECK(same(only(write_pcap(evidence)).log, only(without).log));
  }
}

TEST_CASE("a message that is larger than the usual snap length raises it") {
  Evidence evidence = sample(Binding::doe);
  evidence.log[0].bytes.resize(0x80000);
  CHECK(same(only(write_pcap(evidence)).log, evidence.log));
}

TEST_CASE("both byte orders, both resolutions, and the time of the first packet") {
  for (const bool big_endian : {false, true})
    for (const std::uint32_t magic : {0xA1B2C3D4U, 0xA1B23C4DU}) {
      Capture capture{big_endian, {}};
      capture.header(magic, 0x10000, 291).packet(kGetVersion, 1'700'000'000).packet(kVersion, 1'700'000'001);
      const Evidence evidence = only(capture.bytes);
      CHECK(evidence.log.size() == 2);
      CHECK(evidence.log[0].from_requester);
      CHECK(!evidence.log[1].from_requester);
      CHECK(hex(evidence.log[1].bytes) == "1004000000010012");
      CHECK(evidence.time == "2023-11-14T22:13:20Z");
      CHECK(evidence.log[0].time == std::chrono::seconds(1'700'000'000));
      CHECK(evidence.log[1].time == std::chrono::seconds(1'700'000'001));
    }
}

TEST_CASE("DOE length fields are little-endian in a capture of a big-endian host, too") {
  Capture capture{true, {}};
  capture.header(0xA1B2C3D4, 0x10000, 292).packet("010001000300000010840000");
  CHECK(only(capture.bytes).log.size() == 1);
}

TEST_CASE("traffic that is not SPDM is left out") {
  const Evidence a = only(mctp().packet("010000C0 01 0203").packet(kGetVersion).packet("000000C0 7E").packet(kVersion).bytes);
  CHECK(a.log.size() == 2);
  const Evidence b =
      only(doe().packet("010000000300000000000000").packet("DE11010003000000FFFFFFFF").packet("010001000300000010840000").bytes);
  REQUIRE(b.log.size() == 1);
  CHECK(hex(b.log[0].bytes) == "10840000");
}

TEST_CASE("who sent a secured message: they take turns; plain ones say it by their code") {
  const Evidence evidence = only(mctp()
                                     .packet(kGetVersion)
                                     .packet(kVersion)
                                     .packet("000000C0 06 11")
                                     .packet("000000C0 06 22")
                                     .packet("000000C0 06 33")
                                     .packet("000000C0 05 127F0000")  // a plain ERROR answers a secured request
                                     .bytes);
  REQUIRE(evidence.log.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(evidence.log[i].from_requester == (i % 2 == 0));
  CHECK(!evidence.log[5].secured);
  CHECK(evidence.log[4].secured);
}

TEST_CASE("N316 pcap: bad magic, version, link type, header cut short") {
  refused({}, "is not a pcap capture");
  refused(h("00112233"), "is not a pcap capture");
  refused(h("0A0D0D0A1C000000"), "pcapng");
  CHECK(looks_like_pcap(h("0A0D0D0A")));
  CHECK(!looks_like_pcap(h("0A0D0D")));
  refused(h("D4C3B2A10200"), "after 6 of 24 bytes");
  Capture wireless;
  refused(wireless.header(0xA1B2C3D4, 0x10000, 105).bytes, "link type 105 is neither MCTP");
  Capture ethernet;
  refused(ethernet.header(0xA1B2C3D4, 0x10000, 1).bytes, "holds no SPDM message");
  Capture version = mctp();
  version.bytes[4] = 3;
  refused(version.bytes, "version");
  refused(mctp().bytes, "holds no SPDM message");
}

TEST_CASE("N316 pcap: included length beyond the file, beyond the snap length, less than the original") {
  Capture capture = mctp().packet(kGetVersion);
  const auto included = [&](std::uint32_t value) {
    Bytes bytes = capture.bytes;
    for (std::size_t i = 0; i < 4; ++i) bytes[24 + 8 + i] = static_cast<std::uint8_t>(value >> 8 * i);
    return bytes;
  };
  refused(included(10), "packet 1 at offset 24: says 10 bytes, the file has 9 more");
  refused(included(0x10001), "snap length of the capture (65536)");
  refused(included(0xFFFFFFFF), "snap length");
  refused(included(8), "was cut to 8 of 9 bytes");
  refused(mctp(8).packet(kGetVersion).bytes, "snap length of the capture (8)");
  CHECK(only(mctp(0).packet(kGetVersion).bytes).log.size() == 1);                                   // zero: no limit
  CHECK(only(mctp().packet(kGetVersion).packet("000000C0").packet("0000").bytes).log.size() == 1);  // nothing of a message: left out
}

TEST_CASE("endpoints are written where the device's is known, and the owner of the tag tells who asked") {
  for (const std::uint8_t eid : std::vector<std::uint8_t>{9, 8, 0}) {
    Evidence evidence = sample(Binding::mctp);
    evidence.host.mctp = MctpView{.network = 3, .eid = eid, .interface = "mctpi2c1"};
    // Turns and codes tell it wrong.
    evidence.log.insert(evidence.log.begin() + 2, {{true, true, h("03")}, {true, true, h("04")}, {false, false, h("1284")}});
    const Evidence after = only(write_pcap(evidence));
    CHECK(same(after.log, evidence.log));
    REQUIRE(after.host.mctp);
    CHECK(*after.host.mctp == MctpView{.network = std::nullopt, .eid = eid, .interface = ""});
  }
  Evidence evidence;
  evidence.host.mctp = MctpView{.network = std::nullopt, .eid = 0x1D, .interface = ""};
  evidence.log = {{true, false, h("10840000")}, {false, false, h("AB")}};
  CHECK(hex(View(write_pcap(evidence)).subspan(40)) ==
        "011d08c80510840000"
        "00000000000000000600000006000000"
        "01081dc005ab");
  evidence.host.mctp->eid = 8;
  CHECK(hex(View(write_pcap(evidence)).subspan(40, 4)) == "010809c8");
  CHECK(!only(write_pcap(sample(Binding::mctp))).host.mctp);
}

TEST_CASE("N312 MCTP packets with wrong headers") {
  refused(mctp().packet("000000C0 05").bytes, "no message follows");
  refused(mctp().packet("000000C0 85 10840000").bytes, "integrity check");
  refused(mctp().packet("00000080 05 10840000").bytes, "fragment");
}

TEST_CASE("N309 DOE packets with wrong headers") {
  refused(doe().packet("01000100").bytes, "less than a DOE header");
  refused(doe().packet("0100010002000000").bytes, "no message follows");
  refused(doe().packet("010001000400000010840000").bytes, "says 16 bytes, the packet has 12");
  refused(doe().packet("010001000000000010840000").bytes, "says 1048576 bytes");
  refused(doe().packet("010001000300040010840000").bytes, "reserved bits");
  refused(doe().packet("010001FF0300000010840000").bytes, "reserved bits");
}

TEST_CASE("more messages than the limit") {
  Capture capture = mctp();
  for (std::size_t i = 0; i <= kMaxEvidenceMessages; ++i) capture.packet("000000C0 06 11");
  refused(capture.bytes, "exceeds the limit of 20000 messages");
}

TEST_CASE("N316 pcap: cut at every byte, every byte garbled: an error or messages, never worse") {
  for (const Binding binding : {Binding::mctp, Binding::doe}) {
    const Bytes capture = write_pcap(sample(binding));
    for (std::size_t size = 0; size < capture.size(); ++size) {
      Bytes cut(capture.begin(), capture.begin() + static_cast<std::ptrdiff_t>(size));
      try {
        const Evidence evidence = only(cut);
        CHECK(evidence.log.size() < 5);
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    }
    for (std::size_t at = 0; at < capture.size(); ++at)
      for (const int change : {0x01, 0x80, 0xFF}) {
        Bytes garbled = capture;
        garbled[at] = static_cast<std::uint8_t>(garbled[at] ^ change);
        try {
          std::size_t messages = 0;  // of all endpoints: a garbled one is another
          for (const EvidencePart& part : read_pcap(garbled, "x")) messages += part.evidence.log.size();
          CHECK(messages <= 5);
        } catch (const Error& error) {
          CHECK(error.id == ErrorId::bad_input);
        }
      }
  }
}
