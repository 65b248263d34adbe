// Reference values (RFC 9334): the measurements that good devices report. YAML that a person can read and edit:
//
//   version: 1
//   source: "firmware 2.3, collected 2026-11-26"     # optional, for people
//   devices:
//     - match: {vendor: "1b36", device: "0010"}      # device_match.h; all that match count
//       hash: SHA-384                                # optional: what digests were made with
//       complete: true                               # a measurement that is not listed is a gap; true if not given
//       measurements:
//         - index: 1
//           type: immutable-rom                      # optional: then the type must be the same
//           digest: "09a8..."                        # or raw: "00ff", text: "2.3", svn: 5
//         - index: 2
//           any-of: [{digest: "1435..."}, {digest: "77aa..."}]
//         - index: 7
//           min-svn: 5                               # a security version number, this one or higher
//         - index: 9
//           ignore: true                             # changes legitimately; never compared
//       environments:                                # what concise evidence in a measurement must say; optional, as measurements is then
//         - class: {vendor: "ACME", model: "Widget", id: "67b2", layer: 0, index: 1}   # any of these
//           element: "bootloader"                    # optional: the key of the measurement (mkey)
//           digest: {SHA-384: "09a8..."}             # or version: "2.3", svn: 5, min-svn: 5; all that is given must hold
//
// Entries about the same class and element are alternatives.
//
// When several entries are about the same index of a device, the values of all are allowed, and the highest min-svn
// holds. `ignore` counts only when no entry gives a value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/concise_evidence.h"
#include "core/appraisal/device_match.h"
#include "core/wire/algorithms.h"
#include "core/wire/measurements.h"

namespace spdm {

inline constexpr std::size_t kMaxReferences = 200'000;  // values of all files together
inline constexpr std::size_t kMaxAlternatives = 1024;   // for one measurement in one entry
inline constexpr std::size_t kMaxEnvironments = 4096;   // in one entry: each is looked for in all evidence

struct ReferenceValue {
  enum class Form { digest, raw, text, svn };
  Form form = Form::digest;
  Bytes bytes;                          // the digest, or the raw bit stream
  const HashAlgorithm* hash = nullptr;  // of a digest, where the owner says it
};
// As shown in the report: lower-case hex, the text, or "svn 5".
std::string to_string(const ReferenceValue& value);

struct ReferenceMeasurement {
  std::uint8_t index = 0;
  std::optional<MeasurementType> type;
  std::vector<ReferenceValue> allowed;   // any of them will do
  std::optional<std::uint64_t> min_svn;  // must hold, too
  bool ignore = false;
  std::string source;  // "FILE:LINE"
};

// How much one measurement counts towards kMaxReferences.
std::size_t weight_of(const ReferenceMeasurement& measurement);

// What the device must say of one measured element of an environment.
struct ReferenceEnvironment {
  EvidenceClaim claim;
  std::string source;  // "FILE:LINE"
};
// "vendor ACME, model Widget, layer 0: bootloader"; raw.
std::string environment_name(const EvidenceClaim& claim);
// "SHA-384 09a8... and version 2.3"; raw.
std::string value_words(const EvidenceClaim& claim);

struct DeviceReferences {
  DeviceMatch match;
  bool complete = true;
  std::vector<ReferenceMeasurement> measurements;  // each index at most once
  std::vector<ReferenceEnvironment> environments;
  std::string source;  // "FILE:LINE"
};

std::size_t weight_of(const DeviceReferences& device);

struct References {
  bool asked = false;  // the user named them for this run: a device without reference values is a gap
  std::vector<DeviceReferences> devices;
  std::size_t values = 0;
};

// Adds the reference values of one file. Throws Error{config} with file, line and column.
void add_references(References& references, const std::string& file, const std::string& contents);

}  // namespace spdm
