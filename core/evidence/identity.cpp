#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/evidence/evidence.h"
#include "core/text.h"

namespace spdm {

namespace {

// Takes "NAME=" (or just ":" before the serial number) and exactly `digits` hex digits off the front.
template <class Number>
Number take(std::string_view& text, std::string_view prefix, std::size_t digits) {
  const std::string_view value = text.substr(std::min(prefix.size(), text.size()), digits);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number, 16);
  if (!text.starts_with(prefix) || value.size() != digits || error != std::errc() || end != value.data() + digits)
    throw Error(ErrorId::usage, cat("PCI identity: expected '", prefix, "' and ", digits, " hex digits at '", printable(text), "'"),
                "the form is Vendor=1b36:Device=0010:CC=010802:REV=02[:SSVID=1af4:SSID=1100][:0123456789abcdef]");
  text.remove_prefix(prefix.size() + digits);
  return static_cast<Number>(number);
}

}  // namespace

std::string to_string(const PciIdentity& identity) {
  std::string out = cat("Vendor=", hex(identity.vendor, 4), ":Device=", hex(identity.device, 4), ":CC=", hex(identity.class_code, 6),
                        ":REV=", hex(identity.revision, 2));
  if (identity.subsystem_vendor && identity.subsystem)
    out += cat(":SSVID=", hex(*identity.subsystem_vendor, 4), ":SSID=", hex(*identity.subsystem, 4));
  if (identity.serial != 0) out += cat(":", hex(identity.serial, 16));
  return out;
}

PciIdentity parse_pci_identity(std::string_view text) {
  PciIdentity out;
  out.vendor = take<std::uint16_t>(text, "Vendor=", 4);
  out.device = take<std::uint16_t>(text, ":Device=", 4);
  out.class_code = take<std::uint32_t>(text, ":CC=", 6);
  out.revision = take<std::uint8_t>(text, ":REV=", 2);
  if (text.starts_with(":S")) {
    out.subsystem_vendor = take<std::uint16_t>(text, ":SSVID=", 4);
    out.subsystem = take<std::uint16_t>(text, ":SSID=", 4);
  }
  if (!text.empty()) out.serial = take<std::uint64_t>(text, ":", 16);
  if (!text.empty()) throw Error(ErrorId::usage, cat("PCI identity: '", printable(text), "' is left over"));
  return out;
}

}  // namespace spdm
