// Packets as Linux cooks them: what libpcap writes of an interface whose headers it does not know, and of all interfaces together.
#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"

namespace spdm {

inline constexpr std::uint16_t kProtocolMctp = 0x00FA;  // ETH_P_MCTP of Linux

struct CookedPacket {
  std::uint16_t protocol = 0;
  bool is_outgoing = false;
  std::optional<std::uint32_t> interface;  // its number; version 1 has none
  View payload;
};

// Link types LINUX_SLL (113) and LINUX_SLL2 (276). Nothing where the bytes are fewer than those of the header.
std::optional<CookedPacket> parse_cooked(View packet);
std::optional<CookedPacket> parse_cooked2(View packet);

}  // namespace spdm
