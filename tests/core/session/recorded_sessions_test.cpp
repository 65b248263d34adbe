// Sessions whose records and secrets were kept are opened again, by who was no part of them.
#include "core/session/recorded_sessions.h"

#include <set>

#include "core/session/session_run.h"

using namespace spdm;

namespace {

constexpr std::uint32_t kMutual = fake::kPlain | fake::kRecords | fake::kMutual | cap::key_ex;
constexpr std::uint32_t kClear = cap::handshake_in_the_clear;

Bytes get_digests(std::uint8_t version) { return begin(version, Code::get_digests).take(); }
Bytes get_certificate(std::uint8_t version) {
  return GetCertificate{.slot = 0, .large = false, .slot_size_requested = false, .offset = 0, .length = 0xFFFF}.encode(version);
}
Bytes key_update(std::uint8_t version, KeyOperation operation) { return KeyUpdate{.operation = operation, .tag = 7}.encode(version); }

std::vector<SessionSecret> copies(const std::vector<SessionSecret>& secrets) {
  const SecretBytes file = write_session_secrets(secrets);
  return read_session_secrets(file.view(), "secrets");
}

// A session that was recorded, with all that its owner kept.
struct Recorded {
  explicit Recorded(fake::SessionProfile profile = {}) : run(std::move(profile)) {
    run.options.keep_records = true;
    run.options.exercise = true;
    run.options.keep = [this](SessionSecret secret) { secrets.push_back(std::move(secret)); };
  }
  // The same log as a capture shows it: nobody tells what was inside.
  MessageLog captured() const {
    MessageLog out;
    for (const Message& message : run.evidence.log)
      if (message.secured || message.inside == 0) out.push_back(message);
    return out;
  }
  // What was exchanged inside.
  std::vector<Bytes> inside() const {
    std::vector<Bytes> out;
    for (const Message& message : run.evidence.log)
      if (!message.secured && message.inside != 0) out.push_back(message.bytes);
    return out;
  }

  fake::SessionRun run;
  std::vector<SessionSecret> secrets;
};

struct Opened {
  std::vector<Bytes> messages;
  std::size_t records = 0, good = 0, bad = 0;
  std::vector<std::string> why, unmatched;
  std::set<std::size_t> proven;
};

Opened open_all(const Evidence& evidence, MessageLog log, std::vector<SessionSecret> secrets) {
  Evidence copy;
  copy.binding = evidence.binding;
  copy.provisioned_key = evidence.provisioned_key;
  copy.log = std::move(log);
  Opened out;
  RecordedSessions sessions(copy, secrets);
  for (std::size_t i = 0; i < copy.log.size(); ++i) {
    const RecordedMessage message = sessions.next(copy.log[i], i);
    if (copy.log[i].secured) ++out.records;
    if (message.opened) {
      CHECK(copy.log[i].secured);
      CHECK(message.opened->from_requester == copy.log[i].from_requester);
      CHECK_FALSE(message.opened->secured);
      out.messages.push_back(message.opened->bytes);
    }
    for (const VerifyDataCheck& check : message.checks) ++(check.is_good ? out.good : out.bad);
    if (!message.why.empty()) out.why.push_back(message.why);
  }
  out.unmatched = sessions.unmatched();
  out.proven = sessions.proven();
  return out;
}

// From the evidence, which tells what was inside, and as a capture, which does not.
void check_opens(const Recorded& recorded, std::size_t checks) {
  for (const bool is_capture : {false, true}) {
    CAPTURE(is_capture);
    const Evidence& evidence = recorded.run.evidence;
    const MessageLog log = is_capture ? recorded.captured() : evidence.log;
    const Opened opened = open_all(evidence, log, copies(recorded.secrets));
    CHECK(opened.records > 0);
    CHECK(opened.messages == recorded.inside());
    CHECK(opened.good == checks);
    CHECK(opened.bad == 0);
    CHECK(opened.why.empty());
    CHECK(opened.unmatched.empty());
    REQUIRE(opened.proven.size() == 1);
    const Code code = read_header(log.at(*opened.proven.begin()).bytes).code;
    CHECK((code == Code::key_exchange || code == Code::psk_exchange));
  }
}

bool says(const std::vector<std::string>& all, std::string_view part) {
  return std::any_of(all.begin(), all.end(), [&](const std::string& one) { return one.find(part) != std::string::npos; });
}

// Index of the `nth` record in the log.
std::size_t record(const MessageLog& log, std::size_t nth) {
  for (std::size_t i = 0; i < log.size(); ++i)
    if (log[i].secured && nth-- == 0) return i;
  return log.size();
}

}  // namespace

TEST_CASE("recorded sessions by key exchange are opened, with keys that are renewed, in the clear and not") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp})
      for (const std::uint32_t clear : {std::uint32_t{0}, kClear}) {
        Recorded recorded({.version = version, .flags = fake::kPlain | fake::kRecords | cap::key_ex | clear, .binding = binding});
        recorded.run.options.handshake_in_the_clear = clear != 0;
        recorded.run.collect();
        REQUIRE(recorded.secrets.size() == 1);
        check_opens(recorded, 2);
      }
}

TEST_CASE("recorded sessions with a pre-shared key are opened; without a ResponderContext only the responder has verify data") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const std::uint32_t kind : {cap::psk, cap::psk_with_context}) {
      Recorded recorded({.version = version, .flags = fake::kPlain | fake::kRecords | kind, .psk = Bytes(32, 7)});
      recorded.run.options.psk = SecretBytes::take(Bytes(32, 7));
      recorded.run.collect();
      REQUIRE(recorded.secrets.size() == 1);
      CHECK(recorded.secrets[0].kind == SessionKind::psk);
      check_opens(recorded, kind == cap::psk ? 1 : 2);
    }
}

TEST_CASE("recorded sessions with mutual authentication are opened, with whatever the requester has shown itself") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const MutualAuth kind : {MutualAuth::encapsulated, MutualAuth::digests, MutualAuth::optimized})
      for (const std::uint32_t clear : {std::uint32_t{0}, kClear}) {
        CAPTURE(name(kind));
        Recorded recorded({.version = version, .flags = kMutual | clear, .mutual_auth = kind, .binding = Binding::doe});
        recorded.run.options.identity = fake::our_identity();
        recorded.run.options.handshake_in_the_clear = clear != 0;
        recorded.run.wanted.challenge = false;
        if (kind == MutualAuth::optimized)
          recorded.run.device.requester_identity = fake::our_spdm_chain();
        else
          recorded.run.device.to_ask = {get_digests(version), get_certificate(version)};
        recorded.run.collect();
        REQUIRE(recorded.secrets.size() == 1);
        CHECK(recorded.secrets[0].requester_identity.empty() == (kind != MutualAuth::optimized));
        check_opens(recorded, 2);
      }
}

TEST_CASE("recorded sessions on connections with several keys of the requester have its DIGESTS in their transcript") {
  for (const MutualAuth kind : {MutualAuth::encapsulated, MutualAuth::digests}) {
    Recorded recorded({.version = k13, .flags = kMutual, .mutual_auth = kind, .multi_key = true});
    recorded.run.options.identity = fake::our_identity();
    recorded.run.options.multi_key = true;
    recorded.run.device.to_ask = {get_digests(k13), get_certificate(k13)};
    recorded.run.collect();
    check_opens(recorded, 2);
  }
}

TEST_CASE("recorded sessions with a provisioned key of the requester") {
  Recorded recorded({.flags = kMutual, .mutual_auth = MutualAuth::optimized, .requester_slot = kProvisionedKey});
  recorded.run.options.identity = RequesterIdentity::with_key(fake::our_chain().leaf.key.private_key());
  recorded.run.device.requester_identity = fake::our_chain().leaf.key.spki();
  recorded.run.collect();
  check_opens(recorded, 2);
}

TEST_CASE("recorded sessions: the responder renews its own key in an encapsulated request") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    Recorded recorded({.version = version, .flags = kMutual});
    recorded.run.options.identity = fake::our_identity();
    recorded.run.wanted.challenge = false;
    recorded.run.device.to_ask = {get_digests(version), key_update(version, KeyOperation::update_key),
                                  key_update(version, KeyOperation::verify_new_key)};
    recorded.run.collect();
    REQUIRE(recorded.run.device.answers.size() == 3);
    check_opens(recorded, 2);
  }
}

TEST_CASE("recorded sessions: a refused update of keys leaves the old ones") {
  Recorded recorded;
  std::size_t updates = 0;
  recorded.run.device.instead = [&](Code code) -> std::optional<Bytes> {
    if (code != Code::key_update) return std::nullopt;
    ++updates;
    // UpdateKey and UpdateAllKeys, the first time each.
    if (updates != 1 && updates != 4) return std::nullopt;
    return ErrorResponse{.version = k12, .code = ErrorCode::busy, .data = 0, .extended = {}}.encode();
  };
  recorded.run.collect();
  CHECK(updates == 6);
  check_opens(recorded, 2);
}

TEST_CASE("several sessions of one log, one after the other, with the ids used again") {
  Recorded first, second;
  first.run.collect();
  second.run.collect();
  MessageLog log = first.captured();
  for (const Message& message : second.captured()) log.push_back(message);
  std::vector<SessionSecret> both = copies(first.secrets);
  both.push_back(std::move(copies(second.secrets).at(0)));
  const Opened opened = open_all(first.run.evidence, log, std::move(both));
  CHECK(opened.messages.size() == first.inside().size() + second.inside().size());
  CHECK(opened.good == 4);
  // Without its secret the first one stays shut, and the second is opened all the same.
  const Opened one = open_all(first.run.evidence, log, copies(second.secrets));
  CHECK(one.messages == second.inside());
  CHECK(one.why.empty());
}

TEST_CASE("a record of which a byte was changed is told once, and its session is lost from there on") {
  Recorded recorded;
  recorded.run.collect();
  const MessageLog log = recorded.captured();
  const std::size_t all = recorded.inside().size();
  for (const std::size_t nth : {std::size_t{0}, std::size_t{5}, all - 1}) {
    MessageLog altered = log;
    altered.at(record(log, nth)).bytes.back() ^= 1;
    const Opened opened = open_all(recorded.run.evidence, altered, copies(recorded.secrets));
    CHECK(opened.messages.size() == nth);
    REQUIRE(opened.why.size() == 1);
    CHECK(opened.why[0].find("tag") != std::string::npos);
    CHECK(opened.proven.empty());
  }
}

TEST_CASE("a record that is there twice, left out, or comes when the session is over") {
  Recorded recorded;
  recorded.run.collect();
  const auto at = [](MessageLog& log, std::size_t nth) { return log.begin() + static_cast<std::ptrdiff_t>(record(log, nth)); };
  MessageLog twice = recorded.captured(), missing = twice, late = twice;
  twice.insert(at(twice, 3), *at(twice, 3));
  missing.erase(at(missing, 3));
  late.push_back(*at(late, 0));
  CHECK(open_all(recorded.run.evidence, twice, copies(recorded.secrets)).messages.size() == 4);
  // The next one is of the other side, whose numbers go on.
  CHECK(open_all(recorded.run.evidence, missing, copies(recorded.secrets)).messages.size() == 4);
  const Opened opened = open_all(recorded.run.evidence, late, copies(recorded.secrets));
  CHECK(opened.messages.size() == recorded.inside().size());
  CHECK(says(opened.why, "has ended"));
}

TEST_CASE("verify data that does not fit is told") {
  Recorded recorded;
  recorded.run.collect();
  MessageLog log = recorded.captured();
  std::vector<SessionSecret> secrets = copies(recorded.secrets);
  for (Message& message : log)
    if (!message.secured && read_header(message.bytes).code == Code::key_exchange_rsp) {
      message.bytes.back() ^= 1;  // ResponderVerifyData
      secrets.at(0).response_sha256 = session_response_sha256(message.bytes);
    }
  const Opened opened = open_all(recorded.run.evidence, log, std::move(secrets));
  CHECK(opened.bad == 2);  // that of the requester is over it
  CHECK(opened.proven.empty());
  CHECK(opened.messages.size() == 2);
}

TEST_CASE("verify data of a FINISH that was refused is checked, too") {
  Recorded recorded({.flags = fake::kPlain | fake::kRecords | cap::key_ex | kClear});
  recorded.run.options.handshake_in_the_clear = true;
  recorded.run.device.instead = [](Code code) -> std::optional<Bytes> {
    if (code != Code::finish) return std::nullopt;
    return ErrorResponse{.version = k12, .code = ErrorCode::decrypt_error, .data = 0, .extended = {}}.encode();
  };
  CHECK_THROWS_AS(recorded.run.collect(), Error);
  const Opened opened = open_all(recorded.run.evidence, recorded.run.evidence.log, copies(recorded.secrets));
  CHECK(opened.good == 1);
  CHECK(opened.why.empty());
}

TEST_CASE("secrets that are not of the session are told, or open nothing") {
  Recorded recorded;
  recorded.run.collect();
  const auto with = [&](auto change) {
    std::vector<SessionSecret> secrets = copies(recorded.secrets);
    change(secrets.at(0));
    return open_all(recorded.run.evidence, recorded.captured(), std::move(secrets));
  };
  const Opened id = with([](SessionSecret& secret) { secret.id ^= 1; });
  CHECK(says(id.why, "the file of secrets says that it is 0x"));
  const Opened kind = with([](SessionSecret& secret) { secret.kind = SessionKind::psk; });
  CHECK(says(kind.why, "the file of secrets has \"psk\""));
  const Opened hash = with([](SessionSecret& secret) { secret.response_sha256[0] ^= 1; });
  CHECK(hash.why.empty());
  const Opened secret = with([](SessionSecret& wrong) { wrong.shared.writable()[0] ^= 1; });
  CHECK(secret.bad == 1);
  CHECK(says(secret.why, "tag"));
  for (const Opened* opened : {&id, &kind, &hash, &secret}) CHECK(opened->messages.empty());
}

TEST_CASE("what a key depends on was not recorded: the session stays shut, and it is told why") {
  Recorded recorded;
  recorded.run.collect();
  MessageLog log = recorded.captured();
  const auto certificate = std::find_if(log.begin(), log.end(), [](const Message& message) {
    return !message.secured && read_header(message.bytes).code == Code::get_certificate;
  });
  log.erase(certificate, certificate + 2);
  const Opened opened = open_all(recorded.run.evidence, log, copies(recorded.secrets));
  CHECK(opened.messages.empty());
  CHECK(says(opened.why, "the certificate chain or key of slot 0 was not recorded"));

  Recorded mutual({.flags = kMutual, .mutual_auth = MutualAuth::optimized});
  mutual.run.options.identity = fake::our_identity();
  mutual.run.device.requester_identity = fake::our_spdm_chain();
  mutual.run.wanted.challenge = false;
  mutual.run.collect();
  std::vector<SessionSecret> secrets = copies(mutual.secrets);
  secrets.at(0).requester_identity.clear();
  const Opened unknown = open_all(mutual.run.evidence, mutual.captured(), std::move(secrets));
  CHECK(unknown.messages.size() == 2);  // the handshake
  CHECK(says(unknown.why, "\"requester_identity\""));
}

TEST_CASE("what the collector tells is compared with what the records hold") {
  Recorded recorded;
  recorded.run.collect();
  const MessageLog& log = recorded.run.evidence.log;
  const auto told = [](MessageLog& all, std::size_t nth) {
    return std::find_if(all.begin(), all.end(), [&](const Message& message) { return message.inside != 0 && nth-- == 0; });
  };
  const auto open = [&](const MessageLog& changed) {
    Opened out = open_all(recorded.run.evidence, changed, copies(recorded.secrets));
    CHECK(out.proven.empty());
    return out;
  };
  MessageLog changed = log, missing = log, invented = log, other = log;
  told(changed, 4)->bytes.back() ^= 1;
  told(changed, 6)->bytes.back() ^= 1;
  CHECK(open(changed).why == std::vector<std::string>{"the record holds another message than the collector reports"});
  std::swap(told(other, 4)->from_requester, told(other, 5)->from_requester);
  CHECK(says(open(other).why, "another message than the collector reports"));
  const std::size_t last = recorded.inside().size() - 1;
  invented.push_back(*told(invented, last));
  CHECK(says(open(invented).unmatched, "1 message that only the collector reports"));
  missing.erase(told(missing, last));
  CHECK(says(open(missing).unmatched, "1 message that only the records hold"));
  // Without secrets it is what the collector says.
  const Opened unopened = open_all(recorded.run.evidence, changed, {});
  CHECK(unopened.why.empty());
  CHECK(unopened.unmatched.empty());
  CHECK(unopened.proven.empty());
}

TEST_CASE("GET_VERSION ends all sessions") {
  Recorded recorded;
  recorded.run.collect();
  MessageLog log = recorded.captured();
  const std::size_t at = record(log, 4);
  log.insert(log.begin() + static_cast<std::ptrdiff_t>(at), log.begin(), log.begin() + 2);
  const Opened opened = open_all(recorded.run.evidence, log, copies(recorded.secrets));
  CHECK(opened.messages.size() == 4);
  CHECK(says(opened.why, "has ended"));
}
