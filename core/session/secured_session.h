// The keys and the phase of one session, for whoever takes part in it: requester, responder, or a reader of a recording.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "core/session/secured_record.h"

namespace spdm {

enum class SessionKind { key_exchange, psk };
inline constexpr std::array kSessionKinds{
    Word{SessionKind::key_exchange, "key-exchange"},
    Word{SessionKind::psk, "psk"},
};
static_assert(is_sound(kSessionKinds));
inline std::string_view name(SessionKind kind) { return row_of(kSessionKinds, kind).name; }

enum class SessionPhase { handshake, application, dead };

class SecuredSession {
 public:
  // Handshake keys are made at once.
  SecuredSession(SessionKind kind, const SessionSuite& suite, const RecordShape& shape, KeySchedule schedule, View th1);

  SessionKind kind() const { return kind_; }
  SessionPhase phase() const { return phase_; }
  std::uint32_t id() const { return shape_.session_id; }
  const RecordShape& shape() const { return shape_; }

  // VerifyData of that side over a transcript hash. Only in the handshake.
  Bytes verify_data(Direction direction, View transcript_hash) const;

  // Application keys take the place of handshake keys, which are wiped, and the schedule with them.
  void establish(View th2);

  // Throw Error{peer} or Error{internal} as records do, and Error{internal} when the session has ended or its key protects no more; a
  // record that cannot be opened ends the session.
  Bytes seal(Direction direction, View message);
  Bytes open(Direction direction, View record);
  // The same for a responder, which has to answer what it could not open (DSP0274 ERROR, DecryptError): nothing then, and the session is
  // still to be killed.
  std::optional<Bytes> try_open(Direction direction, View record);
  // How many records the current key of that direction may still protect.
  std::uint64_t left(Direction direction) const;
  // A lower limit, for the keys of both directions: what both sides agreed on (DSP0277 1.3), or what we set.
  void limit(std::uint64_t highest_sequence) { highest_ = std::min(highest_sequence, kMaxSequence); }

  // KEY_UPDATE: the keys of a direction become new. The old ones are kept until confirm() or revert(), and there is no second update
  // before.
  void update(Direction direction);
  void confirm(Direction direction);
  void revert(Direction direction);
  // While an update is unconfirmed: opens with the old keys (an ERROR to UpdateAllKeys comes under them). Nothing, and the session
  // goes on, when they do not fit; so it is tried before open(), which ends the session when it fails.
  std::optional<Bytes> open_with_old(Direction direction, View record);

  // Wipes all keys.
  void kill();

  // For whoever keeps secrets of a session on request: the secrets of both directions of the current phase.
  const TrafficSecret& secret(Direction direction) const;

 private:
  struct Side {
    TrafficSecret secret, old_secret;
    RecordKeys keys, old_keys;
  };
  Side& side(Direction direction) { return sides_.at(static_cast<std::size_t>(direction)); }
  const Side& side(Direction direction) const { return sides_.at(static_cast<std::size_t>(direction)); }

  SessionKind kind_;
  SessionPhase phase_ = SessionPhase::handshake;
  RecordShape shape_;
  std::optional<KeySchedule> schedule_;
  std::array<Side, 2> sides_;
  std::uint64_t highest_ = kMaxSequence;
};

}  // namespace spdm
