// A session as a Link on a Link: it seals what is asked, opens what comes back, and takes nothing plain for an answer.
#pragma once

#include <functional>

#include "core/protocol/link.h"
#include "core/session/secured_session.h"
#include "core/wire/codes.h"

namespace spdm {

// Who else is shown what a session has. Both may be empty.
struct SessionTaps {
  std::function<void(bool from_requester, View record)> record;  // each record, as it is on the link
  std::function<void(const SecuredSession& session)> secrets;    // whenever the session has new secrets
};

class SessionLink : public Link {
 public:
  // `outer` must outlive it.
  SessionLink(Link& outer, SecuredSession session, SessionTaps taps);

  // Throws Error{peer} when the session is over, when its key protects no more messages, when the answer is a plain one, and when the
  // record cannot be opened, which ends the session; and what the outer link throws.
  Bytes exchange(View request, Clock::time_point deadline) override;
  // A record holds its message and nothing else: whatever pads messages outside, inside nothing does.
  Binding binding() const override { return Binding::none; }
  std::size_t max_receive() const override;
  std::size_t max_send() const override;

  SecuredSession& session() { return session_; }
  bool is_over() const { return session_.phase() == SessionPhase::dead; }
  // When the last message was exchanged.
  Clock::time_point last() const { return last_; }

  // The responder's key is about to be updated: from now on answers come under the new one, and only an ERROR under the old one.
  void expect_new_key();
  void keep_old_key();
  void take_new_key();
  // Our own key: from now on we seal with the new one; it is confirmed once the responder has answered to that.
  void use_new_key();
  void confirm_new_key();
  // Shows the secrets to whoever is to see them.
  void tell_secrets() const;

 private:
  Bytes open(std::string_view request, View record);
  void assert_can_send(Code code) const;

  Link& outer_;
  SecuredSession session_;
  SessionTaps taps_;
  bool expects_new_key_ = false;
  Clock::time_point last_ = Clock::now();
};

}  // namespace spdm
