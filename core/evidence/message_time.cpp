#include "core/evidence/message_time.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kDecimals = 9;

std::optional<std::int64_t> number(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t out = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), out).ec != std::errc()) return std::nullopt;
  return out;
}

}  // namespace

std::string seconds_of(std::chrono::nanoseconds time) {
  const std::int64_t count = std::max<std::int64_t>(time.count(), 0);
  const std::string decimals = std::to_string(count % kSecond);
  return cat(count / kSecond, ".", std::string(kDecimals - decimals.size(), '0'), decimals);
}

std::optional<std::chrono::nanoseconds> parse_seconds(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.size() != point + 1 + kDecimals) return std::nullopt;
  const std::optional<std::int64_t> whole = number(text.substr(0, point)), part = number(text.substr(point + 1));
  if (!whole || !part || *whole >= std::numeric_limits<std::int64_t>::max() / kSecond) return std::nullopt;
  if (point > 1 && text.front() == '0') return std::nullopt;
  return std::chrono::nanoseconds(*whole * kSecond + *part);
}

}  // namespace spdm
