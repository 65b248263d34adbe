// IDE_KM and TDISP in vendor-defined messages, field by field.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cmd/output/decode_fields.h"
#include "cmd/output/message_decoder.h"
#include "core/evidence/cutter.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "core/wire/ide_km.h"
#include "core/wire/interface_report.h"
#include "core/wire/pci_vendor.h"
#include "support/pci_requests.h"

using namespace spdm;
using spdm::cmd::DecodeContext;

namespace {

constexpr FunctionId kFunction{0x01020328};
constexpr KeySubStream kTxNpr{0x12};
constexpr PciProtocol kIde = PciProtocol::ide_km, kTdisp = PciProtocol::tdisp;

Bytes request(PciProtocol protocol, View message) { return wrap(protocol, message).encode(Code::vendor_defined_request, k12); }

Json fields_of(const Bytes& message, std::optional<Bytes> asked = std::nullopt) {
  Parameters parameters;
  parameters.version = k12;
  DecodeContext context{parameters, std::move(asked)};
  const std::optional<cmd::Fields> out = cmd::decode_fields(message, context);
  REQUIRE(out);
  CHECK(out->used == message.size());
  return out->fields;
}

Json asked(PciProtocol protocol, View message) { return fields_of(request(protocol, message)); }

// The response, with and without its request.
Json answered(PciProtocol protocol, View message, View to = {}) {
  const Bytes response = wrap(protocol, message).encode(Code::vendor_defined_response, k12);
  if (to.empty()) return fields_of(response);
  return fields_of(response, request(protocol, to));
}

template <class F>
void broken(const std::string& why, F run) {
  expect_error(ErrorId::peer, why, run);
}

// A capability with one link stream and one selective stream with one address association.
Bytes registers() {
  Writer writer;
  writer.u32(0x00000043).u32(0);
  writer.u32(0x07000001).u32(0x00000002);
  writer.u32(1).u32(0x05C00001).u32(0x80000000).u32(0).u32(0).u32(0).u32(0).u32(0);
  return writer.take();
}

IdeKmQueryResp query_resp() {
  return {.port = 1, .device_function = 0x28, .bus = 3, .segment = 2, .max_port = 4, .registers = registers()};
}

InterfaceReport report() {
  InterfaceReport out;
  out.info = 0x0005;
  out.msix_control = 7;
  out.ranges = {{.first_page = 0xFE000, .pages = 4, .attributes = 1, .id = 2}};
  out.device_specific = {0xAB};
  return out;
}

}  // namespace

TEST_CASE("decode: QUERY and QUERY_RESP") {
  const Json query = asked(kIde, IdeKmQuery{.port = 1}.encode());
  CHECK(query["ide_km"] == Json{{"name", "QUERY"}, {"length", 3}, {"fields", Json{{"port_index", 1}}}});
  CHECK(query["payload"] == "00000001");
  CHECK_FALSE(query.contains("tdisp"));
  const Json answer = answered(kIde, query_resp().encode(), IdeKmQuery{.port = 1}.encode())["ide_km"];
  CHECK(answer["name"] == "QUERY_RESP");
  const Json& fields = answer["fields"];
  CHECK(fields["port_index"] == 1);
  CHECK(fields["max_port_index"] == 4);
  CHECK(fields["function"] == "0002:03:05.0");
  CHECK(fields["registers"] == hex(registers()));
  CHECK(fields["ide"]["link_streams"] == 1);
  CHECK(fields["ide"]["ide_km"] == true);
  REQUIRE(fields["ide"]["streams"].size() == 2);
  CHECK(fields["ide"]["streams"][0]["kind"] == "link");
  CHECK(fields["ide"]["streams"][0]["state"] == "secure");
  CHECK(fields["ide"]["streams"][1]["id"] == 5);
  CHECK(fields["ide"]["streams"][1]["failed"] == true);
  CHECK(fields["ide"]["streams"][1]["default"] == true);
  broken("QUERY_RESP: PortIndex: 1, asked for 2", [] { answered(kIde, query_resp().encode(), IdeKmQuery{.port = 2}.encode()); });
  IdeKmQueryResp cut = query_resp();
  cut.registers.resize(cut.registers.size() - 4);
  broken("IDE registers", [&] { answered(kIde, cut.encode()); });
}

TEST_CASE("decode: KEY_PROG without its key, and its answer") {
  const Bytes message = pci_requests::key_prog(5, kTxNpr, 1, Bytes(32, 0xA5), 0x0102030405060708);
  const Json fields = asked(kIde, message)["ide_km"]["fields"];
  CHECK(fields ==
        Json{{"stream_id", 5}, {"key_sub_stream", "K0 TX NPR"}, {"port_index", 1}, {"key", "not shown"}, {"ifv", "0x0102030405060708"}});
  const IdeKmKeyProgAck ack{.stream = 5, .status = 3, .which = kTxNpr, .port = 1};
  CHECK(answered(kIde, ack.encode(), message)["ide_km"]["fields"] ==
        Json{{"stream_id", 5}, {"key_sub_stream", "K0 TX NPR"}, {"port_index", 1}, {"status", "unsupported value"}});
  IdeKmKeyProgAck other = ack;
  other.stream = 6;
  broken("KP_ACK: StreamID: 6, asked for 5", [&] { answered(kIde, other.encode(), message); });
  // What answers a broken request is read on its own.
  Bytes longer = message;
  longer.push_back(0);
  CHECK(answered(kIde, ack.encode(), longer)["ide_km"]["name"] == "KP_ACK");
}

TEST_CASE("decode: K_SET_GO, K_SET_STOP and their answer") {
  CHECK(asked(kIde, pci_requests::k_set_go(5, kTxNpr, 1))["ide_km"]["name"] == "K_SET_GO");
  const Bytes stop = pci_requests::k_set_stop(5, kTxNpr, 1);
  CHECK(asked(kIde, stop)["ide_km"]["fields"] == Json{{"stream_id", 5}, {"key_sub_stream", "K0 TX NPR"}, {"port_index", 1}});
  const IdeKmKeySet done{.stream = 5, .which = kTxNpr, .port = 1};
  CHECK(answered(kIde, done.encode_ack(), stop)["ide_km"]["name"] == "K_GOSTOP_ACK");
  broken("K_GOSTOP_ACK: PortIndex", [&] { answered(kIde, IdeKmKeySet{.stream = 5, .which = kTxNpr, .port = 2}.encode_ack(), stop); });
}

TEST_CASE("decode: messages of IDE_KM that are out of place") {
  broken("ObjectID: 7 is reserved", [] { asked(kIde, Bytes{7, 0, 0}); });
  broken("IDE_KM: ObjectID", [] { asked(kIde, {}); });
  broken("QUERY: length: 1 bytes left over", [] { asked(kIde, Bytes{0, 0, 0, 0}); });
  SUBCASE("N322 an answer of another protocol") {
    broken("protocol: is not that of the request, IDE_KM", [] {
      const Bytes response = wrap(kTdisp, DeviceInterfaceState{}.encode(kFunction)).encode(Code::vendor_defined_response, k12);
      fields_of(response, request(kIde, IdeKmQuery{}.encode()));
    });
  }
  SUBCASE("N333 a response where a request stands, and the reverse") {
    broken("QUERY_RESP: ObjectID: is of a response", [] { asked(kIde, query_resp().encode()); });
    broken("QUERY: ObjectID: is of a request", [] { answered(kIde, IdeKmQuery{}.encode()); });
  }
  SUBCASE("N334 a response to another request") {
    broken("KP_ACK: ObjectID: KP_ACK does not answer QUERY", [] { answered(kIde, IdeKmKeyProgAck{}.encode(), IdeKmQuery{}.encode()); });
  }
}

TEST_CASE("decode: versions, capabilities and states of TDISP") {
  const Json question = asked(kTdisp, encode_tdisp(TdispQuestion::version, kFunction))["tdisp"];
  CHECK(question ==
        Json{{"name", "GET_TDISP_VERSION"}, {"version", "1.0"}, {"length", 16}, {"interface", "0002:03:05.0"}, {"fields", Json::object()}});
  CHECK(answered(kTdisp, TdispVersions{.versions = {0x10, 0x21}}.encode(kFunction))["tdisp"]["fields"] ==
        Json{{"versions", {"1.0", "2.1"}}});
  CHECK(asked(kTdisp, GetTdispCapabilities{.tsm = 1}.encode(kFunction))["tdisp"]["fields"] == Json{{"tsm_caps", "0x00000001"}});
  const TdispCapabilities can{.dsm = 2, .requests = {0x06}, .lock_flags = 5, .address_width = 52, .requests_this = 1, .requests_all = 3};
  CHECK(answered(kTdisp, can.encode(kFunction))["tdisp"]["fields"] == Json{{"dsm_caps", "0x00000002"},
                                                                           {"requests", {"GET_TDISP_VERSION", "GET_TDISP_CAPABILITIES"}},
                                                                           {"lock_flags", {"no-fw-update", "lock-msix"}},
                                                                           {"address_width", 52},
                                                                           {"requests_this", 1},
                                                                           {"requests_all", 3}});
  CHECK(answered(kTdisp, DeviceInterfaceState{.state = TdiState::run}.encode(kFunction))["tdisp"]["fields"] == Json{{"state", "run"}});
}

TEST_CASE("decode: requests of TDISP that change an interface") {
  const LockInterface lock{.flags = 0x11, .default_stream = 3, .mmio_reporting_offset = 0xD0000000, .p2p_address_mask = 1};
  CHECK(asked(kTdisp, pci_requests::lock_interface(kFunction, lock))["tdisp"]["fields"] ==
        Json{{"flags", "0x0011"},
             {"lock_flags", {"no-fw-update", "all-request-redirect"}},
             {"default_stream_id", 3},
             {"mmio_reporting_offset", "0x00000000d0000000"},
             {"bind_p2p_address_mask", "0x0000000000000001"}});
  const Block<32> nonce{0xEE};
  const std::string digits = hex(nonce);
  CHECK(answered(kTdisp, LockInterfaceResponse{.nonce = nonce}.encode(kFunction))["tdisp"]["fields"]["start_interface_nonce"] == digits);
  CHECK(asked(kTdisp, pci_requests::start_interface(kFunction, nonce))["tdisp"]["fields"]["start_interface_nonce"] == digits);
  CHECK(asked(kTdisp, pci_requests::stop_interface(kFunction))["tdisp"]["fields"] == Json::object());
  CHECK(asked(kTdisp, pci_requests::bind_p2p_stream(kFunction, 9))["tdisp"]["fields"]["p2p_stream_id"] == 9);
  CHECK(asked(kTdisp, pci_requests::unbind_p2p_stream(kFunction, 9))["tdisp"]["name"] == "UNBIND_P2P_STREAM_REQUEST");
  CHECK(asked(kTdisp, pci_requests::set_mmio_attribute(kFunction, report().ranges[0]))["tdisp"]["fields"]["range"]["pages"] == 4);
  CHECK(answered(kTdisp, encode_done(TdispCode::stop_interface_request, kFunction))["tdisp"]["name"] == "STOP_INTERFACE_RESPONSE");
}

TEST_CASE("decode: portions of a device interface report, and all of one") {
  const Bytes whole = report().encode();
  const auto portion = [&](std::uint16_t offset, std::uint16_t remainder, View bytes) {
    const Bytes question = GetDeviceInterfaceReport{.offset = offset, .length = 0x1000}.encode(kFunction);
    return answered(kTdisp, DeviceInterfaceReport{.remainder = remainder, .portion = to_bytes(bytes)}.encode(kFunction),
                    question)["tdisp"]["fields"];
  };
  const Json all = portion(0, 0, whole);
  CHECK(all["portion_length"] == whole.size());
  CHECK(all["portion"] == hex(whole));
  CHECK(all["report"]["dma_with_pasid"] == true);
  CHECK(all["report"]["dma_without_pasid"] == false);
  CHECK(all["report"]["ranges"] == Json{{{"first_page", 0xFE000},
                                         {"address", "0x00000000fe000000"},
                                         {"pages", 4},
                                         {"id", 2},
                                         {"msix_table", true},
                                         {"msix_pba", false},
                                         {"non_tee", false},
                                         {"updatable", false}}});
  // Parts are shown as bytes, whatever they look like.
  CHECK_FALSE(portion(0, 1, whole).contains("report"));
  CHECK_FALSE(portion(1, 0, whole).contains("report"));
  CHECK_FALSE(
      answered(kTdisp, DeviceInterfaceReport{.remainder = 0, .portion = whole}.encode(kFunction))["tdisp"]["fields"].contains("report"));
  broken("device interface report: ", [&] { portion(0, 0, View(whole).first(whole.size() - 1)); });
  broken("PORTION_LENGTH: 0, no progress", [&] { portion(0, 0, {}); });
  const Json question = asked(kTdisp, GetDeviceInterfaceReport{.offset = 1, .length = 2}.encode(kFunction))["tdisp"];
  CHECK(question["fields"] == Json{{"offset", 1}, {"length", 2}});
}

TEST_CASE("decode: TDISP_ERROR") {
  const TdispError unsupported{.code = TdispErrorCode::unsupported_request, .data = 0x88, .extended = {}};
  CHECK(answered(kTdisp, unsupported.encode(kFunction), pci_requests::bind_p2p_stream(kFunction, 9))["tdisp"]["fields"] ==
        Json{{"error", "UNSUPPORTED_REQUEST"}, {"code", "0x00000007"}, {"data", "0x00000088"}, {"request", "BIND_P2P_STREAM_REQUEST"}});
  const TdispError vendor{.code = TdispErrorCode::vendor_specific, .data = 1, .extended = {0, 2}};
  CHECK(answered(kTdisp, vendor.encode(kFunction))["tdisp"]["fields"] ==
        Json{{"error", "VENDOR_SPECIFIC_ERROR"}, {"code", "0x000000ff"}, {"data", "0x00000001"}, {"extended", "0002"}});
}

TEST_CASE("decode: messages of TDISP that are out of place") {
  const Bytes state = DeviceInterfaceState{}.encode(kFunction);
  SUBCASE("N340 a response where a request stands, and the reverse") {
    broken("DEVICE_INTERFACE_STATE: MessageType: is of a response", [&] { asked(kTdisp, state); });
    broken("GET_TDISP_VERSION: MessageType: is of a request", [] { answered(kTdisp, encode_tdisp(TdispQuestion::version, kFunction)); });
  }
  broken("MessageType: DEVICE_INTERFACE_STATE does not answer GET_TDISP_VERSION",
         [&] { answered(kTdisp, state, encode_tdisp(TdispQuestion::version, kFunction)); });
  broken("INTERFACE_ID", [&] { answered(kTdisp, state, encode_tdisp(TdispQuestion::state, {1})); });
  broken("TDISP: ", [&] { answered(kTdisp, View(state).first(15)); });
  Bytes longer = encode_tdisp(TdispQuestion::version, kFunction);
  longer.push_back(0);
  broken("GET_TDISP_VERSION: length", [&] { asked(kTdisp, longer); });
}

TEST_CASE("A34 messages of TDISP that nobody knows, and other versions of it") {
  Bytes unknown = encode_tdisp(TdispQuestion::version, kFunction);
  unknown[1] = 0x9A;
  CHECK(asked(kTdisp, unknown)["tdisp"]["note"] == "a message that is not decoded further");
  CHECK(asked(kTdisp, unknown)["tdisp"]["name"] == "0x9a");
  Bytes newer = DeviceInterfaceState{}.encode(kFunction);
  newer[0] = 0x20;
  newer.push_back(0);
  CHECK(answered(kTdisp, newer)["tdisp"]["note"] == "of a version that is not supported");
  // What answers a request of another version is not known.
  Bytes question = encode_tdisp(TdispQuestion::version, kFunction);
  question[0] = 0x20;
  CHECK(answered(kTdisp, newer, question)["tdisp"]["version"] == "2.0");
}

TEST_CASE("decode: vendors that are not read stay bytes, and CXL is named") {
  VendorDefined cxl = wrap(kIde, IdeKmQuery{}.encode());
  cxl.vendor_id = {0x98, 0x1E};
  const Json fields = fields_of(cxl.encode(Code::vendor_defined_request, k12));
  CHECK(fields == Json{{"standard", "PCI-SIG"}, {"standard_id", 3}, {"vendor_id", "981e"}, {"vendor", "CXL"}, {"payload", "00000000"}});
  VendorDefined other = wrap(kIde, IdeKmQuery{}.encode());
  other.vendor_id = {0x86, 0x80};
  CHECK_FALSE(fields_of(other.encode(Code::vendor_defined_request, k12)).contains("vendor"));
}

TEST_CASE("decode: the large form without its request") {
  const Bytes response = wrap(kIde, query_resp().encode(), true).encode(Code::vendor_defined_response, k14);
  Parameters parameters;
  parameters.version = k14;
  const std::optional<cmd::Fields> out = cmd::decode_fields(response, DecodeContext{parameters});
  REQUIRE(out);
  CHECK(out->fields["ide_km"]["name"] == "QUERY_RESP");
}

TEST_CASE("decode: PCI messages as text") {
  Evidence evidence;
  evidence.binding = Binding::doe;
  const auto add = [&](bool from_requester, PciProtocol protocol, View message) {
    const Code code = from_requester ? Code::vendor_defined_request : Code::vendor_defined_response;
    evidence.log.push_back({.from_requester = from_requester, .secured = false, .bytes = wrap(protocol, message).encode(code, k12)});
  };
  add(true, kIde, pci_requests::key_prog(5, kTxNpr, 1, Bytes(32, 0xA5), 1));
  add(false, kIde, IdeKmKeyProgAck{.stream = 5, .status = 0, .which = kTxNpr, .port = 1}.encode());
  add(true, kIde, IdeKmQuery{.port = 1}.encode());
  add(false, kIde, query_resp().encode());
  add(true, kTdisp, encode_tdisp(TdispQuestion::state, kFunction));
  add(false, kTdisp, DeviceInterfaceState{.state = TdiState::run}.encode(kFunction));
  cmd::MessageDecoder decoder(evidence, assumed_parameters(k12), {}, {});
  std::string text;
  for (std::size_t i = 0; i < evidence.log.size(); ++i)
    for (const cmd::DecodedMessage& one : decoder.next(evidence.log[i], i)) {
      CHECK_FALSE(one.broken);
      text += cmd::text_of(one.json, false);
      CHECK(one.json.contains("hidden") == (i == 0));
      CHECK(one.json.dump().find("a5a5") == std::string::npos);
    }
  CHECK(text.find("1 -> VENDOR_DEFINED_REQUEST  1.2  59 bytes  (a key is replaced by zeros)\n") == 0);
  CHECK(text.find("      ide_km: KEY_PROG  47 bytes\n          stream_id: 5\n") != std::string::npos);
  CHECK(text.find("          key: not shown\n") != std::string::npos);
  CHECK(text.find("          ide:\n              link_streams: 1\n") != std::string::npos);
  CHECK(text.find("              streams: kind selective, block 0, id 5") != std::string::npos);
  CHECK(text.find("      tdisp: DEVICE_INTERFACE_STATE  1.0  of 0002:03:05.0  17 bytes\n          state: run\n") != std::string::npos);
}
