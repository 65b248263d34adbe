// What a policy asks: each demand met, not met, and not to be told, which is never a pass.
#include "core/appraisal/policy.h"
#include "core/appraisal/policy_trial.h"

using namespace trial;

namespace {

std::string policy_detail(const Report& report) {
  const CheckResult* check = check_of(report, Check::policy);
  return check == nullptr ? "" : check->detail;
}

void check_undecided(const Report& report, const std::string& why) {
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(status(report, Check::policy) == CheckStatus::not_run);
  const Finding& finding = only_policy_finding(report);
  CHECK(finding.id == FindingId::policy_undecided);
  CHECK(finding.why == why);
}

}  // namespace

TEST_CASE("without a policy there is no check of one") {
  const Report report = Good().collect().judge();
  CHECK(report.verdict == Verdict::pass);
  CHECK_FALSE(report.policy.has_value());
  for (const CheckResult& check : report.checks) CHECK(check.check != Check::policy);
}

TEST_CASE("demand: those measurements that the prover chose to read are not enough") {
  Good chosen;
  chosen.device.blocks.insert(chosen.device.blocks.end() - 1, svn(8, 1));
  chosen.wanted.measurements = MeasurementMode::indices;
  chosen.wanted.indices = {7};
  chosen.collect();
  chosen.question.rule.require.min_svn = 5;
  check_undecided(chosen.judge(),
                  "asked for: security version 5 or higher; no good signature says that these are all measurements of the device");
  chosen.question.rule.require.min_svn.reset();
  CHECK(chosen.judge().verdict == Verdict::pass);
  chosen.question.rule.measurements = true;
  CHECK(chosen.judge().verdict == Verdict::undetermined);

  Good each;
  each.wanted.measurements = MeasurementMode::each;
  each.collect();
  each.question.rule.measurements = true;
  each.question.rule.require.min_svn = 5;
  each.question.rule.require.debug_off = true;
  check_met(each.judge());
}

TEST_CASE("demand: an identity that is asked for must be known") {
  Good trial;
  trial.collect();
  trial.question.rule.identity = IdentityDemand::required;
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(status(report, Check::identity) == CheckStatus::not_run);
}

TEST_CASE("demand: a root that the rule accepts") {
  Good trial;
  trial.collect();
  for (const char* const root : {"vendor.pem", kAnchor}) {
    trial.question.rule.require.roots = {"other.pem", root};
    check_met(trial.judge());
  }
  for (const char* const root : {"vendor", "anchors/vendor.pem"}) {  // other files may be called so
    trial.question.rule.require.roots = {root};
    CHECK(trial.judge().verdict == Verdict::fail);
  }
  trial.question.rule.require.roots = {"other.pem", "vendor.pe"};
  check_unmet(trial.judge(), FindingId::root_not_accepted,
              cat("vouched for by CN=Vendor (vendor.pem, SHA-256 ", kAnchor, "), the rule accepts: other.pem, vendor.pe"));
  trial.change_chain = [](ChainResult& chain) { chain.anchor.reset(); };
  check_unmet(trial.judge(), FindingId::root_not_accepted, "no root of the keyring vouches for it, the rule accepts: other.pem, vendor.pe");
  Trial silent;
  silent.question.rule.require.roots = {"vendor.pem"};
  check_undecided(silent.judge(), "asked for: vouched for by vendor.pem; no certificate chain was read");
}

TEST_CASE("demand: a version at least") {
  Good trial(in_version(k12));
  trial.collect();
  trial.question.rule.require.min_version = k12;
  check_met(trial.judge());
  trial.question.rule.require.min_version = k13;
  check_unmet(trial.judge(), FindingId::version_too_low, "SPDM 1.2 was negotiated, the rule requires 1.3 or newer");
  Trial silent;
  silent.question.rule.require.min_version = k10;
  check_undecided(silent.judge(), "asked for: SPDM 1.0 or newer; no version was negotiated");
}

TEST_CASE("demand: strength of signature and hash") {
  Good trial;
  trial.collect();
  trial.question.rule.require.min_strength = 128;
  check_met(trial.judge());
  fake::Profile profile;
  profile.hash = "SHA-384";
  Good strong_hash(profile);
  strong_hash.question.rule.require.min_strength = 192;
  check_unmet(strong_hash.collect().judge(), FindingId::algorithm_too_weak,
              "ECDSA-P256 has a strength of 128 bits, the rule requires 192 or more");
  profile.asym = "ECDSA-P384";
  Good strong(profile);
  strong.question.rule.require.min_strength = 192;
  check_met(strong.collect().judge());
  profile.hash = "SHA-256";
  Good weak_hash(profile);
  weak_hash.question.rule.require.min_strength = 192;
  check_unmet(weak_hash.collect().judge(), FindingId::algorithm_too_weak,
              "SHA-256 has a strength of 128 bits, the rule requires 192 or more");
  Trial silent;
  silent.question.rule.require.min_strength = 1;
  check_undecided(silent.judge(), "asked for: algorithms of 1 bits or more; no algorithms were negotiated");
}

TEST_CASE("demand: debug is off") {
  const auto judged = [](const std::optional<MeasurementBlock>& block) {
    Good trial;
    trial.device.blocks.pop_back();
    if (block) trial.device.blocks.push_back(*block);
    trial.question.rule.require.debug_off = true;
    return trial.collect().judge();
  };
  check_met(judged(device_mode(4)));
  check_unmet(judged(device_mode(4, 2)), FindingId::debug_enabled,
              "the device reports: invasive-debug-active, the rule requires normal operation and no debugging");
  check_unmet(judged(device_mode(4, 16)), FindingId::debug_enabled,
              "the device reports: invasive-debug-was-active-ever, the rule requires normal operation and no debugging");
  check_unmet(judged(device_mode(1)), FindingId::debug_enabled,
              "the device reports: manufacturing, the rule requires normal operation and no debugging");
  check_unmet(judged(device_mode(0)), FindingId::debug_enabled, "it does not say in which mode it is, the rule requires normal operation");
  check_unmet(judged(std::nullopt), FindingId::policy_unmet,
              "asked for: in normal operation, and debug is off; the device does not say: it reports no measurement device-mode");
}

TEST_CASE("demand: a security version at least, each of them") {
  Good trial;
  trial.collect();
  trial.question.rule.require.min_svn = 5;
  check_met(trial.judge());
  trial.question.rule.require.min_svn = 6;
  check_unmet(trial.judge(), FindingId::firmware_too_old, "it is 5, the rule requires 6 or higher");
  Good two;
  two.device.blocks.insert(two.device.blocks.end() - 1, svn(8, 4));
  two.question.rule.require.min_svn = 5;
  check_unmet(two.collect().judge(), FindingId::firmware_too_old, "it is 4, the rule requires 5 or higher");
  Trial none;
  none.device.blocks.pop_back();
  none.question.rule.require.min_svn = 1;
  check_unmet(
      none.collect().judge(), FindingId::policy_unmet,
      "asked for: security version 1 or higher; the device does not say: it reports no measurement mutable-firmware-security-version");
}

TEST_CASE("demands on measurements that were not read, or that nobody signed") {
  Good unread;
  unread.wanted.measurements = MeasurementMode::none;
  unread.collect();
  unread.question.user.depth = Depth::authenticate;
  unread.question.rule.require.min_svn = 5;
  check_undecided(unread.judge(), "asked for: security version 5 or higher; no measurements were read");

  Good some;
  some.wanted.measurements = MeasurementMode::indices;
  some.wanted.indices = {1};
  some.collect();
  some.question.rule.require.debug_off = true;
  check_undecided(some.judge(), "asked for: in normal operation, and debug is off; not all measurements were read");

  Good unsigned_ones;
  unsigned_ones.wanted.sign_measurements = false;
  unsigned_ones.collect();
  unsigned_ones.question.user.depth = Depth::authenticate;
  unsigned_ones.question.rule.require.min_svn = 5;
  check_undecided(unsigned_ones.judge(),
                  "asked for: security version 5 or higher; the measurement mutable-firmware-security-version is "
                  "not covered by a good signature");
}

TEST_CASE("demand: not older than") {
  Good trial;
  trial.collect();
  trial.question.rule.require.max_age = 60;
  trial.question.now = kTime + 60;
  check_met(trial.judge());
  trial.question.now = kTime + 61;
  check_unmet(trial.judge(), FindingId::not_fresh, "collected at 2026-01-01T00:00:00Z, 61 s ago, the rule accepts at most 60 s");
  trial.evidence.live = false;
  trial.question.now = kTime - 200;
  check_met(trial.judge());  // clocks differ
  trial.question.now = kTime - 301;
  check_unmet(trial.judge(), FindingId::not_fresh, "collected at 2026-01-01T00:00:00Z, which is 301 s after the time of judging");
  for (const char* const time : {"", "yesterday", "2026-13-01T00:00:00Z"}) {
    trial.evidence.time = time;
    check_unmet(trial.judge(), FindingId::not_fresh,
                "the evidence does not say when it was collected, the rule accepts what is at most 1m old");
  }
  Good stale;
  stale.collect();
  stale.question.rule.require.max_age = 60;
  stale.evidence.nonces.clear();  // none of ours
  check_undecided(stale.judge(), "asked for: asked at most 1m ago; the device has signed nothing for a nonce of ours");
}

TEST_CASE("demand: reference values, and nothing was compared") {
  Good trial;
  trial.question.rule.require.references = true;
  const Report report = trial.collect().judge();
  CHECK(report.verdict != Verdict::pass);
  CHECK(report.exit != Exit::ok);
  CHECK(status(report, Check::policy) == CheckStatus::not_run);
}

TEST_CASE("demand: a pin that fits") {
  Good trial;
  trial.collect();
  trial.question.rule.require.pin = true;
  CHECK(trial.judge().verdict == Verdict::fail);
  CHECK(trial.judge().exit == Exit::policy);
  CHECK(found(trial.judge(), FindingId::pin_missing));
  trial.change_chain = [](ChainResult& chain) { chain.pin = PinInfo{"pins.yaml:3", PinKind::leaf_key, "ab", false, {}, false}; };
  check_met(trial.judge());
  Trial silent;
  silent.question.rule.require.pin = true;
  check_undecided(silent.judge(), "asked for: the device that is pinned; no certificate chain was read");
}

TEST_CASE("demand: revocation lists of every issuer") {
  Good trial;
  trial.collect();
  trial.question.rule.require.max_crl_age = 60;
  check_undecided(trial.judge(), "asked for: revocation lists or OCSP responses of at most 1m; slot 0: no issuer of its chain is known");
  CrlInfo root{"CN=Root", "root.crl", "2025-12-31T23:59:05Z", "", "", RevocationSource::crl, ""},
      issuer{"CN=Issuer", "", "", "", "", RevocationSource::crl, ""};
  trial.change_chain = [&](ChainResult& chain) { chain.crls = {root, issuer}; };
  const Report missing = trial.judge();
  CHECK(missing.verdict == Verdict::undetermined);
  CHECK(missing.exit == Exit::policy);
  CHECK(found(missing, FindingId::crl_missing));
  issuer = {"CN=Issuer", "issuer.crl", "2026-01-01T00:00:00Z", "", "", RevocationSource::crl, ""};
  check_met(trial.judge());
  trial.question.now = kTime + 6;
  check_unmet(trial.judge(), FindingId::not_fresh,
              "its revocation list root.crl is of 2025-12-31T23:59:05Z, 61 s ago, the rule accepts at most 60 s");
  trial.question.now = kTime;
  root.this_update = "then";
  check_undecided(trial.judge(), "asked for: revocation lists or OCSP responses of at most 1m; root.crl does not say when it was made");
  root.this_update = "2026-01-01T00:05:00Z";  // as much as clocks may differ
  check_met(trial.judge());
  root.this_update = "2026-01-01T00:05:01Z";
  check_undecided(trial.judge(),
                  "asked for: revocation lists or OCSP responses of at most 1m; root.crl is of 2026-01-01T00:05:01Z, which is 301 s after "
                  "the time of judging");
}

TEST_CASE("a transport that fails leaves demands undecided, and none unmet") {
  Good trial;
  PolicyRule rule;
  rule.name = "x";
  rule.require.min_version = k10;
  rule.require.min_strength = 1;
  rule.require.debug_off = true;
  rule.require.min_svn = 1;
  trial.device.intercept = [](Code, View) -> std::optional<Bytes> { throw Error(ErrorId::timeout, "no answer"); };
  trial.collect();
  ask(rule, trial.question);
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::undetermined);
  REQUIRE(report.policy.has_value());
  CHECK(report.policy->demands.size() == 6);
  for (const DemandResult& demand : report.policy->demands) CHECK_MESSAGE(demand.state == DemandState::undecided, demand.words);
  CHECK(report.policy->actions == std::vector{FailureAction::block});
}

TEST_CASE("the report tells what the rule made of the device") {
  Good trial;
  PolicyRule rule;
  rule.name = "disks";
  rule.origin = "10-disks.yaml:4";
  rule.require.min_svn = 6;
  rule.require.min_version = k10;
  rule.on_failure = {FailureAction::block, FailureAction::remove};
  ask(rule, trial.question);
  trial.collect();
  const Report report = trial.judge();
  REQUIRE(report.policy.has_value());
  CHECK(report.policy->rule == "disks");
  CHECK(report.policy->origin == "10-disks.yaml:4");
  CHECK(report.policy->demands == std::vector<DemandResult>{{"authenticated", DemandState::met},
                                                            {"signed measurements", DemandState::met},
                                                            {"SPDM 1.0 or newer", DemandState::met},
                                                            {"security version 6 or higher", DemandState::unmet}});
  CHECK(report.policy->actions == std::vector{FailureAction::block, FailureAction::remove});

  CHECK(policy_detail(report) == "rule 'disks': of its other requirements, 1 not met, 0 undecided");

  trial.question.rule.require.min_svn = 5;
  CHECK(trial.judge().policy->actions.empty());
  CHECK(policy_detail(trial.judge()) == "rule 'disks': its other requirements are met");

  rule = {};
  rule.name = "free";
  rule.exempt = true;
  trial.question.rule.require = {};
  ask(rule, trial.question);
  const Report exempt = trial.judge();
  CHECK(exempt.verdict == Verdict::pass);
  CHECK(exempt.policy->exempt);
  CHECK(exempt.policy->demands.empty());
  CHECK(exempt.policy->actions.empty());
  CHECK(action_names(*exempt.policy) == std::vector<std::string_view>{"allow"});
  CHECK(status(exempt, Check::policy) == CheckStatus::not_needed);
}
