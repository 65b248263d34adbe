// Encapsulated requests (DSP0274 "GET_ENCAPSULATED_REQUEST" and the sections after it): the requester asks the responder what it wants
// to know, and answers, until nothing is left.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/protocol/requester.h"
#include "core/session/requester_identity.h"
#include "core/session/session_link.h"
#include "core/wire/error_response.h"
#include "core/wire/events.h"

namespace spdm {

// When a flow runs; the responder may ask other things each time.
enum class FlowPlace {
  after_challenge,  // basic mutual authentication: CHALLENGE_AUTH has asked for it
  handshake,        // mutual authentication of a session: KEY_EXCHANGE_RSP has asked for it
  established,      // in a session: whatever the responder has to say
};

// Is told of events of an established session, before they are acknowledged.
using EventSink = std::function<void(const std::vector<Event>& events)>;

class EncapsulatedFlow {
 public:
  // `identity`: nullptr where we have none. `inside`: the session, nullptr outside of any. All must outlive the flow.
  EncapsulatedFlow(Requester& requester, FlowPlace place, const RequesterIdentity* identity, SessionLink* inside);

  // From now on SEND_EVENT is taken, as somebody has subscribed to events of the session.
  void take_events(EventSink sink) { events_ = std::move(sink); }

  // These throw as Requester::ask does, and Error{peer} when the responder has no end of it.
  // From GET_ENCAPSULATED_REQUEST on.
  void run();
  // The first request, GET_DIGESTS, is implied (MutAuthRequested 4).
  void run_with_digests();
  // As run(); nothing when the responder has no request.
  void run_if_pending();

  // The slot of ours that the responder wants to see in FINISH.
  std::uint8_t slot() const { return slot_; }
  // The DIGESTS that we returned, where it was asked for first: a part of the transcript of multi-key connections. Else empty.
  const Bytes& first_digests() const { return first_digests_; }
  // What was wrong with the first request that broke a rule, and was answered with ERROR InvalidRequest.
  const std::optional<Error>& refused() const { return refused_; }

 private:
  enum class Key { settled, renewing, unverified };  // the responder's, after KEY_UPDATE

  void answer_all(std::uint8_t id, Bytes request);
  Bytes answer(Bytes& request);
  Bytes answer_known(Code code, Reader& reader, Bytes& request);
  Bytes answer_challenge(Reader& reader, Bytes& request);
  Bytes answer_key_update(Reader& reader, Bytes& request);
  Bytes answer_events(Reader& reader, Bytes& request);
  void trim(Bytes& request, const Reader& reader) const;
  void assert_at_end(const Reader& reader) const;
  Bytes note(const Bytes& request, Bytes response);
  Bytes error(ErrorCode code, Code request) const;
  std::size_t room() const;
  const Parameters& parameters() const { return requester_.connection().parameters(); }

  Requester& requester_;
  FlowPlace place_;
  const RequesterIdentity* identity_;
  SessionLink* inside_;
  Bytes transcript_;  // mutB: what was asked and answered in this flow, for the signature of CHALLENGE_AUTH
  Bytes first_digests_;
  unsigned answered_ = 0;
  std::uint8_t slot_ = 0;
  Key key_ = Key::settled;
  EventSink events_;
  std::optional<Error> refused_;
};

}  // namespace spdm
