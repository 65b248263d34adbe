// Inspections: what only a collector says, and rules that ask for lines.
#include "core/appraisal/inspection_trial.h"
#include "core/appraisal/policy.h"

using namespace trial;

TEST_CASE("inspection: what a collector says of host and session is a claim") {
  Inspected device;
  device.evidence.live = false;
  device.evidence.host.is_claimed = true;
  device.inspect();
  CHECK(device.judged.verdict == Verdict::undetermined);
  CHECK(found(device.judged, FindingId::readiness_unknown));
  device.evidence.host.is_claimed = false;  // whoever trusts the host
  CHECK(device.judge().verdict == Verdict::pass);
}

TEST_CASE("inspection: rules of a policy ask for lines, and for being ready") {
  Inspected device;
  device.question.user.readiness.reset();
  device.evidence.host.encryption->tee_io = false;
  PolicyRule rule;
  Verdict expected = Verdict::pass;
  SUBCASE("a line that passes") { rule.require.inspection = {InspectionItem::aead, InspectionItem::ide_registers}; }
  SUBCASE("ready for IDE") { rule.require.ready_for = Readiness::ide; }
  SUBCASE("a line that fails") {
    rule.require.inspection = {InspectionItem::aead, InspectionItem::tee_io};
    expected = Verdict::fail;
  }
  SUBCASE("a line that nobody needed") {
    rule.require.inspection = {InspectionItem::interface_report};
    expected = Verdict::fail;
  }
  SUBCASE("ready for TEE-IO") {
    rule.require.ready_for = Readiness::tee_io;
    expected = Verdict::fail;
  }
  SUBCASE("a line that was not run") {
    device.evidence.host.encryption->root_port.reset();
    rule.require.inspection = {InspectionItem::root_port_ide};
    expected = Verdict::undetermined;
  }
  spdm::ask(rule, device.question);
  device.inspect();
  CHECK(device.judged.verdict == expected);
  if (expected != Verdict::pass) CHECK(device.judged.exit == Exit::policy);
}

TEST_CASE("inspection: a rule is told which line of nothing is missing") {
  InSession device;
  PolicyRule rule;
  rule.require.ready_for = Readiness::ide;
  spdm::ask(rule, device.question);
  const Report report = device.whole().judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.inspection.has_value());
}

TEST_CASE("inspection: a rule is not met by a claim") {
  Inspected device;
  device.question.user.readiness.reset();
  device.evidence.host.is_claimed = true;
  device.evidence.live = false;
  PolicyRule rule;
  rule.require.ready_for = Readiness::ide;
  spdm::ask(rule, device.question);
  device.inspect();
  CHECK(device.judged.verdict == Verdict::undetermined);
}

TEST_CASE("inspection: evidence that nobody has inspected has no such check") {
  InSession device;
  const Report report = device.whole().judge();
  CHECK_FALSE(report.inspection.has_value());
  CHECK(check_of(report, Check::inspection) == nullptr);
  // Whoever asks gets an answer.
  device.question.user.readiness = Readiness::ide;
  CHECK(device.judge().verdict == Verdict::undetermined);
}

TEST_CASE("inspection: messages outside of a session count for nothing") {
  Inspected device;
  device.open();
  device.exchange(wrap(PciProtocol::ide_km, IdeKmQuery{}.encode()).encode(Code::vendor_defined_request, device.version()),
                  wrap(PciProtocol::ide_km, device.port.encode()).encode(Code::vendor_defined_response, device.version()), 0);
  CHECK(line(device.conclude(), InspectionItem::ide_km) == CheckStatus::not_run);
}
