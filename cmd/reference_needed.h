// The sub-verb `reference needed`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/options.h"
#include "core/error.h"

namespace spdm::cmd {

inline constexpr std::string_view kNeededSchema = "spdmctl.needed/1";

struct NeededOptions {
  OutputOptions output;
  std::vector<std::string> paths;
  std::string chain;  // certificates for recordings that have none
};

Exit tell_needed(const NeededOptions& options, Console& console);

}  // namespace spdm::cmd
