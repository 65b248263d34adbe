// The time of a message (Message::time) as files have it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace spdm {

// RFC 3339, UTC, with nanoseconds: "2026-11-30T15:44:30.066231283Z". A time before 1970 is 1970.
std::string utc_of(std::chrono::nanoseconds time);
// The reverse; nothing where utc_of() does not write it so.
std::optional<std::chrono::nanoseconds> parse_message_time(std::string_view text);

}  // namespace spdm
