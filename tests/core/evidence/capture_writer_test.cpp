#include "core/evidence/capture_writer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/text.h"
#include "expect_error.h"

using namespace spdm;

namespace {

Bytes h(std::string_view digits) { return unhex(digits, "test"); }

Evidence sample(Binding binding) {
  Evidence out;
  out.binding = binding;
  out.log = {{true, false, h("10840000")}, {false, true, h("AB")}};
  return out;
}

// The packets of a capture in the classic format, without what is in front of them.
std::vector<std::string> packets(View capture) {
  std::vector<std::string> out;
  Reader reader(capture.subspan(24), "capture");
  while (reader.remaining() > 0) {
    reader.take(8, "time");
    const std::uint32_t size = reader.u32("size");
    CHECK(reader.u32("original size") == size);
    out.push_back(hex(reader.take(size, "packet")));
  }
  return out;
}

constexpr std::string_view kSent =
    "0023000400000000"
    "00000000";
constexpr std::string_view kReceived =
    "0023000400000001"
    "00000000";

std::string named(std::string_view name, std::string_view direction, std::string_view rest) {
  Bytes padded = to_bytes(as_bytes(name));
  padded.resize((padded.size() + 3) / 4 * 4);
  return cat("000c", hex(padded.size(), 4), hex(padded), direction, rest);
}

}  // namespace

TEST_CASE("each packet names its dissector, says who sent it, and has the frame of the binding") {
  using Packets = std::vector<std::string>;
  CHECK(packets(write_pcap(sample(Binding::doe))) ==
        Packets{named("spdm_doe", kSent, "010001000300000010840000"), named("spdm_doe", kReceived, "0100020003000000ab000000")});
  CHECK(packets(write_pcap(sample(Binding::mctp))) ==
        Packets{named("spdm_mctp", kSent, "0510840000"), named("spdm_mctp", kReceived, "06ab")});
  CHECK(packets(write_pcap(sample(Binding::tcp))) ==
        Packets{named("spdm_tcp", kSent, "0600010510840000"), named("spdm_tcp", kReceived, "03000106ab")});
  for (const Binding bare : {Binding::none, Binding::storage})
    CHECK(packets(write_pcap(sample(bare))) == Packets{named("spdm", kSent, "10840000"), named("spdm_secured", kReceived, "ab")});
}

TEST_CASE("the classic format: link type 252, times in nanoseconds") {
  Evidence evidence = sample(Binding::none);
  evidence.log.pop_back();
  evidence.log[0].time = std::chrono::nanoseconds(0x6AA0'0000LL * 1'000'000'000 + 999'999'999);
  CHECK(hex(write_pcap(evidence)) ==
        "4d3cb2a1020004000000000000000000"
        "00000400fc000000"
        "0000a06affc99a3b1800000018000000"
        "000c00047370646d0023000400000000"
        "0000000010840000");
  evidence.log[0].time.reset();  // nobody has kept it
  CHECK(hex(View(write_pcap(evidence)).subspan(24, 8)) == "0000000000000000");
  evidence.log[0].time = std::chrono::nanoseconds(-5);  // a clock that was never set
  CHECK(hex(View(write_pcap(evidence)).subspan(24, 8)) == "0000000000000000");
}

TEST_CASE("pcapng: who collected, what the target was, times in nanoseconds") {
  Evidence evidence = sample(Binding::mctp);
  evidence.log.erase(evidence.log.begin());
  evidence.collector = "spdmctl 0.2.0";
  evidence.host.target = "mctp:9";
  evidence.log[0].time = std::chrono::nanoseconds(0x0102'0304'0506'0708);
  CHECK(hex(write_pcapng(evidence)) ==
        "0a0d0d0a34000000"
        "4d3c2b1a01000000ffffffffffffffff"
        "04000d007370646d63746c20302e322e30000000"
        "0000000034000000"
        "010000002c000000"
        "fc00000000000400"
        "030006006d6374703a390000"
        "0900010009000000"
        "000000002c000000"
        "0600000040000000"
        "000000000403020108070605"
        "1e0000001e000000"
        "000c000c7370646d5f6d6374700000000023000400000001"
        "0000000006ab"
        "0000"
        "40000000");
}

TEST_CASE("a target that has no name, or bytes that are no text, is no harm to pcapng") {
  Evidence evidence = sample(Binding::none);
  CHECK(hex(write_pcapng(evidence)).starts_with("0a0d0d0a20000000"));
  evidence.host.target = "a\nb";
  const Bytes bytes = write_pcapng(evidence);
  CHECK(std::find(bytes.begin(), bytes.end(), '\n') == bytes.begin());  // of the magic alone
  CHECK(std::count(bytes.begin(), bytes.end(), '\n') == 2);
}

TEST_CASE("endpoints are ports of MCTP, where the device's is known") {
  Evidence evidence = sample(Binding::mctp);
  evidence.host.mctp = MctpView{.network = 3, .eid = 0x1D, .interface = "mctpi2c1"};
  const auto ports = [](std::string_view from, std::string_view to) {
    return cat("0018000400000012", "00190004000000", from, "001a0004000000", to);
  };
  std::vector<std::string> seen = packets(write_pcap(evidence));
  CHECK(seen[0] == named("spdm_mctp", cat(ports("08", "1d"), kSent), "0510840000"));
  CHECK(seen[1] == named("spdm_mctp", cat(ports("1d", "08"), kReceived), "06ab"));
  evidence.host.mctp->eid = 8;
  seen = packets(write_pcap(evidence));
  CHECK(seen[0] == named("spdm_mctp", cat(ports("09", "08"), kSent), "0510840000"));
}

TEST_CASE("the plain text of a session was not on the link: it is not written as if it had been") {
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::none}) {
    Evidence evidence = sample(binding);
    const Bytes pcap = write_pcap(evidence), pcapng = write_pcapng(evidence);
    evidence.log.insert(evidence.log.begin() + 1, {{.from_requester = true, .bytes = h("12E00000"), .inside = 0xFFFE0001},
                                                   {.from_requester = false, .bytes = Bytes(0x80000), .inside = 0xFFFE0001}});
    CHECK(write_pcap(evidence) == pcap);
    CHECK(write_pcapng(evidence) == pcapng);
  }
}

TEST_CASE("a message that is larger than the usual snap length raises it") {
  Evidence evidence = sample(Binding::none);
  evidence.log[0].bytes.resize(0x80000);
  CHECK(hex(View(write_pcap(evidence)).subspan(16, 4)) == "14000800");
}

TEST_CASE("a message that the binding could not carry is not written as one that it could") {
  Evidence evidence = sample(Binding::tcp);
  evidence.log[0].bytes.resize(0xFFFD);
  CHECK(packets(write_pcap(evidence)).size() == 2);
  evidence.log[0].bytes.resize(0xFFFE);
  expect_error(ErrorId::bad_input, "the binding tcp carries 65533", [&] { write_pcap(evidence); });
  evidence.binding = Binding::doe;
  evidence.log[0].bytes.resize((1U << 20) - 8);
  CHECK(packets(write_pcap(evidence))[0].substr(48, 16) == "0100010000000000");  // 2^18 dwords
  evidence.log[0].bytes.resize((1U << 20) - 7);
  expect_error(ErrorId::bad_input, "the binding doe carries 1048568", [&] { write_pcapng(evidence); });
}
