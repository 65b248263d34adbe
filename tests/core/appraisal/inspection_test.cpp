// Whether a device is ready for PCI encryption: each line, and what contradicts itself.
#include "core/appraisal/inspection_trial.h"

#include <nlohmann/json.hpp>

using namespace trial;

TEST_CASE("inspection: each line is there, once and in its order") {
  Inspected device;
  const Inspection& found = device.inspect();
  REQUIRE(found.lines.size() == kInspectionItems.size());
  for (std::size_t i = 0; i < found.lines.size(); ++i) CHECK(static_cast<std::size_t>(found.lines[i].item) == i);
  // Also where nothing was seen at all.
  Inspected silent;
  silent.judged = silent.judge();
  REQUIRE(silent.judged.inspection->lines.size() == kInspectionItems.size());
  for (std::size_t i = 0; i < kInspectionItems.size(); ++i) CHECK(static_cast<std::size_t>(silent.judged.inspection->lines[i].item) == i);
  CHECK(silent.judged.verdict == Verdict::undetermined);
}

TEST_CASE("inspection: a device that has all of it is ready") {
  Inspected device;
  const Inspection& found = device.inspect();
  for (const InspectionLine& one : found.lines) {
    CAPTURE(name(one.item));
    CAPTURE(one.detail);
    CHECK(one.status == (one.item == InspectionItem::interface_report ? CheckStatus::not_needed : CheckStatus::pass));
  }
  CHECK(found.ide == CheckStatus::pass);
  CHECK(found.tee_io == CheckStatus::pass);
  CHECK(status(device.judged, Check::inspection) == CheckStatus::pass);
  CHECK(device.judged.verdict == Verdict::pass);
  const Json json = to_json(device.judged);
  CHECK(json["inspection"]["ready"]["tee_io"] == "pass");
  CHECK(json["inspection"]["lines"].size() == kInspectionItems.size());
  CHECK(json["inspection"]["ports"][0]["function"] == "03:00.0");
  CHECK(json["inspection"]["interfaces"][0]["state"] == "config-unlocked");
  CHECK(json["host"]["encryption"]["ide"]["streams"][0]["id"] == 255);
}

TEST_CASE("inspection: what the host sees") {
  struct Row {
    const char* what;
    InspectionItem item;
    CheckStatus status;
    void (*change)(HostView& host);
  };
  const Row rows[]{
      {"no TEE-IO", InspectionItem::tee_io, CheckStatus::fail, [](HostView& host) { host.encryption->tee_io = false; }},
      {"no IDE", InspectionItem::ide, CheckStatus::fail, [](HostView& host) { host.encryption->ide.reset(); }},
      {"no selective streams", InspectionItem::ide, CheckStatus::fail,
       [](HostView& host) { host.encryption->ide = Writer().u32(kIdeKm).u32(0).take(); }},
      {"no IDE_KM", InspectionItem::ide, CheckStatus::fail, [](HostView& host) { host.encryption->ide = ide({0}, kSelective); }},
      {"another algorithm", InspectionItem::ide, CheckStatus::fail,
       [](HostView& host) { host.encryption->ide = ide({0}, kSelective | kIdeKm | 1U << 8); }},
      {"registers that end early", InspectionItem::ide, CheckStatus::fail, [](HostView& host) { host.encryption->ide->resize(12); }},
      {"no root port", InspectionItem::root_port_ide, CheckStatus::not_run, [](HostView& host) { host.encryption->root_port.reset(); }},
      {"a root port that could not be read", InspectionItem::root_port_ide, CheckStatus::not_run,
       [](HostView& host) { host.encryption->root_port_unread = "it is asleep"; }},
      {"a root port without", InspectionItem::root_port_ide, CheckStatus::fail,
       [](HostView& host) { host.encryption->root_port_ide.reset(); }},
      {"with link streams alone", InspectionItem::root_port_ide, CheckStatus::fail,
       [](HostView& host) { host.encryption->root_port_ide = Writer().u32(kLink).u32(0).u32(0).u32(0).take(); }},
      {"all streams in use", InspectionItem::free_stream, CheckStatus::fail,
       [](HostView& host) { host.encryption->ide = ide({0x05000001}); }},
      {"an owner", InspectionItem::no_owner, CheckStatus::fail, [](HostView& host) { host.owner = "TSM tsm0 (connected)"; }},
      {"no configuration space", InspectionItem::tee_io, CheckStatus::not_run, [](HostView& host) { host.encryption.reset(); }},
      {"no address", InspectionItem::no_owner, CheckStatus::not_run, [](HostView& host) { host.bdf.reset(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Inspected device;
    row.change(device.evidence.host);
    const Inspection& found = device.inspect();
    CAPTURE(found.line(row.item).detail);
    CHECK(line(found, row.item) == row.status);
    if (row.item != InspectionItem::no_owner) CHECK(device.judged.verdict != Verdict::pass);
  }
}

TEST_CASE("inspection: one stream of two in use leaves one") {
  Inspected device;
  device.evidence.host.encryption->ide = device.port.registers = ide({0x05000001, 0});
  const Inspection& found = device.inspect();
  CHECK(line(found, InspectionItem::free_stream) == CheckStatus::pass);
  CHECK(found.line(InspectionItem::free_stream).detail == "1 of 2 selective streams in use");
  CHECK(line(found, InspectionItem::no_owner) == CheckStatus::fail);
  CHECK(line(found, InspectionItem::ide_registers) == CheckStatus::pass);
}

TEST_CASE("inspection: where the conversation ended, the error decides, and what was seen is told") {
  Inspected device;
  device.evidence.error = Interruption{ErrorId::owned, "SPDM belongs to somebody else", ""};
  device.judged = device.judge();
  CHECK(device.judged.verdict == Verdict::undetermined);
  CHECK(device.judged.exit == Exit::permission);
  CHECK(line(*device.judged.inspection, InspectionItem::tee_io) == CheckStatus::pass);
  device.evidence.host.encryption->tee_io = false;
  CHECK(device.judge().exit == Exit::policy);
}

TEST_CASE("inspection: IDE asks for less than TEE-IO") {
  Inspected device;
  device.evidence.host.encryption->tee_io = false;
  device.question.user.readiness = Readiness::ide;
  const Inspection& found = device.inspect();
  CHECK(found.ide == CheckStatus::pass);
  CHECK(found.tee_io == CheckStatus::fail);
  CHECK(device.judged.verdict == Verdict::pass);
}

TEST_CASE("inspection: registers that differ are a lie, whoever asks") {
  Inspected device;
  device.question.user.readiness.reset();
  SUBCASE("in a control register") { device.port.registers = ide({0}); }
  SUBCASE("where configuration space shows no capability") { device.evidence.host.encryption->ide.reset(); }
  SUBCASE("in the number of streams") { device.port.registers = ide({0, 0}); }
  SUBCASE("by bytes behind the last block") { append(device.port.registers, Bytes(4)); }
  device.inspect();
  CHECK(found(device.judged, FindingId::ide_registers_differ));
  CHECK(device.judged.verdict == Verdict::fail);
  CHECK(device.judged.exit == Exit::untrusted);
}

TEST_CASE("inspection: the state of a failed integrity check may change between two readings") {
  Inspected device;
  Bytes& registers = device.port.registers;
  registers[8 + 8 + 3] = 0x80;  // status of the first block, bit 31
  CHECK(line(device.inspect(), InspectionItem::ide_registers) == CheckStatus::pass);
}

TEST_CASE("inspection: a device whose measurements differ inside and outside fails, whoever asks") {
  Inspected device;
  device.question.user.readiness.reset();
  device.prepare();
  device.measure_inside(0);
  device.key_exchange();
  device.finish();
  SUBCASE("in a value") { device.device.blocks[0].value[0] ^= 1; }
  SUBCASE("by one that is missing") { device.device.blocks.pop_back(); }
  device.measure_inside();
  device.query();
  device.tdisp();
  const Inspection& inspection = device.conclude();
  CHECK(line(inspection, InspectionItem::session_measurements) == CheckStatus::fail);
  CHECK(found(device.judged, FindingId::session_measurements_differ));
  CHECK(device.judged.verdict == Verdict::fail);
}

TEST_CASE("inspection: measurements of one place alone are compared with nothing") {
  Inspected device;
  device.prepare();
  device.key_exchange();
  device.finish();
  device.measure_inside();
  device.query();
  device.tdisp();
  CHECK(line(device.conclude(), InspectionItem::session_measurements) == CheckStatus::not_run);
  CHECK(device.judged.verdict == Verdict::undetermined);
}

TEST_CASE("inspection: ports") {
  Inspected device;
  device.open();
  SUBCASE("the device refuses QUERY") {
    device.refuse(PciProtocol::ide_km, IdeKmQuery{}.encode());
    device.tdisp();
    const Inspection& inspection = device.conclude();
    CHECK(line(inspection, InspectionItem::ide_km) == CheckStatus::fail);
    CHECK(inspection.line(InspectionItem::ide_km).detail == "the device answers QUERY with ERROR UnsupportedRequest (0x07)");
    CHECK(inspection.ide == CheckStatus::fail);
  }
  SUBCASE("it was not asked") {
    device.tdisp();
    CHECK(line(device.conclude(), InspectionItem::ide_km) == CheckStatus::not_run);
  }
  SUBCASE("one of two ports does not answer") {
    device.port.max_port = 1;
    device.query();
    CHECK(line(device.conclude(), InspectionItem::ide_km) == CheckStatus::fail);
  }
  SUBCASE("the second port is the function") {
    device.port.max_port = 1;
    device.port.bus = 9;
    device.query();
    device.port.port = 1;
    device.port.bus = 3;
    device.query();
    const Inspection& inspection = device.conclude();
    CHECK(line(inspection, InspectionItem::ide_km) == CheckStatus::pass);
    CHECK(inspection.line(InspectionItem::ide_km).detail == "2 ports; this function is port 1");
    CHECK(line(inspection, InspectionItem::ide_registers) == CheckStatus::pass);
  }
  SUBCASE("no port is the function") {
    device.port.bus = 9;
    device.query();
    const Inspection& inspection = device.conclude();
    CHECK(line(inspection, InspectionItem::ide_km) == CheckStatus::fail);
    CHECK(line(inspection, InspectionItem::ide_registers) == CheckStatus::not_run);
  }
  SUBCASE("registers that end within a block are told, and end nothing") {
    device.port.registers.resize(12);
    device.query();
    device.tdisp();
    const Inspection& inspection = device.conclude();
    CHECK(line(inspection, InspectionItem::ide_registers) == CheckStatus::fail);
    CHECK(line(inspection, InspectionItem::tdisp) == CheckStatus::pass);
  }
}

TEST_CASE("inspection: an answer that breaks a rule is a violation of the protocol") {
  Inspected device;
  device.open();
  IdeKmQueryResp other = device.port;
  other.port = 1;
  device.ask(PciProtocol::ide_km, IdeKmQuery{0}.encode(), other.encode());
  device.conclude();
  CHECK(found(device.judged, FindingId::protocol_violation));
  CHECK(device.judged.verdict == Verdict::fail);
}

TEST_CASE("inspection: interfaces") {
  Inspected device;
  device.open();
  device.query();
  SUBCASE("another interface than there is") {
    device.ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction),
               TdispError{TdispErrorCode::invalid_interface, 0, {}}.encode(kFunction));
    const Inspection& inspection = device.conclude();
    CHECK(line(inspection, InspectionItem::tdisp) == CheckStatus::fail);
    CHECK(inspection.line(InspectionItem::tdisp).remedy == "name the function of the interface with --function-id");
  }
  SUBCASE("no TDISP at all") {
    device.refuse(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction));
    const Inspection& inspection = device.conclude();
    CHECK(line(inspection, InspectionItem::tdisp) == CheckStatus::fail);
    CHECK(inspection.ide == CheckStatus::pass);
  }
  SUBCASE("another version") {
    device.ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction), TdispVersions{{0x20}}.encode(kFunction));
    CHECK(line(device.conclude(), InspectionItem::tdisp) == CheckStatus::fail);
  }
  SUBCASE("in the state ERROR") {
    device.state = TdiState::error;
    device.tdisp();
    CHECK(line(device.conclude(), InspectionItem::interface_state) == CheckStatus::fail);
  }
}

TEST_CASE("inspection: the report of an interface that is locked") {
  Inspected device;
  device.state = TdiState::config_locked;
  device.open();
  device.query();
  device.tdisp();
  InterfaceReport report = report_of_interface();
  CheckStatus expected = CheckStatus::fail;
  SUBCASE("fits the function") { expected = CheckStatus::pass; }
  SUBCASE("fits the function, whose ROM has no place") {
    device.evidence.host.encryption->bars.push_back({kPciRom, 0, 0x10000});
    expected = CheckStatus::pass;
  }
  SUBCASE("has a range that no BAR has room for") { report.ranges[0].pages = 17; }
  SUBCASE("has an MSI-X table of another size") { report.msix_control = 8; }
  SUBCASE("has an MSI-X table, and the function none") { device.evidence.host.encryption->msix_control.reset(); }
  device.report(report.encode());
  const Inspection& inspection = device.conclude();
  CHECK(line(inspection, InspectionItem::interface_report) == expected);
  CHECK(found(device.judged, FindingId::interface_report_wrong) == (expected == CheckStatus::fail));
  CHECK((device.judged.verdict == Verdict::pass) == (expected == CheckStatus::pass));
  REQUIRE(inspection.report.has_value());
  CHECK(inspection.report->ranges.size() == 1);
}

TEST_CASE("inspection: a report that is cut at any byte is refused") {
  const Bytes whole = report_of_interface().encode();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CAPTURE(size);
    Inspected device;
    device.state = TdiState::run;
    device.open();
    device.query();
    device.tdisp();
    device.report(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(line(device.conclude(), InspectionItem::interface_report) == CheckStatus::fail);
    CHECK(device.judged.verdict == Verdict::fail);
  }
}
