// The file of session secrets, "schema": "spdmctl.session-secrets/1": what the owner of recorded sessions keeps so that their records
// can be opened later. All keys of a session follow from its shared secret and its recorded messages. Whoever reads the file can read
// the sessions, and could have forged them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/session/secured_session.h"

namespace spdm {

inline constexpr std::string_view kSessionSecretsSchema = "spdmctl.session-secrets/1";
// The longest that sessions have is that of ffdhe4096, with 512 bytes. A PSK has no limit of its own.
inline constexpr std::size_t kMaxSharedSecret = 1024;
// In one file: each secret takes memory that is locked.
inline constexpr std::size_t kMaxSessionSecrets = 1'024;

struct SessionSecret {
  std::uint32_t id = 0;  // as on the wire; other sessions may have it, too
  SessionKind kind = SessionKind::key_exchange;
  Block<32> response_sha256{};  // of KEY_EXCHANGE_RSP or PSK_EXCHANGE_RSP: no other session has it
  SecretBytes shared;           // the DHE or KEM secret, or the PSK
  // What the requester proved itself with, where the recording does not show it: its certificate chain as CERTIFICATE returns it, or the
  // DER of its provisioned key. Empty otherwise. No secret.
  Bytes requester_identity;
};

// SHA-256 of KEY_EXCHANGE_RSP or PSK_EXCHANGE_RSP, without padding: SessionSecret::response_sha256.
Block<32> session_response_sha256(View response);

// JSON with a line break at its end. Throws Error{bad_input} when it is longer than what is read of one.
SecretBytes write_session_secrets(std::span<const SessionSecret> sessions);

// Strict. Throws Error{bad_input} naming `what` and the place. Whoever has read the file overwrites `json`; no copy of it is kept.
std::vector<SessionSecret> read_session_secrets(View json, std::string_view what);

}  // namespace spdm
