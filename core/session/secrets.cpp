#include "core/session/secrets.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

// The member with the secret says of which kind the session is.
constexpr std::array kSecretKeys{
    Word{SessionKind::key_exchange, "shared_secret"},
    Word{SessionKind::psk, "psk"},
};
static_assert(is_sound(kSecretKeys));

// Writes to room that has the right size. Without room it only counts: then nothing secret is ever moved.
class Sink {
 public:
  explicit Sink(std::span<std::uint8_t> room) : room_(room) {}
  Sink& text(std::string_view piece) {
    for (const char c : piece) put(c);
    return *this;
  }
  Sink& hex(View bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
      put(kDigits[byte >> 4]);
      put(kDigits[byte & 15]);
    }
    return *this;
  }
  std::size_t size() const { return size_; }

 private:
  void put(char c) {
    if (size_ < room_.size()) room_[size_] = static_cast<std::uint8_t>(c);
    ++size_;
  }

  std::span<std::uint8_t> room_;
  std::size_t size_ = 0;
};

std::size_t write(std::span<const SessionSecret> sessions, std::span<std::uint8_t> room) {
  Sink out(room);
  out.text(R"({"schema":")").text(kSessionSecretsSchema).text(R"(","sessions":[)");
  std::string_view comma;
  for (const SessionSecret& session : sessions) {
    out.text(comma).text(cat("\n", R"({"id":"0x)", hex(session.id, 8), R"(","response_sha256":")")).hex(session.response_sha256);
    out.text(cat(R"(",")", row_of(kSecretKeys, session.kind).name, R"(":")")).hex(session.shared.view());
    if (!session.requester_identity.empty()) out.text(R"(","requester_identity":")").text(base64(session.requester_identity));
    out.text("\"}");
    comma = ",";
  }
  out.text("]}\n");
  return out.size();
}

// `what`: of how many bytes, in words.
Bytes read_hex(JsonReader& json, std::size_t least, std::size_t most, std::string_view what) {
  const std::string_view digits = json.string();
  const bool fits = digits.size() >= 2 * least && digits.size() <= 2 * most && digits.size() % 2 == 0 &&
                    digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (!fits) json.fail(cat("is not ", what, " in hex"));
  return unhex(digits, "secret");
}

std::uint32_t read_id(JsonReader& json) {
  constexpr std::size_t kDigits = 8;
  const std::string_view text = json.string();
  const bool fits =
      text.size() == 2 + kDigits && text.starts_with("0x") && text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  if (!fits) json.fail("is not 0x and 8 hex digits");
  std::uint32_t out = 0;
  for (const std::uint8_t byte : unhex(text.substr(2), "id")) out = out << 8 | byte;
  if (out == 0) json.fail("is not a session: none has the id 0");
  return out;
}

Bytes read_identity(JsonReader& json) {
  try {
    Bytes out = from_base64(json.string(), "data");
    if (!out.empty()) return out;
  } catch (const Error& error) {
    json.fail(error.what());
  }
  json.fail("has no bytes");
}

SessionSecret read_session(JsonReader& json) {
  SessionSecret out;
  json.object({"id", "response_sha256"}, {"shared_secret", "psk", "requester_identity"}, [&](std::string_view key) {
    if (key == "id") {
      out.id = read_id(json);
    } else if (key == "response_sha256") {
      const Bytes hash = read_hex(json, out.response_sha256.size(), out.response_sha256.size(), "32 bytes");
      std::copy(hash.begin(), hash.end(), out.response_sha256.begin());
    } else if (key == "requester_identity") {
      out.requester_identity = read_identity(json);
    } else {
      if (!out.shared.empty()) json.fail("is a second secret of one session");
      out.kind = *value_of(kSecretKeys, key);
      out.shared = SecretBytes::take(read_hex(json, 1, kMaxSharedSecret, cat("1 to ", kMaxSharedSecret, " bytes")));
    }
  });
  if (out.shared.empty()) json.fail("has neither \"shared_secret\" nor \"psk\"");
  return out;
}

}  // namespace

Block<32> session_response_sha256(View response) {
  const Bytes hash = crypto::hash(*find_hash("SHA-256"), response);
  Block<32> out{};
  std::copy(hash.begin(), hash.end(), out.begin());
  return out;
}

SecretBytes write_session_secrets(std::span<const SessionSecret> sessions) {
  if (sessions.size() > kMaxSessionSecrets)
    throw Error(ErrorId::bad_input, cat(sessions.size(), " sessions exceed the limit of ", kMaxSessionSecrets, " for one file"));
  const std::size_t size = write(sessions, {});
  assert_readable(size, FileKind::session_secrets);
  SecretBytes out(size);
  write(sessions, out.writable());
  return out;
}

std::vector<SessionSecret> read_session_secrets(View text, std::string_view what) {
  JsonReader json(as_text(text), what);
  // To read an escape the reader would keep a copy of the string; hex and base64 have none.
  if (as_text(text).find('\\') != std::string_view::npos)
    throw Error(ErrorId::bad_input, cat(what, ": byte ", as_text(text).find('\\'), " is a backslash, and nothing in this file has one"));
  std::vector<SessionSecret> out;
  json.object({"schema", "sessions"}, {}, [&](std::string_view key) {
    if (key == "schema") {
      const std::string_view schema = json.string();
      if (schema != kSessionSecretsSchema) json.fail(cat("'", printable(schema.substr(0, 64)), "' is not ", kSessionSecretsSchema));
      return;
    }
    json.array([&] {
      if (out.size() == kMaxSessionSecrets) json.fail(cat("exceeds the limit of ", kMaxSessionSecrets, " sessions"));
      SessionSecret session = read_session(json);
      for (const SessionSecret& other : out)
        if (other.response_sha256 == session.response_sha256) json.fail("is of the same session as one before it");
      out.push_back(std::move(session));
    });
  });
  json.finish();
  return out;
}

}  // namespace spdm
