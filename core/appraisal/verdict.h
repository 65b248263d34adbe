// From checks and findings to a verdict, an exit code and one line that says why.
#pragma once

#include "core/appraisal/report.h"

namespace spdm {

// Fills verdict, exit and reason. Fails closed: pass needs every required check to have passed, whatever the findings
// say, and no failure among the findings, whatever the checks say.
void conclude(Report& report, Depth depth);
// The verdict alone.
Verdict verdict_of(const Report& report, Depth depth);

// Adds to a report that is concluded what was found only beside others: its check, verdict and policy follow. It never makes the
// verdict better.
void object(Report& report, Finding finding);

}  // namespace spdm
