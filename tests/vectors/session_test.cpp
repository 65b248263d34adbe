// Recorded sessions of the reference implementation, with what it printed of its secrets: the keys come out the same, every record is
// opened, and none of which a byte was changed. Needs the captures: SPDMCTL_VECTORS names their folder (session_secrets/).
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/evidence/load.h"
#include "core/evidence/session_transcript.h"
#include "core/protocol/connection.h"
#include "core/session/secured_session.h"
#include "core/text.h"
#include "core/wire/session_messages.h"

using namespace spdm;

namespace {

namespace fs = std::filesystem;
using enum Direction;

fs::path folder() {
  const char* name = std::getenv("SPDMCTL_VECTORS");
  return name == nullptr ? fs::path{} : fs::path(name) / "session_secrets";
}

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string shown(const SecretBytes& secret) { return hex(secret.view()); }

// Listens to one recording, and takes part in its sessions with the secrets that were printed.
class Player {
 public:
  Player(const Evidence& evidence, const nlohmann::json& secrets)
      : binding_(evidence.binding), connection_(evidence.binding), secrets_(secrets) {}

  void hear(const Message& message, std::size_t index) {
    if (!message.secured) return hear_plain(message, index);
    REQUIRE(session_);
    const Direction direction = message.from_requester ? request : response;
    change_each_byte(direction, message.bytes);
    ++records;
    hear_plain({message.from_requester, false, session_->open(direction, message.bytes), session_->id()}, index);
  }

  std::size_t records = 0, changed = 0, sessions = 0, updates = 0;

 private:
  // What the recording has of the session that is open; the list has one entry for each session, or `per_session`.
  std::string printed(const char* name, std::size_t which = 0, std::size_t per_session = 1) const {
    return secrets_.at(name).at((sessions - 1) * per_session + which).get<std::string>();
  }
  SessionSuite suite() const {
    const Parameters& parameters = connection_.parameters();
    return {parameters.version, parameters.hash, parameters.aead};
  }
  std::uint64_t next(Direction direction) const { return kMaxSequence - session_->left(direction) + 1; }

  void change_each_byte(Direction direction, View record) {
    RecordKeys keys = session_->secret(direction).record_keys();
    keys.next = next(direction);
    Bytes altered = to_bytes(record);
    for (std::uint8_t& byte : altered) {
      byte ^= 1;
      CHECK_THROWS_AS(open_record(session_->shape(), keys, altered), Malformed);
      byte ^= 1;
      ++changed;
    }
    CHECK_THROWS_AS(open_record(session_->shape(), keys, View(record).first(record.size() / 2)), Malformed);
    ++keys.next;
    CHECK_THROWS_AS(open_record(session_->shape(), keys, record), Malformed);
  }

  void hear_plain(const Message& message, std::size_t index) {
    if (message.from_requester) hear_request(message.bytes);
    std::optional<Exchange> exchange = listener_.hear(message, index);
    if (!exchange) return;
    connection_.observe(std::move(*exchange));
    const Exchange& seen = connection_.exchanges().back();
    REQUIRE_FALSE(seen.is_error());
    const Code code = seen.request_code();
    if (code == Code::key_exchange) open_by_key_exchange(seen);
    if (code == Code::psk_exchange) open_by_psk(seen);
    if (code == Code::finish || code == Code::psk_finish) finish(seen);
    if (code == Code::key_update) acknowledge_update(seen);
    if (code == Code::end_session) session_.reset();
  }

  // UpdateAllKeys is acknowledged under the new response key (DSP0274 "KEY_UPDATE").
  void hear_request(View message) {
    if (read_header(message).code != Code::key_update) return;
    Reader reader(message, "KEY_UPDATE");
    if (KeyUpdate::decode(reader, connection_.version()).operation == KeyOperation::update_all_keys) session_->update(response);
  }
  void acknowledge_update(const Exchange& exchange) {
    Reader reader(exchange.request, "KEY_UPDATE");
    if (KeyUpdate::decode(reader, connection_.version()).operation == KeyOperation::verify_new_key) {
      session_->confirm(request);
      session_->confirm(response);
    } else {
      session_->update(request);
      ++updates;
    }
  }

  void begin(SessionKind kind, KeySchedule schedule) {
    const RecordShape shape{binding_, connection_.sessions().back().id, connection_.parameters().encrypts(), suite().aead};
    session_.emplace(kind, suite(), shape, std::move(schedule), transcript_->hash());
    for (const Direction direction : {request, response}) {
      const SecretBytes& secret = session_->secret(direction).secret();
      const Bytes info = bin_str(suite().version, "finished", {}, secret.size());
      CHECK(shown(crypto::hkdf_expand(*suite().hash, secret, info, secret.size())) ==
            printed("finished_key", direction == request ? 0 : 1, 2));
    }
  }

  void open_by_key_exchange(const Exchange& exchange) {
    ++sessions;
    const SessionSeen& seen = connection_.sessions().back();
    const HashAlgorithm& hash = *suite().hash;
    transcript_ = SessionTranscript::of_key_exchange(hash, vca(connection_.exchanges()), connection_.session_digests(),
                                                     connection_.session_identity(seen.slot));
    transcript_->append(exchange.request);
    transcript_->append(exchange.unsigned_response());
    CHECK(hex(transcript_->hash()) == printed("th_curr hash"));
    CHECK(transcript_->bytes() == connection_.transcript(connection_.statements().back()));
    transcript_->append(seen.key_exchange_response->signature);
    const SecretBytes shared = SecretBytes::take(unhex(printed("DHE Secret"), "secret"));
    const SecretBytes first = crypto::hkdf_extract(hash, Bytes(hash.size), shared);
    CHECK(shown(first) == printed("handshake_secret"));
    const SecretBytes salt = crypto::hkdf_expand(hash, first, bin_str(suite().version, "derived", {}, hash.size), hash.size);
    CHECK(shown(crypto::hkdf_extract(hash, salt.view(), SecretBytes(hash.size))) == printed("master_secret"));
    begin(SessionKind::key_exchange, KeySchedule::from_key_exchange(suite(), shared));
    CHECK(shown(session_->secret(request).secret()) == printed("request_handshake_secret"));
    CHECK(shown(session_->secret(response).secret()) == printed("response_handshake_secret"));
    if (const Bytes& data = seen.key_exchange_response->verify_data; !data.empty()) CHECK(data == confirm(response, {}, data));
  }

  void open_by_psk(const Exchange& exchange) {
    ++sessions;
    const PskExchangeResponse& answer = *connection_.sessions().back().psk_exchange_response;
    transcript_ = SessionTranscript::of_psk(*suite().hash, vca(connection_.exchanges()));
    transcript_->append(exchange.request);
    transcript_->append(View(exchange.response).first(exchange.response.size() - answer.verify_data.size()));
    const SecretBytes psk = SecretBytes::take(unhex(printed("PSK", 0, 2), "PSK"));
    begin(SessionKind::psk, KeySchedule::from_psk(suite(), psk));
    CHECK(confirm(response, {}, answer.verify_data) == answer.verify_data);
    CHECK(hex(answer.verify_data) == printed("th_curr hmac", 0, 2));
  }

  // VerifyData over all so far and `before`; all of it is part of what follows.
  Bytes confirm(Direction direction, View before, View data) {
    transcript_->append(before);
    const Bytes out = session_->verify_data(direction, transcript_->hash());
    transcript_->append(data);
    return out;
  }

  void finish(const Exchange& exchange) {
    const std::size_t size = suite().hash->size;
    const View asked = exchange.request, answered = exchange.response;
    CHECK(equal(confirm(request, asked.first(asked.size() - size), asked.last(size)), asked.last(size)));
    if (connection_.parameters().handshake_in_the_clear() && session_->kind() == SessionKind::key_exchange)
      CHECK(equal(confirm(response, answered.first(answered.size() - size), answered.last(size)), answered.last(size)));
    else
      transcript_->append(answered);
    session_->establish(transcript_->hash());
    if (session_->kind() == SessionKind::psk) return;  // the secrets of a PSK were not printed
    CHECK(shown(session_->secret(request).secret()) == printed("request_data_secret"));
    CHECK(shown(session_->secret(response).secret()) == printed("response_data_secret"));
  }

  Binding binding_;
  Connection connection_;
  Listener listener_;
  const nlohmann::json& secrets_;
  std::optional<SessionTranscript> transcript_;
  std::optional<SecuredSession> session_;
};

}  // namespace

TEST_CASE("recorded sessions: keys, records, and each byte of them changed" * doctest::skip(folder().empty())) {
  std::size_t files = 0, records = 0, changed = 0, updates = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() != ".pcap") continue;
    CAPTURE(entry.path().filename().string());
    fs::path printed = entry.path();
    std::ifstream in(printed.replace_extension(".secrets.json"));
    const nlohmann::json secrets = nlohmann::json::parse(in);
    const Evidence evidence = load_evidence(read_file(entry.path()), entry.path().string());
    Player player(evidence, secrets);
    for (std::size_t i = 0; i < evidence.log.size(); ++i) player.hear(evidence.log[i], i);
    CHECK(player.sessions > 0);
    CHECK(player.records > 0);
    ++files;
    records += player.records;
    changed += player.changed;
    updates += player.updates;
  }
  MESSAGE(files << " recordings, " << records << " records, " << changed << " bytes changed, " << updates << " updates of keys");
  CHECK(files > 0);
  CHECK(updates > 0);
}
