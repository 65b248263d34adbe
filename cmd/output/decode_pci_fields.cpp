// The messages of IDE_KM and TDISP within vendor-defined ones, field by field.
#include <nlohmann/json.hpp>

#include "cmd/output/decode_input.h"
#include "cmd/output/pci_fields.h"
#include "core/appraisal/encryption_json.h"
#include "core/appraisal/tdisp_json.h"
#include "core/error.h"
#include "core/text.h"
#include "core/wire/ide_km.h"
#include "core/wire/interface_report.h"
#include "core/wire/pci_vendor.h"

namespace spdm::cmd {

namespace {

std::string wide(std::uint64_t value) { return cat("0x", hex(value, 16)); }

// One message of a protocol, and the request that it answers, where it was seen.
struct Inner {
  View message;
  std::optional<View> request;
};

// The request of this kind. One that breaks a rule is told with itself: what answers it is read on its own then.
template <class Request>
std::optional<Request> request_in(const Inner& in, std::size_t header = 0) try {
  if (!in.request) return std::nullopt;
  Reader reader(*in.request, "request");
  reader.skip(header, "header");
  return Request::decode(reader);
} catch (const Error&) {
  return std::nullopt;
}

template <class Answer, class Request>
Answer answer_in(Reader& reader, const std::optional<Request>& request) {
  return request ? Answer::decode(reader, *request) : Answer::decode(reader);
}

// ---- IDE_KM

Json key_fields(std::uint8_t stream, KeySubStream which, std::uint8_t port) {
  return Json{{"stream_id", stream}, {"key_sub_stream", to_string(which)}, {"port_index", port}};
}

Json query(Reader& reader) { return Json{{"port_index", IdeKmQuery::decode(reader).port}}; }

Json query_resp(Reader& reader, const Inner& in) {
  const auto answer = answer_in<IdeKmQueryResp>(reader, request_in<IdeKmQuery>(in));
  const FunctionId function{1U << 24 | static_cast<std::uint32_t>(answer.segment) << 16 | static_cast<std::uint32_t>(answer.bus) << 8 |
                            answer.device_function};
  return Json{{"port_index", answer.port},
              {"max_port_index", answer.max_port},
              {"function", to_string(function)},
              {"registers", hex(answer.registers)},
              {"ide", to_json(decode_ide_registers(answer.registers))}};
}

Json key_prog(Reader& reader) {
  const IdeKmKeyProg request = IdeKmKeyProg::decode(reader);
  Json out = key_fields(request.stream, request.which, request.port);
  out["key"] = "not shown";
  out["ifv"] = wide(request.ifv);
  return out;
}

Json kp_ack(Reader& reader, const Inner& in) {
  const auto answer = answer_in<IdeKmKeyProgAck>(reader, request_in<IdeKmKeyProg>(in));
  Json out = key_fields(answer.stream, answer.which, answer.port);
  out["status"] = status_name(answer.status);
  return out;
}

Json key_set(Reader& reader, const Inner& in) {
  const auto message = answer_in<IdeKmKeySet>(reader, request_in<IdeKmKeySet>(in));
  return key_fields(message.stream, message.which, message.port);
}

Json ide_km_fields(IdeKmObject object, Reader& reader, const Inner& in) {
  switch (object) {
    case IdeKmObject::query:
      return query(reader);
    case IdeKmObject::query_resp:
      return query_resp(reader, in);
    case IdeKmObject::key_prog:
      return key_prog(reader);
    case IdeKmObject::kp_ack:
      return kp_ack(reader, in);
    default:
      return key_set(reader, in);
  }
}

struct AskedObject {
  IdeKmObject object{};

  static AskedObject decode(Reader& reader) { return {ide_km_object_of(reader.rest())}; }
};

Json ide_km(const Inner& in, bool is_request) {
  const IdeKmObject object = ide_km_object_of(in.message);
  const std::string title(name(object));
  Reader reader(in.message, title);
  if (response_to(object).has_value() != is_request)  // N333
    reader.fail("ObjectID", is_request ? "is of a response" : "is of a request");
  const auto asked = request_in<AskedObject>(in);  // N334
  if (asked && response_to(asked->object) != object) reader.fail("ObjectID", cat(title, " does not answer ", name(asked->object)));
  return Json{{"name", title}, {"length", in.message.size()}, {"fields", ide_km_fields(object, reader, in)}};
}

// ---- TDISP

Json version_fields(Reader& reader) {
  Json out = Json::array();
  for (const std::uint8_t version : TdispVersions::decode(reader).versions) out.push_back(tdisp_version_name(version));
  return Json{{"versions", std::move(out)}};
}

Json capability_fields(Reader& reader) {
  const TdispCapabilities in = TdispCapabilities::decode(reader);
  return Json{{"dsm_caps", quantity(in.dsm, 8)},   {"requests", tdisp_requests_json(in)}, {"lock_flags", lock_flags_json(in.lock_flags)},
              {"address_width", in.address_width}, {"requests_this", in.requests_this},   {"requests_all", in.requests_all}};
}

Json lock_fields(Reader& reader) {
  const LockInterface in = LockInterface::decode(reader);
  return Json{{"flags", quantity(in.flags, 4)},
              {"lock_flags", lock_flags_json(in.flags)},
              {"default_stream_id", in.default_stream},
              {"mmio_reporting_offset", wide(in.mmio_reporting_offset)},
              {"bind_p2p_address_mask", wide(in.p2p_address_mask)}};
}

Json get_report_fields(Reader& reader) {
  const GetDeviceInterfaceReport in = GetDeviceInterfaceReport::decode(reader);
  return Json{{"offset", in.offset}, {"length", in.length}};
}

Json portion_fields(Reader& reader, const Inner& in) {
  const auto request = request_in<GetDeviceInterfaceReport>(in, kTdispHeaderSize);
  const auto answer = answer_in<DeviceInterfaceReport>(reader, request);
  Json out{{"portion_length", answer.portion.size()}, {"remainder", answer.remainder}, {"portion", hex(answer.portion)}};
  // Only where it is all of the report can it be read.
  if (request && request->offset == 0 && answer.remainder == 0)
    out["report"] = interface_report_json(decode_interface_report(answer.portion));
  return out;
}

Json error_fields(Reader& reader) {
  const TdispError in = TdispError::decode(reader);
  Json out{{"error", name(in.code)}, {"code", quantity(static_cast<std::uint32_t>(in.code), 8)}, {"data", quantity(in.data, 8)}};
  if (in.code == TdispErrorCode::unsupported_request && in.data <= 0xFF) out["request"] = name(static_cast<TdispCode>(in.data));
  if (!in.extended.empty()) out["extended"] = hex(in.extended);
  return out;
}

// Nothing of a message that is not read further.
std::optional<Json> tdisp_fields(TdispCode code, Reader& reader, const Inner& in) {
  switch (code) {
    case TdispCode::tdisp_version:
      return version_fields(reader);
    case TdispCode::get_tdisp_capabilities:
      return Json{{"tsm_caps", quantity(GetTdispCapabilities::decode(reader).tsm, 8)}};
    case TdispCode::tdisp_capabilities:
      return capability_fields(reader);
    case TdispCode::lock_interface_request:
      return lock_fields(reader);
    case TdispCode::lock_interface_response:
      return Json{{"start_interface_nonce", hex(LockInterfaceResponse::decode(reader).nonce)}};
    case TdispCode::get_device_interface_report:
      return get_report_fields(reader);
    case TdispCode::device_interface_report:
      return portion_fields(reader, in);
    case TdispCode::device_interface_state:
      return Json{{"state", name(DeviceInterfaceState::decode(reader).state)}};
    case TdispCode::start_interface_request:
      return Json{{"start_interface_nonce", hex(StartInterface::decode(reader).nonce)}};
    case TdispCode::bind_p2p_stream_request:
    case TdispCode::unbind_p2p_stream_request:
      return Json{{"p2p_stream_id", P2pStream::decode(reader).stream}};
    case TdispCode::set_mmio_attribute_request:
      return Json{{"range", range_json(SetMmioAttribute::decode(reader).range)}};
    case TdispCode::tdisp_error:
      return error_fields(reader);
    case TdispCode::get_tdisp_version:
    case TdispCode::get_device_interface_state:
    case TdispCode::start_interface_response:
    case TdispCode::stop_interface_request:
    case TdispCode::stop_interface_response:
    case TdispCode::bind_p2p_stream_response:
    case TdispCode::unbind_p2p_stream_response:
    case TdispCode::set_mmio_attribute_response:
      reader.assert_done();
      return Json::object();
    default:
      return std::nullopt;
  }
}

TdispHeader header_of(const Inner& in, Reader& reader) {
  std::optional<TdispHeader> request = request_in<TdispHeader>(in);
  // What a request of another version wants, and what answers it, this program does not know.
  if (request && request->version != kTdispVersion) request.reset();
  return answer_in<TdispHeader>(reader, request);
}

Json tdisp(const Inner& in, bool is_request) {
  Reader first(in.message, "TDISP");
  const TdispHeader header = header_of(in, first);
  const std::string title = name(header.code);
  Json out{{"name", title},
           {"version", tdisp_version_name(header.version)},
           {"length", in.message.size()},
           {"interface", to_string(header.function)}};
  Reader reader(in.message, title);
  if (is_tdisp_request(header.code) != is_request)  // N340
    reader.fail("MessageType", is_request ? "is of a response" : "is of a request");
  reader.skip(kTdispHeaderSize, "header");
  std::optional<Json> fields;
  if (header.version == kTdispVersion) fields = tdisp_fields(header.code, reader, in);
  if (fields)
    out["fields"] = std::move(*fields);
  else
    out["note"] = header.version == kTdispVersion ? "a message that is not decoded further" : "of a version that is not supported";
  return out;
}

}  // namespace

void add_pci_message(Json& out, const VendorDefined& envelope, const VendorDefined* request, bool is_request) {
  const std::optional<PciProtocol> protocol = pci_protocol_of(envelope);
  const std::optional<PciProtocol> asked = request == nullptr ? std::nullopt : pci_protocol_of(*request);
  if (asked && protocol != asked)  // N322
    malformed("VENDOR_DEFINED_RESPONSE", "protocol", cat("is not that of the request, ", name(*asked)));
  if (!protocol) return;
  Inner in{pci_message_of(envelope), std::nullopt};
  if (asked) in.request = pci_message_of(*request);
  if (*protocol == PciProtocol::ide_km)
    out["ide_km"] = ide_km(in, is_request);
  else
    out["tdisp"] = tdisp(in, is_request);
}

}  // namespace spdm::cmd
