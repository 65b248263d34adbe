// The two handshakes that open a session (DSP0274 "KEY_EXCHANGE", "PSK_EXCHANGE"), and what they have in common.
#pragma once

#include <memory>
#include <string_view>

#include "core/evidence/evidence.h"
#include "core/session/active_session.h"
#include "core/session/session_options.h"

namespace spdm {

// key_exchange_handshake.cpp, psk_handshake.cpp. Both want a connection on which the capabilities and algorithms for it were negotiated
// (Opener::open checks that), and return with the requester inside of the established session. They throw what Requester::ask throws,
// and Error{peer} when a check fails; then nothing is left of the session.
std::unique_ptr<ActiveSession> open_by_key_exchange(Requester& requester, const SessionOptions& options, std::uint8_t slot,
                                                    Evidence& evidence);
std::unique_ptr<ActiveSession> open_by_psk(Requester& requester, const SessionOptions& options);

// A fresh ReqSessionID, from 1 to 0xFFFE.
std::uint16_t fresh_session_id();
// What the device can do of what the options want.
Summary summary_of(const SessionOptions& options, const Parameters& parameters);
SessionPolicy policy_of(const SessionOptions& options, const Parameters& parameters);
// The session that was seen last, which the last exchange has opened. Throws Error{peer} when the responder did not select one of our
// versions of secured messages in the opaque data of `message` (DSP0277).
const SessionSeen& opened(const Requester& requester, std::string_view message);

// Hands out a copy of the secret of the session, where somebody keeps it.
void keep_secret(const Requester& requester, const SessionOptions& options, const SessionSeen& seen, const SecretBytes& shared);

SessionSuite suite_of(const Parameters& parameters);
// The session with its handshake keys, as long as nobody is inside.
std::unique_ptr<ActiveSession> begin_session(Requester& requester, const SessionOptions& options, const SessionSeen& seen,
                                             KeySchedule schedule, View th1);
// Throws Error{peer} unless `received` is `expected`; compared without a difference in time.
void check_verify_data(View received, View expected, std::string_view message);

}  // namespace spdm
