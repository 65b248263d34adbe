// Small pieces of DER, right or wrong as a test needs them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/text.h"

namespace der {

using spdm::Bytes;

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) spdm::append(out, part);
  return out;
}

// One element around the parts.
inline Bytes element(std::uint8_t tag, std::initializer_list<Bytes> parts) {
  const Bytes content = joined(parts);
  Bytes out{tag};
  if (content.size() >= 0x100)
    spdm::append(out, Bytes{0x82, static_cast<std::uint8_t>(content.size() >> 8), static_cast<std::uint8_t>(content.size())});
  else if (content.size() >= 0x80)
    spdm::append(out, Bytes{0x81, static_cast<std::uint8_t>(content.size())});
  else
    out.push_back(static_cast<std::uint8_t>(content.size()));
  spdm::append(out, content);
  return out;
}

inline Bytes sequence(std::initializer_list<Bytes> parts) { return element(0x30, parts); }
inline Bytes text(std::uint8_t tag, std::string_view value) { return element(tag, {spdm::to_bytes(spdm::as_bytes(value))}); }

inline const Bytes kSha256 = spdm::unhex("0609608648016503040201", "OID"), kSha384 = spdm::unhex("0609608648016503040202", "OID");

// FWID of the TCG's DICE.
inline Bytes fwid(const Bytes& oid, std::size_t size, std::uint8_t fill) { return sequence({oid, element(0x04, {Bytes(size, fill)})}); }

// As a value of pki::Profile::extensions.
inline std::string extension(const Bytes& value, bool critical = true) {
  return spdm::cat(critical ? "critical," : "", "DER:", spdm::hex(value));
}

}  // namespace der
