// GET_MEASUREMENTS / MEASUREMENTS (DSP0274, the section of that title) and the DMTF measurement block.
#pragma once

#include "core/wire/challenge.h"

namespace spdm {

inline constexpr std::uint8_t kAllMeasurements = 0xFF, kMeasurementCount = 0;
inline constexpr std::uint8_t kManifestIndex = 0xFD, kDeviceModeIndex = 0xFE;
inline constexpr std::string_view kMeasurementsContext = "responder-measurements signing";

struct GetMeasurements {
  bool signature = false;
  bool raw_bit_stream = false;                // 1.2+
  bool new_measurement = false;               // 1.3+
  std::uint8_t operation = kAllMeasurements;  // kMeasurementCount, an index, or kAllMeasurements
  std::uint8_t slot = 0;                      // 1.1+, only with a signature
  Block<32> nonce{};                          // only with a signature
  RequesterContext context{};                 // 1.3+, always

  Bytes encode(std::uint8_t version) const;
  static GetMeasurements decode(Reader& reader, std::uint8_t version);
};

// DMTFSpecMeasurementValueType bits 6:0.
enum class MeasurementType : std::uint8_t {
  immutable_rom = 0,
  mutable_firmware = 1,
  hardware_configuration = 2,
  firmware_configuration = 3,
  manifest = 4,
  device_mode = 5,
  firmware_version = 6,
  security_version = 7,
  hash_extend = 8,
  informational = 9,
  structured_manifest = 10,
};

struct MeasurementBlock {
  std::uint8_t index = 0;
  MeasurementType type{};  // may hold a value without a name
  bool raw = false;        // bit 7: raw bit stream; otherwise a digest of MeasurementHashAlgo
  Bytes value;
};

// What MEASUREMENTS says about changes since the last measurement (1.2+, signed only).
enum class ContentChanged : std::uint8_t { not_detected = 0, changed = 1, unchanged = 2 };
inline constexpr std::array kContentChanged{
    Word{ContentChanged::not_detected, "not-detected"},
    Word{ContentChanged::changed, "changed"},
    Word{ContentChanged::unchanged, "unchanged"},
};
static_assert(is_sound(kContentChanged));
inline std::string_view name(ContentChanged changed) { return row_of(kContentChanged, changed).name; }

struct MeasurementsResponse {
  std::uint8_t count = 0;  // operation 0: number of measurement indices
  std::uint8_t slot = 0;   // signed, 1.1+
  ContentChanged content_changed = ContentChanged::not_detected;
  Bytes record;                          // the blocks as on the wire
  std::vector<MeasurementBlock> blocks;  // the same, decoded
  Block<32> nonce{};
  Bytes opaque;
  RequesterContext context{};
  Bytes signature;  // empty when none was asked for

  // Writes `record`, not `blocks`.
  Bytes encode(std::uint8_t version, std::uint8_t block_count) const;
  static MeasurementsResponse decode(Reader& reader, const GetMeasurements& request, const Parameters& parameters);
};

Bytes encode_block(const MeasurementBlock& block);

}  // namespace spdm
