#include "cmd/session_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cmd/attest/session_secrets.h"
#include "cmd/host/secret_file.h"
#include "cmd/parse.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/file.h"
#include "core/session/opener.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kMaxPsk = 1024, kMaxPskHint = 1024;  // bytes
constexpr std::size_t kGuessable = 16;                     // bytes; below that a key has less than 128 bits
constexpr std::string_view kHexPrefix = "hex:";

bool is_hex(std::uint8_t byte) {
  return std::string_view("0123456789abcdefABCDEF").find(static_cast<char>(byte)) != std::string_view::npos;
}

std::uint8_t digit_of(std::uint8_t byte) { return static_cast<std::uint8_t>(byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10); }

View without_line_break(View bytes) {
  if (!bytes.empty() && bytes.back() == '\n') bytes = bytes.first(bytes.size() - 1);
  if (!bytes.empty() && bytes.back() == '\r') bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

// Throws Error{usage} for an option of sessions where none is opened.
void assert_in_session(const SessionArguments& arguments) {
  const auto needs = [&](const char* option, bool given) {
    if (given)
      throw Error(ErrorId::usage, cat(option, " is about a session, and no session is opened"), "add --in-session, or leave it out");
  };
  needs("--psk", !arguments.psk.empty());
  needs("--psk-hint", !arguments.psk_hint.empty());
  needs("--key-exchange", !arguments.key_exchange.empty());
  needs("--aead", !arguments.aead.empty());
  needs("--exercise", arguments.exercise);
  needs("--session-secrets", !arguments.secrets.empty());
  needs("--handshake-in-the-clear", arguments.handshake_in_the_clear);
  needs("--mac-only", arguments.mac_only);
}

void assert_consistent(const SessionArguments& arguments) {
  if (!arguments.in_session) assert_in_session(arguments);
  if (arguments.psk.empty() && !arguments.psk_hint.empty())
    throw Error(ErrorId::usage, "--psk-hint names a shared key, and no key is given", "give the key with --psk FILE");
  if (arguments.requester_key.empty() && !arguments.requester_cert.empty())
    throw Error(ErrorId::usage, "--requester-cert requires its private key", "give that with --requester-key FILE");
  const auto contradicts = [&](const char* option, bool given) {
    if (given && !arguments.psk.empty())
      throw Error(ErrorId::usage, cat("--psk and ", option, " cannot be combined"), "a session by a shared key has no key exchange");
  };
  contradicts("--key-exchange", !arguments.key_exchange.empty());
  contradicts("--handshake-in-the-clear", arguments.handshake_in_the_clear);
}

RequesterIdentity read_identity(const SessionArguments& arguments) {
  const SecretBytes file = read_secret_file(arguments.requester_key, FileKind::key);
  crypto::PrivateKey key = crypto::PrivateKey::from_file_bytes(file.view(), arguments.requester_key);
  if (arguments.requester_cert.empty()) return RequesterIdentity::with_key(std::move(key));
  return RequesterIdentity::with_chain(read_file(arguments.requester_cert, FileKind::certificates), arguments.requester_cert,
                                       std::move(key));
}

}  // namespace

SecretBytes psk_of(SecretBytes contents, const std::string& file) {
  const View digits = without_line_break(contents.view());
  const bool in_hex = !digits.empty() && digits.size() % 2 == 0 && std::all_of(digits.begin(), digits.end(), is_hex);
  SecretBytes out;
  if (in_hex) {
    out = SecretBytes(digits.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i)
      out.writable()[i] = static_cast<std::uint8_t>(digit_of(digits[2 * i]) << 4 | digit_of(digits[2 * i + 1]));
  } else {
    out = std::move(contents);
  }
  if (out.size() <= kMaxPsk) return out;
  Error error(ErrorId::bad_input, cat("holds a key of ", out.size(), " bytes; the limit is ", kMaxPsk));
  error.device = file;
  throw error;
}

Bytes parse_psk_hint(std::string_view text) {
  const bool in_hex = text.starts_with(kHexPrefix);
  Bytes out;
  try {
    out = in_hex ? unhex(text.substr(kHexPrefix.size()), "--psk-hint") : to_bytes(as_bytes(text));
  } catch (const Error&) {
    throw Error(ErrorId::usage, cat("--psk-hint: '", printable(text), "' is not a whole number of hex bytes"),
                "give hex:00ff, or the hint as text");
  }
  if (out.size() > kMaxPskHint) throw Error(ErrorId::usage, cat("--psk-hint: has ", out.size(), " bytes; the limit is ", kMaxPskHint));
  return out;
}

void add_session_options(CLI::App& parser, SessionArguments& arguments) {
  const auto flag = [&](const char* name, bool& value, const char* help) { parser.add_flag(name, value, help)->group("Session"); };
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    parser.add_option(name, value, help)->type_name(type)->group("Session");
  };
  const auto list = [&](const char* name, std::vector<std::string>& value, const char* help) {
    parser.add_option(name, value, help)->allow_extra_args(false)->type_name("LIST")->group("Session");
  };
  flag("--in-session", arguments.in_session, "Open a secure session, and read the measurements inside it");
  text("--psk", arguments.psk, "FILE", "Open it with the pre-shared key in this file, hex digits or bytes");
  text("--psk-hint", arguments.psk_hint, "HINT", "Hint that tells the device which key that is: text, or hex:00ff");
  add_requester_options(parser, arguments);
  list("--key-exchange", arguments.key_exchange, "Offer only these key exchanges, such as secp384r1 or ML-KEM-1024");
  list("--aead", arguments.aead, "Offer only these ciphers, such as AES-256-GCM");
  flag("--handshake-in-the-clear", arguments.handshake_in_the_clear, "Do not encrypt the handshake, if the device supports that");
  flag("--mac-only", arguments.mac_only, "Authenticate messages without encrypting them");
  flag("--exercise", arguments.exercise, "Also test heartbeat and key updates, as far as the device supports them");
  text("--session-secrets", arguments.secrets, "FILE", "Save the session secrets in this file, and the encrypted records in the evidence");
}

void add_requester_options(CLI::App& parser, SessionArguments& arguments) {
  const auto text = [&](const char* name, std::string& value, const char* help) {
    parser.add_option(name, value, help)->type_name("FILE")->group("Session");
  };
  text("--requester-key", arguments.requester_key, "Private key for mutual authentication, PEM or DER");
  text("--requester-cert", arguments.requester_cert, "Its certificate chain with the root; not needed if the device has the key");
}

void apply(const SessionArguments& arguments, Wanted& wanted, const Console& console, bool policy_asks) {
  assert_consistent(arguments);
  if (!arguments.in_session && arguments.requester_key.empty()) return;
  SessionOptions options;
  options.open = arguments.in_session || policy_asks;
  if (!arguments.psk_hint.empty()) options.psk_hint = parse_psk_hint(arguments.psk_hint);
  for (const std::string_view name : split_lists("--key-exchange", arguments.key_exchange))
    options.key_exchange.push_back(parse_key_exchange(name));
  for (const std::string_view name : split_lists("--aead", arguments.aead)) options.aead.push_back(parse_aead(name));
  options.handshake_in_the_clear = arguments.handshake_in_the_clear;
  options.mac_only = arguments.mac_only;
  options.exercise = arguments.exercise;
  options.summary = wanted.summary;
  options.nonce = wanted.nonce;
  forbid_core_dumps();
  if (!arguments.psk.empty()) options.psk = psk_of(read_secret_file(arguments.psk, FileKind::key), arguments.psk);
  if (!arguments.psk.empty() && options.psk.size() < kGuessable)
    console.note(cat("spdmctl: ", printable(arguments.psk), ": a key of ", options.psk.size(), " bytes can be guessed; use ", kGuessable,
                     " or more"));
  if (!arguments.requester_key.empty()) options.identity = read_identity(arguments);
  if (!arguments.secrets.empty()) {
    options.keep_records = true;
    options.keep = [keeper = std::make_shared<SecretKeeper>(arguments.secrets)](SessionSecret secret) { keeper->keep(std::move(secret)); };
  }
  wanted.in_session = arguments.in_session;
  wanted.session = std::make_shared<const Opener>(std::move(options));
}

}  // namespace spdm::cmd
