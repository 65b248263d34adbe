// Opaque data (DSP0274 "General opaque data format", OpaqueDataFmt1) and the limits that hold in every format.
#pragma once

#include "core/wire/negotiate.h"

namespace spdm {

inline constexpr std::size_t kMaxOpaque = 1024;

struct OpaqueElement {
  std::uint8_t registry = 0;  // 0 DMTF, 1 TCG, 2 USB, 3 PCI-SIG, ... 0x0B DMTF-DSP
  Bytes vendor, data;
};

std::string_view registry_name(std::uint8_t registry);

// Reads OpaqueDataLength and OpaqueData. Throws Error{peer} when it is longer than kMaxOpaque, present although no
// format was negotiated (1.2+), or malformed in Fmt1.
Bytes read_opaque(Reader& reader, const Parameters& parameters);
// The same where OpaqueDataLength, which was read, and OpaqueData do not follow each other.
Bytes read_opaque(Reader& reader, std::size_t length, const Parameters& parameters);
void write_opaque(Writer& writer, View opaque);

// Elements of OpaqueDataFmt1; throws Error{peer} when they do not fill `opaque` exactly.
std::vector<OpaqueElement> read_elements(View opaque, std::string_view message);
// So many elements (TotalElements), which fill what remains of the opaque data.
std::vector<OpaqueElement> read_elements(Reader& reader, std::uint8_t total);

// Whether a registry allows vendor ids of this length in bytes (0 is tolerated where the registry has ids).
bool vendor_length_fits(std::uint16_t registry, std::size_t length);

}  // namespace spdm
