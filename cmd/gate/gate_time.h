// The time at which a gate judges. Before the network is up nobody has set the clock: one that starts in 2001 would make every
// certificate one that is not valid yet, and keep a genuine disk from its driver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/word_table.h"
#include "transport/base/host.h"

namespace spdm::cmd {

enum class TimeSource {
  clock,
  command_line,         // --at
  kernel_command_line,  // spdmctl.time=
  image,                // when the image was made: the clock is behind it
  last_verdict,         // of this boot: the clock was set back
};
struct TimeSourceRow {
  TimeSource value;
  std::string_view name;  // in JSON
};
inline constexpr std::array kTimeSources{
    TimeSourceRow{TimeSource::clock, "clock"},
    TimeSourceRow{TimeSource::command_line, "command-line"},
    TimeSourceRow{TimeSource::kernel_command_line, "kernel-command-line"},
    TimeSourceRow{TimeSource::image, "image"},
    TimeSourceRow{TimeSource::last_verdict, "last-verdict"},
};
static_assert(is_sound(kTimeSources));
inline std::string_view name(TimeSource source) { return row_of(kTimeSources, source).name; }

struct GateTime {
  std::int64_t at = 0;  // seconds since 1970
  TimeSource source = TimeSource::clock;
  std::string warning;                  // one line, what was done and what to do; empty when the clock counts
  std::optional<std::int64_t> image{};  // when the image was made, where that is known
};

// How far behind the making of the image the last verdict may lie to count. A boot with a clock in the future poisons nothing.
inline constexpr std::int64_t kLastVerdictBound = 400 * 86400;  // seconds

// `given` is --at, and counts as it is; so does spdmctl.time= on the kernel command line. Else the latest of the clock, the making of
// the image, and the last verdict of this boot within its bound.
GateTime time_of_gate(const transport::Host& host, std::int64_t clock, std::optional<std::int64_t> given);

// For the gates to come of this boot: what this one knew of the image, and when it judged. Throws Error: permission, io.
void keep_time(const transport::Host& host, const GateTime& time);
// The reset: the last verdict is forgotten, and the making of the image is not.
void forget_time(const transport::Host& host);

}  // namespace spdm::cmd
