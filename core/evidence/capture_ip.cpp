#include "core/evidence/capture_ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/evidence/cooked_packet.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800, kEtherIpv6 = 0x86DD;
constexpr std::array<std::uint16_t, 3> kEtherVlan{0x8100, 0x88A8, 0x9100};
constexpr std::size_t kMaxTags = 4, kMaxExtensions = 8;
constexpr std::size_t kEthernetHeader = 14, kLoopbackHeader = 4, kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;  // extension headers of IPv6

std::uint16_t u16(View bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }
std::uint32_t u32(View bytes, std::size_t at) { return std::uint32_t{u16(bytes, at)} << 16 | u16(bytes, at + 2); }

// IEEE 802.1Q: a tag of four bytes, the type of what follows last.
std::optional<View> behind_tags(std::uint16_t type, View bytes) {
  for (std::size_t tags = 0; std::find(kEtherVlan.begin(), kEtherVlan.end(), type) != kEtherVlan.end(); ++tags) {
    if (tags == kMaxTags || bytes.size() < 4) return std::nullopt;
    type = u16(bytes, 2);
    bytes = bytes.subspan(4);
  }
  return type == kEtherIpv4 || type == kEtherIpv6 ? std::optional(bytes) : std::nullopt;
}

std::optional<View> of_cooked(const std::optional<CookedPacket>& packet) {
  return packet ? behind_tags(packet->protocol, packet->payload) : std::nullopt;
}

// What IP says of the packet of TCP in it.
struct Ip {
  IpEndpoint source, destination;
  bool is_fragment = false;
  std::size_t missing = 0;
  View payload;
};

// `said`: bytes behind the header. Zero: a large packet that the network card cuts later.
void set_payload(Ip& out, View rest, std::size_t said) {
  if (said == 0) said = rest.size();
  out.missing = said - std::min(said, rest.size());
  out.payload = rest.first(std::min(said, rest.size()));
}

std::optional<Ip> parse_ipv4(View packet) {
  if (packet.size() < kIpv4Header) return std::nullopt;
  const std::size_t header = std::size_t{4} * (packet[0] & 15), total = u16(packet, 2);
  if (header < kIpv4Header || header > packet.size() || packet[9] != kProtocolTcp || (total != 0 && total < header)) return std::nullopt;
  const std::uint16_t fragment = u16(packet, 6);
  if ((fragment & 0x1FFF) != 0) return std::nullopt;
  Ip out;
  out.is_fragment = (fragment & 0x2000) != 0;
  std::copy_n(packet.begin() + 12, 4, out.source.address.begin());
  std::copy_n(packet.begin() + 16, 4, out.destination.address.begin());
  set_payload(out, packet.subspan(header), total == 0 ? 0 : total - header);
  return out;
}

std::optional<Ip> parse_ipv6(View packet) {
  if (packet.size() < kIpv6Header) return std::nullopt;
  Ip out;
  out.source.is_v6 = out.destination.is_v6 = true;
  std::copy_n(packet.begin() + 8, 16, out.source.address.begin());
  std::copy_n(packet.begin() + 24, 16, out.destination.address.begin());
  set_payload(out, packet.subspan(kIpv6Header), u16(packet, 4));
  std::uint8_t next = packet[6];
  for (std::size_t i = 0; next != kProtocolTcp; ++i) {
    const bool known = next == kHopByHop || next == kRouting || next == kDestination || next == kFragment;
    if (!known || i == kMaxExtensions || out.payload.size() < 8) return std::nullopt;
    if (next == kFragment) {
      if ((u16(out.payload, 2) & 0xFFF8) != 0) return std::nullopt;
      out.is_fragment = (out.payload[3] & 1) != 0;  // an atomic fragment (RFC 6946) is whole
    }
    const std::size_t size = next == kFragment ? 8 : std::size_t{8} * (1 + std::size_t{out.payload[1]});
    if (size > out.payload.size()) return std::nullopt;
    next = out.payload[0];
    out.payload = out.payload.subspan(size);
  }
  return out;
}

TcpSegment with_ends(const Ip& ip, const PacketPlace& place) {
  TcpSegment out;
  out.place = place;
  out.source = ip.source;
  out.destination = ip.destination;
  out.source.port = u16(ip.payload, 0);
  out.destination.port = u16(ip.payload, 2);
  return out;
}

// Of one whose header was cut when it was captured: what is there is looked at, the rest may have been bytes of the stream.
std::optional<TcpSegment> cut_segment(const Ip& ip, const PacketPlace& place) {
  const View bytes = ip.payload;
  if (bytes.size() < 4)
    place.fail("is a packet of TCP that was cut before its ports when it was captured", "capture whole packets: tcpdump -s 0");
  TcpSegment out = with_ends(ip, place);
  const std::size_t header = bytes.size() > 12 ? std::size_t{4} * (bytes[12] >> 4) : kTcpHeader;
  const std::size_t said = bytes.size() + ip.missing;
  out.missing = said - std::min(said, std::max(header, bytes.size()));
  if (bytes.size() >= 8) out.sequence = u32(bytes, 4);
  return out;
}

}  // namespace

std::string to_string(const IpEndpoint& endpoint) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(endpoint.is_v6 ? AF_INET6 : AF_INET, endpoint.address.data(), text.data(), text.size());
  return endpoint.is_v6 ? cat("[", text.data(), "]:", endpoint.port) : cat(text.data(), ":", endpoint.port);
}

std::optional<View> ip_packet(const CaptureFrame& frame) {
  const View bytes = frame.bytes;
  switch (frame.link_type) {
    case kLinkEthernet:
      if (bytes.size() < kEthernetHeader) return std::nullopt;
      return behind_tags(u16(bytes, 12), bytes.subspan(kEthernetHeader));
    case kLinkCooked:
      return of_cooked(parse_cooked(bytes));
    case kLinkCooked2:
      return of_cooked(parse_cooked2(bytes));
    case kLinkNull:  // the address family in the byte order of some host; the packet says of itself which IP it is
    case kLinkLoop:
      return bytes.size() < kLoopbackHeader ? std::nullopt : std::optional(bytes.subspan(kLoopbackHeader));
    case kLinkRaw:
    case kLinkIpv4:
    case kLinkIpv6:
      return bytes;
    default:
      return std::nullopt;
  }
}

std::optional<TcpSegment> parse_tcp(View packet, const PacketPlace& place) {
  if (packet.empty()) return std::nullopt;
  const std::optional<Ip> ip = packet[0] >> 4 == 4 ? parse_ipv4(packet) : packet[0] >> 4 == 6 ? parse_ipv6(packet) : std::nullopt;
  if (!ip) return std::nullopt;
  const View bytes = ip->payload;
  if (bytes.size() < kTcpHeader) return ip->missing != 0 ? cut_segment(*ip, place) : std::nullopt;
  const std::size_t header = std::size_t{4} * (bytes[12] >> 4);
  if (header < kTcpHeader) return std::nullopt;
  if (header > bytes.size()) return ip->missing != 0 ? cut_segment(*ip, place) : std::nullopt;
  TcpSegment out = with_ends(*ip, place);
  out.sequence = u32(bytes, 4);
  out.acknowledged = u32(bytes, 8);
  out.ends = (bytes[13] & 0x01) != 0;
  out.begins = (bytes[13] & 0x02) != 0;
  out.resets = (bytes[13] & 0x04) != 0;
  out.answers = (bytes[13] & 0x10) != 0;
  out.is_fragment = ip->is_fragment;
  out.missing = ip->missing;
  // A reset may have words that say why (RFC 9293 3.5.3), which are no part of the stream.
  if (!out.resets) out.payload = bytes.subspan(header);
  return out;
}

}  // namespace spdm
