// YAML of JSON, without a tree of it.
#pragma once

#include <string>

namespace spdm::cmd {

// `json`: as JsonWriter writes it. `as_item`: as the only one of a list.
void append_yaml(std::string& out, std::string json, bool as_item = false);

}  // namespace spdm::cmd
