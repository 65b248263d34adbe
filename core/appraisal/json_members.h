// Members that are only there when there is something to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/format/json_writer.h"

namespace spdm::json {

// Escapes strings from a device or a file: once, here, for every format.
inline Hostile text(std::string_view hostile) { return {hostile}; }

// A member for what may be missing or empty.
template <class T>
inline void optional(JsonWriter& out, std::string_view key, const std::optional<T>& value) {
  if (value) out.member(key, *value);
}
inline void given(JsonWriter& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out.member(key, value);
}
inline void given(JsonWriter& out, std::string_view key, Hostile value) {
  if (!value.text.empty()) out.member(key, value);
}
inline void given(JsonWriter& out, std::string_view key, const std::vector<std::string>& hostile) {
  if (!hostile.empty()) out.hostile_strings(key, hostile);
}
inline void optional_text(JsonWriter& out, std::string_view key, const std::optional<std::string>& hostile) {
  if (hostile) out.member(key, text(*hostile));
}

// An array of what write_json(JsonWriter&, item) writes.
template <class Items>
void all(JsonWriter& out, std::string_view key, const Items& items) {
  out.key(key).array(items, [&](const auto& item) { write_json(out, item); });
}
// The same, where there are some.
template <class Items>
void any(JsonWriter& out, std::string_view key, const Items& items) {
  if (!items.empty()) all(out, key, items);
}

}  // namespace spdm::json
