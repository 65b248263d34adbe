#include "transport/mctp/address.h"

#include <charconv>

#include "core/text.h"

namespace spdm::transport {

namespace {

// A decimal number from `low` to `high`, and nothing else.
template <class Number>
std::optional<Number> number(std::string_view text, Number low, Number high) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < low || out > high) return std::nullopt;
  return out;
}

}  // namespace

std::optional<MctpAddress> parse_mctp_address(std::string_view text) {
  MctpAddress out;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::optional<std::uint32_t> network = number<std::uint32_t>(text.substr(0, colon), 1, 0xFFFFFFFF);
    if (!network) return std::nullopt;
    out.network = *network;
    text.remove_prefix(colon + 1);
  }
  const std::optional<std::uint8_t> eid = number<std::uint8_t>(text, kFirstEid, kLastEid);
  if (!eid) return std::nullopt;
  out.eid = *eid;
  return out;
}

std::string to_string(const MctpAddress& address) {
  return cat(address.network == 0 ? "" : cat(address.network, ":"), static_cast<unsigned>(address.eid));
}

}  // namespace spdm::transport
