// What a device says of itself in the opaque data of MEASUREMENTS, where a vendor's own format is a plain row of type, length, value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/evidence/chain.h"

namespace spdm {

struct DeviceFact {
  std::uint16_t type = 0;
  std::string_view name;  // "driver-version"; empty where nobody has published what the type means
  Bytes value;            // as sent
  std::string text;       // for people: a version, a number, escaped text, or hex
  bool is_signed = false;
};

// The rows of opaque data: type and size in 16 bits each, little-endian, then the value; nothing when they do not fill it exactly.
std::optional<std::vector<DeviceFact>> read_rows(View opaque);

// Names the rows of a vendor whose formats are known, as the leaf of its chain says who that is.
void name_facts(std::vector<DeviceFact>& facts, const CertificateInfo& leaf);

// The row with the FWID of what has signed: the leaf's own must be the same.
inline constexpr std::string_view kFwidFact = "fwid";

}  // namespace spdm
