// Faults of IDE_KM and TDISP, and of sessions only: a requester that looks for them can see them.
#include "core/responder/pci_fixture.h"

using namespace spdm;
using namespace spdm::test;

namespace {

Fault fault(std::string_view on, std::string_view action, std::uint32_t first = 1, std::uint32_t times = 0) {
  Fault out = parse_fault(on, action);
  out.first = first;
  out.times = times;
  return out;
}

PciPeer with(std::vector<Fault> faults) {
  DeviceProfile device = pci_device();
  device.tdisp->state = TdiState::run;
  device.faults = std::move(faults);
  return PciPeer(std::move(device));
}

const Bytes kQuery = IdeKmQuery{1}.encode(), kState = encode_tdisp(TdispQuestion::state, kFunction);

}  // namespace

TEST_CASE("the message within is changed, and its envelope fits") {
  PciPeer good = with({});
  const Bytes query = good.ide(kQuery), state = good.tdisp(kState);
  CHECK(with({fault("QUERY_RESP", "append 00")}).ide(kQuery).size() == query.size() + 1);
  CHECK(with({fault("QUERY_RESP", "truncate -4")}).ide(kQuery) == to_bytes(View(query).first(query.size() - 4)));
  CHECK(with({fault("QUERY_RESP", "set 2 05")}).ide(kQuery).at(2) == 5);
  CHECK(with({fault("DEVICE_INTERFACE_STATE", "set 16 09")}).tdisp(kState).at(16) == 9);
  CHECK(with({fault("DEVICE_INTERFACE_STATE", "flip 4")}).tdisp(kState).at(4) == (0x08 ^ 1));
  CHECK(with({fault("DEVICE_INTERFACE_STATE", "version 0x11")}).tdisp(kState).at(0) == 0x11);
  CHECK(with({fault("DEVICE_INTERFACE_STATE", "code 0x01")}).tdisp(kState).at(1) == 0x01);
  // Of another response, or of another protocol with the same number: nothing.
  PciPeer others = with({fault("TDISP_VERSION", "append 00"), fault("KP_ACK", "append 00"), fault("DEVICE_INTERFACE_REPORT", "append 00")});
  CHECK(others.ide(kQuery) == query);
  CHECK(others.tdisp(kState) == state);
}

TEST_CASE("which occurrence, in sessions and beside other faults") {
  PciPeer peer = with({fault("DEVICE_INTERFACE_STATE", "set 16 03", 2, 1), fault("VENDOR_DEFINED_RESPONSE", "flip 0", 3, 1)});
  CHECK(peer.state() == TdiState::run);
  CHECK(peer.state() == TdiState::error);
  const Bytes whole = peer.inside(wrap(PciProtocol::tdisp, kState).encode(Code::vendor_defined_request, k12));
  CHECK(whole.at(0) == (k12 ^ 1));
  CHECK(peer.state() == TdiState::run);
}

TEST_CASE("a report that makes no progress, and one whose total changes") {
  PciPeer stuck = with({fault("DEVICE_INTERFACE_REPORT", "truncate 20"), fault("DEVICE_INTERFACE_REPORT", "set 16 0000")});
  const GetDeviceInterfaceReport request{0, 8};
  const Bytes empty = stuck.tdisp(request.encode(kFunction));
  Reader reader(empty, "TDISP");
  (void)TdispHeader::decode(reader);
  CHECK_THROWS_AS(DeviceInterfaceReport::decode(reader, request), Error);
  PciPeer other = with({fault("DEVICE_INTERFACE_REPORT", "flip 18", 2)});
  const auto remainder = [&] {
    return other.tdi<DeviceInterfaceReport>(TdispCode::device_interface_report, request.encode(kFunction)).remainder;
  };
  const std::uint16_t first = remainder();
  CHECK(remainder() == (first ^ 1));
}

TEST_CASE("in place of an answer: nothing is done") {
  PciPeer error = with({fault("DEVICE_INTERFACE_STATE", "tdisp-error INVALID_INTERFACE")});
  CHECK(error.tdisp_refused(kState) == TdispErrorCode::invalid_interface);
  CHECK(with({fault("TDISP_VERSION", "tdisp-error 0x77")}).tdisp_refused(encode_tdisp(TdispQuestion::version, kFunction)) ==
        static_cast<TdispErrorCode>(0x77));
  PciPeer keys = with({fault("KP_ACK", "error Unspecified"), fault("QUERY_RESP", "busy")});
  CHECK(keys.ide_refused(pci_requests::key_prog(1, {0}, 1, Bytes(32, 1), 1)) == ErrorCode::unspecified);
  CHECK(keys.responder.ide().key(1, 1, {0}).empty());
  CHECK(keys.ide_refused(kQuery) == ErrorCode::busy);
}

TEST_CASE("how an answer travels, and what becomes of its record") {
  const auto reply = [](std::string_view action) {
    PciPeer peer = with({fault("QUERY_RESP", action)});
    const Bytes request = wrap(PciProtocol::ide_km, kQuery).encode(Code::vendor_defined_request, k12);
    return peer.send_record(peer.session->seal(Direction::request, request));
  };
  CHECK(reply("drop").action == Reply::Action::silence);
  CHECK(reply("close").action == Reply::Action::close);
  CHECK(reply("delay 20").delay == std::chrono::milliseconds(20));
  CHECK_FALSE(reply("in-clear").secured);
  PciPeer replays = with({fault("QUERY_RESP", "replay", 2)});
  const Bytes first = replays.ide(IdeKmQuery{0}.encode());
  CHECK(replays.ide(kQuery) == first);
}

TEST_CASE("names and actions that do not go together") {
  for (const char* on : {"QUERY", "KEY_PROG", "TDISP_ERROR", "VDM_RESPONSE", "GET_TDISP_VERSION", "0x60"})
    CHECK_THROWS_AS(parse_fault(on, "drop"), Error);
  CHECK_THROWS_AS(parse_fault("QUERY_RESP", "not-ready"), Error);
  CHECK_THROWS_AS(parse_fault("QUERY_RESP", "tdisp-error BUSY"), Error);
  CHECK_THROWS_AS(parse_fault("MEASUREMENTS", "tdisp-error BUSY"), Error);
  CHECK_THROWS_AS(parse_fault("TDISP_VERSION", "tdisp-error"), Error);
  CHECK_THROWS_AS(parse_fault("TDISP_VERSION", "tdisp-error SLEEPY"), Error);
  CHECK(parse_fault("TDISP_VERSION", "tdisp-error BUSY").number == 3);
}

TEST_CASE("measurements inside of a session that are not those outside") {
  Fault inside = fault("MEASUREMENTS", "flip 15");
  inside.in_session = true;
  PciPeer peer = with({inside});
  const GetMeasurements request{.operation = 1};
  const auto outside = peer.get<MeasurementsResponse>(request.encode(k12), request, peer.parameters);
  const auto within = peer.get_inside<MeasurementsResponse>(request.encode(k12), request, peer.parameters);
  CHECK(outside.record.size() == within.record.size());
  CHECK(outside.record.at(7) == (within.record.at(7) ^ 1));
}
