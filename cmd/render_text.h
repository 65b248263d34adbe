// A report for people: the verdict first, then why, then what was seen.
#pragma once

#include <string>

#include "cmd/console.h"
#include "core/appraisal/report.h"

namespace cmd {

std::string render_text(const spdm::Report& report, const Console& console);
// The verdict alone, and what stands in its way: for many reports at once.
std::string render_brief(const spdm::Report& report, const Console& console);
// What a device can do, without a verdict.
std::string render_info(const spdm::Report& report, const Console& console);
// Every certificate of every slot.
std::string render_certificates(const spdm::Report& report, const Console& console);

}  // namespace cmd
