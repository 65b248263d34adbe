// From checks and findings to a verdict: it fails closed.
#include "core/appraisal/verdict.h"

#include <doctest/doctest.h>

#include "core/text.h"

using namespace spdm;

namespace {

Report all_passed() {
  Report out;
  for (const Check check : {Check::protocol, Check::signature, Check::chain, Check::trust, Check::identity, Check::measurements})
    out.checks.push_back({check, CheckStatus::pass, "good"});
  return out;
}

CheckResult& check(Report& report, Check which) {
  for (CheckResult& result : report.checks)
    if (result.check == which) return result;
  return report.checks.front();
}

}  // namespace

TEST_CASE("verdict: everything passed") {
  Report report = all_passed();
  conclude(report, Depth::authenticate);
  CHECK(report.verdict == Verdict::pass);
  CHECK(report.exit == Exit::ok);
  CHECK(report.reason == "authenticated");
  conclude(report, Depth::look);
  CHECK(report.reason == "answered, not authenticated");
}

TEST_CASE("verdict: every finding weighs what its row says") {
  for (const FindingRow& entry : findings_table()) {
    CAPTURE(entry.name);
    Report report = all_passed();
    report.findings.push_back({entry.id, "somewhere", "for a reason", ""});
    conclude(report, Depth::authenticate);
    const bool fails = entry.severity == Severity::failure, open = entry.severity == Severity::gap;
    CHECK(report.verdict == (fails ? Verdict::fail : open ? Verdict::undetermined : Verdict::pass));
    CHECK(report.exit == (fails || open ? entry.exit : Exit::ok));
    if (fails || open) CHECK(report.reason == "somewhere: for a reason");
  }
}

TEST_CASE("verdict: a required check that did not pass") {
  for (const Check which : {Check::protocol, Check::chain, Check::trust, Check::signature}) {
    for (const CheckStatus status : {CheckStatus::fail, CheckStatus::not_run, CheckStatus::not_needed}) {
      CAPTURE(name(which));
      Report report = all_passed();
      check(report, which).status = status;
      conclude(report, Depth::authenticate);
      CHECK(report.verdict == (status == CheckStatus::fail ? Verdict::fail : Verdict::undetermined));
      CHECK(report.exit != Exit::ok);
    }
    Report missing = all_passed();
    std::erase_if(missing.checks, [&](const CheckResult& result) { return result.check == which; });
    conclude(missing, Depth::authenticate);
    CHECK(missing.verdict == Verdict::undetermined);
    CHECK(missing.exit != Exit::ok);
  }
  Report empty;
  conclude(empty, Depth::look);
  CHECK(empty.verdict == Verdict::undetermined);
  CHECK(empty.exit == Exit::internal);
}

TEST_CASE("verdict: checks that nobody needs") {
  for (const Check which : {Check::identity, Check::measurements}) {
    Report report = all_passed();
    check(report, which).status = CheckStatus::not_needed;
    conclude(report, Depth::authenticate);
    CHECK(report.verdict == Verdict::pass);
    check(report, which).status = CheckStatus::not_run;
    conclude(report, Depth::authenticate);
    CHECK(report.verdict == Verdict::undetermined);
    check(report, which).status = CheckStatus::fail;
    conclude(report, Depth::authenticate);
    CHECK(report.verdict == Verdict::fail);
  }
  Report looking = all_passed();
  for (const Check which : {Check::chain, Check::trust, Check::signature}) check(looking, which).status = CheckStatus::not_needed;
  conclude(looking, Depth::look);
  CHECK(looking.verdict == Verdict::pass);
}

TEST_CASE("verdict: an error while collecting") {
  constexpr ErrorId ids[] = {ErrorId::internal,  ErrorId::io,        ErrorId::unsupported, ErrorId::usage,      ErrorId::config,
                             ErrorId::bad_input, ErrorId::no_device, ErrorId::no_spdm,     ErrorId::permission, ErrorId::lockdown,
                             ErrorId::owned,     ErrorId::busy,      ErrorId::timeout,     ErrorId::peer};
  for (const ErrorId id : ids) {
    CAPTURE(row(id).name);
    Report report = all_passed();
    report.error = Interruption{id, "what went wrong", ""};
    conclude(report, Depth::authenticate);
    CHECK(report.verdict == Verdict::undetermined);
    CHECK(report.exit == row(id).exit);
    CHECK(report.reason == "what went wrong");
    report.findings.push_back({FindingId::bad_signature, "slot 0", "does not fit", ""});  // proven bad outranks it
    conclude(report, Depth::authenticate);
    CHECK(report.verdict == Verdict::fail);
    CHECK(report.exit == Exit::bad_signature);
    CHECK(report.reason == "slot 0: does not fit");
  }
}

TEST_CASE("verdict: the worst finding comes first and decides") {
  Report report = all_passed();
  for (const FindingId id : {FindingId::identity_relaxed, FindingId::measurement_malformed, FindingId::key_missing, FindingId::expired})
    report.findings.push_back({id, std::string(row(id).name), "why", ""});
  conclude(report, Depth::authenticate);
  CHECK(report.exit == Exit::untrusted);
  CHECK(report.reason == "expired: why");
  CHECK(report.findings.front().severity() == Severity::failure);
  CHECK(report.findings.back().severity() == Severity::warning);
}

TEST_CASE("verdict: what is found only beside others fails what has passed") {
  Report report = all_passed();
  PolicyResult& policy = report.policy.emplace();
  policy.demands = {{std::string(kAuthenticatedWords), DemandState::met}, {"a pin", DemandState::met}};
  policy.on_failure = {FailureAction::block};
  conclude(report, Depth::authenticate);
  object(report, {FindingId::evidence_repeated, "", "said twice", ""});
  CHECK(report.verdict == Verdict::pass);
  CHECK(report.reason == "authenticated");
  CHECK(policy.actions.empty());

  Report open = report, listed = report;
  object(open, {FindingId::not_compared, "", "too many", ""});
  CHECK(open.verdict == Verdict::undetermined);
  CHECK(check_of(open, Check::signature)->status == CheckStatus::not_run);
  CHECK(open.policy->demands[0].state == DemandState::undecided);
  object(open, {FindingId::signature_repeated, "", "a copy", ""});
  CHECK(open.verdict == Verdict::fail);

  object(report, {FindingId::signature_repeated, "", "a copy", ""});
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::untrusted);
  CHECK(report.reason == "a copy");
  CHECK(report.findings.front().id == FindingId::signature_repeated);
  CHECK(check_of(report, Check::signature)->status == CheckStatus::fail);
  CHECK(policy.actions == std::vector{FailureAction::block});
  CHECK(policy.demands[0].state == DemandState::unmet);
  CHECK(policy.demands[1].state == DemandState::met);
  // A later gap makes nothing better.
  object(report, {FindingId::not_compared, "", "too many", ""});
  CHECK(report.verdict == Verdict::fail);
  CHECK(check_of(report, Check::signature)->status == CheckStatus::fail);

  object(listed, {FindingId::device_surplus, "", "not on the list", ""});
  CHECK(listed.verdict == Verdict::fail);
  CHECK(listed.exit == Exit::policy);
  CHECK(check_of(listed, Check::policy)->status == CheckStatus::fail);
  CHECK(listed.policy->demands[0].state == DemandState::met);
}
