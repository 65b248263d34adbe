// The PCI function and the leaf certificate: do they name the same thing.
#include "core/appraisal/policy.h"
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

namespace {

// The leaf names no function.
struct Unnamed : Trial {
  Unnamed() {
    collect();
    evidence.host.identity = parse_pci_identity(kFunction);
    evidence.host.bdf = "0000:03:00.0";
    change_chain = [this](ChainResult& chain) {
      chain.certificates.back().cma_identities.clear();
      chain.leaf_key_sha256 = std::string(64, 'a');
      chain.anchor = CertificateInfo{};
      chain.anchor->sha256 = std::string(64, 'b');
      chain.anchor_scope = "vendor.yaml";
      chain.scope_names_function = scope_names;
      chain.pin = pin;
    };
  }
  void expect(Verdict verdict, FindingId id) {
    const Report report = judge();
    CHECK(report.verdict == verdict);
    CHECK(found(report, id));
    CHECK(status(report, Check::identity) == (verdict == Verdict::pass   ? CheckStatus::not_needed
                                              : verdict == Verdict::fail ? CheckStatus::fail
                                                                         : CheckStatus::not_run));
    if (verdict != Verdict::pass) CHECK(report.exit == Exit::untrusted);
  }
  void expect_by(const std::string& rule, Verdict verdict, FindingId id) {
    Policy policy;
    add_policy_file(policy, "p.yaml", "version: 1\nrules:\n  - " + rule + "\n");
    question.policy = &policy;
    CAPTURE(rule);
    expect(verdict, id);
    question.policy = nullptr;
    question.rule = {};
    question.user.identity_match = IdentityMatch::exact;
  }

  bool scope_names = false;
  std::optional<PinInfo> pin;
};

constexpr FindingId kVouched = FindingId::identity_unnamed, kUnbound = FindingId::identity_unbound;

}  // namespace

TEST_CASE("N172 identity: a leaf that names no function needs somebody who speaks for the device") {
  Unnamed trial;
  trial.expect(Verdict::undetermined, kUnbound);
  trial.scope_names = true;
  trial.expect(Verdict::pass, kVouched);
  trial.scope_names = false;
  trial.pin.emplace().origin = "pins/x.yaml:3";
  trial.expect(Verdict::pass, kVouched);
  trial.pin->is_claimed = true;  // only the collector says that the pin is about it
  trial.expect(Verdict::undetermined, kUnbound);
}

TEST_CASE("identity: a rule that ties a function to certificates speaks for the device") {
  Unnamed trial;
  const std::string root(64, 'b');
  trial.expect_by("{match: {vendor: \"1b36\"}, require: {roots: [" + root + "]}}", Verdict::pass, kVouched);
  trial.expect_by("{match: {bdf: \"0000:03:00.0\"}, require: {roots: [" + root + "]}}", Verdict::pass, kVouched);
  trial.expect_by("{match: {leaf-key: " + std::string(64, 'a') + "}}", Verdict::pass, kVouched);
  // Any root could vouch for what stands there, or any device be meant.
  trial.expect_by("{match: {vendor: \"1b36\"}}", Verdict::undetermined, kUnbound);
  trial.expect_by("{match: {vendor: \"1b36\"}, require: {measurements: true}}", Verdict::undetermined, kUnbound);
  trial.expect_by("{match: {class: \"0108\"}, require: {roots: [" + root + "]}}", Verdict::undetermined, kUnbound);
  trial.expect_by("{match: {bdf: \"0000:03:*\"}, require: {roots: [" + root + "]}}", Verdict::undetermined, kUnbound);
  trial.expect_by("{match: {vendor: \"8086\"}, require: {roots: [" + root + "]}}", Verdict::undetermined, kUnbound);
}

TEST_CASE("identity: who asks for the name does not get along without it") {
  Unnamed trial;
  trial.scope_names = true;
  for (const char* const how : {"exact", "ids"})
    trial.expect_by(cat("{match: {vendor: \"1b36\"}, require: {identity: ", how, "}}"), Verdict::fail, FindingId::identity_missing);
  trial.question.user.identity_match_given = true;
  trial.expect(Verdict::fail, FindingId::identity_missing);
}

TEST_CASE("identity: rules that are joined speak together, in any order") {
  Unnamed trial;
  const std::string root = "roots: [" + std::string(64, 'b') + "]";
  const std::string names = "{match: {vendor: \"1b36\"}}", ties = "{match: {class: \"0108\"}, require: {" + root + "}}";
  for (const std::string& both : {names + "\n  - " + ties, ties + "\n  - " + names}) {
    Policy policy;
    add_policy_file(policy, "p.yaml", "version: 1\nmode: all\nrules:\n  - " + both + "\n");
    trial.question.policy = &policy;
    trial.expect(Verdict::pass, kVouched);
    trial.question.rule = {};
  }
}

TEST_CASE("identity: a rule that fits only by what the collector says binds nothing") {
  Unnamed trial;
  trial.evidence.live = false;
  trial.evidence.host.is_claimed = true;
  Policy policy;
  add_policy_file(policy, "p.yaml",
                  "version: 1\nrules:\n  - {match: {bdf: \"0000:03:00.0\"}, require: {roots: [" + std::string(64, 'b') + "]}}\n");
  trial.question.policy = &policy;
  CHECK(trial.judge().verdict == Verdict::undetermined);
  trial.evidence.host.is_claimed = false;
  CHECK(trial.judge().verdict == Verdict::pass);
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
        CHECK(finding.remedy == "if the vendor writes it this way, use --identity-match ids, or identity: ids in the rule");
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
