// GET_VERSION / VERSION (DSP0274, the section of that title): always sent with SPDMVersion 0x10; resets the connection.
#pragma once

#include <optional>

#include "core/wire/header.h"

namespace spdm {

struct GetVersion {
  Bytes encode() const { return begin(0x10, Code::get_version).take(); }
};

struct VersionResponse {
  // major 15:12, minor 11:8, update 7:4, alpha 3:0
  std::vector<std::uint16_t> entries;

  Bytes encode() const;
  static VersionResponse decode(Reader& reader);
};

// The highest major.minor that is in both lists, as an SPDMVersion byte; update and alpha are ignored for the choice.
std::optional<std::uint8_t> highest_common(const VersionResponse& response, std::span<const std::uint8_t> ours);

}  // namespace spdm
