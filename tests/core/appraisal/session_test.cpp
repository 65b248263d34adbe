// Sessions: what a report tells of them, what is signed, and what is only the collector's word.
#include <nlohmann/json.hpp>

#include "core/appraisal/eat_writer.h"
#include "core/appraisal/policy.h"
#include "core/appraisal/session_trial.h"
#include "core/evidence/expect_error.h"

using namespace trial;

namespace {

const SessionReport& only_session(const Report& report) {
  REQUIRE(report.connection.has_value());
  REQUIRE(report.connection->sessions.size() == 1);
  return report.connection->sessions.front();
}

bool claims_sessions(const Report& report) {
  const std::vector<std::string_view> claims = claims_of(report);
  return std::find(claims.begin(), claims.end(), "connection.sessions") != claims.end();
}

// Judged with one rule that asks for a session.
Report judge_for_session(InSession& trial) {
  PolicyRule rule;
  rule.require.session = true;
  ask(rule, trial.question);
  return trial.judge();
}

}  // namespace

TEST_CASE("session: what was opened, and which measurements were read inside") {
  InSession trial;
  const Report report = trial.whole().judge();
  CHECK(report.verdict == Verdict::pass);
  const SessionReport& session = only_session(report);
  CHECK(session.id == InSession::kSession);
  CHECK(session.kind == SessionKind::key_exchange);
  CHECK(session.state == SessionState::ended);
  CHECK(session.slot == 0);
  CHECK(session.key_exchange == "secp384r1");
  CHECK(session.aead == "AES-256-GCM");
  CHECK(session.encrypted);
  CHECK_FALSE(session.handshake_in_the_clear);
  CHECK(session.secured_version == "1.1");
  CHECK(session.mutual_auth == MutualAuth::none);
  CHECK_FALSE(session.requester_slot.has_value());
  CHECK(session.requests == 1);
  REQUIRE_FALSE(report.measurements.empty());
  for (const Measurement& measurement : report.measurements) CHECK(measurement.session == InSession::kSession);

  const Json json = to_json(report);
  CHECK(json["connection"]["sessions"][0]["id"] == "0xfffe0001");
  CHECK(json["connection"]["sessions"][0]["kind"] == "key-exchange");
  CHECK(json["connection"]["sessions"][0]["slot"] == 0);
  CHECK(json["connection"]["sessions"][0]["state"] == "ended");
  CHECK_FALSE(json["connection"]["sessions"][0].contains("requester"));
  CHECK(json["measurements"][0]["session"] == "0xfffe0001");
  CHECK(json["connection"]["capabilities"]["sessions"]["psk"] == "with-context");
  CHECK(json["connection"]["capabilities"]["sessions"]["heartbeat"] == false);
  CHECK_FALSE(to_json(Good().collect().judge())["connection"]["capabilities"].contains("sessions"));
}

TEST_CASE("session: the signature of KEY_EXCHANGE_RSP proves the slot, the negotiation and freshness") {
  InSession trial(with_sessions());
  trial.prepare();
  trial.key_exchange();
  trial.finish();
  trial.end();
  trial.question.user.depth = Depth::authenticate;
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::pass);
  REQUIRE(report.signatures.size() == 1);
  CHECK(report.signatures[0].message == "KEY_EXCHANGE_RSP");
  CHECK(report.signatures[0].result == SignatureResult::good);
  CHECK(report.signatures[0].fresh);
  CHECK_FALSE(report.signatures[0].answer.empty());
  CHECK(report.connection->negotiation_proven);
  CHECK(report.fresh == true);

  trial.question.user.nonce.emplace().fill(0x5A);
  CHECK(trial.judge().verdict == Verdict::pass);
  trial.question.user.nonce->fill(0x5C);
  CHECK(found(trial.judge(), FindingId::nonce_mismatch));
}

TEST_CASE("session: a byte that KEY_EXCHANGE_RSP does not have the way it was signed is a bad signature") {
  InSession trial;
  trial.prepare();
  trial.key_exchange();
  trial.finish();
  Bytes& response = trial.evidence.log[trial.evidence.log.size() - 3].bytes;
  response[8] ^= 1;  // RandomData
  CHECK(trial.judge().exit == Exit::bad_signature);
}

TEST_CASE("session: KEY_EXCHANGE_RSP speaks for the chain that it was signed over, and for no other") {
  InSession trial;
  trial.whole();
  Bytes other = trial.device.chain(0);
  other.back() ^= 1;
  Bytes response = begin(trial.version(), Code::certificate).take();
  append(response, Writer().u16(other.size()).u16(0).bytes(other).take());
  const GetCertificate again{.slot = 0, .large = false, .slot_size_requested = false, .offset = 0, .length = 0xFFFF};
  trial.exchange(again.encode(trial.version()), response, 0);
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(found(report, FindingId::chain_hash_mismatch));
}

TEST_CASE("session: a chain that was not read before KEY_EXCHANGE leaves its signature unchecked, not bad") {
  InSession trial;
  trial.prepare();
  MessageLog& log = trial.evidence.log;
  const MessageLog chain(log.end() - 2, log.end());
  log.resize(log.size() - 2);
  trial.key_exchange();
  log.insert(log.end(), chain.begin(), chain.end());
  trial.finish();
  trial.end();
  trial.question.user.depth = Depth::authenticate;
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(found(report, FindingId::key_missing));
  CHECK_FALSE(found(report, FindingId::bad_signature));
}

TEST_CASE("session: one that was not finished, or not ended, is told as such") {
  InSession trial;
  trial.prepare();
  trial.key_exchange();
  CHECK(only_session(trial.judge()).state == SessionState::handshake);
  CHECK_FALSE(only_session(trial.judge()).is_established());
  trial.finish();
  CHECK(only_session(trial.judge()).state == SessionState::established);
}

TEST_CASE("session: with a PSK nothing is signed for it") {
  InSession trial;
  trial.prepare();
  trial.psk_exchange();
  trial.measure_inside();
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::pass);  // the measurements are signed
  const SessionReport& session = only_session(report);
  CHECK(session.kind == SessionKind::psk);
  CHECK(session.key_exchange.empty());
  CHECK(session.requests == 1);
  CHECK(report.signatures.size() == 1);
  CHECK_FALSE(to_json(report)["connection"]["sessions"][0].contains("slot"));
}

TEST_CASE("session: the summary of measurements in its answer is told, and compared") {
  InSession wrong;
  wrong.summary_hash.assign(32, 9);
  const Report report = wrong.whole().judge();
  CHECK(report.summary_hash == wrong.summary_hash);
  REQUIRE(found(report, FindingId::summary_hash_mismatch));
  for (const Finding& finding : report.findings)
    if (finding.id == FindingId::summary_hash_mismatch) CHECK(finding.where == "KEY_EXCHANGE_RSP, MeasurementSummaryHash");
  InSession right;
  Bytes record;
  for (const MeasurementBlock& block : right.device.blocks) append(record, encode_block(block));
  right.summary_hash = crypto::hash(*find_hash("SHA-256"), record);
  CHECK_FALSE(found(right.whole().judge(), FindingId::summary_hash_mismatch));
}

TEST_CASE("session: a device that signs nothing else is told to be asked inside of one") {
  const auto remedy = [](Trial& trial) {
    const Report report = trial.judge();
    for (const Finding& finding : report.findings)
      if (finding.id == FindingId::signature_missing) return finding.remedy;
    return std::string();
  };
  InSession able;
  able.prepare();
  CHECK(remedy(able).find("--in-session") != std::string::npos);
  Good unable;
  unable.negotiate();
  CHECK(remedy(unable).find("cannot be authenticated") != std::string::npos);
}

TEST_CASE("session: a token has no room for one that was opened by key exchange") {
  InSession trial;
  trial.whole();
  expect_error(ErrorId::unsupported, "a session that was opened by key exchange", [&] { dat_device(trial.evidence); });
}

TEST_CASE("session: records beside their plain text are neither hidden traffic nor counted twice") {
  InSession trial;
  trial.whole();
  const Report plain = trial.judge();
  trial.records(InSession::kSession);
  const Report kept = trial.judge();
  CHECK_FALSE(found(kept, FindingId::secured_traffic));
  CHECK(kept.round_trips == plain.round_trips);
  CHECK(kept.messages == plain.messages);
  CHECK(kept.bytes == plain.bytes);
  trial.records(InSession::kSession + 1);
  const Report hidden = trial.judge();
  CHECK(found(hidden, FindingId::secured_traffic));
  CHECK(hidden.messages == plain.messages + 2);
}

TEST_CASE("session: of evidence from elsewhere it is the word of the collector") {
  InSession trial;
  trial.whole();
  CHECK_FALSE(claims_sessions(trial.judge()));
  trial.evidence.host.is_claimed = true;
  CHECK(claims_sessions(trial.judge()));
  Good outside;
  outside.evidence.host.is_claimed = true;
  CHECK_FALSE(claims_sessions(outside.collect().judge()));
}

TEST_CASE("demand: a session, with all measurements read inside") {
  InSession good;
  check_met(judge_for_session(good.whole()));

  InSession claimed;
  claimed.whole();
  claimed.evidence.host.is_claimed = true;
  const Report undecided = judge_for_session(claimed);
  CHECK(undecided.verdict == Verdict::undetermined);
  CHECK(only_policy_finding(undecided).why == "asked for: a secure session; only the collector says that messages were inside the session");

  InSession outside;
  outside.prepare();
  outside.measure_inside(0);
  outside.key_exchange();
  outside.finish();
  check_unmet(judge_for_session(outside), FindingId::policy_unmet,
              "asked for: a secure session; 4 of 4 measurements were read outside the session");

  InSession unfinished;
  unfinished.prepare();
  unfinished.measure_inside(0);
  unfinished.key_exchange();
  check_unmet(judge_for_session(unfinished), FindingId::policy_unmet, "asked for: a secure session; none was opened");
}

TEST_CASE("demand: a session in which nothing was exchanged shows nothing") {
  InSession trial;
  trial.prepare();
  trial.key_exchange();
  trial.finish();
  CHECK(found(judge_for_session(trial), FindingId::policy_undecided));
  trial.end();
  CHECK_FALSE(found(judge_for_session(trial), FindingId::policy_undecided));
}

TEST_CASE("demand: a session of a device that can open none, and of one that was not asked to the end") {
  Good unable;
  PolicyRule rule;
  rule.require.session = true;
  ask(rule, unable.question);
  check_unmet(unable.collect().judge(), FindingId::policy_unmet,
              "asked for: a secure session; the device can open none (KEY_EX_CAP, PSK_CAP)");

  InSession interrupted;
  interrupted.prepare();
  interrupted.evidence.error = Interruption{ErrorId::timeout, "no answer", ""};
  const Report report = judge_for_session(interrupted);
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(only_policy_finding(report).id == FindingId::policy_undecided);

  InSession unasked;
  unasked.prepare();
  const Report none = judge_for_session(unasked);
  CHECK(found(none, FindingId::policy_unmet));

  Trial silent;
  silent.question.rule.require.session = true;
  CHECK(only_policy_finding(silent.judge()).id == FindingId::policy_undecided);
}

namespace {

std::vector<std::string> not_of_suite(const Report& report) {
  std::vector<std::string> out;
  for (const Finding& finding : report.findings)
    if (finding.id == FindingId::algorithm_not_of_suite) out.push_back(cat(finding.where, ": ", finding.why));
  return out;
}

}  // namespace

TEST_CASE("demand: each algorithm that is none of CNSA 2.0 is told") {
  InSession trial;
  trial.whole();
  trial.question.rule.require.cnsa2 = true;
  trial.change_chain = [](ChainResult& chain) {
    chain.certificates.back().key = "EC P-384";
    chain.certificates.back().signature_algorithm = "ecdsa-with-SHA384";
  };
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::policy);
  CHECK(not_of_suite(report) == std::vector<std::string>{
                                    "ALGORITHMS: the signature is ECDSA-P256, CNSA 2.0 asks for ML-DSA-87",
                                    "ALGORITHMS: the hash is SHA-256, CNSA 2.0 asks for SHA-384 or SHA-512",
                                    "ALGORITHMS: the measurement hash is SHA-256, CNSA 2.0 asks for SHA-384 or SHA-512",
                                    "slot 0, certificate 1: the key is EC P-384, CNSA 2.0 asks for ML-DSA-87",
                                    "slot 0, certificate 1: the signature of its issuer is ecdsa-with-SHA384, CNSA 2.0 asks for ML-DSA-87",
                                    "session 0xfffe0001: the key exchange is secp384r1, CNSA 2.0 asks for ML-KEM-1024",
                                });
  Trial silent;
  silent.question.rule.require.cnsa2 = true;
  CHECK(only_policy_finding(silent.judge()).why == "asked for: algorithms of CNSA 2.0; no algorithms were negotiated");
}

TEST_CASE("demand: all algorithms are of CNSA 2.0") {
  fake::Profile profile = with_sessions();
  profile.versions = {k14};
  profile.hash = "SHA-384";
  profile.measurement_hash = "SHA-384";
  InSession trial(profile);
  trial.asym = "ML-DSA-87";
  PolicyRule rule;
  rule.require.cnsa2 = true;
  ask(rule, trial.question);
  trial.whole("ML-KEM-1024");
  const Report report = trial.judge();
  CHECK(not_of_suite(report).empty());
  REQUIRE(report.policy.has_value());
  CHECK(report.policy->demands.back() == DemandResult{"algorithms of CNSA 2.0", DemandState::met});

  InSession weak(profile);
  weak.asym = "ML-DSA-87";
  weak.question.rule.require.cnsa2 = true;
  weak.whole("ML-KEM-768", "AES-128-GCM");
  CHECK(not_of_suite(weak.judge()) ==
        std::vector<std::string>{"session 0xfffe0001: the key exchange is ML-KEM-768, CNSA 2.0 asks for ML-KEM-1024",
                                 "session 0xfffe0001: the cipher is AES-128-GCM, CNSA 2.0 asks for AES-256-GCM"});
}
