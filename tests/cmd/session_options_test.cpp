// Options of sessions: what they mean, what contradicts what, and keys that come from files.
#include "cmd/session_options.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>

#include "core/error.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

Bytes psk(std::string_view contents) { return to_bytes(psk_of(SecretBytes::take(to_bytes(as_bytes(contents))), "key").view()); }
Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

void refuse(ErrorId id, std::string_view part, const std::function<void()>& work) {
  try {
    work();
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.id == id);
    CHECK_MESSAGE(std::string_view(error.what()).find(part) != std::string_view::npos, error.what());
  }
}

Wanted applied(const SessionArguments& arguments, bool policy_asks = false) {
  Wanted out;
  apply(arguments, out, Console(Format::text), policy_asks);
  return out;
}

void contradiction(std::string_view part, const std::function<void(SessionArguments&)>& change) {
  SessionArguments arguments;
  change(arguments);
  refuse(ErrorId::usage, part, [&] { applied(arguments); });
}

}  // namespace

TEST_CASE("a shared key: hex digits alone are those of the key, anything else is the key") {
  CHECK(psk("000102fF") == Bytes{0, 1, 2, 0xFF});
  CHECK(psk("aA55\n") == Bytes{0xAA, 0x55});
  CHECK(psk("aA55\r\n") == Bytes{0xAA, 0x55});
  CHECK(psk("aA5") == bytes("aA5"));            // half a byte
  CHECK(psk("aA55\n\n") == bytes("aA55\n\n"));  // two lines
  CHECK(psk(" aA55") == bytes(" aA55"));
  CHECK(psk("TestPskData\n") == bytes("TestPskData\n"));
  CHECK(psk("\n") == bytes("\n"));
  CHECK(psk(std::string(1024, '\0')).size() == 1024);
  refuse(ErrorId::bad_input, "1025 bytes", [] { psk(std::string(1025, '\0')); });
  CHECK(psk(std::string(2048, 'a')).size() == 1024);
}

TEST_CASE("a hint is text, or hex") {
  CHECK(parse_psk_hint("drive-7") == bytes("drive-7"));
  CHECK(parse_psk_hint("hex:00fF") == Bytes{0, 0xFF});
  CHECK(parse_psk_hint("hex:").empty());
  refuse(ErrorId::usage, "not a whole number of hex bytes", [] { parse_psk_hint("hex:0"); });
  refuse(ErrorId::usage, "not a whole number of hex bytes", [] { parse_psk_hint("hex:zz"); });
  refuse(ErrorId::usage, "the limit is 1024", [] { parse_psk_hint(std::string(1025, 'h')); });
}

TEST_CASE("without an option nobody opens a session, nor says who we are") {
  const Wanted wanted = applied({});
  CHECK(wanted.session == nullptr);
  CHECK_FALSE(wanted.in_session);
}

TEST_CASE("--in-session opens one, with what is offered") {
  SessionArguments arguments;
  arguments.in_session = true;
  arguments.key_exchange = {"secp384r1"};
  arguments.aead = {"AES-256-GCM"};
  arguments.mac_only = true;
  const Wanted wanted = applied(arguments);
  CHECK(wanted.in_session);
  REQUIRE(wanted.session != nullptr);
  CHECK(wanted.session->needs_slot());
  CHECK((wanted.session->capability_flags(k12) & (cap::key_ex | cap::mac)) == (cap::key_ex | cap::mac));
  CHECK((wanted.session->capability_flags(k12) & (cap::encrypt | cap::handshake_in_the_clear | cap::psk_mask | cap::mut_auth)) == 0);
  NegotiateAlgorithms offer;
  wanted.session->offer(offer, k12);
  for (const AlgStruct& table : offer.tables) {
    if (table.type == AlgType::dhe) CHECK(table.supported == find_key_exchange("secp384r1")->bit);
    if (table.type == AlgType::aead) CHECK(table.supported == find_aead("AES-256-GCM")->bit);
  }
  refuse(ErrorId::usage, "--key-exchange: unknown algorithm 'P-384'", [&] {
    arguments.key_exchange = {"P-384"};
    applied(arguments);
  });
}

TEST_CASE("a shared key comes from a file that nobody else reads") {
  const support::TemporaryDirectory directory;
  const std::string file = (directory.path() / "psk").string();
  std::ofstream(file) << "00112233445566778899aabbccddeeff\n";
  ::chmod(file.c_str(), 0600);
  SessionArguments arguments;
  arguments.in_session = true;
  arguments.psk = file;
  arguments.psk_hint = "drive-7";
  const Wanted wanted = applied(arguments);
  REQUIRE(wanted.session != nullptr);
  CHECK_FALSE(wanted.session->needs_slot());
  CHECK((wanted.session->capability_flags(k12) & cap::psk_mask) != 0);
  ::chmod(file.c_str(), 0644);
  refuse(ErrorId::config, "everybody can read it", [&] { applied(arguments); });
}

TEST_CASE("options of sessions that say nothing together") {
  contradiction("--psk is about a session, and no session is opened", [](auto& a) { a.psk = "x"; });
  contradiction("--psk-hint is about a session", [](auto& a) { a.psk_hint = "x"; });
  contradiction("--key-exchange is about a session", [](auto& a) { a.key_exchange = {"secp384r1"}; });
  contradiction("--aead is about a session", [](auto& a) { a.aead = {"AES-256-GCM"}; });
  contradiction("--exercise is about a session", [](auto& a) { a.exercise = true; });
  contradiction("--handshake-in-the-clear is about a session", [](auto& a) { a.handshake_in_the_clear = true; });
  contradiction("--mac-only is about a session", [](auto& a) { a.mac_only = true; });
  contradiction("--psk-hint names a shared key", [](auto& a) { a.in_session = true, a.psk_hint = "x"; });
  contradiction("--requester-cert requires", [](auto& a) { a.requester_cert = "x"; });
  contradiction("--psk and --key-exchange cannot be combined",
                [](auto& a) { a.in_session = true, a.psk = "x", a.key_exchange = {"secp384r1"}; });
  contradiction("--psk and --handshake-in-the-clear cannot be combined",
                [](auto& a) { a.in_session = true, a.psk = "x", a.handshake_in_the_clear = true; });
}
