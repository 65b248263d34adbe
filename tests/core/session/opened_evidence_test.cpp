// Evidence whose sessions were opened: what is proven then, and what is contradicted.
#include "core/session/opened_evidence.h"

#include "core/appraisal/appraise.h"
#include "core/session/session_run.h"

using namespace spdm;

namespace {

struct Kept {
  Kept() {
    run.options.keep_records = true;
    run.options.keep = [this](SessionSecret secret) { secrets.push_back(std::move(secret)); };
    run.collect();
    evidence = run.evidence;
    evidence.host.is_claimed = true;
  }
  // As a capture has it.
  void drop_told() {
    std::erase_if(evidence.log, [](const Message& message) { return message.inside != 0; });
  }
  Report judge() {
    OpenedSessions opened = open_sessions(evidence, secrets, {});
    Analysis analysis = analyze(evidence);
    analysis.session_findings = std::move(opened.findings);
    analysis.proven_sessions = std::move(opened.proven);
    Question question;
    question.rule.require.session = true;
    return appraise(evidence, analysis, {}, question);
  }

  fake::SessionRun run;
  std::vector<SessionSecret> secrets;
  Evidence evidence;
};

bool has(const Report& report, FindingId id) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) { return finding.id == id; });
}

bool claims_sessions(const Report& report) {
  const auto claims = claims_of(report);
  return std::find(claims.begin(), claims.end(), "connection.sessions") != claims.end();
}

}  // namespace

TEST_CASE("with its secret a session is proven by its records, and no claim; without it is one") {
  Kept kept;
  Kept without;
  without.secrets.clear();
  const Report proven = kept.judge(), claimed = without.judge();
  CHECK_FALSE(has(proven, FindingId::session_contradicted));
  CHECK_FALSE(claims_sessions(proven));
  CHECK_FALSE(has(proven, FindingId::policy_undecided));
  REQUIRE(proven.connection);
  CHECK(proven.connection->sessions.at(0).proven);
  CHECK(claims_sessions(claimed));
  CHECK(has(claimed, FindingId::policy_undecided));
  CHECK_FALSE(claimed.connection->sessions.at(0).proven);
  CHECK(kept.evidence.log.size() == kept.run.evidence.log.size());
}

TEST_CASE("the plain text of a captured session takes the place of its records, and is judged") {
  Kept kept;
  kept.drop_told();
  const std::size_t messages = kept.evidence.log.size();
  Kept shut;
  shut.drop_told();
  shut.secrets.clear();
  const Report opened = kept.judge(), unread = shut.judge();
  CHECK(kept.evidence.log.size() == messages);
  CHECK(std::none_of(kept.evidence.log.begin(), kept.evidence.log.end(), [](const Message& message) { return message.secured; }));
  CHECK(opened.connection->sessions.at(0).proven);
  CHECK(opened.connection->sessions.at(0).requests == 1);
  CHECK_FALSE(opened.measurements.empty());
  CHECK_FALSE(has(opened, FindingId::secured_traffic));
  CHECK(unread.measurements.empty());
  CHECK(has(unread, FindingId::secured_traffic));
}

TEST_CASE("a told message that its record does not hold fails, and so do a changed record and wrong verify data") {
  const auto fails = [](Kept& kept, const std::string& where, const std::string& why) {
    const Report report = kept.judge();
    const auto found = std::find_if(report.findings.begin(), report.findings.end(),
                                    [](const Finding& finding) { return finding.id == FindingId::session_contradicted; });
    REQUIRE(found != report.findings.end());
    CHECK(found->where == where);
    CHECK_MESSAGE(found->why.find(why) != std::string::npos, found->why);
    CHECK(report.verdict == Verdict::fail);
    CHECK_FALSE(report.connection->sessions.at(0).proven);
    CHECK(claims_sessions(report));
  };
  const auto nth = [](Kept& kept, bool secured, std::size_t n) {
    auto& log = kept.evidence.log;
    std::size_t i = 0;
    while (log.at(i).secured != secured || (!secured && log.at(i).inside == 0) || n-- != 0) ++i;
    return i;
  };
  Kept told, record, verify, wrong;
  const std::size_t finish = nth(told, false, 0), first = nth(record, true, 0);
  told.evidence.log[finish].bytes.back() ^= 1;
  fails(told, cat("message ", nth(told, true, 0) + 1), "another message than the collector reports");
  record.evidence.log[first].bytes.back() ^= 1;
  fails(record, cat("message ", first + 1), "tag");
  auto& response = *std::find_if(verify.evidence.log.begin(), verify.evidence.log.end(), [](const Message& message) {
    return !message.secured && read_header(message.bytes).code == Code::key_exchange_rsp;
  });
  response.bytes.back() ^= 1;
  verify.secrets.at(0).response_sha256 = session_response_sha256(response.bytes);
  fails(verify, cat("message ", &response - verify.evidence.log.data() + 1), "ResponderVerifyData");
  wrong.secrets.at(0).id ^= 1;
  const Report report = wrong.judge();
  CHECK(has(report, FindingId::session_contradicted));
  CHECK(report.exit == Exit::bad_signature);
}

TEST_CASE("of a session that only the collector tells to the end the rest is contradicted") {
  Kept kept;
  const auto last =
      std::find_if(kept.evidence.log.rbegin(), kept.evidence.log.rend(), [](const Message& message) { return message.secured; });
  kept.evidence.log.erase(std::next(last).base());
  const Report report = kept.judge();
  CHECK(has(report, FindingId::session_contradicted));
  CHECK(claims_sessions(report));
}
