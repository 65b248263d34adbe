#include "core/session/active_session.h"

#include <algorithm>

#include "core/error.h"
#include "core/session/key_update.h"
#include "core/text.h"
#include "core/wire/session_messages.h"

namespace spdm {

namespace {

// An END_SESSION that nobody waits for: a device that is there answers in less.
constexpr std::chrono::seconds kFarewell{1};

// While messages of the session's own are sent, which need no other ones before them.
class Busy {
 public:
  explicit Busy(bool& flag) : flag_(flag) { flag_ = true; }
  ~Busy() { flag_ = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  bool& flag_;
};

}  // namespace

// DSP0274 "HEARTBEAT": a period without a message is too long, and after two the responder has ended the session (N265).
Silence judge_silence(Clock::duration silence, std::uint8_t period) {
  const std::chrono::seconds seconds(period);
  if (period == 0 || 2 * silence <= seconds) return Silence::harmless;
  return silence < 2 * seconds ? Silence::heartbeat_due : Silence::over;
}

ActiveSession::ActiveSession(Requester& requester, SecuredSession session, SessionTaps taps)
    : requester_(requester), link_(requester.link(), std::move(session), std::move(taps)) {}

ActiveSession::~ActiveSession() {
  if (!left_) say_farewell();
  leave();
}

// DSP0274 "END_SESSION": there is none for a handshake.
void ActiveSession::say_farewell() noexcept try {
  if (session().phase() == SessionPhase::application) link_.exchange(EndSession{}.encode(parameters().version), Clock::now() + kFarewell);
} catch (...) {
  // Whoever leaves early has something else to tell. The device drops the session by itself, at the latest with the next GET_VERSION.
}

void ActiveSession::enter() { requester_.enter(&link_, session().id()); }

void ActiveSession::establish(View th2, std::uint8_t heartbeat_period) {
  session().establish(th2);
  link_.tell_secrets();
  heartbeat_period_ = heartbeat_period;
  records_per_key_ = session().left(Direction::request);
  requester_.enter(&link_, session().id(), [this] { keep_alive(); });
}

void ActiveSession::end() {
  const Busy busy(busy_);
  const std::uint64_t left = session().left(Direction::request);
  try {
    requester_.ask(EndSession{}.encode(parameters().version));
  } catch (...) {
    if (session().left(Direction::request) == left) say_farewell();  // it was not even sent
    leave();                                                         // the keys are gone in any case (N264)
    throw;
  }
  leave();
}

void ActiveSession::leave() noexcept {
  if (left_) return;
  left_ = true;
  session().kill();
  requester_.enter(nullptr, 0);
}

void ActiveSession::exercise(const RequesterIdentity* identity) {
  const Busy busy(busy_);
  if (parameters().both(cap::hbeat)) requester_.ask(encode_heartbeat(parameters().version));
  if (parameters().both(cap::key_upd)) {
    update_keys(requester_, link_, KeyOperation::update_key);
    update_keys(requester_, link_, KeyOperation::update_all_keys);
  }
  if (parameters().encapsulates()) EncapsulatedFlow(requester_, FlowPlace::established, identity, &link_).run_if_pending();
}

// Keys are renewed before it and not within: while a flow is under way, nothing else is answered.
void ActiveSession::hear(const EventSink& sink) {
  keep_alive();
  const Busy busy(busy_);
  EncapsulatedFlow flow(requester_, FlowPlace::established, nullptr, &link_);
  flow.take_events(sink);
  try {
    flow.run_if_pending();
  } catch (const Error&) {
    if (!flow.refused()) throw;  // else the device only says that we have refused what it told
  }
  if (flow.refused()) throw Error(*flow.refused());
}

// Before each request. A large one takes several records, and nothing may come between them: so keys are renewed while half of what
// they protect is left (DSP0277 1.3 "AEAD limit").
void ActiveSession::keep_alive() {
  if (busy_ || link_.is_over()) return;
  const Busy busy(busy_);
  const Silence silence = judge_silence(Clock::now() - link_.last(), heartbeat_period_);
  if (silence == Silence::over) {
    session().kill();
    throw Error(ErrorId::timeout, cat("the session is over: no message for twice its HeartbeatPeriod of ", heartbeat_period_, " s"));
  }
  if (silence == Silence::heartbeat_due) requester_.ask(encode_heartbeat(parameters().version));
  const std::uint64_t left = std::min(session().left(Direction::request), session().left(Direction::response));
  if (left <= records_per_key_ / 2 && parameters().both(cap::key_upd)) update_keys(requester_, link_, KeyOperation::update_all_keys);
}

}  // namespace spdm
