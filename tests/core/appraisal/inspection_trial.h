// A device that was inspected, on a host that sees what it should.
#pragma once

#include "core/appraisal/inspection.h"
#include "core/appraisal/policy.h"
#include "core/appraisal/session_trial.h"
#include "core/wire/interface_report.h"
#include "core/wire/pci_vendor.h"

namespace trial {

inline constexpr std::uint32_t kSelective = 1U << 1, kLink = 1U << 0, kIdeKm = 1U << 6;
inline constexpr FunctionId kFunction{0x0300};

// An IDE capability with selective streams, whose control registers are these.
inline Bytes ide(const std::vector<std::uint32_t>& controls = {std::uint32_t{kIdleStreamId} << 24},
                 std::uint32_t capability = kSelective | kIdeKm) {
  Writer out;
  out.u32(capability | static_cast<std::uint32_t>(controls.size() - 1) << 16).u32(0);
  for (const std::uint32_t control : controls) out.u32(0).u32(control).u32(0).u32(0).u32(0);
  return out.take();
}

inline InterfaceReport report_of_interface() {
  InterfaceReport out;
  out.info = 1;
  out.msix_control = 7;
  MmioRange range;
  range.first_page = 0xE0000 + 0xD0000;
  range.pages = 16;
  range.attributes = 1;
  out.ranges = {range};
  return out;
}

struct Inspected : InSession {
  Inspected() {
    evidence.host.bdf = "0000:03:00.0";
    EncryptionView& view = evidence.host.encryption.emplace();
    view.tee_io = true;
    view.ide = ide();
    view.root_port = "0000:00:01.0";
    view.root_port_ide = ide({0, 0}, kSelective);
    view.msix_control = 7;
    view.bars = {{0, 0xE0000000, 0x10000}};
    evidence.live = true;
    question.user.readiness = Readiness::tee_io;
    port.registers = ide();
    port.bus = 3;
  }

  void ask(PciProtocol protocol, const Bytes& request, const Bytes& response) {
    exchange(wrap(protocol, request).encode(Code::vendor_defined_request, version()),
             wrap(protocol, response).encode(Code::vendor_defined_response, version()), kSession);
  }
  void refuse(PciProtocol protocol, const Bytes& request) {
    exchange(wrap(protocol, request).encode(Code::vendor_defined_request, version()),
             begin(version(), Code::error, static_cast<std::uint8_t>(ErrorCode::unsupported_request), 0xFE).take(), kSession);
  }
  void query() { ask(PciProtocol::ide_km, IdeKmQuery{port.port}.encode(), port.encode()); }
  void tdisp() {
    ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction), TdispVersions{{kTdispVersion}}.encode(kFunction));
    ask(PciProtocol::tdisp, GetTdispCapabilities{}.encode(kFunction), TdispCapabilities{}.encode(kFunction));
    ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::state, kFunction), DeviceInterfaceState{state}.encode(kFunction));
  }
  void report(const Bytes& bytes) {
    const GetDeviceInterfaceReport request{0, static_cast<std::uint16_t>(bytes.size())};
    ask(PciProtocol::tdisp, request.encode(kFunction), DeviceInterfaceReport{0, bytes}.encode(kFunction));
  }
  void open() {
    prepare();
    measure_inside(0);
    key_exchange();
    finish();
    measure_inside();
  }
  const Inspection& inspect() {
    open();
    query();
    tdisp();
    return conclude();
  }
  const Inspection& conclude() {
    end();
    judged = judge();
    REQUIRE(judged.inspection.has_value());
    return *judged.inspection;
  }

  IdeKmQueryResp port;
  TdiState state = TdiState::config_unlocked;
  Report judged;
};

inline CheckStatus line(const Inspection& inspection, InspectionItem item) { return inspection.line(item).status; }

}  // namespace trial
