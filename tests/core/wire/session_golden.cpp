#include "core/wire/encapsulated.h"
#include "core/wire/events.h"
#include "core/wire/finish.h"
#include "core/wire/golden.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"

namespace wire {

namespace {

// Requests whose decoder needs the parameters of the connection.
template <class Message>
Golden of_session(const std::string& name, const Message& in, const Parameters& p) {
  return {name, in.encode(p.version), [p](View bytes) { return decode<Message>(bytes, p).encode(p.version); }};
}

void add_key_exchange(std::vector<Golden>& out, const Parameters& p) {
  KeyExchange ask;
  ask.summary = Summary::all;
  ask.slot = 2;
  ask.session_id = 0x1234;
  ask.policy = {.survives_update = p.version >= k12, .all_events = p.version >= k13};
  ask.random.fill(0x4E);
  ask.exchange_data = filled(p.key_exchange->request_size, 1);
  ask.opaque = encode_secured_versions(p, kSecuredVersions);
  out.push_back(of_session("KEY_EXCHANGE", ask, p));
  KeyExchangeResponse answer;
  answer.heartbeat_period = 9;
  answer.session_id = 0xFFFF;
  answer.mutual_auth = MutualAuth::optimized;
  answer.requester_slot = 3;
  answer.random.fill(0x9C);
  answer.exchange_data = filled(p.key_exchange->response_size, 2);
  answer.summary_hash = filled(48, 3);
  answer.opaque = encode_secured_selection(p, 0x1100);
  answer.signature = filled(64, 4);
  if (!p.handshake_in_the_clear()) answer.verify_data = filled(48, 5);
  out.push_back(response("KEY_EXCHANGE_RSP", answer, ask, p));
  Finish finish;
  finish.verify_data = filled(48, 6);
  if (p.version >= k14) finish.opaque = encode_secured_selection(p, 0x1100);
  out.push_back(of_session("FINISH", finish, p));
  finish.slot = 3;
  finish.signature = filled(132, 7);
  out.push_back(of_session("FINISH with a signature", finish, p));
  FinishResponse finished;
  finished.opaque = finish.opaque;
  if (p.handshake_in_the_clear()) finished.verify_data = filled(48, 8);
  out.push_back(of_session("FINISH_RSP", finished, p));
}

void add_psk(std::vector<Golden>& out, const Parameters& p) {
  PskExchange ask;
  ask.summary = Summary::tcb;
  ask.policy.survives_update = p.version >= k12;
  ask.session_id = 1;
  ask.hint = filled(5, 1);
  ask.context = filled(48, 2);
  ask.opaque = encode_secured_versions(p, kSecuredVersions);
  out.push_back(of_session("PSK_EXCHANGE", ask, p));
  PskExchangeResponse answer;
  answer.heartbeat_period = 1;
  answer.session_id = 2;
  answer.summary_hash = filled(48, 3);
  answer.context = filled(64, 4);
  answer.opaque = encode_secured_selection(p, 0x1200);
  answer.verify_data = filled(48, 5);
  out.push_back(response("PSK_EXCHANGE_RSP", answer, ask, p));
  PskFinish finish;
  if (p.version >= k14) finish.opaque = answer.opaque;
  finish.verify_data = filled(48, 6);
  out.push_back(of_session("PSK_FINISH", finish, p));
  out.push_back(of_session("PSK_FINISH_RSP", PskFinishResponse{.opaque = finish.opaque}, p));
}

void add_events(std::vector<Golden>& out, std::uint8_t version) {
  EventGroup group;
  group.types = {1, 2, 3, 4};
  EventGroup other{.registry = 3, .vendor = {0x36, 0x1b}, .version = 2, .all = false, .types = {9}};
  out.push_back(request("SUPPORTED_EVENT_TYPES", SupportedEventTypes{{group, other}}, version));
  out.push_back(request("SUBSCRIBE_EVENT_TYPES", SubscribeEventTypes{{group, other}}, version));
  Event changed{.id = 6, .registry = kDmtfRegistry, .vendor = {}, .type = 2, .detail = filled(32, 1)};
  Event others{.id = 7, .registry = 3, .vendor = {0x36, 0x1b}, .type = 9, .detail = filled(5, 1)};
  out.push_back(request("SEND_EVENT", SendEvent{{changed, others}}, version));
}

}  // namespace

void add_sessions(std::vector<Golden>& out, std::uint8_t version) {
  Parameters p = session_parameters(version);
  add_key_exchange(out, p);
  add_psk(out, p);
  p.requester.flags |= cap::handshake_in_the_clear;
  p.responder.flags |= cap::handshake_in_the_clear;
  add_key_exchange(out, p);
  if (version >= k14) {
    p.key_exchange = find_key_exchange("ML-KEM-768");
    add_key_exchange(out, p);
  }
  const KeyUpdate update{.operation = KeyOperation::update_all_keys, .tag = 0x5A};
  out.push_back(request("KEY_UPDATE", update, version));
  out.push_back({"KEY_UPDATE_ACK", update.encode_ack(version), [=](View bytes) {
                   Reader reader(bytes, "KEY_UPDATE_ACK");
                   update.check_ack(reader, version);
                   reader.assert_done();
                   return update.encode_ack(version);
                 }});
  out.push_back(request("END_SESSION", EndSession{.clear_state = true}, version));
  using Ack = EncapsulatedResponseAck;
  for (const Ack& ack : {Ack{.payload = Ack::Payload::none, .id = 0, .ack_id = 0, .request = {}, .slot = 0},
                         Ack{.payload = Ack::Payload::slot, .id = 0, .ack_id = 0, .request = {}, .slot = 7}})
    out.push_back({"ENCAPSULATED_RESPONSE_ACK", ack.encode(version),
                   [=](View bytes) { return decode<Ack>(bytes, version, std::uint8_t{0}).encode(version); }});
  if (version >= k13) add_events(out, version);
}

}  // namespace wire
