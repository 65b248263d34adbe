// Points in time as documents write them (RFC 3339, UTC) and as numbers. Nothing here asks what time it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spdm {

inline constexpr std::int64_t kDay = 24 * 60 * 60;  // seconds

// "2026-06-01T00:00:00Z" to seconds since 1970; nothing when it is no such time.
std::optional<std::int64_t> seconds_of(std::string_view utc);
std::string utc_of(std::int64_t seconds);

// The first second of the month that `seconds` is in, and of the one so many months later.
std::int64_t month_of(std::int64_t seconds, int months_later = 0);

}  // namespace spdm
