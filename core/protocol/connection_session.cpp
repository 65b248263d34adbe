// What a connection sees of sessions: which were opened, how, and whether each message is where it may be.
#include <algorithm>

#include "core/crypto/crypto.h"
#include "core/evidence/session_transcript.h"
#include "core/protocol/connection.h"
#include "core/text.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"

namespace spdm {

namespace {

// DSP0274 "Session": which requests may be sent outside of sessions, during a handshake, and in an established session.
struct Place {
  bool outside = true, handshake = false, established = true;
};

Place place_of(Code code, const Parameters& parameters) {
  switch (code) {
    case Code::get_version:
    case Code::get_capabilities:
    case Code::negotiate_algorithms:
    case Code::challenge:
    case Code::key_exchange:
    case Code::psk_exchange:
      return {.established = false};
    case Code::finish:
      return {.outside = parameters.handshake_in_the_clear(), .handshake = true, .established = false};
    case Code::psk_finish:
      return {.outside = false, .handshake = true, .established = false};
    case Code::heartbeat:
    case Code::key_update:
    case Code::end_session:
    case Code::get_supported_event_types:
    case Code::subscribe_event_types:
    case Code::send_event:
      return {.outside = false};
    case Code::get_encapsulated_request:
    case Code::deliver_encapsulated_response:
      return {.handshake = true};
    default:
      return {};
  }
}

}  // namespace

// DSP0274 "Session": a message of a session that nobody has opened, or that is over, belongs to none; and each has its phase.
void Connection::check_place(const Exchange& exchange) {
  const Code code = exchange.request_code();
  if (parameters_.assumed) return;
  if (exchange.inside != 0) session_of(exchange).has_messages = true;
  if (exchange.is_error()) return;  // the responder has refused what is out of place
  const Place place = place_of(code, parameters_);
  if (exchange.inside == 0) {
    if (!place.outside) malformed(name(code), "session", "it is allowed only in a session");
    return;
  }
  const SessionSeen::State state = session_of(exchange).state;
  if (state == SessionSeen::State::ended) malformed(name(code), "session", cat("0x", hex(exchange.inside, 8), " has ended"));
  if (state == SessionSeen::State::handshake && !place.handshake)
    malformed(name(code), "session", "it is not allowed before the handshake is finished");
  if (state == SessionSeen::State::established && !place.established) malformed(name(code), "session", "it is not allowed in a session");
}

// The session that an exchange is part of; of one in the clear: the one whose handshake goes on.
SessionSeen& Connection::session_of(const Exchange& exchange) {
  const auto found = std::find_if(sessions_.rbegin(), sessions_.rend(), [&](const SessionSeen& session) {
    return exchange.inside != 0 ? session.id == exchange.inside : session.state == SessionSeen::State::handshake && !session.is_psk();
  });
  if (found != sessions_.rend()) return *found;
  malformed(name(exchange.request_code()), "session",
            exchange.inside != 0 ? cat("0x", hex(exchange.inside, 8), " was not opened") : "no handshake is in progress");
}

void Connection::observe_session(Exchange& exchange) {
  const Code code = exchange.request_code();
  // Sizes follow from the negotiation: where nobody has seen it, the messages are what they are.
  if (parameters_.assumed) return;
  if (code == Code::key_exchange) return observe_key_exchange(exchange);
  if (code == Code::psk_exchange) return observe_psk_exchange(exchange);
  if (code == Code::finish) return observe_finish(exchange);
  if (code == Code::psk_finish) return observe_psk_finish(exchange);

  SessionSeen& session = session_of(exchange);
  const std::string request_name = name(code), response_name = name(response_to(code));
  Reader request = request_reader(exchange, request_name);
  Reader reader = response_reader(exchange, response_name);
  if (code == Code::key_update) {
    KeyUpdate::decode(request, version()).check_ack(reader, version());
    ++session.key_updates;
  } else {
    expect(request, code, version());
    expect(reader, response_to(code), version());
    if (code == Code::heartbeat)
      ++session.heartbeats;
    else
      session.state = SessionSeen::State::ended;
  }
  trim(exchange.request, request);
  trim(exchange.response, reader);
}

// DSP0274 KEY_EXCHANGE_RSP, PSK_EXCHANGE_RSP, N219: two sessions that go on have two ids. Of one whose messages nobody has opened
// it is not seen when it ends.
void Connection::add_session(SessionSeen seen, std::string_view message) {
  for (const SessionSeen& other : sessions_)
    if (other.id == seen.id && other.has_messages && other.state != SessionSeen::State::ended)
      malformed(message, "RspSessionID", cat("0x", hex(seen.id, 8), " is the id of a session that has not ended"));
  sessions_.push_back(std::move(seen));
}

const Bytes& Connection::identity_hash(std::uint8_t slot) {
  const auto [place, is_new] = identity_hashes_.try_emplace(slot);
  const View identity = session_identity(slot);
  if (is_new && !identity.empty() && crypto::supports(*parameters_.hash)) place->second = crypto::hash(*parameters_.hash, identity);
  return place->second;
}

void Connection::observe_key_exchange(Exchange& exchange) {
  if (parameters_.hash == nullptr || parameters_.asym == nullptr || !parameters_.both(cap::key_ex))
    malformed("KEY_EXCHANGE", "state", "no key exchange was negotiated (KEY_EX_CAP, BaseAsymSel, BaseHashSel)");
  Reader request_bytes = request_reader(exchange, "KEY_EXCHANGE");
  const KeyExchange request = KeyExchange::decode(request_bytes, parameters_);
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "KEY_EXCHANGE_RSP");
  KeyExchangeResponse response = KeyExchangeResponse::decode(reader, request, parameters_);
  trim(exchange.response, reader);
  exchange.signature_size = response.signature.size() + response.verify_data.size();

  SessionSeen seen;
  seen.exchange = exchanges_.size();
  seen.id = session_id(request.session_id, response.session_id);
  seen.slot = request.slot;
  seen.identity_hash = identity_hash(request.slot);
  seen.secured_version = decode_secured_selection(response.opaque, parameters_, "KEY_EXCHANGE_RSP");
  const Statement statement{SignedMessage::key_exchange_rsp, exchanges_.size(), request.slot, request.random, response.signature};
  seen.key_exchange = request;
  seen.key_exchange_response = std::move(response);
  add_session(std::move(seen), "KEY_EXCHANGE_RSP");
  statements_.push_back(statement);
}

void Connection::observe_psk_exchange(Exchange& exchange) {
  if (parameters_.hash == nullptr || !parameters_.both(cap::psk_mask))
    malformed("PSK_EXCHANGE", "state", "no shared key was negotiated (PSK_CAP, BaseHashSel)");
  Reader request_bytes = request_reader(exchange, "PSK_EXCHANGE");
  PskExchange request = PskExchange::decode(request_bytes, parameters_);
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "PSK_EXCHANGE_RSP");
  PskExchangeResponse response = PskExchangeResponse::decode(reader, request, parameters_);
  trim(exchange.response, reader);

  SessionSeen seen;
  seen.exchange = exchanges_.size();
  seen.id = session_id(request.session_id, response.session_id);
  seen.secured_version = decode_secured_selection(response.opaque, parameters_, "PSK_EXCHANGE_RSP");
  // DSP0274 "PSK_EXCHANGE": without a ResponderContext there is no PSK_FINISH.
  if (response.context.empty()) seen.state = SessionSeen::State::established;
  seen.psk_exchange = std::move(request);
  seen.psk_exchange_response = std::move(response);
  add_session(std::move(seen), "PSK_EXCHANGE_RSP");
}

void Connection::observe_finish(Exchange& exchange) {
  SessionSeen& session = session_of(exchange);
  // DSP0274 "FINISH": it finishes a key exchange, never a PSK (CVE-2023-31127).
  if (session.is_psk()) malformed("FINISH", "session", "it was opened with PSK_EXCHANGE");
  Reader request_bytes = request_reader(exchange, "FINISH");
  const Finish request = Finish::decode(request_bytes, parameters_);
  // DSP0274 "FINISH": the requester signs when, and only when, mutual authentication was asked for.
  if (request.signature.empty() != (session.mutual_auth() == MutualAuth::none))
    request_bytes.fail("SignatureIncluded", cat(request.signature.empty() ? "no" : "a", " signature, and KEY_EXCHANGE_RSP asked for ",
                                                session.mutual_auth() == MutualAuth::none ? "none" : "one"));
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "FINISH_RSP");
  FinishResponse::decode(reader, parameters_);
  trim(exchange.response, reader);
  if (!request.signature.empty()) session.requester_slot = request.slot;
  session.finish = exchanges_.size();
  session.state = SessionSeen::State::established;
}

void Connection::observe_psk_finish(Exchange& exchange) {
  SessionSeen& session = session_of(exchange);
  if (!session.is_psk()) malformed("PSK_FINISH", "session", "it was opened with KEY_EXCHANGE");
  Reader request_bytes = request_reader(exchange, "PSK_FINISH");
  PskFinish::decode(request_bytes, parameters_);
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "PSK_FINISH_RSP");
  PskFinishResponse::decode(reader, parameters_);
  trim(exchange.response, reader);
  session.finish = exchanges_.size();
  session.state = SessionSeen::State::established;
}

// D (DSP0274 1.3+): DIGESTS of a multi-key connection, when GET_DIGESTS was the first request after the negotiation.
View Connection::session_digests() const {
  if (!parameters_.multi_key_responder) return {};
  const auto negotiated = std::find_if(exchanges_.begin(), exchanges_.end(), [](const Exchange& one) {
    return one.request_code() == Code::negotiate_algorithms && !one.is_error();
  });
  if (negotiated == exchanges_.end() || negotiated + 1 == exchanges_.end()) return {};
  const Exchange& first = *(negotiated + 1);
  return first.request_code() == Code::get_digests && !first.is_error() ? View(first.response) : View();
}

View Connection::session_identity(std::uint8_t slot) const {
  if (slot == kProvisionedKey) return provisioned_key_;
  return chains_.at(slot).complete() ? View(chains_.at(slot).chain()) : View();
}

const SessionSeen* Connection::opened_by(std::size_t exchange) const {
  const auto seen =
      std::find_if(sessions_.begin(), sessions_.end(), [&](const SessionSeen& session) { return session.exchange == exchange; });
  return seen == sessions_.end() ? nullptr : &*seen;
}

Bytes Connection::key_exchange_transcript(std::size_t exchange) const {
  const SessionSeen* seen = opened_by(exchange);
  Bytes out = vca(exchanges_);
  append(out, session_digests());
  append(out, seen->identity_hash);
  append(out, exchanges_[exchange].request);
  append(out, exchanges_[exchange].unsigned_response());
  return out;
}

}  // namespace spdm
