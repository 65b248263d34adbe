#include "cmd/attest/run_check.h"

#include <utility>

#include "core/appraisal/verdict.h"

namespace spdm::cmd {

RunCheck::RunCheck(bool asked_with_nonce, std::optional<std::vector<ExpectedDevice>> expected) : sightings_(asked_with_nonce) {
  if (expected) roll_call_.emplace(std::move(*expected));
}

bool RunCheck::add(Report& report) {
  const std::size_t before = report.findings.size();
  const ShownDevice shown = shown_device(report);
  for (Finding& finding : sightings_.add(report, shown)) object(report, std::move(finding));
  if (roll_call_)
    if (std::optional<Finding> finding = roll_call_->meet(report, shown)) object(report, std::move(*finding));
  sightings_.told(report.verdict);
  return report.findings.size() != before;
}

std::vector<Report> RunCheck::absent() const { return roll_call_ ? roll_call_->absent() : std::vector<Report>(); }

}  // namespace spdm::cmd
