// GET_MEASUREMENT_EXTENSION_LOG / MEASUREMENT_EXTENSION_LOG (DSP0274 1.3+) and the DMTF log inside.
#pragma once

#include "core/wire/negotiate.h"

namespace spdm {

inline constexpr std::uint32_t kMaxExtensionLog = 4U << 20;  // bytes; the longest log that is read from a device

struct GetMel {
  std::uint32_t offset = 0, length = 0;

  Bytes encode(std::uint8_t version) const;
  static GetMel decode(Reader& reader, std::uint8_t version);
};

struct MelResponse {
  std::uint32_t remainder = 0;
  Bytes portion;

  Bytes encode(std::uint8_t version) const;
  static MelResponse decode(Reader& reader, const GetMel& request, const Parameters& parameters);
};

struct MelEntry {
  std::uint32_t index = 0;
  std::uint8_t measurement_index = 0;
  std::uint8_t value_type = 0;  // as DMTFSpecMeasurementValueType
  Bytes value;
  Bytes raw;  // the whole entry, as it is hashed
};

// The DMTF log; throws Error{peer} (DSP0274 MEASUREMENT_EXTENSION_LOG, N303).
std::vector<MelEntry> read_mel(View log);

}  // namespace spdm
