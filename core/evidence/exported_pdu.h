// Exported PDUs of Wireshark (link type 252): fields that say for which dissector the payload is, and the payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "core/evidence/mctp_packet.h"

namespace spdm {

// Each field is a tag and a length, both big-endian, and a value that is padded to four bytes (wsutil/exported_pdu_tlvs.h of Wireshark).
inline constexpr std::uint16_t kPduEnd = 0, kPduDissector = 12, kPduDirection = 35;
inline constexpr std::uint16_t kPduPortType = 24, kPduSource = 25, kPduDestination = 26;
inline constexpr std::uint32_t kPduPortsOfMctp = 18;            // a type of ports
inline constexpr std::uint32_t kPduSent = 0, kPduReceived = 1;  // values of the direction: by the requester

struct ExportedPdu {
  std::string_view dissector;          // empty where it names none
  std::optional<bool> from_requester;  // nothing where it does not tell
  // The endpoint of the device: the port of MCTP that is not the requester's. Nothing where the PDU does not tell both.
  std::optional<std::uint8_t> endpoint;
  View payload;
};

// Throws Error{bad_input} naming the packet where its fields are cut off or have no end.
ExportedPdu parse_exported_pdu(View packet, const PacketPlace& place);

}  // namespace spdm
