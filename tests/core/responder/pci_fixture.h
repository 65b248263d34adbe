// A requester that speaks IDE_KM and TDISP with the emulated device, inside of a session.
#pragma once

#include "core/responder/ide_device.h"
#include "core/responder/session_fixture.h"
#include "core/wire/pci_vendor.h"
#include "support/pci_requests.h"

namespace spdm::test {

inline constexpr FunctionId kFunction{0x0108};  // 01:01.0
inline constexpr std::uint8_t kRxPr = 0x00, kSubStreams[] = {0x00, 0x10, 0x20, 0x02, 0x12, 0x22};

// The device of session_fixture.h, with three ports, a stream of the link (Stream ID 0) and two selective ones (1 and 2), and TDISP.
inline DeviceProfile pci_device() {
  DeviceProfile out = session_device();
  out.ide.emplace();
  out.ide->ports = {{}, {.bus = 1, .device_function = 0x08, .segment = 2}, {}};
  out.ide->registers = IdeLayout{.link_streams = 1, .selective_streams = 2}.registers();
  out.tdisp.emplace();
  return out;
}

struct PciPeer : SessionPeer {
  explicit PciPeer(DeviceProfile profile = pci_device(), std::uint8_t with_version = k12) : SessionPeer(std::move(profile), with_version) {
    open_session();
  }

  // One exchange; what is within the answer.
  Bytes ask(PciProtocol protocol, View message) { return ask(*session, protocol, message); }
  Bytes ask(SecuredSession& of, PciProtocol protocol, View message, bool large = false) {
    const VendorDefined request = wrap(protocol, message, large);
    last = inside(of, request.encode(Code::vendor_defined_request, version));
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    Reader reader(last, "VENDOR_DEFINED_RESPONSE");
    const VendorDefined response = VendorDefined::decode_response(reader, request, parameters);
    reader.assert_done();
    REQUIRE(pci_protocol_of(response) == protocol);
    return to_bytes(pci_message_of(response));
  }
  ErrorCode refused_pci(PciProtocol protocol, View message) {
    return refused_inside(wrap(protocol, message).encode(Code::vendor_defined_request, version)).code;
  }

  Bytes ide(View message) { return ask(PciProtocol::ide_km, message); }
  ErrorCode ide_refused(View message) { return refused_pci(PciProtocol::ide_km, message); }
  IdeKmQueryResp query(std::uint8_t port) {
    const IdeKmQuery request{port};
    const Bytes answer = ide(request.encode());
    Reader reader(answer, "QUERY_RESP");
    return IdeKmQueryResp::decode(reader, request);
  }
  // The status of KP_ACK, which echoes the request.
  std::uint8_t program(std::uint8_t stream, std::uint8_t which, std::uint8_t port = 1) { return program(*session, stream, which, port); }
  std::uint8_t program(SecuredSession& of, std::uint8_t stream, std::uint8_t which, std::uint8_t port = 1) {
    const Bytes answer = ask(of, PciProtocol::ide_km, pci_requests::key_prog(stream, {which}, port, key_of(which), 1));
    Reader reader(answer, "KP_ACK");
    const IdeKmKeyProgAck out = IdeKmKeyProgAck::decode(reader);
    CHECK(out.stream == stream);
    CHECK(out.which.value == which);
    CHECK(out.port == port);
    return out.status;
  }
  static Bytes key_of(std::uint8_t which) { return Bytes(32, static_cast<std::uint8_t>(0xA0 + which)); }
  bool go(std::uint8_t stream, std::uint8_t which, std::uint8_t port = 1) {
    return ide(pci_requests::k_set_go(stream, {which}, port)) == IdeKmKeySet{{}, stream, {which}, port}.encode_ack();
  }
  bool halt(std::uint8_t stream, std::uint8_t which, std::uint8_t port = 1) {
    return ide(pci_requests::k_set_stop(stream, {which}, port)) == IdeKmKeySet{{}, stream, {which}, port}.encode_ack();
  }
  void program_all(std::uint8_t stream) {
    for (const std::uint8_t which : kSubStreams) CHECK(program(stream, which) == 0);
  }
  void set_up(std::uint8_t stream) {
    program_all(stream);
    for (const std::uint8_t which : kSubStreams) CHECK(go(stream, which));
  }

  Bytes tdisp(View message) { return ask(PciProtocol::tdisp, message); }
  // The body of an answer that is not TDISP_ERROR; its header echoes the request.
  template <class Body>
  Body tdi(TdispCode code, View message, FunctionId function = kFunction) {
    const Bytes answer = tdisp(message);
    Reader reader(answer, "TDISP");
    const TdispHeader header = TdispHeader::decode(reader);
    REQUIRE(header.code == code);
    CHECK(header.function == function);
    return Body::decode(reader);
  }
  TdispErrorCode tdisp_refused(View message) { return tdisp_refusal(tdisp(message)).code; }
  static TdispError tdisp_refusal(const Bytes& answer) {
    Reader reader(answer, "TDISP");
    const TdispHeader header = TdispHeader::decode(reader);
    REQUIRE(header.code == TdispCode::tdisp_error);
    CHECK(header.version == kTdispVersion);
    return TdispError::decode(reader);
  }
  TdiState state(FunctionId function = kFunction) { return state(*session, function); }
  TdiState state(SecuredSession& of, FunctionId function = kFunction) {
    const Bytes answer = ask(of, PciProtocol::tdisp, encode_tdisp(TdispQuestion::state, function));
    Reader reader(answer, "TDISP");
    REQUIRE(TdispHeader::decode(reader).code == TdispCode::device_interface_state);
    return DeviceInterfaceState::decode(reader).state;
  }
  Block<32> lock(const LockInterface& request = {.default_stream = 1}) {
    return tdi<LockInterfaceResponse>(TdispCode::lock_interface_response, pci_requests::lock_interface(kFunction, request)).nonce;
  }
  bool start(const Block<32>& nonce) {
    return tdisp(pci_requests::start_interface(kFunction, nonce)) == encode_done(TdispCode::start_interface_request, kFunction);
  }
  bool stop() { return tdisp(pci_requests::stop_interface(kFunction)) == encode_done(TdispCode::stop_interface_request, kFunction); }
  Bytes report() {
    Bytes out;
    for (std::uint16_t remainder = 1; remainder > 0;) {
      const GetDeviceInterfaceReport request{static_cast<std::uint16_t>(out.size()), 0x1000};
      const auto got = tdi<DeviceInterfaceReport>(TdispCode::device_interface_report, request.encode(kFunction));
      append(out, got.portion);
      remainder = got.remainder;
    }
    return out;
  }
};

}  // namespace spdm::test
