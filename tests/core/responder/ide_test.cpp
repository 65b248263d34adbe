// IDE_KM of the emulated device: ports and their registers, keys and their byte order, what goes and what stops.
#include "core/responder/pci_fixture.h"
#include "core/wire/ide_registers.h"

using namespace spdm;
using namespace spdm::test;

namespace {

IdeRegisters registers(PciPeer& peer, std::uint8_t port = 1) { return decode_ide_registers(peer.query(port).registers); }

}  // namespace

TEST_CASE("ports, one after the other") {
  for (const std::uint8_t version : session_versions()) {
    CAPTURE(version);
    PciPeer peer(pci_device(), version);
    const IdeKmQueryResp first = peer.query(0), second = peer.query(1);
    CHECK(first.max_port == 2);
    CHECK(first.bus == 0);
    CHECK(second.bus == 1);
    CHECK(second.device_function == 0x08);
    CHECK(second.segment == 2);
    CHECK(second.registers == first.registers);
    const IdeRegisters shown = decode_ide_registers(second.registers);
    CHECK(shown.surplus == 0);
    CHECK(shown.link_streams() == 1);
    CHECK(shown.selective_streams() == 2);
    CHECK(shown.has_ide_km());
    CHECK(shown.has_aes_gcm_256());
    CHECK(shown.is_tee_limited_supported());
    REQUIRE(shown.streams.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(shown.streams[i].id() == i);
    CHECK(shown.streams[2].addresses.size() == 1);
  }
}

TEST_CASE("what registers are made from") {
  const IdeLayout layout{.link_streams = 2,
                         .selective_streams = 3,
                         .address_blocks = 4,
                         .features = ide_feature::pcrc | ide_feature::flow_through,
                         .algorithm = 5,
                         .stream_ids = {9, 8},
                         .secure = {2}};
  const IdeRegisters made = decode_ide_registers(layout.registers());
  CHECK(made.surplus == 0);
  CHECK((made.capability & 0x3F) == 0x27);
  CHECK(made.link_streams() == 2);
  CHECK(made.selective_streams() == 3);
  CHECK_FALSE(made.has_aes_gcm_256());
  CHECK_FALSE(made.is_tee_limited_supported());
  REQUIRE(made.streams.size() == 5);
  CHECK(made.streams[0].id() == 9);
  CHECK(made.streams[1].id() == 8);
  CHECK(made.streams[4].id() == 4);
  CHECK(made.streams[4].algorithm() == 5);
  CHECK(made.streams[4].addresses.size() == 4);
  CHECK(made.streams[2].is_secure());
  CHECK(made.streams[2].is_enabled());
  CHECK_FALSE(made.streams[3].is_secure());
  // Who has more blocks than there are Stream IDs leaves the others idle.
  CHECK(decode_ide_registers(IdeLayout{.link_streams = 8, .selective_streams = 256, .address_blocks = 0}.registers()).streams.back().id() ==
        kIdleStreamId);
  CHECK(decode_ide_registers(IdeLayout{.selective_streams = 0}.registers()).streams.empty());
}

TEST_CASE("a key is kept in the order in which AES takes it") {
  PciPeer peer;
  Bytes message = unhex("02 0000 01 00 00 01", "KEY_PROG");
  // DW 7 first, each little-endian: register order 0x03020100 for the first four bytes of the key.
  append(message, unhex("03020100 07060504 0b0a0908 0f0e0d0c 13121110 17161514 1b1a1918 1f1e1d1c", "key"));
  append(message, unhex("04030201 08070605", "IFV: DW 1, DW 0"));
  CHECK(peer.ide(message) == unhex("03 0000 01 00 00 01", "KP_ACK"));
  Bytes expected;
  for (std::uint8_t i = 0; i < 32; ++i) expected.push_back(i);
  const IdeDevice& device = peer.responder.ide();
  CHECK(equal(device.key(1, 1, {0}), expected));
  CHECK(device.ifv(1, 1, {0}) == 0x0102030405060708);
  for (const std::uint8_t other : Bytes{0x01, 0x02, 0x10, 0x20}) CHECK(device.key(1, 1, {other}).empty());
  CHECK(device.key(0, 1, {0}).empty());
  CHECK(device.key(1, 2, {0}).empty());
}

TEST_CASE("each sub-stream, direction and key set has a key of its own") {
  PciPeer peer;
  std::vector<std::uint8_t> all;
  for (const std::uint8_t which : kSubStreams)
    for (const std::uint8_t set : Bytes{0, 1}) all.push_back(static_cast<std::uint8_t>(which | set));
  for (const std::uint8_t which : all) CHECK(peer.program(1, which) == 0);
  for (const std::uint8_t which : all) CHECK(equal(peer.responder.ide().key(1, 1, {which}), PciPeer::key_of(which)));
  // Once more, before it goes: the newer one counts.
  CHECK(peer.ide(pci_requests::key_prog(1, {0x02}, 1, Bytes(32, 7), 9)).at(4) == 0);
  CHECK(equal(peer.responder.ide().key(1, 1, {0x02}), Bytes(32, 7)));
  CHECK(peer.responder.ide().ifv(1, 1, {0x02}) == 9);
}

TEST_CASE("a stream is secure once all of its keys go, whatever the order") {
  for (const bool in_turn : {false, true}) {
    CAPTURE(in_turn);
    PciPeer peer;
    if (!in_turn) peer.program_all(1);
    for (const std::uint8_t which : kSubStreams) {
      CHECK_FALSE(registers(peer).streams[1].is_secure());
      if (in_turn) CHECK(peer.program(1, which) == 0);
      CHECK(peer.go(1, which));
    }
    const IdeRegisters shown = registers(peer);
    CHECK(shown.streams[1].is_secure());
    CHECK(shown.streams[1].is_enabled());
    CHECK_FALSE(shown.streams[0].is_secure());
    CHECK_FALSE(shown.streams[2].is_secure());
    CHECK_FALSE(registers(peer, 0).streams[1].is_secure());
    CHECK(peer.halt(1, 0x12));
    CHECK_FALSE(registers(peer).streams[1].is_secure());
    CHECK_FALSE(registers(peer).streams[1].is_enabled());
    CHECK(peer.responder.ide().key(1, 1, {0x12}).empty());
    CHECK(peer.halt(1, 0x12));  // it has stopped already
  }
}

TEST_CASE("keys are refreshed by way of the other key set") {
  PciPeer peer;
  peer.set_up(1);
  for (const std::uint8_t which : kSubStreams) CHECK(peer.program(1, which | 1) == 0);
  for (const std::uint8_t which : kSubStreams) {
    CHECK(peer.go(1, which | 1));
    CHECK(peer.halt(1, which));
    CHECK(registers(peer).streams[1].is_secure());
  }
}

TEST_CASE("Q29 IDE_KM and TDISP outside of a session that encrypts") {
  for (const PciProtocol protocol : {PciProtocol::ide_km, PciProtocol::tdisp}) {
    CAPTURE(name(protocol));
    const Bytes message = protocol == PciProtocol::ide_km ? IdeKmQuery{0}.encode() : encode_tdisp(TdispQuestion::version, kFunction);
    SessionPeer peer(pci_device(), k12), old(pci_device(), k11);
    peer.connect();
    old.connect();
    CHECK(peer.refused(wrap(protocol, message).encode(Code::vendor_defined_request, k12)).code == ErrorCode::session_required);
    CHECK(old.refused(wrap(protocol, message).encode(Code::vendor_defined_request, k11)).code == ErrorCode::unspecified);

    DeviceProfile device = pci_device();
    device.sessions->encrypt = false;
    PciPeer authenticated(device);
    CHECK(authenticated.refused_pci(protocol, message) == ErrorCode::unexpected_request);
  }
}

TEST_CASE("a device without IDE_KM, TDISP or CXL says so") {
  DeviceProfile device = session_device();
  PciPeer peer(device);
  CHECK(peer.ide_refused(IdeKmQuery{0}.encode()) == ErrorCode::unsupported_request);
  CHECK(peer.refused_pci(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction)) == ErrorCode::unsupported_request);
  device.ide.emplace();
  PciPeer ide(device);
  CHECK(ide.query(0).max_port == 0);
  CHECK(ide.refused_pci(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, kFunction)) == ErrorCode::unsupported_request);
  VendorDefined cxl = wrap(PciProtocol::ide_km, IdeKmQuery{0}.encode());
  cxl.vendor_id = {0x98, 0x1E};
  CHECK(ide.refused_inside(cxl.encode(Code::vendor_defined_request, k12)).code == ErrorCode::unsupported_request);
}

TEST_CASE("the large form of 1.4 is answered in the large form") {
  PciPeer peer(pci_device(), k14);
  const Bytes answer = peer.ask(*peer.session, PciProtocol::ide_km, IdeKmQuery{1}.encode(), true);
  CHECK(answer.at(2) == 1);
}

TEST_CASE("Q30 KEY_PROG that does not fit has a status") {
  PciPeer peer;
  const Bytes good = pci_requests::key_prog(1, {kRxPr}, 1, Bytes(32, 1), 1);
  for (const std::size_t size : {3U, 7U, 46U, 48U}) {
    CAPTURE(size);
    Bytes message = good;
    message.resize(size);
    const Bytes answer = peer.ide(message);
    CHECK(answer.at(4) == 1);
    CHECK(answer.at(3) == (size > 3 ? 1 : 0));
  }
  CHECK(peer.program(1, kRxPr, 3) == 2);
  for (const std::uint8_t which : Bytes{0x30, 0xF0, 0x04, 0x08}) CHECK(peer.program(1, which) == 3);
  CHECK(peer.program(3, kRxPr) == 3);  // a Stream ID of no block
  CHECK(peer.responder.ide().key(1, 1, {kRxPr}).empty());
  CHECK(peer.program(1, kRxPr) == 0);
}

TEST_CASE("Q31 IDE_KM that gets no answer of its own") {
  PciPeer peer;
  CHECK(peer.program(1, kRxPr) == 0);
  const auto refused = [&](const Bytes& message) { return peer.ide_refused(message) == ErrorCode::invalid_request; };
  CHECK(refused(IdeKmQuery{3}.encode()));
  CHECK(refused(pci_requests::k_set_go(1, {0x10}, 1)));  // no key
  CHECK(refused(pci_requests::k_set_go(2, {kRxPr}, 1)));
  CHECK(refused(pci_requests::k_set_go(1, {kRxPr}, 0)));
  CHECK(refused(pci_requests::k_set_go(1, {kRxPr}, 9)));
  CHECK(refused(pci_requests::k_set_go(1, {0x34}, 1)));
  CHECK(refused(pci_requests::k_set_stop(2, {kRxPr}, 1)));
  CHECK(refused({}));
  for (const std::uint8_t object : Bytes{0x01, 0x03, 0x06, 0x07, 0xFF}) CHECK(refused({object, 0, 0, 1, 0, 0, 1}));
  for (const std::uint8_t object : Bytes{0x00, 0x04, 0x05}) CHECK(refused({object, 0}));
  for (const std::uint8_t object : Bytes{0x00, 0x04, 0x05}) CHECK(refused(Bytes{object, 0, 0, 1, 0, 0, 1, 0}));
  CHECK(peer.go(1, kRxPr));  // none of it has done harm
  CHECK(peer.halt(1, kRxPr));
  CHECK(refused(pci_requests::k_set_go(1, {kRxPr}, 1)));  // it has stopped, and the key is gone
}

TEST_CASE("Q32 KEY_PROG in place of a key that goes, or that is another's") {
  DeviceProfile device = pci_device();
  device.ide->registers = IdeLayout{.selective_streams = 3, .secure = {2}}.registers();
  PciPeer peer(device);
  CHECK(peer.program(2, kRxPr) == 4);  // somebody has set it up before
  CHECK(peer.program(1, kRxPr) == 0);
  CHECK(peer.go(1, kRxPr));
  CHECK(peer.program(1, kRxPr) == 4);
  CHECK(equal(peer.responder.ide().key(1, 1, {kRxPr}), PciPeer::key_of(kRxPr)));

  SecuredSession first = std::move(*peer.session);
  peer.exchange_keys();
  peer.finish();
  CHECK(peer.program(1, 0x10) == 4);
  CHECK(peer.ide_refused(pci_requests::k_set_stop(1, {kRxPr}, 1)) == ErrorCode::invalid_request);
  CHECK(peer.program(0, kRxPr) == 0);
  CHECK(peer.program(first, 1, 0x10) == 0);
  // Once all have stopped it is anybody's.
  CHECK(peer.ask(first, PciProtocol::ide_km, pci_requests::k_set_stop(1, {kRxPr}, 1)).at(0) == 6);
  CHECK(peer.ask(first, PciProtocol::ide_km, pci_requests::k_set_stop(1, {0x10}, 1)).at(0) == 6);
  CHECK(peer.program(1, kRxPr) == 0);
}

TEST_CASE("keys end with the session that they came in") {
  PciPeer peer;
  peer.set_up(1);
  CHECK(peer.inside(EndSession{}.encode(k12)) == begin(k12, Code::end_session_ack).take());
  CHECK(peer.responder.ide().key(1, 1, {kRxPr}).empty());
  peer.exchange_keys();
  peer.finish();
  CHECK_FALSE(registers(peer).streams[1].is_secure());
  CHECK(peer.program(1, kRxPr) == 0);
  peer.connect();  // GET_VERSION ends all sessions
  CHECK(peer.responder.ide().key(1, 1, {kRxPr}).empty());
}

TEST_CASE("no more streams with keys than there is room for") {
  DeviceProfile device = pci_device();
  device.ide->registers = IdeLayout{.selective_streams = IdeDevice::kMost + 1}.registers();
  PciPeer peer(device);
  for (std::size_t id = 0; id < IdeDevice::kMost; ++id) CHECK(peer.program(static_cast<std::uint8_t>(id), kRxPr) == 0);
  CHECK(peer.program(IdeDevice::kMost, kRxPr) == 4);
  CHECK(peer.program(0, 0x10) == 0);
}

TEST_CASE("registers that are larger than a message go in chunks") {
  DeviceProfile device = pci_device();
  device.ide->registers = IdeLayout{.selective_streams = 255, .address_blocks = 15}.registers();
  PciPeer peer(device);
  const Bytes request = wrap(PciProtocol::ide_km, IdeKmQuery{0}.encode()).encode(Code::vendor_defined_request, k12);
  CHECK(peer.refused_inside(request).code == ErrorCode::large_response);
}
