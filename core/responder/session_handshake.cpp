// What both kinds of handshake have in common: KEY_EXCHANGE with FINISH, and PSK_EXCHANGE with PSK_FINISH.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

void Responder::check_negotiated_for_sessions() const {
  // A profile may set the flags of sessions that it does not have.
  const bool negotiated = profile_->sessions && parameters_.hash != nullptr && parameters_.aead != nullptr && parameters_.key_schedule &&
                          parameters_.both(cap::mac);
  // From 1.2 on the versions of secured messages need the general format (DSP0277).
  const bool has_format = version_byte() < k12 || parameters_.opaque_format == other_params::opaque_fmt1;
  if (!negotiated || !has_format) throw Refusal{ErrorCode::invalid_request};
  if (sessions_.full()) throw Refusal{ErrorCode::session_limit_exceeded};
}

// The newest version of secured messages that both sides know. A requester that lists none gets no answer to that.
SecuredMessages Responder::agree_on_secured_messages(View opaque, std::string_view message) const {
  SecuredMessages out;
  if (opaque.empty()) return out;
  const std::vector<std::uint16_t> theirs = decode_secured_versions(opaque, parameters_, message);
  std::uint16_t selected = 0;
  for (const std::uint16_t ours : sessions_profile().secured_versions)
    if (std::find(theirs.begin(), theirs.end(), ours) != theirs.end()) selected = std::max(selected, ours);
  if (selected == 0) throw Refusal{ErrorCode::invalid_request};
  out.opaque = encode_secured_selection(parameters_, selected);
  constexpr std::uint16_t kHasLimits = 0x1300;
  const std::uint8_t exponent = decode_aead_limit(opaque, parameters_, message);
  if (selected >= kHasLimits && exponent < kNoAeadLimit) out.highest_sequence = (std::uint64_t{1} << exponent) - 1;
  return out;
}

SecuredSession Responder::new_keys(SessionKind kind, std::uint32_t id, const SecretBytes& shared, View th1) const {
  const SessionSuite suite{version_byte(), parameters_.hash, parameters_.aead};
  const RecordShape shape{binding_, id, parameters_.encrypts(), parameters_.aead};
  const bool psk = kind == SessionKind::psk;
  return {kind, suite, shape, psk ? KeySchedule::from_psk(suite, shared) : KeySchedule::from_key_exchange(suite, shared), th1};
}

std::uint8_t Responder::heartbeat_period() const { return parameters_.both(cap::hbeat) ? sessions_profile().heartbeat_period : 0; }

Session& Responder::begin_session(Session session, const SecuredMessages& agreed) {
  session.keys.limit(agreed.highest_sequence);
  session.heartbeat_period = heartbeat_period();
  session.heard = now_();
  return sessions_.add(std::move(session));
}

// Of what its transcript has so far. With the fault it is wrong, and all that follows goes by that: who does not check it, meets nothing
// else that is.
Bytes Responder::responder_verify_data(const Session& session) const {
  Bytes out = session.keys.verify_data(Direction::response, session.transcript.hash());
  if (find_fault(struck_, FaultKind::bad_verify_data) != nullptr) out.back() ^= 1;
  return out;
}

// The kind of the session decides which of the two may come: to take one for the other would leave out what it proves (CVE-2023-31127).
Session& Responder::handshake_of(SessionKind kind) {
  const bool in_clear = kind == SessionKind::key_exchange && parameters_.handshake_in_the_clear();
  Session* session = in_clear && !inside() ? sessions_.newest_handshake() : session_;
  if (session == nullptr) throw outside_of_sessions();
  const bool is_over = !session->in_handshake() || !session->th2.empty();
  if (session->keys.kind() != kind || is_over || (in_clear && inside())) throw Refusal{ErrorCode::unexpected_request};
  return *session;
}

void Responder::confirm(Session& session, View verify_data) {
  const Bytes expected = session.keys.verify_data(Direction::request, session.transcript.hash());
  if (!crypto::equal_in_constant_time(expected, verify_data)) end_handshake(session);
  session.transcript.append(verify_data);
}

// DSP0274 FINISH: what cannot be verified is a DecryptError, and ends the session.
void Responder::end_handshake(Session& session) {
  if (inside())
    session.ends = true;  // once that is said
  else
    sessions_.remove(session);
  throw Refusal{ErrorCode::decrypt_error};
}

}  // namespace spdm
