#include "transport/pci/address.h"

#include <charconv>

#include "core/text.h"

namespace spdm::transport {

namespace {

// Takes hex digits off the front, at least one and at most `digits`.
std::optional<std::uint32_t> take_hex(std::string_view& text, std::size_t digits) {
  std::uint32_t value = 0;
  const std::string_view head = text.substr(0, digits);
  const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), value, 16);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - head.data()));
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_string(const Bdf& bdf) {
  const int digits = bdf.domain > 0xFFFF ? 8 : 4;
  std::string domain = hex(bdf.domain, digits);
  // The kernel prints the domain with "%04x": no more digits than it needs.
  while (domain.size() > 4 && domain.front() == '0') domain.erase(0, 1);
  return cat(domain, ":", hex(bdf.bus, 2), ":", hex(bdf.device, 2), ".", bdf.function);
}

std::optional<Bdf> parse_bdf(std::string_view text) {
  const bool has_domain = text.find(':') != text.rfind(':');
  Bdf out;
  if (has_domain) {
    const std::optional<std::uint32_t> domain = take_hex(text, 8);
    if (!domain || !take(text, ':')) return std::nullopt;
    out.domain = *domain;
  }
  const std::optional<std::uint32_t> bus = take_hex(text, 2);
  if (!bus || !take(text, ':')) return std::nullopt;
  const std::optional<std::uint32_t> device = take_hex(text, 2);
  if (!device || *device > 31 || !take(text, '.')) return std::nullopt;
  const std::optional<std::uint32_t> function = take_hex(text, 1);
  if (!function || *function > 7 || !text.empty()) return std::nullopt;
  out.bus = static_cast<std::uint8_t>(*bus);
  out.device = static_cast<std::uint8_t>(*device);
  out.function = static_cast<std::uint8_t>(*function);
  return out;
}

}  // namespace spdm::transport
