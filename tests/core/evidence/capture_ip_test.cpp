#include "core/evidence/capture_ip.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "expect_error.h"
#include "network_capture.h"

using namespace spdm;
using capture::Segment;

namespace {

const Bytes kHello = capture::text("hello");
const Segment kSegment{.from = 41'234, .to = 2323, .sequence = 0x01020304, .payload = kHello, .flags = capture::kSyn, .host = 1, .peer = 2};

std::optional<TcpSegment> segment_of(std::uint32_t link, const Bytes& bytes) {
  CaptureFrame frame;
  frame.link_type = link;
  frame.bytes = bytes;
  const std::optional<View> packet = ip_packet(frame);
  return packet ? parse_tcp(*packet, {}) : std::nullopt;
}

void is_hello(std::uint32_t link, const Bytes& bytes, std::string_view source) {
  CAPTURE(link);
  const std::optional<TcpSegment> segment = segment_of(link, bytes);
  REQUIRE(segment);
  CHECK(to_string(segment->source) == source);
  CHECK(segment->destination.port == 2323);
  CHECK(segment->sequence == 0x01020304);
  CHECK(segment->begins);
  CHECK(!segment->answers);
  CHECK(!segment->is_fragment);
  CHECK(segment->missing == 0);
  CHECK(to_bytes(segment->payload) == kHello);
}

constexpr std::string_view kFour = "127.0.0.1:41234", kSix = "[::1]:41234";

}  // namespace

TEST_CASE("TCP in frames of each link type, in both versions of IP") {
  const Bytes four = capture::ipv4(kSegment), six = capture::ipv6(kSegment);
  for (const std::uint32_t link : {kLinkRaw, kLinkIpv4, kLinkIpv6}) {
    is_hello(link, four, kFour);
    is_hello(link, six, kSix);
  }
  is_hello(kLinkEthernet, capture::ethernet(four), kFour);
  is_hello(kLinkEthernet, capture::ethernet(six, 0x86DD), kSix);
  is_hello(kLinkEthernet, capture::ethernet(capture::joined({{0, 5, 0x08, 0}, four}), 0x8100), kFour);
  is_hello(kLinkEthernet, capture::ethernet(capture::joined({{0, 5, 0x81, 0, 0, 6, 0x86, 0xDD}, six}), 0x88A8), kSix);
  is_hello(kLinkNull, capture::joined({{2, 0, 0, 0}, four}), kFour);
  is_hello(kLinkNull, capture::joined({{0, 0, 0, 30}, six}), kSix);
  is_hello(kLinkLoop, capture::joined({{0, 0, 0, 2}, four}), kFour);
  is_hello(kLinkCooked, capture::joined({Bytes(14), {8, 0}, four}), kFour);
  is_hello(kLinkCooked2, capture::joined({{0x86, 0xDD}, Bytes(18), six}), kSix);
}

TEST_CASE("what follows the packet is padding of the frame; without a length the packet is the rest of it") {
  Bytes four = capture::ipv4(kSegment);
  is_hello(kLinkEthernet, capture::ethernet(capture::joined({four, Bytes(6)})), kFour);
  four[2] = four[3] = 0;
  is_hello(kLinkRaw, four, kFour);
  Bytes six = capture::ipv6(kSegment);
  six[4] = six[5] = 0;
  is_hello(kLinkRaw, six, kSix);
}

TEST_CASE("options of IPv4 and extension headers of IPv6 are skipped") {
  Bytes four = capture::ipv4(kSegment);
  four[0] = 0x46;
  four[3] = static_cast<std::uint8_t>(four[3] + 4);
  four.insert(four.begin() + 20, 4, 1);
  is_hello(kLinkRaw, four, kFour);
  const Bytes hop{43, 0, 0, 0, 0, 0, 0, 0}, routing{60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, last{6, 0, 0, 0, 0, 0, 0, 0};
  is_hello(kLinkRaw, capture::ipv6(kSegment, 0, capture::joined({hop, routing, last})), kSix);
  Bytes many;
  for (int i = 0; i < 9; ++i) append(many, Bytes{60, 0, 0, 0, 0, 0, 0, 0});
  CHECK(!segment_of(kLinkRaw, capture::ipv6(kSegment, 60, capture::joined({many, last}))));
  CHECK(!segment_of(kLinkRaw, capture::ipv6(kSegment, 60, {6, 200, 0, 0, 0, 0, 0, 0})));
}

TEST_CASE("fragments: the first one is known as such, the others have no ports") {
  CHECK(segment_of(kLinkRaw, capture::ipv4(kSegment, 0x2000))->is_fragment);
  CHECK(!segment_of(kLinkRaw, capture::ipv4(kSegment, 0x2010)));
  CHECK(!segment_of(kLinkRaw, capture::ipv4(kSegment, 0x0010)));
  CHECK(!segment_of(kLinkRaw, capture::ipv4(kSegment, 0x4000))->is_fragment);  // may not be fragmented
  CHECK(segment_of(kLinkRaw, capture::ipv6(kSegment, 44, {6, 0, 0, 1, 0, 0, 0, 0}))->is_fragment);
  CHECK(!segment_of(kLinkRaw, capture::ipv6(kSegment, 44, {6, 0, 0, 9, 0, 0, 0, 0})));
  is_hello(kLinkRaw, capture::ipv6(kSegment, 44, {6, 0, 0, 0, 0, 0, 0, 0}), kSix);
}

TEST_CASE("a segment without bytes lacks none where its options were cut off") {
  Segment empty = kSegment;
  empty.payload = {};
  Bytes packet = capture::ipv4(empty);
  packet[3] = 40 + 12;
  packet[20 + 12] = 0x80;
  const std::optional<TcpSegment> segment = segment_of(kLinkRaw, packet);
  REQUIRE(segment);
  CHECK(segment->missing == 0);
  CHECK(segment->payload.empty());
}

TEST_CASE("other traffic, and headers that are not whole, are no segments; a payload that was cut is known") {
  const Bytes four = capture::ipv4(kSegment), six = capture::ipv6(kSegment);
  Bytes udp = four, strange = four;
  udp[9] = 17;
  strange[0] = 0x55;
  CHECK(!segment_of(kLinkRaw, udp));
  CHECK(!segment_of(kLinkRaw, strange));
  CHECK(!segment_of(kLinkRaw, capture::ipv6(kSegment, 17)));
  CHECK(!segment_of(kLinkEthernet, capture::ethernet(four, 0x0806)));
  CHECK(!segment_of(kLinkMctp, four));
  Bytes tags;
  for (int i = 0; i < 5; ++i) append(tags, Bytes{0, 5, 0x81, 0});
  CHECK(!segment_of(kLinkEthernet, capture::ethernet(tags, 0x8100)));
  Bytes offset = four;
  offset[20 + 12] = 0x40;
  CHECK(!segment_of(kLinkRaw, offset));
  offset[20 + 12] = 0xF0;
  CHECK(!segment_of(kLinkRaw, offset));
  for (const auto& [packet, source] : {std::pair(four, kFour), std::pair(six, kSix)})
    for (std::size_t size = 0; size < packet.size(); ++size) {
      const Bytes cut = to_bytes(View(packet).first(size));
      const std::size_t lacks = packet.size() - size, ip = packet.size() - kHello.size() - 20;
      if (size >= ip && size < ip + 4) {
        expect_error(ErrorId::bad_input, "is a packet of TCP that was cut before its ports", [&] { segment_of(kLinkRaw, cut); });
        continue;
      }
      const std::optional<TcpSegment> segment = segment_of(kLinkRaw, cut);
      CHECK(segment.has_value() == (size >= ip));
      if (segment) CHECK(segment->missing == std::min(lacks, kHello.size()));
      if (segment) CHECK(to_string(segment->source) == source);
    }
  for (const std::uint32_t link : {kLinkEthernet, kLinkNull, kLinkLoop, kLinkCooked, kLinkCooked2, kLinkRaw})
    for (std::size_t size = 0; size < 20; ++size) CHECK(!segment_of(link, Bytes(size, 0x81)));
}
