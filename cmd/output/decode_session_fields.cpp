// The messages of sessions, field by field.
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cmd/output/decoders.h"
#include "core/session/requester_seen.h"
#include "core/text.h"
#include "core/wire/encapsulated.h"
#include "core/wire/finish.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"

namespace spdm::cmd::decoders {

namespace {

Json policy_names(SessionPolicy policy) {
  Json out = Json::array();
  if (policy.survives_update) out.push_back("TerminationPolicy");
  if (policy.all_events) out.push_back("EventAllPolicy");
  return out;
}

// DSP0277 1.3: both sides may say it.
void add_aead_limit(Json& out, View opaque, const DecodeInput& in, std::string_view message) {
  if (const std::uint8_t limit = decode_aead_limit(opaque, in.parameters(), message); limit != kNoAeadLimit)
    out["aead_limit_exponent"] = limit;
}

void add_offered(Json& out, View opaque, const DecodeInput& in, std::string_view message) {
  if (opaque.empty()) return;
  out["opaque"] = opaque_fields(opaque, message);
  Json versions = Json::array();
  for (const std::uint16_t version : decode_secured_versions(opaque, in.parameters(), message))
    versions.push_back(secured_version_name(version));
  if (!versions.empty()) out["secured_message_versions"] = std::move(versions);
  add_aead_limit(out, opaque, in, message);
}

void add_selected(Json& out, View opaque, const DecodeInput& in, std::string_view message) {
  if (opaque.empty()) return;
  out["opaque"] = opaque_fields(opaque, message);
  if (const std::optional<std::uint16_t> version = decode_secured_selection(opaque, in.parameters(), message))
    out["secured_message_version"] = secured_version_name(*version);
  add_aead_limit(out, opaque, in, message);
}

void add_opaque(Json& out, View opaque, std::string_view message) {
  if (!opaque.empty()) out["opaque"] = opaque_fields(opaque, message);
}

void add_bytes(Json& out, const char* key, View bytes) {
  if (!bytes.empty()) out[key] = hex(bytes);
}

// A response does not repeat the requester's half of the session id.
void add_session_id(Json& out, const DecodeInput& in, std::uint16_t requester, std::uint16_t responder) {
  out["rsp_session_id"] = quantity(responder, 4);
  if (in.context.request) out["session_id"] = quantity(session_id(requester, responder), 8);
}

void assert_sized(const DecodeInput& in) {
  if (in.parameters().key_exchange == nullptr)
    in.reader.fail("state", "its layout depends on the negotiated key exchange, and that was not seen");
}

// The message inside, decoded in its turn, one level deep. What follows it is no part of it.
Json inner_fields(DecodeInput& in, View message, bool is_response) {
  const Header header = read_header(message);
  const std::string_view version = version_name(header.version);
  Json out{{"name", name(header.code)}, {"version", version == "unknown" ? cat("0x", hex(header.version, 2)) : std::string(version)}};
  DecodeContext context{.parameters = in.parameters(), .request = std::nullopt, .tolerance = nullptr, .encapsulated = std::nullopt};
  if (is_response) {
    context.parameters = of_requester(in.parameters());
    context.request = in.context.encapsulated;
  }
  context.is_inside = true;
  const std::optional<Fields> fields = in.context.is_inside ? std::nullopt : decode_fields(message, context);
  if (fields) in.trailing = message.size() - fields->used;
  const View own = message.first(message.size() - in.trailing);
  out["length"] = own.size();
  out["hex"] = hex(own);
  if (fields)
    out["fields"] = fields->fields;
  else
    out["note"] = "a message that is not decoded further";
  return out;
}

Json update_fields(const KeyUpdate& update) {
  return Json{{"key_update_operation", name(update.operation)}, {"tag", quantity(update.tag, 2)}};
}

}  // namespace

Json key_exchange(DecodeInput& in) {
  assert_sized(in);
  const KeyExchange request = KeyExchange::decode(in.reader, in.parameters());
  Json out{{"summary", summary_name(request.summary)}, {"slot", slot_text(request.slot)}};
  out["req_session_id"] = quantity(request.session_id, 4);
  if (in.version() >= k12) out["session_policy"] = policy_names(request.policy);
  out["random_data"] = hex(request.random);
  out["exchange_data"] = hex(request.exchange_data);
  add_offered(out, request.opaque, in, "KEY_EXCHANGE");
  return out;
}

Json key_exchange_rsp(DecodeInput& in) {
  assert_sized(in);
  KeyExchange request;
  if (in.context.request) {
    Reader reader(*in.context.request, "KEY_EXCHANGE");
    request = KeyExchange::decode(reader, in.parameters());
  }
  const KeyExchangeResponse response = KeyExchangeResponse::decode(in.reader, request, in.parameters());
  Json out{{"heartbeat_period", response.heartbeat_period}};
  add_session_id(out, in, request.session_id, response.session_id);
  out["mut_auth_requested"] = name(response.mutual_auth);
  if (response.mutual_auth == MutualAuth::optimized) out["requester_slot"] = slot_text(response.requester_slot);
  out["random_data"] = hex(response.random);
  out["exchange_data"] = hex(response.exchange_data);
  add_bytes(out, "measurement_summary_hash", response.summary_hash);
  add_selected(out, response.opaque, in, "KEY_EXCHANGE_RSP");
  out["signature"] = hex(response.signature);
  add_bytes(out, "responder_verify_data", response.verify_data);
  return out;
}

Json finish(DecodeInput& in) {
  const Finish request = Finish::decode(in.reader, in.parameters());
  Json out{{"signature_included", !request.signature.empty()}};
  if (!request.signature.empty()) out["slot"] = slot_text(request.slot);
  add_opaque(out, request.opaque, "FINISH");
  add_bytes(out, "signature", request.signature);
  out["requester_verify_data"] = hex(request.verify_data);
  return out;
}

Json finish_rsp(DecodeInput& in) {
  const FinishResponse response = FinishResponse::decode(in.reader, in.parameters());
  Json out = Json::object();
  add_opaque(out, response.opaque, "FINISH_RSP");
  add_bytes(out, "responder_verify_data", response.verify_data);
  return out;
}

Json psk_exchange(DecodeInput& in) {
  const PskExchange request = PskExchange::decode(in.reader, in.parameters());
  Json out{{"summary", summary_name(request.summary)}};
  if (in.version() >= k12) out["session_policy"] = policy_names(request.policy);
  out["req_session_id"] = quantity(request.session_id, 4);
  out["psk_hint"] = hex(request.hint);
  out["requester_context"] = hex(request.context);
  add_offered(out, request.opaque, in, "PSK_EXCHANGE");
  return out;
}

Json psk_exchange_rsp(DecodeInput& in) {
  PskExchange request;
  if (in.context.request) {
    Reader reader(*in.context.request, "PSK_EXCHANGE");
    request = PskExchange::decode(reader, in.parameters());
  }
  const PskExchangeResponse response = PskExchangeResponse::decode(in.reader, request, in.parameters());
  Json out{{"heartbeat_period", response.heartbeat_period}};
  add_session_id(out, in, request.session_id, response.session_id);
  add_bytes(out, "measurement_summary_hash", response.summary_hash);
  add_bytes(out, "responder_context", response.context);
  add_selected(out, response.opaque, in, "PSK_EXCHANGE_RSP");
  out["responder_verify_data"] = hex(response.verify_data);
  return out;
}

Json psk_finish(DecodeInput& in) {
  const PskFinish request = PskFinish::decode(in.reader, in.parameters());
  Json out = Json::object();
  add_opaque(out, request.opaque, "PSK_FINISH");
  out["requester_verify_data"] = hex(request.verify_data);
  return out;
}

Json psk_finish_rsp(DecodeInput& in) {
  const PskFinishResponse response = PskFinishResponse::decode(in.reader, in.parameters());
  Json out = Json::object();
  add_opaque(out, response.opaque, "PSK_FINISH_RSP");
  return out;
}

Json key_update(DecodeInput& in) { return update_fields(KeyUpdate::decode(in.reader, in.version())); }

Json key_update_ack(DecodeInput& in) {
  const auto request = request_of<KeyUpdate>(in, [&] { return KeyUpdate{static_cast<KeyOperation>(in.header.param1), in.header.param2}; });
  request.check_ack(in.reader, in.version());
  return update_fields(request);
}

Json end_session(DecodeInput& in) {
  const EndSession request = EndSession::decode(in.reader, in.version());
  return Json{{"negotiated_state_preservation", request.clear_state ? "clear" : "preserve"}};
}

Json header_only(DecodeInput& in) {
  expect(in.reader, in.header.code, in.version());
  return Json::object();
}

Json encapsulated_request(DecodeInput& in) {
  const EncapsulatedRequest request = EncapsulatedRequest::decode(in.reader, in.version());
  Json out{{"request_id", request.id}};
  out["encapsulated_request"] = inner_fields(in, request.request, false);
  return out;
}

Json deliver_encapsulated_response(DecodeInput& in) {
  const DeliverEncapsulatedResponse request = DeliverEncapsulatedResponse::decode(in.reader, in.version());
  Json out{{"request_id", request.id}};
  out["encapsulated_response"] = inner_fields(in, request.response, true);
  return out;
}

Json encapsulated_response_ack(DecodeInput& in) {
  std::uint8_t delivered = in.message.size() > kHeaderSize ? in.message[kHeaderSize] : std::uint8_t{0};  // without its request
  if (in.context.request && read_header(*in.context.request).code == Code::deliver_encapsulated_response)
    delivered = read_header(*in.context.request).param1;
  const EncapsulatedResponseAck ack = EncapsulatedResponseAck::decode(in.reader, in.version(), delivered);
  using Payload = EncapsulatedResponseAck::Payload;
  Json out{{"request_id", ack.id}};
  out["payload_type"] = ack.payload == Payload::request ? "request" : ack.payload == Payload::slot ? "requester-slot" : "none";
  if (in.version() >= k12) out["ack_request_id"] = ack.ack_id;
  if (ack.payload == Payload::request) out["encapsulated_request"] = inner_fields(in, ack.request, false);
  if (ack.payload == Payload::slot) out["requester_slot"] = ack.slot;
  return out;
}

}  // namespace spdm::cmd::decoders
