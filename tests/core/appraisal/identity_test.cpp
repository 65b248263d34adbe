// The PCI function and the leaf certificate: do they name the same thing.
#include "core/appraisal/trial.h"

using namespace trial;

namespace {

const std::string kFunction = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100";

struct Case {
  std::vector<std::string> names;
  IdentityMatch match;
  CheckStatus status;
  std::optional<FindingId> finding;
};

Report judge(const Case& c, bool from_host) {
  Trial trial;
  trial.collect();
  (from_host ? trial.evidence.host.identity : trial.question.user.identity) = parse_pci_identity(kFunction);
  trial.question.user.identity_match = c.match;
  trial.change_chain = [&](ChainResult& chain) { chain.certificates.back().cma_identities = c.names; };
  return trial.judge();
}

}  // namespace

TEST_CASE("N172 identity: exact, by ids, or not at all") {
  const std::string other = "Vendor=1b36:Device=0011:CC=010802:REV=02:SSVID=1af4:SSID=1100";
  const std::string port = "Vendor=1b36:Device=0010:CC=020000:REV=02:SSVID=1af4:SSID=1101";
  const std::string capitals = "Vendor=1B36:Device=0010:CC=010802:REV=02:SSVID=1AF4:SSID=1100";
  const std::string stranger = "Vendor=8086:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100";
  const std::string resold = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1028:SSID=1100";
  const std::string revision = "Vendor=1b36:Device=0010:CC=010802:REV=03:SSVID=1af4:SSID=1100";
  using enum IdentityMatch;
  const std::vector<Case> cases{
      {{kFunction}, exact, CheckStatus::pass, std::nullopt},
      {{port, kFunction}, exact, CheckStatus::pass, std::nullopt},      // a sibling first
      {{capitals, kFunction}, exact, CheckStatus::pass, std::nullopt},  // its own name a second time
      {{capitals}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{capitals}, ids, CheckStatus::pass, std::nullopt},
      {{kFunction, other}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{stranger, kFunction}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{kFunction, stranger}, ids, CheckStatus::pass, std::nullopt},
      {{kFunction, resold}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{kFunction, "Vendor="}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{kFunction + " "}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{revision}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{revision}, ids, CheckStatus::pass, std::nullopt},
      {{other}, ids, CheckStatus::fail, FindingId::identity_mismatch},
      {{"no identity at all", "Vendor="}, exact, CheckStatus::fail, FindingId::identity_mismatch},
      {{}, exact, CheckStatus::fail, FindingId::identity_missing},
      {{}, ids, CheckStatus::fail, FindingId::identity_missing},
      {{}, none, CheckStatus::not_needed, FindingId::identity_relaxed},
      {{other}, none, CheckStatus::not_needed, FindingId::identity_relaxed},
  };
  for (const Case& c : cases)
    for (const bool from_host : {false, true}) {
      const Report report = judge(c, from_host);
      CHECK(status(report, Check::identity) == c.status);
      CHECK(report.verdict == (c.status == CheckStatus::fail ? Verdict::fail : Verdict::pass));
      if (c.status == CheckStatus::fail) CHECK(report.exit == Exit::untrusted);
      if (c.finding) CHECK(found(report, *c.finding));
    }
}

TEST_CASE("identity: functions of one device are known by their serial number, whatever their device ids") {
  const std::string base = "Vendor=10de:Device=2204:CC=030000:REV=a1:SSVID=10de:SSID=147d",
                    audio = "Vendor=10de:Device=1aef:CC=040300:REV=a1:SSVID=10de:SSID=147d";
  const std::string serial = ":00000048b02d1234", of_another = ":00000048b02d9999";
  const auto judge = [&](const std::vector<std::string>& names) {
    Trial trial;
    trial.collect();
    trial.evidence.host.identity = parse_pci_identity(base + serial);
    trial.change_chain = [&](ChainResult& chain) { chain.certificates.back().cma_identities = names; };
    return trial.judge();
  };
  CHECK(judge({base + serial, audio + serial}).verdict == Verdict::pass);
  for (const std::string& second : {base + of_another, audio + of_another, audio}) {
    const Report report = judge({base + serial, second});
    CHECK(report.verdict == Verdict::fail);
    for (const Finding& finding : report.findings)
      if (finding.id == FindingId::identity_mismatch)
        CHECK(finding.remedy == "where the vendor writes it so, say --identity-match ids, or identity: ids in the rule");
  }
}

TEST_CASE("identity: what the user says outranks what the host saw") {
  Trial trial;
  trial.collect();
  trial.change_chain = [](ChainResult& chain) { chain.certificates.back().cma_identities = {kFunction}; };
  trial.evidence.host.identity = parse_pci_identity("Vendor=8086:Device=0001:CC=010802:REV=00");
  CHECK(trial.judge().verdict == Verdict::fail);
  trial.question.user.identity = parse_pci_identity(kFunction);
  CHECK(trial.judge().verdict == Verdict::pass);
}

TEST_CASE("identity: without a PCI function there is nothing to compare") {
  Trial trial;
  CHECK(status(trial.collect().judge(), Check::identity) == CheckStatus::not_needed);
}

TEST_CASE("identity: a rule that asks for it of what has none leaves a gap, and who waives it is told so") {
  Trial trial;
  trial.question.rule.identity = IdentityDemand::required;
  trial.collect();
  Report report = trial.judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(found(report, FindingId::identity_unknown));
  trial.evidence.error = Interruption{ErrorId::timeout, "no answer", ""};
  CHECK_FALSE(found(trial.judge(), FindingId::identity_unknown));  // that it was not asked comes first
  trial.evidence.error.reset();
  trial.question.rule.identity = IdentityDemand::waived;
  trial.question.user.identity_match = IdentityMatch::none;
  report = trial.judge();
  CHECK(report.verdict == Verdict::pass);
  CHECK(found(report, FindingId::identity_relaxed));
}
