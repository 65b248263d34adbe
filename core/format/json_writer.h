// Writes JSON as the library's dump() does, piece by piece: a document of a device may be large, and is never there twice.
#pragma once

#include <string>

#include "core/format/json.h"

namespace spdm {

// Compact with `indent` -1; else each value on a line of its own, the whole `level` steps deep. Bytes that are no UTF-8 become U+FFFD.
void append_json(std::string& out, const Json& json, int indent, int level = 0);

}  // namespace spdm
