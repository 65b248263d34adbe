#include "core/evidence/exported_pdu.h"

#include "core/text.h"

namespace spdm {

namespace {

std::uint32_t number(View bytes) {
  std::uint32_t out = 0;
  for (const std::uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

// Nothing where it is not known, which Wireshark writes as 0xFFFFFFFF.
std::optional<bool> is_sent(View value) {
  if (value.size() != 4) return std::nullopt;
  const std::uint32_t direction = number(value);
  if (direction != kPduSent && direction != kPduReceived) return std::nullopt;
  return direction == kPduSent;
}

std::optional<std::uint8_t> as_endpoint(std::optional<std::uint32_t> port) {
  if (!port || *port > 0xFF) return std::nullopt;
  return static_cast<std::uint8_t>(*port);
}

}  // namespace

ExportedPdu parse_exported_pdu(View packet, const PacketPlace& place) {
  ExportedPdu out;
  std::uint32_t port_type = 0;
  std::optional<std::uint32_t> source, destination;
  for (std::size_t at = 0;;) {
    if (packet.size() - at < 4) place.fail("the fields of its exported PDU have no end");
    const std::uint32_t tag = number(packet.subspan(at, 2)), size = number(packet.subspan(at + 2, 2));
    at += 4;
    const std::size_t padded = (std::size_t{size} + 3) / 4 * 4;
    if (padded > packet.size() - at)
      place.fail(cat("field ", tag, " of its exported PDU says ", size, " bytes, and the packet has ", packet.size() - at, " more"));
    const View value = packet.subspan(at, size);
    at += padded;
    if (tag == kPduEnd) {
      out.payload = packet.subspan(at);
      if (port_type == kPduPortsOfMctp && out.from_requester) out.endpoint = as_endpoint(*out.from_requester ? destination : source);
      return out;
    }
    // A name may be padded with zeros, which its length counts.
    if (tag == kPduDissector) out.dissector = as_text(value).substr(0, as_text(value).find('\0'));
    if (tag == kPduPortType && size == 4) port_type = number(value);
    if (tag == kPduSource && size == 4) source = number(value);
    if (tag == kPduDestination && size == 4) destination = number(value);
    if (tag == kPduDirection) out.from_requester = is_sent(value);
  }
}

}  // namespace spdm
