// What the host says of a device, for people.
#pragma once

#include <string>
#include <vector>

#include "cmd/output/page.h"
#include "core/evidence/drive_view.h"
#include "core/evidence/platform.h"

namespace spdm::cmd {

// What the platform reports of itself, a line each. It is shown beside the verdict, and never part of it.
std::vector<std::string> platform_lines(const PlatformView& platform);

// "Example SSD, serial S1, firmware 2.3, pcie"; with `verbose` what discovery said, too.
void write_drive(Page& page, const DriveView& drive, bool verbose);

}  // namespace spdm::cmd
