// Options of the verbs that ask devices inside of secure sessions.
#pragma once

#include <string>
#include <vector>

#include "cmd/host/console.h"
#include "core/protocol/collect.h"
#include "core/secret_bytes.h"

namespace CLI {
class App;
}

namespace spdm::cmd {

struct SessionArguments {
  bool in_session = false, exercise = false, handshake_in_the_clear = false, mac_only = false;
  std::string psk, psk_hint, requester_key, requester_cert;
  std::string secrets;  // a file that is written: what opens the sessions later
  std::vector<std::string> key_exchange, aead;
};

void add_session_options(CLI::App& parser, SessionArguments& arguments);
// Those alone that say who we are.
void add_requester_options(CLI::App& parser, SessionArguments& arguments);

// Puts who opens sessions into what is wanted; nothing where no option asks for one, nor says who we are. `wanted` has its nonce and its
// summary already; `policy_asks`: a rule may ask for a session where no option does. Reads the keys: call it before the process confines
// itself; from then on it leaves no core dump. Throws Error: usage, unsupported, and as read_secret_file().
void apply(const SessionArguments& arguments, Wanted& wanted, const Console& console, bool policy_asks = false);

// The shared key of a file: hex digits alone, in pairs and with at most a line break behind them, are those of the key; anything else is
// the key, byte for byte. Throws Error{bad_input} naming `file`.
SecretBytes psk_of(SecretBytes contents, const std::string& file);
// "TEXT" or "hex:00ff". Throws Error{usage}.
Bytes parse_psk_hint(std::string_view text);

}  // namespace spdm::cmd
