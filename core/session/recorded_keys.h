// The keys of a recorded session as its messages renew them (DSP0274 "KEY_UPDATE").
#pragma once

#include "core/session/secured_session.h"

namespace spdm {

class RecordedKeys {
 public:
  explicit RecordedKeys(SecuredSession session) : session_(std::move(session)) {}

  SecuredSession& session() { return session_; }
  const SecuredSession& session() const { return session_; }

  // The plain text of the next record of that side. `asked`: the encapsulated request that waits for its response, if any. Throws Error
  // when it cannot be opened, and the session has ended then.
  Bytes open(Direction by, View record, const std::optional<Bytes>& asked);

 private:
  Bytes open_response(View record);
  void note_request(View message, const std::optional<Bytes>& asked);
  void note_response(View message);
  void renew(Direction direction);

  SecuredSession session_;
  bool renews_request_ = false;   // KEY_UPDATE was sent, and is not acknowledged yet
  bool renews_response_ = false;  // the next response comes under the new key; under the old one only ERROR
};

}  // namespace spdm
