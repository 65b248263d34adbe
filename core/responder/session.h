// The sessions of the responder, and what is under way in each place where messages go.
#pragma once

#include <chrono>
#include <functional>
#include <list>

#include "core/evidence/session_transcript.h"
#include "core/responder/responder_flow.h"
#include "core/session/secured_session.h"
#include "core/wire/chunk.h"
#include "core/wire/events.h"
#include "core/wire/key_exchange.h"

namespace spdm {

using SteadyTime = std::chrono::steady_clock::time_point;

// What is under way in one place: outside of sessions, or in one of them. Places share nothing.
struct Place {
  // The request that was answered with ResponseNotReady.
  struct Delayed {
    Bytes request;
    std::uint8_t token = 0;
  };
  // A response that goes in chunks.
  struct Outgoing {
    Bytes message;
    std::uint8_t handle = 0;
    std::uint32_t next = 0;
    std::size_t sent = 0;
  };

  std::optional<crypto::Hasher> l1l2;
  std::optional<Delayed> delayed;
  std::optional<ChunkAssembler> incoming;
  std::optional<Outgoing> outgoing;
  std::optional<ResponderFlow> flow;
};

// Who the requester says it is.
struct KnownRequester {
  std::uint8_t slot = 0;  // 0..7 or kProvisionedKey
  Bytes identity;         // its certificate chain, or the DER of its key: what transcripts have the hash of
  crypto::PublicKey key;
};

// What both sides agree on about secured messages (DSP0277).
struct SecuredMessages {
  Bytes opaque;  // says so to the requester; empty where it did not ask
  std::uint64_t highest_sequence = kMaxSequence;
};

struct Session {
  SecuredSession keys;
  SessionTranscript transcript;
  Place place = {};

  MutualAuth mutual_auth = MutualAuth::none;
  std::optional<KnownRequester> requester = {};  // whose signature FINISH must have
  Bytes encapsulated_digests = {};               // encapD, on multi-key connections of the requester

  std::uint8_t heartbeat_period = 0;        // seconds; 0: none
  SteadyTime heard = {};                    // when its last record came
  std::optional<KeyOperation> update = {};  // acknowledged, and to be verified
  bool has_asked_for_update = false;

  std::vector<EventGroup> subscription = {};  // to which events
  std::vector<Event> events = {};             // that it was not told of yet

  // What becomes of it after the answer in the making.
  Bytes th2 = {};              // not empty: the handshake is over
  bool updates_later = false;  // the response key becomes new; a fault
  bool ends = false;

  Bytes last_record = {};  // sent; for a fault

  bool in_handshake() const { return keys.phase() == SessionPhase::handshake; }
};

class Sessions {
 public:
  static constexpr std::size_t kMost = 4;

  bool full() const { return sessions_.size() >= kMost; }
  // RspSessionID of the next session: none that is alive has it.
  std::uint16_t new_id();
  Session& add(Session session) { return sessions_.emplace_back(std::move(session)); }
  // Who is told of sessions that end, whichever way.
  void when_one_ends(std::function<void(std::uint32_t id)> tell) { tell_ = std::move(tell); }
  // nullptr when there is none.
  Session* find(std::uint32_t id);
  // The newest key exchange that waits for FINISH, which names no session in the clear; nullptr when there is none.
  Session* newest_handshake();
  void remove(const Session& session);
  // Those that have been silent for too long (DSP0274 HEARTBEAT: twice the period).
  void remove_silent(SteadyTime now);
  void clear();

 private:
  template <class Condition>
  void remove_if(Condition condition);

  std::list<Session> sessions_;  // a list: sessions stay where they are
  std::uint16_t next_id_ = 0xFFFF;
  std::function<void(std::uint32_t)> tell_ = [](std::uint32_t) {};
};

}  // namespace spdm
