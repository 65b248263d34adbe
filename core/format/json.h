// The JSON value of the program: members keep the order in which they were added.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace spdm {

using Json = nlohmann::ordered_json;

}  // namespace spdm
