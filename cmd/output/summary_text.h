// A summary for people: how many, which, and what to look at, on one screen.
#pragma once

#include <string>

#include "cmd/host/console.h"
#include "core/fleet/summary.h"

namespace spdm::cmd {

std::string render_summary(const FleetSummary& summary, const Console& console);

}  // namespace spdm::cmd
