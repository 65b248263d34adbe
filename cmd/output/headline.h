// What is said of a device in one line: the verdict, the device, and a short reason.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "cmd/host/console.h"
#include "cmd/output/page.h"
#include "core/appraisal/report.h"
#include "core/fleet/sightings.h"

namespace spdm::cmd {

std::string_view color_of(Verdict verdict);
std::string_view color_of(Severity severity);

// The line at the head of a report. Where its reason does not fit, a shorter one stands there, and findings, checks or a line of its own
// below have the whole of it.
void write_verdict(Page& page, const Report& report);
// A pass from a recording may be an old one, played again.
bool is_stale_pass(const Report& report);

// Several devices are a table: its head, and the row of each, with a second line where there is more to say than "authenticated".
std::string render_row_head(const Console& console);
std::string render_row(const Report& report, const Console& console);
// How many there are of each verdict, in the order of Verdict; and of how many that pass freshness is not proven. The last line
// has the verdicts.
std::string render_tally(Verdict worst, const std::array<std::size_t, 3>& verdicts, const Together& together, std::size_t stale,
                         const Console& console);

}  // namespace spdm::cmd
