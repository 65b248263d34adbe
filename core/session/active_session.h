// A session from the first message under its keys to its end: entered, kept alive, and left, whatever happens.
#pragma once

#include "core/protocol/requester.h"
#include "core/protocol/session_opener.h"
#include "core/session/encapsulated.h"
#include "core/session/requester_identity.h"
#include "core/session/session_link.h"

namespace spdm {

// What silence asks for, in a session with a HeartbeatPeriod (DSP0274 "HEARTBEAT"): 0 seconds are none.
enum class Silence { harmless, heartbeat_due, over };
Silence judge_silence(Clock::duration silence, std::uint8_t period);

class ActiveSession : public OpenSession {
 public:
  // During the handshake: nothing is sealed before enter().
  ActiveSession(Requester& requester, SecuredSession session, SessionTaps taps);
  // Ends the session where it is not ended, quietly and in little time, and leaves it.
  ~ActiveSession() override;
  ActiveSession(const ActiveSession&) = delete;
  ActiveSession& operator=(const ActiveSession&) = delete;

  SessionLink& link() { return link_; }
  SecuredSession& session() { return link_.session(); }
  // From now on the requester is inside.
  void enter();
  // The handshake is done: application keys from the transcript TH2, and the requester is inside. Messages keep the session alive.
  void establish(View th2, std::uint8_t heartbeat_period);

  void end() override;

  // HEARTBEAT, KEY_UPDATE and GET_ENCAPSULATED_REQUEST, as far as both sides can.
  void exercise(const RequesterIdentity* identity);
  // GET_ENCAPSULATED_REQUEST: whether the responder has events to tell of, once they were subscribed to. Throws as Requester::ask, and
  // Error{peer} for events that break a rule.
  void hear(const EventSink& sink);

 private:
  const Parameters& parameters() const { return requester_.connection().parameters(); }
  void keep_alive();
  void say_farewell() noexcept;
  void leave() noexcept;

  Requester& requester_;
  SessionLink link_;
  std::uint8_t heartbeat_period_ = 0;
  std::uint64_t records_per_key_ = 0;
  bool busy_ = false;  // with messages of its own
  bool left_ = false;
};

}  // namespace spdm
