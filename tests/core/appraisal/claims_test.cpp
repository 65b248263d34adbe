// What only the collector says must not choose what judges the device.
#include "core/appraisal/policy.h"
#include "core/appraisal/references.h"
#include "trial.h"

namespace {

using namespace trial;

constexpr const char* kKey = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr const char* kOther = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
constexpr const char* kName = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100";

PciIdentity function_of(std::string_view text) { return parse_pci_identity(text); }

// A device that passes, of which a host says what the test makes it say.
struct Claimed : Trial {
  Claimed() {
    change_chain = [this](ChainResult& chain) {
      chain.leaf_key_sha256 = kKey;
      chain.certificates.resize(1);
      chain.certificates.back().cma_identities = names;
      chain.certificates.back().device_info = "ACME:Card:0001";
      chain.anchor.emplace();
      chain.anchor->sha256 = kOther;
    };
    evidence.host.is_claimed = true;
    evidence.host.target = "0000:03:00.0";
    question.user.depth = Depth::authenticate;
    collect();
  }

  Report under(const std::string& text) {
    policy = Policy();
    add_policy_file(policy, "p", text);
    question.policy = &policy;
    return judge();
  }
  Report against(const std::string& devices) {
    references = References();
    add_references(references, "r", "version: 1\ndevices:\n" + devices);
    question.references = &references;
    return judge();
  }

  std::vector<std::string> names;
  Policy policy;
  References references;
};

// A rule that no device of this suite meets.
std::string strict(const std::string& match) { return "{name: strict, match: " + match + ", require: {min-svn: 99}}"; }
std::string lax(const std::string& match) { return "{name: lax, match: " + match + "}"; }
std::string rules(const std::string& list) { return "version: 1\nrules: [" + list + "]\n"; }

}  // namespace

TEST_CASE("claims: what the host says chooses neither a laxer rule nor escapes a strict one") {
  const std::string on_3 = R"({bdf: "0000:03:00.0"})", on_4 = R"({bdf: "0000:04:00.0"})", exempt = "{match: " + on_3 + ", exempt: true}";
  struct Case {
    std::string policy;
    Verdict verdict;
  };
  for (const Case& c : {
           Case{rules(lax(on_3) + ", " + strict("{}")), Verdict::undetermined},            // claims to be at the lax address
           Case{rules(strict(on_4)), Verdict::undetermined},                               // denies to be at the strict one
           Case{rules(strict(on_3)), Verdict::fail},                                       // a failure stays one
           Case{rules(exempt + ", " + strict("{}")), Verdict::undetermined},               // claims to be exempt
           Case{rules(lax(on_3) + ", " + lax(on_4).replace(7, 3, "low")), Verdict::pass},  // all agree
           Case{rules("{match: {driver: nvme}}, " + strict("{slot: \"7\"}")), Verdict::undetermined},
           Case{rules(strict("{target: \"emu://*\"}")), Verdict::undetermined},
           Case{rules(strict("{removable: true}")), Verdict::undetermined},
           Case{"mode: all\n" + rules(lax(on_3) + ", " + strict(on_4)), Verdict::undetermined},
           Case{"mode: all\ndefaults: {require: {min-svn: 99}}\n" + rules("{match: " + on_3 + ", require: {min-svn: none}}"),
                Verdict::undetermined},
           Case{"mode: all\ndefaults: {require: {min-svn: 99}}\n" +
                    rules("{match: {}, exempt: true}, {name: other, match: " + on_4 + ", exempt: true}"),
                Verdict::pass},  // exempt wherever it is
           Case{"mode: all\n" + rules(lax(on_3) + ", " + lax(on_4).replace(7, 3, "low")), Verdict::pass},
       }) {
    CAPTURE(c.policy);
    Claimed device;
    device.evidence.host.bdf = "0000:03:00.0";
    const Report report = device.under(c.policy);
    CHECK(report.verdict == c.verdict);
    CHECK(found(report, FindingId::claim_decides_rule) == (c.verdict == Verdict::undetermined));
    // What was seen here is a fact.
    device.evidence.host.is_claimed = false;
    CHECK_FALSE(found(device.judge(), FindingId::claim_decides_rule));
  }
}

TEST_CASE("claims: the finding names the words, the rule and the ways out") {
  Claimed device;
  device.evidence.host.bdf = "0000:03:00.0";
  const Report report = device.under(rules(strict(R"({bdf: "0000:04:00.0"})")));
  REQUIRE(report.findings.front().id == FindingId::claim_decides_rule);
  CHECK(report.findings.front().why.find("bdf 0000:03:00.0") != std::string::npos);
  CHECK(report.findings.front().why.find("rule 'strict' (p:2)") != std::string::npos);
  CHECK(report.findings.front().remedy.find("--trust-host") != std::string::npos);
  CHECK(report.exit == Exit::policy);
  CHECK(status(report, Check::policy) == CheckStatus::not_run);
  CHECK(status(report, Check::signature) == CheckStatus::pass);
  CHECK(report.policy->rule == "default");
  CHECK(report.policy->actions == std::vector{FailureAction::block});
}

TEST_CASE("claims: a certificate decides on ids and class, whatever the host says") {
  const std::string ids = R"({vendor: "1b36", class: "0108"})", other = R"({vendor: "8086"})";
  for (const bool says_so : {true, false}) {
    Claimed device;
    device.names = {kName};
    if (says_so) device.evidence.host.identity = function_of(kName);
    CHECK(device.under(rules(strict(ids))).verdict == Verdict::fail);
    CHECK(device.judge().policy->rule == "strict");
    CHECK(device.under(rules(strict(other))).verdict == Verdict::pass);
  }
  Claimed siblings;  // it names two functions: which one it is, is open
  siblings.names = {kName, "Vendor=8086:Device=0010:CC=020000:REV=02"};
  siblings.evidence.host.identity = function_of(kName);
  siblings.question.user.identity_match = IdentityMatch::none;
  siblings.question.user.identity_match_given = true;
  CHECK(siblings.under(rules(strict(other))).verdict == Verdict::undetermined);
  CHECK(siblings.under(rules(strict(R"({device: "0010"})"))).verdict == Verdict::fail);
}

TEST_CASE("claims: a chain that nobody vouches for proves nothing of its contents") {
  Claimed device;
  device.names = {kName};
  const auto before = device.change_chain;
  device.change_chain = [&](ChainResult& chain) {
    before(chain);
    chain.anchor.reset();  // a pin vouches
  };
  CHECK(device.under(rules(strict(R"({vendor: "8086"})"))).verdict == Verdict::undetermined);
  CHECK(device.under(rules(strict(std::string("{leaf-key: ") + kKey + "}"))).verdict == Verdict::fail);
  CHECK(device.under(rules(strict("{device-info: \"ACME:*\"}"))).verdict == Verdict::undetermined);
}

TEST_CASE("claims: what the user says of the identity takes the place of what the host says") {
  Claimed device;
  device.evidence.host.identity = function_of(kName);
  device.evidence.host.identity_given = true;
  CHECK(device.under(rules(strict(R"({vendor: "8086"})"))).exit != Exit::policy);
  CHECK_FALSE(found(device.judge(), FindingId::claim_decides_rule));
}

TEST_CASE("claims: rules by what the device proves") {
  struct Case {
    std::string match;
    bool matches;
  };
  for (const Case& c : {Case{std::string("{leaf-key: ") + kKey + "}", true}, Case{std::string("{leaf-key: ") + kOther + "}", false},
                        Case{std::string("{root: ") + kOther + "}", true}, Case{"{device-info: \"ACME:*\"}", true},
                        Case{"{device-info: \"Other:*\"}", false}, Case{"{certificate-identity: \"Vendor=1b36:*\"}", true},
                        Case{"{certificate-identity: \"Vendor=8086:*\"}", false}}) {
    CAPTURE(c.match);
    for (const bool is_claimed : {true, false}) {
      Claimed device;
      device.names = {"Vendor=1B36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"};
      device.question.user.identity_match = IdentityMatch::none;
      device.evidence.host.is_claimed = is_claimed;
      const Report report = device.under(rules(strict(c.match)));
      CHECK(report.policy->rule == (c.matches ? "strict" : "default"));
      CHECK(report.verdict == (c.matches ? Verdict::fail : Verdict::pass));
    }
  }
  // A certificate without a name of the kind is none of those that a rule is about.
  for (const bool is_claimed : {true, false}) {
    Claimed device;
    device.question.user.identity_match = IdentityMatch::none;
    device.evidence.host.is_claimed = is_claimed;
    CHECK(device.under(rules(strict("{certificate-identity: \"*\"}"))).verdict == Verdict::pass);
  }
  // Before it has signed it has proven nothing.
  Claimed silent;
  silent.wanted.challenge = false;
  silent.evidence = {};
  silent.question.user.depth = Depth::authenticate;
  CHECK(silent.under(rules(strict(std::string("{leaf-key: ") + kKey + "}"))).policy->rule == "default");
  Policy policy;
  for (const char* key : {"exempt", "expected"})
    CHECK_THROWS_WITH_AS(add_policy_file(policy, "p", rules(std::string("{match: {leaf-key: ") + kKey + "}, " + key + ": true}")),
                         doctest::Contains("only after it has been asked"), Error);
}

TEST_CASE("claims: reference values that could be about the device have a say") {
  const std::string good = "measurements: [{index: 1, ignore: true}], complete: false",
                    bad = "measurements: [{index: 1, raw: \"00\"}], complete: false";
  const std::string vendor = R"(match: {vendor: "1b36"}, )", address = R"(match: {bdf: "0000:04:00.0"}, )";
  const auto entry = [](const std::string& match, const std::string& values) { return "- {" + match + values + "}\n"; };
  Claimed device;
  device.question.user.depth = Depth::measurements;
  device.question.user.identity_match = IdentityMatch::none;
  device.evidence.host.identity = function_of(kName);
  CHECK(device.against(entry(vendor, bad)).verdict == Verdict::fail);
  CHECK(device.against(entry(vendor, good)).verdict == Verdict::pass);
  CHECK(device.against(entry(vendor, good) + entry(address, good)).verdict == Verdict::pass);
  const Report other = device.against(entry(vendor, good) + entry(address, bad));
  CHECK(other.verdict == Verdict::undetermined);
  CHECK(other.exit == Exit::no_reference);
  CHECK(other.findings.front().id == FindingId::claim_decides_references);
  CHECK(other.findings.front().why.find("r:4") != std::string::npos);
  CHECK_FALSE(other.comparisons.empty());  // what the report shows is what the host's words lead to
  // It leaves out what the bad values are matched by.
  device.evidence.host.identity.reset();
  CHECK(device.against(entry(vendor, bad)).verdict == Verdict::undetermined);
  // The certificate says it.
  device.names = {kName};
  CHECK(device.against(entry(vendor, bad)).verdict == Verdict::fail);
  CHECK(device.against(entry(R"(match: {vendor: "8086"}, )", bad)).verdict == Verdict::pass);
}

TEST_CASE("claims: a rule that lets hosts share a device does so only if each that could decide does") {
  const std::string shares = R"({name: shares, match: {bdf: "0000:03:00.0"}, shared: true, require: {max-age: 1h}})";
  for (const bool is_claimed : {true, false}) {
    Claimed device;
    device.evidence.host.bdf = "0000:03:00.0";
    device.evidence.host.is_claimed = is_claimed;
    const Report report = device.under(rules(shares));
    CHECK(report.policy->shared != is_claimed);
    CHECK(report.policy->max_age.has_value() != is_claimed);
    // It may be elsewhere, where nothing is asked of its age.
    for (const char* const mode : {"", "mode: all\n"}) {
      const std::string exempt = R"({name: free, match: {bdf: "0000:04:00.0"}, exempt: true})";
      device.under(cat(mode, "defaults: {require: {max-age: 1h}}\n", rules(exempt)));
      CHECK(device.judge().policy->rule == "default");
      CHECK(device.judge().policy->max_age.has_value() != is_claimed);
    }
  }
}

TEST_CASE("claims: a rule and reference values are tried together") {
  Claimed device;
  device.question.user.depth = Depth::measurements;
  device.evidence.host.bdf = "0000:03:00.0";
  device.references = References();
  add_references(device.references, "r",
                 "version: 1\ndevices:\n- {match: {bdf: \"0000:03:00.0\"}, measurements: [{index: 1, digest: \"" + hex(Bytes(32, 0x11)) +
                     "\"}, {index: 2, digest: \"" + hex(Bytes(32, 0x22)) + "\"}, {index: 7, svn: 3}]}\n");
  device.question.references = &device.references;
  // By the other rule values are asked for, and without the claim there are none.
  const Report report = device.under(rules("{name: asks, match: {bdf: \"0000:04:00.0\"}, require: {references: true}}"));
  CHECK(report.verdict == Verdict::undetermined);
  REQUIRE(report.findings.front().id == FindingId::claim_decides_rule);
  CHECK(report.findings.front().why.find("no reference values match this device") != std::string::npos);
  device.evidence.host.is_claimed = false;
  device.evidence.host.bdf = "0000:03:00.0";
  CHECK(device.judge().verdict == Verdict::pass);
}

TEST_CASE("claims: more rules than can be tried decide nothing") {
  Claimed device;
  device.question.user.depth = Depth::measurements;
  std::string list, values;
  for (int i = 0; i < 80; ++i) {
    list += (i == 0 ? "" : ", ") + std::string("{name: r") + std::to_string(i) + ", match: {slot: \"" + std::to_string(i) + "\"}}";
    values += "- {match: {slot: \"" + std::to_string(i) + "\"}, complete: false, measurements: [{index: 1, ignore: true}]}\n";
  }
  device.against(values);
  const Report report = device.under(rules(list));
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.findings.front().why.find("more than 4096") != std::string::npos);
}

TEST_CASE("claims: what is only the collector's word is named") {
  Claimed device;
  device.evidence.time = "2026-11-26T00:00:00Z";
  device.evidence.host.bdf = "0000:03:00.0";
  CHECK(claims_of(device.judge()) == std::vector<std::string_view>{"time", "host.target", "host.bdf"});
  device.evidence.host.encryption.emplace();
  CHECK(claims_of(device.judge()) == std::vector<std::string_view>{"time", "host.target", "host.bdf", "host.encryption"});
  device.evidence.host.is_claimed = false;
  CHECK(claims_of(device.judge()).empty());
}

TEST_CASE("freshness: shown by a nonce of ours, and asked for") {
  Trial trial;
  trial.question.user.depth = Depth::authenticate;
  trial.collect();
  trial.evidence.live = false;
  CHECK(trial.judge().fresh == false);
  CHECK(trial.judge().verdict == Verdict::pass);
  trial.question.user.require_fresh = true;
  CHECK(trial.judge().verdict == Verdict::undetermined);
  CHECK(found(trial.judge(), FindingId::freshness_unproven));
  trial.evidence.live = true;
  CHECK(trial.judge().fresh == true);
  CHECK(trial.judge().verdict == Verdict::pass);
}

TEST_CASE("negotiation: in SPDM 1.1 measurements alone do not prove it") {
  for (const std::uint8_t version : {k10, k11, k12, k13}) {
    CAPTURE(version);
    for (const bool challenge : {true, false}) {
      Trial trial(in_version(version));
      trial.wanted.challenge = challenge;
      trial.collect();
      const bool proven = challenge || version >= k12;
      const Report report = trial.judge();
      CHECK(report.verdict == Verdict::pass);
      CHECK(report.connection->negotiation_proven == proven);
      CHECK(found(report, FindingId::negotiation_unproven) != proven);
      Policy policy;
      add_policy_file(policy, "p", "version: 1\ndefaults: {require: {negotiation: proven}}\n");
      trial.question.policy = &policy;
      CHECK(trial.judge().verdict == (proven ? Verdict::pass : Verdict::undetermined));
    }
  }
}

TEST_CASE("negotiation: a device that has spoken a newer version fails") {
  Trial trial(in_version(k11));
  trial.collect();
  const auto pin = [&](std::uint8_t version) {
    trial.change_chain = [=](ChainResult& chain) { chain.pin = PinInfo{"pins/a.yaml:3", PinKind::leaf_key, "", false, version, false}; };
  };
  pin(k11);
  CHECK(trial.judge().verdict == Verdict::pass);
  pin(k12);
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(found(report, FindingId::version_rollback));
  CHECK(status(report, Check::trust) == CheckStatus::fail);
}
