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

TEST_CASE("inspection: an answer that breaks a rule fails, also where nobody asks and the host saw nothing") {
  Inspected device;
  device.question.user.readiness.reset();
  device.evidence.host.encryption.reset();
  device.open();
  Bytes odd = device.port.encode();
  odd.push_back(0);
  device.ask(PciProtocol::ide_km, IdeKmQuery{0}.encode(), odd);
  device.end();
  const Report report = device.judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(status(report, Check::protocol) == CheckStatus::fail);
}

TEST_CASE("inspection: whoever did not see the streams does not say that nobody holds the device") {
  Inspected device;
  device.evidence.host.encryption.reset();
  CHECK(line(device.inspect(), InspectionItem::no_owner) == CheckStatus::not_run);
}

TEST_CASE("inspection: a handshake shows no session as long as nothing was answered inside") {
  Inspected device;
  device.prepare();
  device.measure_inside(0);
  device.key_exchange();
  device.finish();
  SUBCASE("nothing was asked") {}
  SUBCASE("what was asked was refused") { device.refuse(PciProtocol::ide_km, IdeKmQuery{}.encode()); }
  CHECK(line(device.conclude(), InspectionItem::session) == CheckStatus::not_run);
}

TEST_CASE("inspection: what was not offered to a device is not missing") {
  Trial device;
  device.question.user.readiness = Readiness::ide;
  const Report report = device.collect().judge();
  for (const InspectionItem item : {InspectionItem::key_exchange_algorithm, InspectionItem::aead, InspectionItem::key_schedule}) {
    CAPTURE(name(item));
    CHECK(line(*report.inspection, item) == CheckStatus::not_run);
  }
}

TEST_CASE("inspection: later answers do not undo what was seen") {
  Inspected device;
  device.state = TdiState::run;
  device.open();
  SUBCASE("registers that differ, and then do not") {
    const Bytes good = device.port.registers;
    device.port.registers = ide({0});
    device.query();
    device.port.registers = good;
    device.query();
    CHECK(line(device.conclude(), InspectionItem::ide_registers) == CheckStatus::fail);
  }
  SUBCASE("the report of a state that is over") {
    device.tdisp();
    device.report(report_of_interface().encode());
    for (const TdiState state : {TdiState::config_unlocked, TdiState::config_locked}) {
      device.state = state;
      device.tdisp();
    }
    CHECK(line(device.conclude(), InspectionItem::interface_report) == CheckStatus::not_run);
  }
  SUBCASE("TDISP that is refused in the end") {
    device.tdisp();
    device.ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction),
               TdispError{TdispErrorCode::invalid_interface, 0, {}}.encode(kFunction));
    CHECK(line(device.conclude(), InspectionItem::tdisp) == CheckStatus::fail);
  }
}

TEST_CASE("inspection: ports that do not agree on how many there are") {
  Inspected device;
  device.open();
  device.port.max_port = 1;
  device.query();
  device.port.port = 1;
  device.port.max_port = 255;
  device.query();
  CHECK(line(device.conclude(), InspectionItem::ide_km) == CheckStatus::fail);
}

TEST_CASE("inspection: the report of another interface is not compared with this function") {
  Inspected device;
  device.evidence.host.bdf = "0000:04:00.0";
  device.port.bus = 4;
  device.state = TdiState::config_locked;
  device.evidence.host.encryption->bars = {{0, 0x1000, 0x1000}};
  device.open();
  device.query();
  device.tdisp();
  device.report(report_of_interface().encode());
  CHECK(device.conclude().line(InspectionItem::interface_report).detail.ends_with("not compared with the BARs of the function"));
}

TEST_CASE("inspection: ranges that fit no common offset are told, and BARs without a place are compared with nothing") {
  Inspected device;
  device.state = TdiState::config_locked;
  device.open();
  device.query();
  device.tdisp();
  InterfaceReport report = report_of_interface();
  MmioRange far = report.ranges[0];
  far.first_page += 0x1000;
  report.ranges.push_back(far);
  CheckStatus expected = CheckStatus::fail;
  SUBCASE("apart") {}
  SUBCASE("without a place") {
    device.evidence.host.encryption->bars[0].begin = 0;
    expected = CheckStatus::not_run;
  }
  device.report(report.encode());
  CHECK(line(device.conclude(), InspectionItem::interface_report) == expected);
  CHECK_FALSE(found(device.judged, FindingId::interface_report_wrong));
}
