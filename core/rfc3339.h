// Times as people and files write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spdm {

// Seconds since the epoch of "2026-06-01T00:00:00Z" or "2026-06-01T02:00:00.5+02:00" (RFC 3339 5.6; a fraction is dropped).
// Nothing when it is no such time.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace spdm
