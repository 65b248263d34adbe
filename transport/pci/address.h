// The address of a PCI function: domain, bus, device, function.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spdm::transport {

struct Bdf {
  std::uint32_t domain = 0;
  std::uint8_t bus = 0, device = 0, function = 0;  // device up to 31, function up to 7

  auto operator<=>(const Bdf&) const = default;  // NOLINT(modernize-use-nullptr): the 0 is the compiler's
};

// "0000:03:00.0", as in /sys: the domain has four digits or more.
std::string to_string(const Bdf& bdf);

// "0000:03:00.0", or "03:00.0" for domain 0; leading zeros may be missing, digits may be upper case. Nothing when it is
// no address.
std::optional<Bdf> parse_bdf(std::string_view text);

}  // namespace spdm::transport
