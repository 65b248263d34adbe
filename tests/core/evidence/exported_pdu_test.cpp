#include "core/evidence/exported_pdu.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/evidence/capture_writer.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "expect_error.h"
#include "network_capture.h"

using namespace spdm;
using namespace capture;

namespace {

Bytes field(unsigned tag, const Bytes& value) {
  Bytes padded = value;
  padded.resize((value.size() + 3) / 4 * 4);
  return joined({big(tag, 2), big(value.size(), 2), padded});
}

Bytes pdu(std::string_view dissector, const Bytes& payload, std::optional<unsigned> direction = std::nullopt) {
  return joined({field(12, text(dissector)), direction ? field(35, big(*direction, 4)) : Bytes{}, field(0, {}), payload});
}

std::vector<EvidencePart> read(const std::vector<Bytes>& packets) {
  File file(kLinkExportedPdu);
  for (const Bytes& packet : packets) file.frame(packet);
  return read_pcap(file.bytes, "x");
}

void refused(const Bytes& packet, const std::string& why) {
  expect_error(ErrorId::bad_input, cat("x: packet 1 at offset 24: ", why), [&] { read({packet}); });
}

}  // namespace

TEST_CASE("exported PDUs of each dissector, and the direction that they tell") {
  const Bytes secured{1, 2, 3, 4};
  struct Case {
    std::string_view dissector;
    Binding binding;
    Bytes plain, secured;
  };
  const Case cases[] = {{"spdm_doe", Binding::doe, doe(kGetVersion), doe(secured, 2)},
                        {"spdm_mctp", Binding::mctp, joined({{5}, kGetVersion}), joined({{6}, secured})},
                        {"spdm_tcp", Binding::tcp, over_tcp(kGetVersion), over_tcp(secured, 6)},
                        {"spdm", Binding::none, kGetVersion, {}}};
  for (const Case& c : cases) {
    CAPTURE(c.dissector);
    // The code says who asks; the direction, where it is there, knows better.
    std::vector<Bytes> packets{pdu(c.dissector, c.plain), pdu(c.dissector, c.plain, 1)};
    if (!c.secured.empty()) packets.insert(packets.end(), {pdu(c.dissector, c.secured, 1), pdu(c.dissector, c.secured, 0)});
    const std::vector<EvidencePart> parts = read(packets);
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].label == cat("[", c.dissector, "]"));
    CHECK(parts[0].evidence.binding == c.binding);
    const MessageLog& log = parts[0].evidence.log;
    REQUIRE(log.size() == packets.size());
    CHECK(log[0].bytes == kGetVersion);
    CHECK(log[0].from_requester);
    CHECK(!log[1].from_requester);
    if (c.secured.empty()) continue;
    CHECK(log[2].secured);
    CHECK(log[2].bytes == secured);
    CHECK(!log[2].from_requester);
    CHECK(log[3].from_requester);
  }
}

TEST_CASE("what is written is read again, with the endpoint and the times") {
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp, Binding::none}) {
    Evidence before;
    before.binding = binding;
    before.log = {
        {true, false, kGetVersion}, {false, false, {0x10, 4, 0, 0}}, {true, true, {1, 2, 3, 4}}, {true, false, {0x12, 0x61, 0, 0}}};
    before.log[1].time = std::chrono::nanoseconds(1'788'912'000'000'000'001);
    if (binding == Binding::mctp) before.host.mctp = MctpView{.network = std::nullopt, .eid = 9, .interface = ""};
    for (const Bytes& capture : {write_pcap(before), write_pcapng(before)}) {
      const std::vector<EvidencePart> parts = read_pcap(capture, "x");
      REQUIRE(parts.size() == 1);
      CHECK(parts[0].label ==
            (binding == Binding::mctp ? "[mctp 9]" : cat("[spdm", binding == Binding::none ? "" : cat("_", name(binding)), "]")));
      const Evidence& after = parts[0].evidence;
      CHECK(after.binding == binding);
      CHECK(after.host.mctp == before.host.mctp);
      REQUIRE(after.log.size() == before.log.size());
      for (std::size_t i = 0; i < after.log.size(); ++i) {
        CHECK(after.log[i].bytes == before.log[i].bytes);
        CHECK(after.log[i].secured == before.log[i].secured);
        CHECK(after.log[i].from_requester == before.log[i].from_requester);
        CHECK(after.log[i].time == before.log[i].time);
      }
      CHECK(write_pcap(after) == write_pcap(before));
    }
  }
}

TEST_CASE("fields that nobody knows are skipped, and PDUs for other dissectors left out") {
  const Bytes more = joined({field(17, text("a comment")), field(12, text(std::string_view("spdm\0", 5))), field(0, {}), kGetVersion});
  CHECK(read({pdu("http", text("GET /")), more, field(0, {}), pdu("SPDM", kGetVersion)}).at(0).evidence.log.size() == 1);
  expect_error(ErrorId::bad_input, "holds no SPDM message", [] { read({pdu("http", text("GET /"))}); });
  CHECK(read({pdu("spdm_doe", doe(kGetVersion)), pdu("spdm_mctp", joined({{5}, kGetVersion}))}).size() == 2);
  // A direction that is not known, of ours and of others: then the code says who asks.
  for (const unsigned direction : {2U, 0xFFFFFFFFU})
    CHECK(read({pdu("btl2cap", {1}, direction), pdu("spdm", kGetVersion, direction)}).at(0).evidence.log.at(0).from_requester);
}

TEST_CASE("N316 exported PDUs that are cut or wrong") {
  const Bytes whole = pdu("spdm", {}, 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string why = size % 8 < 4 ? "the fields of its exported PDU have no end" : "field ";
    refused(to_bytes(View(whole).first(size)), why);
  }
  refused(whole, "no message follows its header");
  refused(joined({field(12, text("spdm_doe")), field(0, {}), {1, 0}}), "its 2 bytes are less than a DOE header");
}
