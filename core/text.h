// Small helpers to build messages for people: concatenation, hex, and escaping of hostile strings.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace spdm {

namespace detail {
inline std::string piece(std::string_view text) { return std::string(text); }
inline std::string piece(char text) { return std::string(1, text); }
template <class T>
requires std::is_integral_v<T> std::string piece(T number) { return std::to_string(number); }
}  // namespace detail

// cat("slot ", 3, ": missing") == "slot 3: missing". Integers are written in decimal.
template <class... Pieces>
std::string cat(const Pieces&... pieces) {
  std::string out;
  (out.append(detail::piece(pieces)), ...);
  return out;
}

// Lower-case hex, zero-padded to `digits`, without a prefix.
std::string hex(std::uint64_t value, int digits);

// Lower-case hex of a byte string.
std::string hex(std::span<const std::uint8_t> bytes);

// Bytes that came from a device or a file, safe for a terminal, a log or YAML: control characters, DEL and bytes
// that are not valid UTF-8 become \xNN, the backslash becomes two.
std::string printable(std::string_view hostile);

// One word of a command line for a shell, in quotes where it needs them; it has no backslash that printable() would double.
std::string shell_word(std::string_view text);

}  // namespace spdm
