// A summary for people: how many, which, and what to look at, on one screen.
#pragma once

#include <string>

#include "cmd/console.h"
#include "core/appraisal/summary.h"

namespace cmd {

std::string render_summary(const spdm::FleetSummary& summary, const Console& console);

}  // namespace cmd
