// Evidence as a capture of the link below SPDM: packets of MCTP (link type 291), or data objects of PCI DOE (292).
#pragma once

#include <algorithm>

#include "core/evidence/evidence.h"
#include "core/wire/mctp.h"

namespace capture {

// One packet a message. Requester 8, or 9 where the device is; both are null where the device's endpoint is not known.
inline spdm::Bytes write_pcap(const spdm::Evidence& evidence) {
  const bool doe = evidence.binding == spdm::Binding::doe;
  std::size_t snap_length = 0x40000;
  for (const spdm::Message& message : evidence.log) snap_length = std::max(snap_length, message.bytes.size() + 11);
  const std::uint8_t device = evidence.host.mctp ? evidence.host.mctp->eid : 0;
  const std::uint8_t host = !evidence.host.mctp ? 0 : device == 8 ? 9 : 8;
  spdm::Writer out;
  out.u32(0xA1B2C3D4).u16(2).u16(4).u32(0).u32(0).u32(snap_length).u32(doe ? 292 : 291);
  for (const spdm::Message& message : evidence.log) {
    if (message.inside != 0) continue;  // it was not on the link as it is
    const std::size_t padding = doe ? (4 - message.bytes.size() % 4) % 4 : 0;
    const std::size_t size = (doe ? 8 : 5) + message.bytes.size() + padding;
    out.u32(0).u32(0).u32(size).u32(size);
    if (doe)
      out.u16(1).u8(message.secured ? 2 : 1).u8(0).u32(size / 4 & 0x3FFFF);
    else if (message.from_requester)
      out.u8(1).u8(device).u8(host).u8(0xC8).u8(message.secured ? spdm::kMctpSecuredSpdm : spdm::kMctpSpdm);
    else
      out.u8(1).u8(host).u8(device).u8(0xC0).u8(message.secured ? spdm::kMctpSecuredSpdm : spdm::kMctpSpdm);
    out.bytes(message.bytes).zeros(padding);
  }
  return out.take();
}

}  // namespace capture
