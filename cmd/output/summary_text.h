// A summary for people: how many, which, and what to look at, on one screen.
#pragma once

#include <string>

#include "cmd/host/console.h"
#include "core/fleet/summary.h"

namespace cmd {

std::string render_summary(const spdm::FleetSummary& summary, const Console& console);

}  // namespace cmd
