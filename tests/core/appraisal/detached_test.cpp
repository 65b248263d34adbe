// Evidence of which others have kept a part: what can be proven of it, and what cannot.
#include "core/appraisal/trial.h"
#include "core/evidence/report_file.h"

using namespace trial;

namespace {

struct Detachable : Trial {
  explicit Detachable(std::uint8_t version) : Trial(in_version(version)) {
    wanted.challenge = false;
    collect();
    evidence.live = false;
  }

  // GET_MEASUREMENTS and MEASUREMENTS alone, as a report of signed measurements has them.
  Evidence report(bool with_algorithms = true) const {
    Evidence out;
    out.log.assign(evidence.log.end() - 2, evidence.log.end());
    out.detached.emplace();
    out.detached->format = "report";
    if (!with_algorithms) return out;
    const Parameters parameters = analyze(evidence).connections.back().parameters();
    out.detached->asym = parameters.asym->name;
    out.detached->hash = parameters.hash->name;
    return out;
  }

  Report judge_detached(const Evidence& from, bool with_chain = true) const {
    std::vector<ChainResult> chains;
    if (with_chain) chains.push_back(device.good_chain(0, 0));
    return appraise(from, analyze(from), chains, question);
  }
};

const Finding* finding_of(const Report& report, FindingId id) {
  for (const Finding& finding : report.findings)
    if (finding.id == id) return &finding;
  return nullptr;
}

}  // namespace

TEST_CASE("detached: in 1.0 and 1.1 the two messages prove themselves, and nothing of the negotiation") {
  for (const std::uint8_t version : {k10, k11}) {
    CAPTURE(version_name(version));
    Detachable trial(version);
    const Report report = trial.judge_detached(trial.report());
    CHECK(report.verdict == Verdict::pass);
    CHECK(report.all_measured);
    CHECK(found(report, FindingId::evidence_detached));
    CHECK(found(report, FindingId::negotiation_unproven));
    CHECK(!report.connection->negotiated);
    CHECK(report.connection->algorithm_source == AlgorithmSource::stated);

    Question& question = trial.question;
    question.rule.require.negotiation = true;
    question.rule.told.emplace();
    CHECK(trial.judge_detached(trial.report()).verdict != Verdict::pass);
  }
}

TEST_CASE("detached: from 1.2 on the signature covers the negotiation, and nobody guesses it") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CAPTURE(version_name(version));
    Detachable trial(version);
    const Report report = trial.judge_detached(trial.report());
    CHECK(report.verdict == Verdict::undetermined);
    REQUIRE(found(report, FindingId::vca_missing));
    CHECK(finding_of(report, FindingId::vca_missing)->why.find("VCA") != std::string::npos);
    CHECK(!found(report, FindingId::bad_signature));
  }
}

TEST_CASE("detached: a transcript with the negotiation in front is verified in every version") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    CAPTURE(version_name(version));
    Detachable trial(version);
    Bytes transcript;
    for (std::size_t i = 0; i < trial.evidence.log.size(); ++i)
      if (i < 6 || i + 2 >= trial.evidence.log.size()) append(transcript, trial.evidence.log[i].bytes);
    const Evidence read = read_transcript(transcript, Detached{.format = "report", .asym = {}, .hash = {}, .chains = {}}, "r");
    CHECK(read.log.size() == 8);
    const Report report = trial.judge_detached(read);
    CHECK(report.verdict == Verdict::pass);
    CHECK(report.connection->negotiated);
    CHECK(report.connection->negotiation_proven == (version >= k12));
    CHECK(!found(report, FindingId::evidence_detached));
  }
}

TEST_CASE("detached: one bit that changes, and the signature is wrong") {
  const Detachable trial(k11);
  const Evidence good = trial.report();
  REQUIRE(trial.judge_detached(good).verdict == Verdict::pass);
  for (std::size_t message = 0; message < 2; ++message)
    for (std::size_t at = 0; at < good.log[message].bytes.size(); ++at) {
      Evidence changed = good;
      changed.log[message].bytes[at] ^= 1;
      CHECK(trial.judge_detached(changed).verdict != Verdict::pass);
    }
}

TEST_CASE("detached: bytes behind the signature are told, and signed by nobody") {
  const Detachable trial(k11);
  Evidence longer = trial.report();
  longer.log.back().bytes.push_back(0);
  const Report report = trial.judge_detached(longer);
  CHECK(report.verdict == Verdict::pass);
  REQUIRE(found(report, FindingId::surplus_bytes));
  CHECK(finding_of(report, FindingId::surplus_bytes)->why.find("1 byte follows") != std::string::npos);
  // A message after them has no place.
  longer.log.push_back(longer.log[0]);
  longer.log.push_back(longer.log[1]);
  CHECK(trial.judge_detached(longer).verdict == Verdict::fail);
}

TEST_CASE("detached: without algorithms and chain, nothing can be checked, and that is said") {
  const Detachable trial(k11);
  const Report report = trial.judge_detached(trial.report(false), false);
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(found(report, FindingId::key_missing));
  CHECK(!found(report, FindingId::surplus_bytes));
  CHECK(report.measurements.size() == trial.judge().measurements.size());
}

TEST_CASE("detached: what the collector states decides, also where it is wrong") {
  const Detachable trial(k11);
  Evidence wrong = trial.report();
  wrong.detached->hash = wrong.detached->hash == "SHA-256" ? "SHA-384" : "SHA-256";
  CHECK(trial.judge_detached(wrong).exit == Exit::bad_signature);
}

TEST_CASE("detached: a recording that begins in the middle is a part, and what we ask ourselves begins at the beginning") {
  const Detachable trial(k11);
  Evidence recorded = trial.report();
  recorded.detached.reset();
  CHECK(trial.judge_detached(recorded, false).verdict == Verdict::undetermined);
  recorded.live = true;
  CHECK(found(trial.judge_detached(recorded, false), FindingId::protocol_violation));
}

TEST_CASE("detached: of the algorithms that a key allows those are told that have signed") {
  fake::Profile profile = in_version(k11);
  profile.hash = "SHA-384";  // not the one that P-256 is tried with first
  Trial trial(profile);
  trial.negotiate();
  GetMeasurements request;
  request.operation = kAllMeasurements;
  request.signature = true;
  request.slot = kProvisionedKey;
  trial.requester->ask(request.encode(k11));
  Evidence part;
  part.log.assign(trial.evidence.log.end() - 2, trial.evidence.log.end());
  part.detached.emplace().format = "report";
  part.provisioned_key = pki::Key::shared(*find_asym("ECDSA-P256")).spki();
  const Analysis analysis = analyze(part);
  REQUIRE(analysis.connections.back().parameters().hash->name == "SHA-256");
  const Report report = appraise(part, analysis, {trial.device.good_chain(kProvisionedKey)}, trial.question);
  CHECK(report.signatures.at(0).result == SignatureResult::good);
  CHECK(report.connection->parameters.hash->name == "SHA-384");
}

TEST_CASE("detached: the algorithms of a part are not those of the connection that follows it") {
  const Detachable trial(k11);
  Evidence both = trial.report();
  fake::Profile profile = in_version(k11);
  profile.hash = "SHA-384";
  Trial next(profile);
  next.negotiate();
  both.log.insert(both.log.end(), next.evidence.log.begin(), next.evidence.log.end());
  const Report report = trial.judge_detached(both);
  REQUIRE(report.signatures.size() == 1);
  CHECK(report.signatures[0].result == SignatureResult::good);
  CHECK(report.signatures[0].hash == "SHA-256");
  REQUIRE(report.connection->negotiated);
  CHECK(report.connection->parameters.hash->name == "SHA-384");
}
