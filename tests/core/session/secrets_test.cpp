// The file of session secrets.
#include "core/session/secrets.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/file_kinds.h"
#include "core/text.h"

using namespace spdm;

namespace {

SessionSecret secret(std::uint32_t id, SessionKind kind, Bytes shared, Bytes identity = {}) {
  SessionSecret out;
  out.id = id;
  out.kind = kind;
  out.response_sha256 = session_response_sha256(shared);
  out.shared = SecretBytes::take(std::move(shared));
  out.requester_identity = std::move(identity);
  return out;
}

std::string text_of(std::span<const SessionSecret> sessions) {
  const SecretBytes json = write_session_secrets(sessions);
  return std::string(as_text(json.view()));
}

std::vector<SessionSecret> read(std::string_view json) { return read_session_secrets(as_bytes(json), "secrets.json"); }

// A file with one session of these members.
std::string with(std::string_view members) { return cat(R"({"schema":"spdmctl.session-secrets/1","sessions":[{)", members, "}]}"); }

const std::string kHash = R"("response_sha256":")" + std::string(64, 'a') + '"';
const std::string kGood = R"("id":"0xffff0001",)" + kHash + R"(,"shared_secret":"0102")";

}  // namespace

TEST_CASE("secrets of sessions are read as they were written") {
  std::vector<SessionSecret> sessions;
  sessions.push_back(secret(0xFFFF0001, SessionKind::key_exchange, {0, 1, 2, 0xFF}));
  sessions.push_back(secret(0xFFFF0001, SessionKind::psk, {7}, {0x30, 0x03, 2, 1, 5}));
  const std::string json = text_of(sessions);
  CHECK(json.find(R"({"id":"0xffff0001","response_sha256":")" + hex(sessions[0].response_sha256) + R"(","shared_secret":"000102ff"})") !=
        std::string::npos);
  CHECK(json.find(R"("psk":"07","requester_identity":"MAMCAQU="})") != std::string::npos);
  CHECK(json.back() == '\n');

  const std::vector<SessionSecret> back = read(json);
  REQUIRE(back.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(back[i].id == sessions[i].id);
    CHECK(back[i].kind == sessions[i].kind);
    CHECK(back[i].response_sha256 == sessions[i].response_sha256);
    CHECK(equal(back[i].shared.view(), sessions[i].shared.view()));
    CHECK(back[i].requester_identity == sessions[i].requester_identity);
  }
  CHECK(text_of(back) == json);
  CHECK(read(text_of({})).empty());
}

TEST_CASE("a file of secrets is read strictly, and an error says where") {
  CHECK(read(with(kGood)).size() == 1);
  const auto refused = [](const std::string& json, const std::string& part) {
    CAPTURE(json);
    expect_error(ErrorId::bad_input, part, [&] { read(json); });
  };
  refused("[]", "secrets.json: is not an object (byte 0)");
  refused(R"({"schema":"spdmctl.session-secrets/2","sessions":[]})", "schema: 'spdmctl.session-secrets/2' is not");
  refused(R"({"schema":"spdmctl.session-secrets/1"})", "\"sessions\" is missing");
  refused(with(kGood) + "x", "after the end");
  refused(with(kGood + R"(,"more":1)"), "sessions[0]: unknown key");
  refused(with(R"("id":"0xffff0001",)" + kHash), "sessions[0]: has neither \"shared_secret\" nor \"psk\"");
  refused(with(kGood + R"(,"psk":"03")"), "sessions[0].psk: is a second secret");
  refused(with(R"("id":"0xffff0001","shared_secret":"01")"), "\"response_sha256\" is missing");
  refused(with(kHash + R"(,"shared_secret":"01")"), "\"id\" is missing");
  for (const std::string id : {"ffff0001", "0xffff001", "0xffff00011", "0xffffzzzz", "0x ffff001"})
    refused(with(R"("id":")" + id + "\"," + kHash + R"(,"psk":"01")"), "sessions[0].id: is not 0x and 8 hex digits");
  refused(with(R"("id":"0x00000000",)" + kHash + R"(,"psk":"01")"), "none has the id 0");
  for (const std::string& digits : {std::string(), std::string("0"), std::string("0g"), std::string("01 02"), std::string(2050, '0')})
    refused(with(R"("id":"0xffff0001",)" + kHash + R"(,"psk":")" + digits + '"'), "sessions[0].psk: is not 1 to 1024 bytes in hex");
  refused(with(R"("id":"0xffff0001","psk":"01","response_sha256":"aa")"), "response_sha256: is not 32 bytes in hex");
  refused(with(kGood + R"(,"requester_identity":"A")"), "requester_identity: data: base64");
  refused(with(kGood + R"(,"requester_identity":"")"), "requester_identity: has no bytes");
  refused(R"({"schema":"spdmctl.session-secrets/1","sessions":[{)" + kGood + "},{" + kGood + "}]}",
          "sessions[1]: is of the same session as one before it");
  CHECK(read(with(R"("id":"0xffff0001",)" + kHash + R"(,"psk":")" + std::string(2048, '0') + '"')).size() == 1);
}

TEST_CASE("a secret that is written with escapes is refused, for the reader would keep a copy") {
  expect_error(ErrorId::bad_input, "is a backslash", [] { read(with(R"("id":"0xffff0001",)" + kHash + R"(,"psk":"\u0030\u0031")")); });
}

TEST_CASE("a file of secrets has a limit of sessions") {
  std::vector<SessionSecret> sessions;
  for (std::uint32_t i = 0; i < kMaxSessionSecrets; ++i)
    sessions.push_back(secret(1, SessionKind::psk, {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)}));
  CHECK(read(text_of(sessions)).size() == kMaxSessionSecrets);
  std::string json = text_of(sessions);
  sessions.push_back(secret(1, SessionKind::psk, {9, 9, 9}));
  expect_error(ErrorId::bad_input, "1025 sessions exceed the limit of 1024", [&] { write_session_secrets(sessions); });
  json.replace(json.rfind("]}"), 2, cat(",{\"id\":\"0x00000001\",", kHash, ",\"psk\":\"01\"}]}"));
  expect_error(ErrorId::bad_input, "sessions[1024]: exceeds the limit of 1024 sessions", [&] { read(json); });
}

TEST_CASE("no more is written than is read again") {
  std::vector<SessionSecret> sessions;
  sessions.push_back(secret(1, SessionKind::psk, {1}, Bytes(limit_of(FileKind::session_secrets), 0)));
  expect_error(ErrorId::bad_input, "file of session secrets", [&] { write_session_secrets(sessions); });
}
