// The one kind of JSON value: members keep the order in which they are written.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace spdm {

using Json = nlohmann::ordered_json;

}  // namespace spdm
