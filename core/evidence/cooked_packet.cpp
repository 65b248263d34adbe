#include "core/evidence/cooked_packet.h"

namespace spdm {

namespace {

constexpr std::size_t kHeader = 16, kHeader2 = 20;
constexpr std::uint16_t kOutgoing = 4;  // PACKET_OUTGOING of Linux

// Numbers are in network order, whoever wrote the capture.
std::uint16_t u16(View bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

}  // namespace

// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html: packet type, kind of the interface, length and 8 bytes of an address,
// protocol.
std::optional<CookedPacket> parse_cooked(View packet) {
  if (packet.size() < kHeader) return std::nullopt;
  return CookedPacket{.protocol = u16(packet, 14),
                      .is_outgoing = u16(packet, 0) == kOutgoing,
                      .interface = std::nullopt,
                      .payload = packet.subspan(kHeader)};
}

// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html: protocol, reserved, number and kind of the interface, packet type, length and
// 8 bytes of an address.
std::optional<CookedPacket> parse_cooked2(View packet) {
  if (packet.size() < kHeader2) return std::nullopt;
  const std::uint32_t interface = std::uint32_t{u16(packet, 4)} << 16 | u16(packet, 6);
  return CookedPacket{
      .protocol = u16(packet, 0), .is_outgoing = packet[10] == kOutgoing, .interface = interface, .payload = packet.subspan(kHeader2)};
}

}  // namespace spdm
