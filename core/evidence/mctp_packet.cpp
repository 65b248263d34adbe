#include "core/evidence/mctp_packet.h"

#include "core/error.h"
#include "core/text.h"

namespace spdm {

void PacketPlace::fail(std::string_view why, std::string hint) const {
  throw Error(ErrorId::bad_input, cat(file, ": packet ", number, " at offset ", offset, ": ", why), std::move(hint));
}

std::optional<MctpPacket> parse_mctp(View bytes, const PacketPlace& place) {
  if (bytes.size() < kMctpHeader) return std::nullopt;
  // DSP0236 table of header fields: SOM, EOM, two bits of sequence, TO, three bits of tag.
  const std::uint8_t flags = bytes[3];
  MctpPacket out;
  out.place = place;
  out.version = bytes[0];
  out.destination = bytes[1];
  out.source = bytes[2];
  out.begins = (flags & 0x80) != 0;
  out.ends = (flags & 0x40) != 0;
  out.sequence = flags >> 4 & 3;
  out.owns_tag = (flags & 0x08) != 0;
  out.tag = flags & 7;
  out.payload = bytes.subspan(kMctpHeader);
  return out;
}

MctpPair pair_of(const MctpPacket& packet) {
  MctpPair out{packet.destination, packet.source, packet.interface};
  if (packet.owns_tag) std::swap(out.requester, out.responder);
  return out;
}

}  // namespace spdm
