#include "core/evidence/pcap.h"

#include <algorithm>

#include "core/evidence/capture_frames.h"
#include "core/evidence/mctp_packet.h"
#include "core/wire/mctp.h"

namespace spdm {

namespace {

constexpr std::uint32_t kMicroseconds = 0xA1B2C3D4;  // the magic number
constexpr std::size_t kSnapLength = 0x40000;         // the usual limit of Wireshark, raised for a larger packet
constexpr std::size_t kDoeHeader = 8;

// The endpoints that a message is written with. The collector does not know its own: 8 is the first that is not reserved (DSP0236), and
// mostly a bus owner's. Where nobody knows the device's either, both are null.
struct Endpoints {
  std::uint8_t requester = 0, responder = 0;
};

Endpoints endpoints_of(const Evidence& evidence) {
  if (!evidence.host.mctp) return {};
  constexpr std::uint8_t kFirst = 8;
  const std::uint8_t responder = evidence.host.mctp->eid;
  return {static_cast<std::uint8_t>(responder == kFirst ? kFirst + 1 : kFirst), responder};
}

}  // namespace

Bytes write_pcap(const Evidence& evidence) {
  const bool doe = evidence.binding == Binding::doe;
  std::size_t snap_length = kSnapLength;
  for (const Message& message : evidence.log) snap_length = std::max(snap_length, message.bytes.size() + kDoeHeader + 3);

  const Endpoints endpoints = endpoints_of(evidence);
  Writer out;
  out.u32(kMicroseconds).u16(2).u16(4).u32(0).u32(0).u32(snap_length).u32(doe ? kLinkDoe : kLinkMctp);
  for (const Message& message : evidence.log) {
    if (message.inside != 0) continue;
    const std::size_t padding = doe ? (4 - message.bytes.size() % 4) % 4 : 0;
    const std::size_t size = (doe ? kDoeHeader : kMctpHeader + 1) + message.bytes.size() + padding;
    out.u32(0).u32(0).u32(size).u32(size);
    if (doe) {
      out.u16(1).u8(message.secured ? 2 : 1).u8(0).u32(size / 4 & 0x3FFFF);
    } else {
      // Version 1 (Wireshark looks), one packet a message; a request owns its tag (DSP0236).
      out.u8(kMctpVersion);
      if (message.from_requester)
        out.u8(endpoints.responder).u8(endpoints.requester).u8(0xC8);
      else
        out.u8(endpoints.requester).u8(endpoints.responder).u8(0xC0);
      out.u8(message.secured ? kMctpSecuredSpdm : kMctpSpdm);
    }
    out.bytes(message.bytes).zeros(padding);
  }
  return out.take();
}

}  // namespace spdm
