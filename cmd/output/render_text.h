// A report for people: the verdict first, then why, then what was seen.
#pragma once

#include <array>
#include <string>

#include "cmd/host/console.h"
#include "core/appraisal/report.h"
#include "core/fleet/sightings.h"

namespace spdm::cmd {

std::string render_text(const Report& report, const Console& console);
// The verdict alone, and what stands in its way: for many reports at once.
std::string render_brief(const Report& report, const Console& console);
// For one of several devices: all of it unless it passed.
std::string render_one_of_many(const Report& report, const Console& console);
// How many there are of each verdict, in the order of Verdict.
std::string render_tally(Verdict worst, const std::array<std::size_t, 3>& verdicts, const Together& together, const Console& console);
// Whether a device is ready for PCI encryption, line by line.
std::string render_inspection(const Report& report, const Console& console);
std::string_view status_color(CheckStatus status);
// What a device can do, without a verdict.
std::string render_info(const Report& report, const Console& console);
// Every certificate of every slot.
std::string render_certificates(const Report& report, const Console& console);

}  // namespace spdm::cmd
