// Pins, "pins/*.yaml": fingerprints that a device has shown before and must show again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/appraisal/device_match.h"
#include "core/evidence/chain.h"

namespace spdm::certstore {

struct Pin {
  DeviceMatch match;
  PinKind kind = PinKind::leaf_key;
  std::string sha256;                       // lower-case hex
  bool vouches = false;                     // the pin alone makes the device trusted, without any root
  std::optional<std::uint8_t> min_version;  // SPDMVersion: the device has spoken it before, and must not speak an older one
  std::string first_seen;                   // RFC 3339; empty when not given
  std::string comment;
  std::string file, origin;  // origin: "FILE:LINE"
};

// {version: 1, pins: [{match: DEVICE MATCH, leaf-key: SHA256 | certificate: SHA256 | root: SHA256, vouches: false,
//   min-version: "1.2", first-seen: RFC3339, comment: TEXT}, ...]}
// Throws Error{config} with file, line and column.
std::vector<Pin> read_pins(const std::string& file, const std::string& contents);

}  // namespace spdm::certstore
