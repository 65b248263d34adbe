// The messages of sessions, field by field.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cmd/output/decode_fields.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "core/wire/certificate.h"
#include "core/wire/encapsulated.h"
#include "core/wire/finish.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"

using namespace spdm;
using spdm::cmd::DecodeContext;

namespace {

Parameters parameters(std::uint8_t version = k12) {
  Parameters out;
  out.version = version;
  out.asym = find_asym("ECDSA-P256");
  out.req_asym = find_asym("ECDSA-P384");
  out.hash = out.measurement_hash = find_hash("SHA-256");
  out.key_exchange = find_key_exchange("secp256r1");
  out.aead = find_aead("AES-256-GCM");
  out.opaque_format = other_params::opaque_fmt1;
  out.requester.flags = out.responder.flags = cap::cert | cap::key_ex | cap::mac | cap::encrypt | cap::hbeat | cap::mut_auth | cap::encap |
                                              cap::meas_sig | cap::psk | cap::key_upd | cap::chal;
  out.measurement_specification = 1;
  return out;
}

struct Decoded {
  Json fields;
  std::size_t used = 0;
};

Decoded decode(const Bytes& message, DecodeContext context = {parameters()}) {
  const std::optional<cmd::Fields> out = cmd::decode_fields(message, context);
  REQUIRE(out);
  return {out->fields, out->used};
}

KeyExchange key_exchange() {
  KeyExchange out;
  out.summary = Summary::all;
  out.slot = kProvisionedKey;
  out.session_id = 0x1234;
  out.policy = {.survives_update = true, .all_events = true};
  out.exchange_data = Bytes(64, 0xE1);
  out.opaque = encode_secured_versions(parameters(), std::array<std::uint16_t, 2>{0x1000, 0x1100});
  return out;
}

KeyExchangeResponse key_exchange_rsp() {
  KeyExchangeResponse out;
  out.heartbeat_period = 9;
  out.session_id = 0xFFFE;
  out.exchange_data = Bytes(64, 0xE2);
  out.summary_hash = Bytes(32, 0x5A);
  out.opaque = encode_secured_selection(parameters(), 0x1100);
  out.signature = Bytes(64, 0x51);
  out.verify_data = Bytes(32, 0xDA);
  return out;
}

DecodeContext answering(const Bytes& request, std::uint8_t version = k12) {
  DecodeContext out{parameters(version)};
  out.request = request;
  return out;
}

}  // namespace

TEST_CASE("KEY_EXCHANGE and its answer, with words for what is a number") {
  const Decoded request = decode(key_exchange().encode(k13), {parameters(k13)});
  CHECK(request.fields["summary"] == "all");
  CHECK(request.fields["slot"] == "255 (provisioned key)");
  CHECK(request.fields["req_session_id"] == "0x1234");
  CHECK(request.fields["session_policy"] == Json{"TerminationPolicy", "EventAllPolicy"});
  CHECK(request.fields["random_data"] == std::string(64, '0'));
  CHECK(request.fields["exchange_data"].get<std::string>().size() == 128);
  CHECK(request.fields["secured_message_versions"] == Json{"1.0", "1.1"});
  CHECK(request.fields["opaque"].size() == 1);

  KeyExchangeResponse sent = key_exchange_rsp();
  const Decoded response = decode(sent.encode(k12), answering(key_exchange().encode(k12)));
  CHECK(response.fields["heartbeat_period"] == 9);
  CHECK(response.fields["rsp_session_id"] == "0xfffe");
  CHECK(response.fields["session_id"] == "0xfffe1234");
  CHECK(response.fields["mut_auth_requested"] == "none");
  CHECK_FALSE(response.fields.contains("requester_slot"));
  CHECK(response.fields["measurement_summary_hash"] == hex(Bytes(32, 0x5A)));
  CHECK(response.fields["secured_message_version"] == "1.1");
  CHECK(response.fields["signature"] == hex(Bytes(64, 0x51)));
  CHECK(response.fields["responder_verify_data"] == hex(Bytes(32, 0xDA)));

  CHECK_FALSE(response.fields.contains("aead_limit_exponent"));

  // A second element of general opaque data: the limit.
  sent.opaque[0] = 2;
  append(sent.opaque, Bytes{0, 0, 3, 0, 1, 2, 24, 0});
  CHECK(decode(sent.encode(k12), answering(key_exchange().encode(k12))).fields["aead_limit_exponent"] == 24);
  sent.mutual_auth = MutualAuth::optimized;
  sent.requester_slot = 3;
  sent.summary_hash.clear();
  const Decoded alone = decode(sent.encode(k12));
  CHECK(alone.fields["mut_auth_requested"] == "optimized");
  CHECK(alone.fields["requester_slot"] == "3");
  CHECK_FALSE(alone.fields.contains("session_id"));  // the other half was not seen
}

TEST_CASE("KEY_EXCHANGE before 1.2 has no SessionPolicy") {
  KeyExchange sent = key_exchange();
  sent.opaque = encode_secured_versions(parameters(k11), kSecuredVersions);
  const Decoded request = decode(sent.encode(k11), {parameters(k11)});
  CHECK_FALSE(request.fields.contains("session_policy"));
  CHECK(request.fields["secured_message_versions"] == Json{"1.0", "1.1", "1.2", "1.3"});
}

TEST_CASE("without the negotiated key exchange nobody knows the layout") {
  DecodeContext context{parameters()};
  context.parameters.key_exchange = nullptr;
  for (const Bytes& message : {key_exchange().encode(k12), key_exchange_rsp().encode(k12)})
    expect_error(ErrorId::peer, "its layout depends on the negotiated key exchange", [&] { cmd::decode_fields(message, context); });
}

TEST_CASE("FINISH and its answer") {
  Finish sent;
  sent.verify_data = Bytes(32, 1);
  Decoded request = decode(sent.encode(k12));
  CHECK(request.fields["signature_included"] == false);
  CHECK_FALSE(request.fields.contains("slot"));
  CHECK(request.fields["requester_verify_data"] == hex(Bytes(32, 1)));
  sent.slot = kProvisionedKey;
  sent.signature = Bytes(96, 2);
  request = decode(sent.encode(k12));
  CHECK(request.fields["signature_included"] == true);
  CHECK(request.fields["slot"] == "255 (provisioned key)");
  CHECK(request.fields["signature"] == hex(Bytes(96, 2)));
  CHECK(decode(FinishResponse{}.encode(k12)).fields == Json::object());
  DecodeContext clear{parameters()};
  clear.parameters.requester.flags |= cap::handshake_in_the_clear;
  clear.parameters.responder.flags |= cap::handshake_in_the_clear;
  CHECK(decode(FinishResponse{.opaque = {}, .verify_data = Bytes(32, 3)}.encode(k12), clear).fields["responder_verify_data"] ==
        hex(Bytes(32, 3)));
}

TEST_CASE("PSK_EXCHANGE, PSK_FINISH and their answers") {
  PskExchange request;
  request.session_id = 0x0102;
  request.hint = {0xAB};
  request.context = Bytes(32, 0xC0);
  request.opaque = encode_secured_versions(parameters(), std::array<std::uint16_t, 1>{0x1200});
  const Decoded asked = decode(request.encode(k12));
  CHECK(asked.fields["summary"] == "none");
  CHECK(asked.fields["session_policy"] == Json::array());
  CHECK(asked.fields["req_session_id"] == "0x0102");
  CHECK(asked.fields["psk_hint"] == "ab");
  CHECK(asked.fields["requester_context"] == hex(Bytes(32, 0xC0)));
  CHECK(asked.fields["secured_message_versions"] == Json{"1.2"});

  PskExchangeResponse response;
  response.session_id = 0x0304;
  response.opaque = encode_secured_selection(parameters(), 0x1200);
  response.verify_data = Bytes(32, 4);
  const Decoded answered = decode(response.encode(k12), answering(request.encode(k12)));
  CHECK(answered.fields["session_id"] == "0x03040102");
  CHECK(answered.fields["secured_message_version"] == "1.2");
  CHECK(answered.fields["responder_verify_data"] == hex(Bytes(32, 4)));
  CHECK(decode(PskFinish{.opaque = {}, .verify_data = Bytes(32, 5)}.encode(k12)).fields["requester_verify_data"] == hex(Bytes(32, 5)));
  CHECK(decode(PskFinishResponse{}.encode(k12)).fields == Json::object());
}

TEST_CASE("what keeps, renews and ends a session") {
  CHECK(decode(encode_heartbeat(k12)).fields == Json::object());
  CHECK(decode(begin(k12, Code::heartbeat_ack).take()).fields == Json::object());
  const KeyUpdate update{.operation = KeyOperation::update_all_keys, .tag = 0x0F};
  const Json told{{"key_update_operation", "UpdateAllKeys"}, {"tag", "0x0f"}};
  CHECK(decode(update.encode(k12)).fields == told);
  CHECK(decode(update.encode_ack(k12)).fields == told);
  CHECK(decode(update.encode_ack(k12), answering(update.encode(k12))).fields == told);
  const KeyUpdate other{.operation = KeyOperation::update_all_keys, .tag = 0x10};
  expect_error(ErrorId::peer, "KEY_UPDATE_ACK: Tag", [&] { decode(update.encode_ack(k12), answering(other.encode(k12))); });
  CHECK(decode(EndSession{.clear_state = true}.encode(k12)).fields["negotiated_state_preservation"] == "clear");
  CHECK(decode(EndSession{.clear_state = false}.encode(k12)).fields["negotiated_state_preservation"] == "preserve");
  CHECK(decode(begin(k12, Code::end_session_ack).take()).fields == Json::object());
}

TEST_CASE("encapsulated messages are decoded in their turn, one level deep, and padding is no part of them") {
  CHECK(decode(encode_get_encapsulated_request(k12)).fields == Json::object());
  const Bytes get = GetCertificate{.slot = 2, .large = false, .slot_size_requested = false, .offset = 0, .length = 100}.encode(k12);
  Bytes message = EncapsulatedRequest{.id = 7, .request = get}.encode(k12);
  message.resize(message.size() + 3);
  const Decoded asked = decode(message);
  CHECK(asked.used == message.size() - 3);
  CHECK(asked.fields["request_id"] == 7);
  const Json& inner = asked.fields["encapsulated_request"];
  CHECK(inner["name"] == "GET_CERTIFICATE");
  CHECK(inner["version"] == "1.2");
  CHECK(inner["length"] == get.size());
  CHECK(inner["hex"] == hex(get));
  CHECK(inner["fields"] == Json{{"slot", 2}, {"offset", 0}, {"length", 100}});

  // The response is held to its request.
  const Bytes certificate = CertificateResponse{.slot = 2, .large = false, .model = 0, .remainder = 5, .portion = Bytes(8, 1)}.encode(k12);
  DecodeContext context{parameters()};
  context.encapsulated = get;
  const Decoded delivered = decode(DeliverEncapsulatedResponse{.id = 7, .response = certificate}.encode(k12), context);
  CHECK(delivered.fields["encapsulated_response"]["fields"]["remainder"] == 5);
  context.encapsulated = GetCertificate{.slot = 1, .large = false, .slot_size_requested = false, .offset = 0, .length = 100}.encode(k12);
  expect_error(ErrorId::peer,
               "CERTIFICATE: ", [&] { decode(DeliverEncapsulatedResponse{.id = 7, .response = certificate}.encode(k12), context); });

  const Bytes nested = EncapsulatedRequest{.id = 1, .request = message}.encode(k12);
  const Json outer = decode(nested).fields["encapsulated_request"];
  CHECK(outer["name"] == "ENCAPSULATED_REQUEST");
  CHECK(outer["fields"]["encapsulated_request"]["note"] == "a message that is not decoded further");
  const Bytes unknown = begin(k12, Code{0xAA}).take();
  CHECK(decode(EncapsulatedRequest{.id = 1, .request = unknown}.encode(k12)).fields["encapsulated_request"]["note"] ==
        "a message that is not decoded further");
}

TEST_CASE("what the requester answers is read with its own keys") {
  DecodeContext context{parameters(k13)};
  context.parameters.multi_key_requester = true;
  DigestsResponse digests;
  digests.supported_slots = digests.provisioned_slots = 1;
  digests.slots = {{.slot = 0, .digest = Bytes(32, 1), .key_pair_id = 4, .model = CertModel::device, .key_usage = key_usage::key_ex}};
  Parameters mirrored = context.parameters;
  std::swap(mirrored.multi_key_requester, mirrored.multi_key_responder);
  const Bytes message = DeliverEncapsulatedResponse{.id = 0, .response = digests.encode(mirrored)}.encode(k13);
  CHECK(decode(message, context).fields["encapsulated_response"]["fields"]["digests"][0]["key_pair_id"] == 4);

  Challenge asked;
  ChallengeAuth answer;
  answer.slot_mask = 1;
  answer.cert_chain_hash = Bytes(32, 1);
  answer.signature = Bytes(96, 2);  // of ECDSA-P384, with which the requester signs
  context = {parameters()};
  context.encapsulated = asked.encode(k12);
  const Decoded challenge = decode(DeliverEncapsulatedResponse{.id = 1, .response = answer.encode(k12)}.encode(k12), context);
  CHECK(challenge.fields["encapsulated_response"]["fields"]["signature"] == hex(Bytes(96, 2)));
}

TEST_CASE("ENCAPSULATED_RESPONSE_ACK: each kind of payload") {
  using Payload = EncapsulatedResponseAck::Payload;
  const Bytes update = KeyUpdate{.operation = KeyOperation::verify_new_key, .tag = 1}.encode(k12);
  const auto ack = [](Payload payload, Bytes request, std::uint8_t slot) {
    EncapsulatedResponseAck out;
    out.payload = payload;
    out.id = 2;
    out.ack_id = 1;
    out.request = std::move(request);
    out.slot = slot;
    return out;
  };
  const Decoded none = decode(ack(Payload::none, {}, 0).encode(k12));
  CHECK(none.fields == Json{{"request_id", 2}, {"payload_type", "none"}, {"ack_request_id", 1}});
  const Decoded request = decode(ack(Payload::request, update, 0).encode(k12));
  CHECK(request.fields["payload_type"] == "request");
  CHECK(request.fields["encapsulated_request"]["fields"]["key_update_operation"] == "VerifyNewKey");
  const Decoded slot = decode(ack(Payload::slot, {}, 5).encode(k12));
  CHECK(slot.fields["payload_type"] == "requester-slot");
  CHECK(slot.fields["requester_slot"] == 5);
  CHECK_FALSE(decode(ack(Payload::none, {}, 0).encode(k11), {parameters(k11)}).fields.contains("ack_request_id"));
  const Bytes delivered = DeliverEncapsulatedResponse{.id = 9, .response = update}.encode(k12);
  expect_error(ErrorId::peer, "AckRequestID", [&] { decode(ack(Payload::none, {}, 0).encode(k12), answering(delivered)); });
}

TEST_CASE("the algorithms of sessions have their names") {
  NegotiateAlgorithms offer;
  offer.base_asym = find_asym("ECDSA-P256")->bit;
  offer.base_hash = find_hash("SHA-256")->bit;
  offer.tables = {{AlgType::dhe, find_key_exchange("secp384r1")->bit},
                  {AlgType::aead, static_cast<std::uint16_t>(find_aead("AES-128-GCM")->bit | find_aead("ChaCha20-Poly1305")->bit)},
                  {AlgType::req_base_asym, static_cast<std::uint16_t>(find_asym("ECDSA-P384")->bit)},
                  {AlgType::key_schedule, kSpdmKeySchedule}};
  const Json tables = decode(offer.encode(k12)).fields["tables"];
  CHECK(tables[0]["names"] == Json{"secp384r1"});
  CHECK(tables[1]["names"] == Json{"AES-128-GCM", "ChaCha20-Poly1305"});
  CHECK(tables[2]["names"] == Json{"ECDSA-P384"});
  CHECK(tables[3]["names"] == Json{"SPDM"});
}
