// Asking a device about PCI encryption: what is asked, in which order, and where it ends.
#include "core/protocol/inspect.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/protocol/inspection_seen.h"
#include "core/wire/interface_report.h"
#include "core/wire/pci_vendor.h"

using namespace spdm;

namespace {

constexpr FunctionId kFunction{0x0300};

VendorDefined ide_km(const Bytes& message) { return wrap(PciProtocol::ide_km, message); }
VendorDefined tdisp(const Bytes& message) { return wrap(PciProtocol::tdisp, message); }

IdeKmQueryResp port(std::uint8_t index, std::uint8_t max = 0) {
  IdeKmQueryResp out;
  out.port = index;
  out.max_port = max;
  out.registers = Bytes(8);
  return out;
}

DeviceInterfaceReport portion(std::size_t size, std::uint16_t remainder) { return {remainder, Bytes(size, 0xAB)}; }

void report(InspectionSeen& seen, std::uint16_t offset, const DeviceInterfaceReport& answer) {
  seen.observe(tdisp(GetDeviceInterfaceReport{offset, 0xFFFF}.encode(kFunction)), tdisp(answer.encode(kFunction)));
}

}  // namespace

TEST_CASE("inspection seen: a port that answers twice is known by its last answer") {
  InspectionSeen seen;
  IdeKmQueryResp first = port(0), second = port(0);
  second.bus = 5;
  seen.observe(ide_km(IdeKmQuery{0}.encode()), ide_km(first.encode()));
  seen.observe(ide_km(IdeKmQuery{0}.encode()), ide_km(second.encode()));
  REQUIRE(seen.ports().size() == 1);
  CHECK(seen.ports()[0].answer.bus == 5);
}

TEST_CASE("inspection seen: an answer of another protocol, port or function is refused") {
  InspectionSeen seen;
  expect_error(ErrorId::peer, "PROTOCOL_ID", [&] { seen.observe(ide_km(IdeKmQuery{0}.encode()), tdisp(port(0).encode())); });
  expect_error(ErrorId::peer, "PortIndex", [&] { seen.observe(ide_km(IdeKmQuery{1}.encode()), ide_km(port(0).encode())); });
  expect_error(ErrorId::peer, "INTERFACE_ID", [&] {
    seen.observe(tdisp(encode_tdisp(TdispQuestion::state, kFunction)), tdisp(DeviceInterfaceState{}.encode(FunctionId{1})));
  });
  expect_error(ErrorId::peer, "MessageType", [&] {
    seen.observe(tdisp(encode_tdisp(TdispQuestion::state, kFunction)), tdisp(TdispVersions{{kTdispVersion}}.encode(kFunction)));
  });
}

TEST_CASE("inspection seen: messages of other vendors are not looked at") {
  InspectionSeen seen;
  VendorDefined other = ide_km(IdeKmQuery{0}.encode());
  other.vendor_id = {0x98, 0x1E};  // CXL
  seen.observe(other, ide_km(port(0).encode()));
  CHECK(seen.empty());
}

TEST_CASE("N372 portions of a report are put together, and their sum stays") {
  InspectionSeen seen;
  report(seen, 0, portion(10, 6));
  CHECK_FALSE(seen.find(kFunction)->has_report());
  report(seen, 4, portion(2, 10));  // out of order: read by whoever recorded it, and not put together
  CHECK(seen.find(kFunction)->report.size() == 10);
  report(seen, 10, portion(6, 0));
  CHECK(seen.find(kFunction)->has_report());
  CHECK(seen.find(kFunction)->report == Bytes(16, 0xAB));
  // It begins anew with its first portion.
  report(seen, 0, portion(3, 1));
  CHECK_FALSE(seen.find(kFunction)->has_report());
  expect_error(ErrorId::peer, "REMAINDER_LENGTH", [&] { report(seen, 3, portion(3, 1)); });
}

TEST_CASE("inspection seen: TDISP_ERROR is kept with what it answers") {
  InspectionSeen seen;
  seen.observe(tdisp(encode_tdisp(TdispQuestion::version, kFunction)),
               tdisp(TdispError{TdispErrorCode::invalid_interface, 0, {}}.encode(kFunction)));
  REQUIRE(seen.find(kFunction) != nullptr);
  CHECK(seen.find(kFunction)->refused == TdispCode::get_tdisp_version);
  CHECK(seen.find(kFunction)->error->code == TdispErrorCode::invalid_interface);
}

TEST_CASE("the function of a target is its address, without the domain") {
  HostView host;
  CHECK_FALSE(function_of(host).has_value());
  host.bdf = "0001:03:1f.7";
  CHECK(function_of(host)->value == 0x03FF);
  host.bdf = "10000:e1:00.0";
  CHECK(function_of(host)->value == 0xE100);
  host.bdf = "nothing";
  CHECK_FALSE(function_of(host).has_value());
}
