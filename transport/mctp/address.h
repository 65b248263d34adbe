// Endpoints of MCTP networks, and how they are written: "mctp:9", "mctp:1:9".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spdm::transport {

// DSP0236: 0 is the null endpoint, 1 to 7 are reserved, 255 is the broadcast.
inline constexpr std::uint8_t kFirstEid = 8, kLastEid = 254;

struct MctpAddress {
  std::uint32_t network = 0;  // Linux's number of it; 0: not named
  std::uint8_t eid = 0;

  bool operator==(const MctpAddress&) const = default;
  auto operator<=>(const MctpAddress&) const = default;  // NOLINT(modernize-use-nullptr): the 0 is the compiler's
};

// "EID" or "NETWORK:EID", in decimal. Nothing for another form, a network of 0, and an EID that no endpoint has.
std::optional<MctpAddress> parse_mctp_address(std::string_view text);

// "1:9", and "9" where the network is not named.
std::string to_string(const MctpAddress& address);

}  // namespace spdm::transport
