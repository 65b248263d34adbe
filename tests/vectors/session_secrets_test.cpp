// Recorded sessions of the reference implementation, whose secrets were kept: every record is opened, and all verify data is right.
// Needs the captures: SPDMCTL_VECTORS names their folder (session_secrets/, pcap/, pubkeys/).
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/session/recorded_sessions.h"
#include "core/text.h"
#include "vectors/recordings.h"

using namespace recordings;
using namespace spdm;

namespace {

// The sessions of a capture, with the secrets that were printed, in their order. One PSK is all that the reference implementation has.
std::vector<SessionSecret> secrets_of(const Evidence& evidence, const nlohmann::json& printed) {
  Connection connection(evidence.binding);
  Listener listener;
  for (std::size_t i = 0; i < evidence.log.size(); ++i)
    if (std::optional<Exchange> exchange = listener.hear(evidence.log[i], i)) connection.observe(std::move(*exchange));
  std::vector<SessionSecret> out;
  std::size_t exchanges = 0;
  for (const SessionSeen& seen : connection.sessions()) {
    SessionSecret secret;
    secret.id = seen.id;
    secret.kind = seen.is_psk() ? SessionKind::psk : SessionKind::key_exchange;
    secret.response_sha256 = session_response_sha256(connection.exchanges()[seen.exchange].response);
    const nlohmann::json& value = seen.is_psk() ? printed.at("PSK").at(0) : printed.at("DHE Secret").at(exchanges++);
    secret.shared = SecretBytes::take(unhex(value.get<std::string>(), "secret"));
    out.push_back(std::move(secret));
  }
  return out;
}

struct Count {
  std::size_t sessions = 0, records = 0, opened = 0, good = 0, bad = 0;
  std::string why;
};

Count open_all(const Evidence& evidence, std::vector<SessionSecret> secrets) {
  Count out;
  out.sessions = secrets.size();
  RecordedSessions sessions(evidence, secrets);
  for (std::size_t i = 0; i < evidence.log.size(); ++i) {
    const RecordedMessage message = sessions.next(evidence.log[i], i);
    if (evidence.log[i].secured) ++out.records;
    if (message.opened) ++out.opened;
    for (const VerifyDataCheck& check : message.checks) ++(check.is_good ? out.good : out.bad);
    if (out.why.empty() && !message.why.empty()) out.why = cat("message ", i + 1, ": ", message.why);
  }
  return out;
}

}  // namespace

TEST_CASE("all recorded sessions with secrets are opened" * doctest::skip(folder().empty())) {
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder() / "session_secrets")) {
    if (entry.path().extension() != ".pcap") continue;
    CAPTURE(entry.path().filename().string());
    const Evidence evidence = capture(entry.path());
    const Bytes printed = read_file(fs::path(entry.path()).replace_extension(".secrets.json"));
    const nlohmann::json json = nlohmann::json::parse(printed.begin(), printed.end());
    // Through the file, as whoever has one of these would do it.
    const SecretBytes file = write_session_secrets(secrets_of(evidence, json));
    const Count all = open_all(evidence, read_session_secrets(file.view(), "secrets"));
    CHECK(all.why.empty());
    CHECK(all.sessions > 0);
    CHECK(all.records > 0);
    CHECK(all.opened == all.records);
    CHECK(all.good >= 2 * all.sessions);
    CHECK(all.bad == 0);
    ++count;
  }
  CHECK(count == 16);
}

TEST_CASE("recorded sessions with the pre-shared key of the reference implementation are opened" * doctest::skip(folder().empty())) {
  const nlohmann::json known{{"PSK", {kPsk}}};
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder() / "pcap")) {
    if (entry.path().filename().string().find("session_psk") == std::string::npos) continue;
    CAPTURE(entry.path().filename().string());
    const Evidence evidence = capture(entry.path());
    const Count all = open_all(evidence, secrets_of(evidence, known));
    CHECK(all.why.empty());
    CHECK(all.records > 0);
    CHECK(all.opened == all.records);
    CHECK(all.good == 2 * all.sessions);
    CHECK(all.bad == 0);
    ++count;
  }
  CHECK(count == 3);
}

TEST_CASE("a recorded session of which one record was changed is opened up to that" * doctest::skip(folder().empty())) {
  const fs::path file = folder() / "session_secrets" / "v1.3_mctp_psk.pcap";
  const nlohmann::json known{{"PSK", {kPsk}}};
  Evidence evidence = capture(file);
  std::size_t before = 0;
  for (std::size_t i = 0; i < evidence.log.size(); ++i) {
    if (!evidence.log[i].secured) continue;
    constexpr std::size_t kSessionId = 4;  // with another one it is of a session that nobody knows
    for (std::size_t at = kSessionId; at < evidence.log[i].bytes.size(); ++at) {
      evidence.log[i].bytes[at] ^= 0x10;
      const Count all = open_all(evidence, secrets_of(evidence, known));
      evidence.log[i].bytes[at] ^= 0x10;
      CHECK(all.opened == before);
      CHECK(all.why.starts_with(cat("message ", i + 1, ": secured message: ")));
    }
    ++before;
  }
}
