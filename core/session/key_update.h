// KEY_UPDATE as the requester (DSP0274 "KEY_UPDATE"): one key or both become new, and the new one is verified.
#pragma once

#include "core/protocol/requester.h"
#include "core/session/session_link.h"
#include "core/wire/session_messages.h"

namespace spdm {

// Renews our key, or with update_all_keys both. When the responder refuses, the old keys hold; when it is unclear which hold, the
// session is over. Throws as Requester::ask does.
void update_keys(Requester& requester, SessionLink& link, KeyOperation operation);

// Sends what makes the responder take a new key for its answers. Throws as Requester::ask does; then as above.
void ask_under_new_key(Requester& requester, SessionLink& link, Bytes request);

}  // namespace spdm
