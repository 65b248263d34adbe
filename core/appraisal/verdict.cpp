#include "core/appraisal/verdict.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

const CheckResult* check_of(const Report& report, Check check) {
  const auto it =
      std::find_if(report.checks.begin(), report.checks.end(), [&](const CheckResult& result) { return result.check == check; });
  return it == report.checks.end() ? nullptr : &*it;
}

const SlotReport* main_slot(const Report& report) {
  for (const SlotReport& slot : report.slots)
    if (slot.used && slot.chain) return &slot;
  for (const SlotReport& slot : report.slots)
    if (slot.chain) return &slot;
  return nullptr;
}

namespace {

std::string pass_reason(const Report& report, bool authenticate) {
  if (!authenticate) return "answered, not authenticated";
  std::string out = "authenticated";
  const auto add = [&](Check check, std::string_view what) {
    const CheckResult* result = check_of(report, check);
    if (result != nullptr && result->status == CheckStatus::pass) out += cat(", ", what, result->detail);
  };
  add(Check::references, "measurements: ");
  add(Check::inspection, "");
  return out;
}

// The exit code of a check that did not run, when no finding says why.
Exit exit_of(Check check) {
  if (check == Check::policy) return Exit::policy;
  if (check == Check::references) return Exit::no_reference;
  return check == Check::protocol ? Exit::internal : Exit::untrusted;
}

// What checks and findings come to.
struct Sum {
  bool failed = false, complete = true;
  Exit code = Exit::ok;

  Verdict verdict() const { return failed ? Verdict::fail : complete ? Verdict::pass : Verdict::undetermined; }
};

Sum sum_of(const Report& report, bool authenticate) {
  Sum out;
  for (const Finding& finding : report.findings) {
    out.failed = out.failed || finding.severity() == Severity::failure;
    out.complete = out.complete && finding.severity() != Severity::gap;
    if (finding.severity() >= Severity::gap) out.code = worse(out.code, row(finding.id).exit);
  }
  const auto require = [&](Check check) {
    const CheckResult* result = check_of(report, check);
    if (result != nullptr && result->status == CheckStatus::pass) return;
    out.complete = false;
    if (out.code == Exit::ok && !report.error) out.code = exit_of(check);
  };
  require(Check::protocol);
  if (authenticate)
    for (const Check check : {Check::chain, Check::trust, Check::signature}) require(check);
  for (const CheckResult& result : report.checks) {
    out.failed = out.failed || result.status == CheckStatus::fail;
    if (result.status == CheckStatus::not_run) require(result.check);
  }
  if (report.error) {
    out.complete = false;
    out.code = worse(out.code, row(report.error->id).exit);
  }
  return out;
}

}  // namespace

Verdict verdict_of(const Report& report, Depth depth) { return sum_of(report, depth != Depth::look).verdict(); }

void conclude(Report& report, Depth depth) {
  const bool authenticate = depth != Depth::look;
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity() > b.severity(); });
  const Sum sum = sum_of(report, authenticate);
  report.verdict = sum.verdict();
  report.exit = report.verdict == Verdict::pass ? Exit::ok : sum.code == Exit::ok ? Exit::internal : sum.code;
  const auto decisive = std::find_if(report.findings.begin(), report.findings.end(),
                                     [&](const Finding& f) { return f.severity() >= Severity::gap && row(f.id).exit == report.exit; });
  if (report.verdict == Verdict::pass)
    report.reason = pass_reason(report, authenticate);
  else if (report.error && (decisive == report.findings.end() || row(report.error->id).exit == report.exit))
    report.reason = report.error->message;
  else if (decisive != report.findings.end())
    report.reason = cat(decisive->where, decisive->where.empty() ? "" : ": ", decisive->why);
  else
    for (const CheckResult& result : report.checks)
      if (result.status == CheckStatus::fail || result.status == CheckStatus::not_run) {
        report.reason = cat(name(result.check), ": ", result.detail);
        break;
      }
}

void object(Report& report, Finding finding) {
  const Severity severity = finding.severity();
  const Check check = row(finding.id).check;
  const std::string why = finding.why;
  report.findings.push_back(std::move(finding));
  if (severity < Severity::gap) return;
  const auto found =
      std::find_if(report.checks.begin(), report.checks.end(), [&](const CheckResult& result) { return result.check == check; });
  CheckResult& result = found == report.checks.end() ? report.checks.emplace_back() : *found;
  if (result.status != CheckStatus::fail) result = {check, severity == Severity::failure ? CheckStatus::fail : CheckStatus::not_run, why};
  conclude(report, Depth::look);  // what else had to hold has passed, or has left its mark
  if (!report.policy || report.policy->exempt) return;
  report.policy->actions = report.policy->on_failure;
  for (DemandResult& demand : report.policy->demands)
    if (demand.words == kAuthenticatedWords && check != Check::policy && demand.state == DemandState::met)
      demand.state = severity == Severity::failure ? DemandState::unmet : DemandState::undecided;
}

}  // namespace spdm
