// What a measurement block says: DMTF value types decoded for people, scripts and rules (DSP0274 table
// "DMTFSpecMeasurementValueType").
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/budget.h"
#include "core/finding.h"
#include "core/wire/measurements.h"
#include "core/wire/mel.h"
#include "core/word_table.h"

namespace spdm {

// "mutable-firmware"; "type-0x2a" for a type without a name.
std::string name(MeasurementType type);
// Redfish's word for it ("MutableFirmware"); empty where Redfish has none.
std::string_view redfish_name(MeasurementType type);

// Value type 5: operational and device modes as the names of their bits.
struct DeviceMode {
  std::uint32_t operational_capabilities = 0, operational_state = 0, device_capabilities = 0, device_state = 0;
};
std::vector<std::string> operational_names(std::uint32_t bits);
std::vector<std::string> device_mode_names(std::uint32_t bits);

// Of a token that the device has put into a measurement: whether the key of the leaf has signed it.
enum class TokenSignature { none, good, bad, not_checked };
inline constexpr std::array kTokenSignatures{
    Word{TokenSignature::none, "none"},  // it is no token
    Word{TokenSignature::good, "good"},
    Word{TokenSignature::bad, "bad"},
    Word{TokenSignature::not_checked, "not-checked"},
};
static_assert(is_sound(kTokenSignatures));
inline std::string_view name(TokenSignature signature) { return row_of(kTokenSignatures, signature).name; }

struct Measurement {
  MeasurementBlock block;
  bool is_signed = false;     // covered by a signature that verified
  std::uint32_t session = 0;  // that it was read in; 0: outside of any
  std::optional<DeviceMode> device_mode;
  std::optional<std::uint64_t> security_version;
  std::optional<std::string> text;      // printable raw values, escaped
  std::optional<std::string> manifest;  // CBOR as JSON in ASCII, where the value is CBOR
  std::string manifest_format;          // of a structured manifest: who defines it ("TCG 0001")
  TokenSignature token_signature = TokenSignature::none;
};

// What is left for the manifests and texts of one report to expand to.
struct ReadableRoom {
  std::size_t items = kMaxManifestItems, bytes = kMaxReadable;
};

// Decodes a block. A broken rule of DSP0274 becomes a finding (N205, N318, N319); the value stays as it was sent.
// `version` is the SPDMVersion byte. `is_signed` and `session` are for the caller to set. What does not fit into `room` is not decoded, and
// is a finding.
Measurement decode_measurement(MeasurementBlock block, std::uint8_t version, std::vector<Finding>& findings, ReadableRoom& room);

// The digest that the hash-extend block with this index must show: the log's entries for it, extended in order (see
// mel.h).
Bytes replay_extension(const std::vector<MelEntry>& entries, std::uint8_t measurement_index, const HashAlgorithm& hash);

}  // namespace spdm
