#include "core/evidence/message_time.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "core/calendar.h"

namespace spdm {

namespace {
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kDecimals = 9;
constexpr std::size_t kSize = std::string_view("2026-11-30T15:44:30.066231283Z").size();
}  // namespace

std::string utc_of(std::chrono::nanoseconds time) {
  const std::int64_t count = std::max<std::int64_t>(time.count(), 0);
  std::string out = utc_of(count / kSecond);
  const std::string decimals = std::to_string(count % kSecond);
  out.back() = '.';
  out.append(kDecimals - decimals.size(), '0');
  out += decimals;
  out += 'Z';
  return out;
}

std::optional<std::chrono::nanoseconds> parse_message_time(std::string_view text) {
  const std::optional<std::int64_t> seconds = parse_rfc3339(text);
  if (!seconds || text.size() != kSize || *seconds < 0 || *seconds >= std::numeric_limits<std::int64_t>::max() / kSecond)
    return std::nullopt;
  std::int64_t part = 0;
  std::from_chars(text.end() - 1 - kDecimals, text.end() - 1, part);
  const std::chrono::nanoseconds out(*seconds * kSecond + part);
  if (utc_of(out) != text) return std::nullopt;
  return out;
}

}  // namespace spdm
