// An inspection for people: a table, and what the device has told.
#pragma once

#include "cmd/output/page.h"
#include "core/appraisal/report.h"

namespace spdm::cmd {

// "IDE: yes, TEE-IO: no".
std::string readiness_text(const Inspection& inspection);
void write_inspection(Page& page, const Inspection& inspection, bool verbose);

}  // namespace spdm::cmd
