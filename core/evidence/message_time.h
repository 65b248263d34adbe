// The time of a message (Message::time) as files have it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace spdm {

// Seconds since 1970 with nine decimals: "1788912000.000250000". A string, because numbers of JSON have no more than 53 bits.
// A time before 1970 is 1970.
std::string seconds_of(std::chrono::nanoseconds time);
// The reverse; nothing where seconds_of() does not write it so.
std::optional<std::chrono::nanoseconds> parse_seconds(std::string_view text);

}  // namespace spdm
