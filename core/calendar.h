// Points in time as people and files write them (RFC 3339) and as numbers. Nothing here asks what time it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spdm {

inline constexpr std::int64_t kDay = 24 * 60 * 60;  // seconds

inline constexpr std::int64_t kClockSkew = 300;  // seconds that the clocks of two hosts may differ

// Seconds since 1970 of "2026-06-01T00:00:00Z" or "2026-06-01T02:00:00.5+02:00" (RFC 3339 5.6; a fraction is dropped).
// Nothing when it is no such time.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);
// As parse_rfc3339(), for input from people. Also takes "2026-06-01": midnight of that day, UTC.
std::optional<std::int64_t> parse_date_or_time(std::string_view text);
// "500ms", "10s", "2.5m", "1h", "7d"; without a unit seconds. Rounded to the millisecond. Nothing when it is no such
// duration. The caller checks the range: 0 is possible.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "2026-06-01T00:00:00Z".
std::string utc_of(std::int64_t seconds);

// The first second of the month that `seconds` is in, and of the one so many months later.
std::int64_t month_of(std::int64_t seconds, int months_later = 0);

}  // namespace spdm
