// Policies as they are written, and which rule decides.
#include "core/appraisal/policy.h"

#include <doctest/doctest.h>

#include "core/appraisal/demand.h"
#include "core/error.h"
#include "core/text.h"

using namespace spdm;

namespace {

Policy parse(const std::string& yaml) {
  Policy out;
  add_policy_file(out, "/etc/x/10-test.yaml", yaml);
  return out;
}

std::string failure(const std::string& yaml) {
  try {
    parse(yaml);
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::config);
    return error.what();
  }
  return "none";
}

// With this rule.
std::string rule_failure(const std::string& rule) { return failure("version: 1\nrules:\n  - " + rule); }
std::string require_failure(const std::string& require) { return rule_failure("{match: {}, require: {" + require + "}}"); }

HostView disk() {
  HostView out;
  out.target = "01:00.0";
  out.bdf = "0000:01:00.0";
  out.removable = "fixed";
  out.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100");
  return out;
}

std::vector<std::string> demands(const PolicyRule& rule) {
  Question question;
  ask(rule, question);
  std::vector<std::string> out;
  for (const Demand demand : demands_of(question)) out.push_back(words(demand, question));
  return out;
}

}  // namespace

TEST_CASE("a policy says what is written") {
  const Policy policy = parse(R"(
version: 1
gate: {mode: audit, timeout: 7s}
defaults: {require: {min-version: "1.1"}, on-failure: [warn]}
rules:
  - name: disks
    match: {class: "0108", vendor: 1b36, device: 0010, bdf: "0000:01:*"}
    expected: true
    shared: true
    require:
      identity: ids
      measurements: true
      roots: [vendor.pem, "AB:CD:EF:0123456789012345678901234567890123456789012345678901234567"]
      pin: true
      min-version: "1.2"
      min-strength: 192
      references: true
      debug: off
      min-svn: 18446744073709551
      max-age: 90m
      crl: {max-age: 7d}
      session: true
      cnsa2: true
      ready-for: tee-io
      inspection: [ide-registers, aead, aead]
    on-failure: [block, power-off, clear-bus-master]
  - match: {}
    exempt: true
)");
  CHECK(policy.mode == GateMode::audit);
  CHECK(policy.timeout == std::chrono::seconds(7));
  REQUIRE(policy.rules.size() == 3);
  const PolicyRule& disks = policy.rules[0];
  CHECK(disks.name == "disks");
  CHECK(disks.origin == "/etc/x/10-test.yaml:6");
  CHECK(disks.match.vendor == 0x1b36);
  CHECK(disks.match.device == 0x0010);
  CHECK(disks.match.class_code == 0x010800);
  CHECK(disks.match.class_mask == 0xFFFF00);
  CHECK(disks.expected);
  CHECK(disks.shared);
  CHECK_FALSE(policy.rules[2].shared);
  CHECK(disks.identity == IdentityMatch::ids);
  CHECK(disks.measurements);
  CHECK(disks.require.roots == std::vector<std::string>{"vendor.pem", "abcdef0123456789012345678901234567890123456789012345678901234567"});
  CHECK(disks.require.pin);
  CHECK(disks.require.min_version == k12);
  CHECK(disks.require.min_strength == 192);
  CHECK(disks.require.references);
  CHECK(disks.require.debug_off);
  CHECK(disks.require.min_svn == 18446744073709551ULL);
  CHECK(disks.require.max_age == 5400);
  CHECK(disks.require.max_crl_age == 7 * 86'400);
  CHECK(disks.require.session);
  CHECK(disks.require.cnsa2);
  CHECK(disks.require.ready_for == Readiness::tee_io);
  CHECK(disks.require.inspection == std::vector{InspectionItem::aead, InspectionItem::ide_registers});
  CHECK(asks_for_sessions(policy));
  CHECK_FALSE(asks_for_sessions(Policy()));
  CHECK(disks.on_failure == std::vector{FailureAction::block, FailureAction::clear_bus_master, FailureAction::power_off});
  CHECK(policy.rules[1].name == "10-test.yaml:27");
  CHECK(policy.rules[1].exempt);
  CHECK(policy.rules[2].name == "default");
  CHECK(policy.rules[2].origin == "/etc/x/10-test.yaml:4");
  CHECK(policy.rules[2].require.min_version == k11);
  CHECK(only_warns(policy.rules[2]));
}

TEST_CASE("a fingerprint is the same however it was printed") {
  const std::string digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  std::string printed;
  for (std::size_t i = 0; i < digits.size(); i += 2) printed += (i == 0 ? "" : ":") + digits.substr(i, 2);
  for (char& c : printed) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  const Policy policy = parse("version: 1\nrules: [{match: {}, require: {roots: [\"" + printed + "\"]}}]");
  CHECK(policy.rules[0].require.roots == std::vector{digits});
}

TEST_CASE("what cannot be understood is an error with its place") {
  CHECK(failure("rules: []") == "/etc/x/10-test.yaml:1:1: key 'version' is missing");
  CHECK(failure("version: 2") == "/etc/x/10-test.yaml:1:10: version: 2 is out of range");
  CHECK(failure("version: 1\ngate: {mood: off}") == "/etc/x/10-test.yaml:2:8: gate: unknown key 'mood'");
  CHECK(failure("version: 1\ngate: {mode: strict}") == "/etc/x/10-test.yaml:2:14: gate.mode: 'strict' is unknown");
  CHECK(failure("version: 1\ngate: {timeout: 0}") == "/etc/x/10-test.yaml:2:17: gate.timeout: '0' is out of range");
  CHECK(failure("version: 1\nmode: any") == "/etc/x/10-test.yaml:2:7: mode: 'any' is unknown");
  CHECK(failure("version: 1\ndefaults: {exempt: true}") == "/etc/x/10-test.yaml:2:12: defaults: unknown key 'exempt'");
  CHECK(rule_failure("{name: x}") == "/etc/x/10-test.yaml:3:5: rules[0]: key 'match' is missing");
  for (const std::string bad : {"{vendor: 0x1b36}", "{vendor: 1b3}", "{class: \"010\"}", "{device: xyzw}", "{bdf: \"\"}", "{bdf: Garbage}",
                                "{bdf: \"03.0\"}", "{bdf: \"0000:03:20.0\"}", "{bdf: \"0000:03:00.8\"}", "{bdf: \"00000003000\"}",
                                "{bdf: \"-1:00.0\"}", "{bdf: \"0000:-1:00.0\"}", "{sub: 1}", "[]"})
    CHECK(rule_failure("{match: " + bad + "}") != "none");
  for (const std::string bad : {"[]", "[warn, block]", "[remove]", "[block, block]", "[explode]", "block"})
    CHECK(rule_failure("{match: {}, on-failure: " + bad + "}") != "none");
  CHECK(require_failure("min-version: 1.5") == "/etc/x/10-test.yaml:3:40: rules[0].require.min-version: '1.5' is unknown");
  CHECK(require_failure("max-age: 5w") == "/etc/x/10-test.yaml:3:36: rules[0].require.max-age: invalid duration '5w'");
  for (const char* text : {"2h", "1.5s", "500ms", "soon"}) {
    const std::string why = failure(spdm::cat("version: 1\ngate: {timeout: ", text, "}"));
    CHECK(why.starts_with("/etc/x/10-test.yaml:2:17: gate.timeout: "));
    CHECK(why.find(spdm::cat("'", text, "'")) != std::string::npos);
  }
  CHECK(require_failure("max-age: 1500ms") == "/etc/x/10-test.yaml:3:36: rules[0].require.max-age: '1500ms' is out of range");
  CHECK(require_failure("max-age: 0") == "/etc/x/10-test.yaml:3:36: rules[0].require.max-age: '0' is out of range");
  for (const std::string bad :
       {"max-age: -1s", "max-age: s", "max-age: 99999999999d", "max-age: 999999999d", "min-svn: -1", "min-svn: 1.5",
        "min-svn: 99999999999999999999", "min-strength: 0", "min-strength: 512", "debug: maybe", "debug: true", "roots: []", "roots: x",
        "roots: [\"\"]", "roots: [/etc/x.pem]", "crl: {}", "crl: 7d", "pin: yes", "unheard-of: 1"})
    CHECK_MESSAGE(require_failure(bad) != "none", bad);
  CHECK(rule_failure("{match: {}, exempt: true, expected: true}") != "none");
  CHECK(rule_failure("{match: {}, exempt: true, require: {}}") != "none");
  CHECK(rule_failure("{match: {}, exempt: true, shared: true}") != "none");
  CHECK(failure("version: 1\nrules: [{name: a, match: {}}, {name: a, match: {}}]").find("another rule has the name 'a'") !=
        std::string::npos);
  CHECK(rule_failure("{name: default, match: {}}") != "none");
  CHECK(rule_failure("{name: \"\", match: {}}") != "none");
  CHECK(rule_failure("{name: a + b, match: {}}") != "none");
  CHECK(failure("version: 1\nrules: {") != "none");
  CHECK(failure("# nothing") != "none");
}

// A device without a driver, as the gate sees it, must not be missed by what makes a rule of it.
TEST_CASE("exempt and expected do not hang on a driver") {
  CHECK(rule_failure("{match: {driver: nvme}, exempt: true}").find("a driver is bound only after the gate has decided") !=
        std::string::npos);
  CHECK(rule_failure("{match: {driver: nvme}, expected: true}") != "none");
  CHECK(rule_failure("{match: {driver: nvme}, require: {measurements: true}}") == "none");
  for (const char* const key : {"model", "serial", "firmware-revision", "transport"})
    CHECK(rule_failure(cat("{match: {", key, ": x}, expected: true}")).find("only once its driver is bound") != std::string::npos);
}

TEST_CASE("the first rule that matches decides, the default rule on all others") {
  const Policy policy = parse(R"(
version: 1
rules:
  - {name: narrow, match: {class: "0108", bdf: "0000:02:*"}, require: {measurements: true}}
  - {name: wide, match: {class: "01"}, require: {min-svn: 4}}
  - {name: free, match: {class: "01"}, exempt: true}
)");
  CHECK(rule_of(policy, disk())->name == "wide");
  HostView other = disk();
  other.bdf = "0000:02:00.0";
  CHECK(rule_of(policy, other)->name == "narrow");
  other.identity.reset();
  CHECK(rule_of(policy, other)->name == "default");
  CHECK(demands(*rule_of(policy, disk())) == std::vector<std::string>{"authenticated", "the certificate names the function",
                                                                      "signed measurements", "security version 4 or higher"});
}

TEST_CASE("with mode all the demands of all rules that match are joined, the stricter word of each") {
  const Policy policy = parse(R"(
version: 1
mode: all
rules:
  - {name: a, match: {class: "01"}, require: {identity: none, min-svn: 4, max-age: 1d, roots: [x, y], crl: {max-age: 7d}}, on-failure: [warn]}
  - {name: b, match: {vendor: "1b36"}, require: {identity: ids, min-svn: 2, max-age: 1h, roots: [y, z]}, on-failure: [block, remove]}
  - {name: c, match: {}, exempt: true}
  - {name: d, match: {vendor: "8086"}, require: {pin: true}}
)");
  const auto rule = rule_of(policy, disk());
  CHECK(rule->name == "a + b");
  CHECK(rule->origin == "/etc/x/10-test.yaml:5, /etc/x/10-test.yaml:6");
  CHECK_FALSE(rule->exempt);
  CHECK(rule->identity == IdentityMatch::ids);
  CHECK(rule->require.min_svn == 4);
  CHECK(rule->require.max_age == 3600);
  CHECK(rule->require.max_crl_age == 7 * 86'400);
  CHECK(rule->require.roots == std::vector<std::string>{"y"});
  CHECK_FALSE(rule->require.pin);
  CHECK(rule->on_failure == std::vector{FailureAction::block, FailureAction::remove});
  CHECK(rule_named(policy, "a + b")->require == rule->require);
  CHECK(rule_named(policy, "gone")->name == "default");
  // Only what nothing else is asked of is exempt.
  HostView other;
  other.target = "emu://x";
  CHECK(rule_of(policy, other)->name == "c");
  CHECK(rule_of(policy, other)->exempt);
}

TEST_CASE("a device is shared where all rules that match say so, and the report has what was asked") {
  const auto told = [](const std::string& first, const std::string& second) {
    const Policy policy =
        parse(cat("version: 1\nmode: all\nrules:\n  - {match: {class: \"01\"}, ", first, "}\n  - {match: {vendor: 1b36}, ", second, "}\n"));
    Question question;
    ask(*rule_of(policy, disk()), question);
    return *question.rule.told;
  };
  CHECK(told("shared: true", "shared: true").shared);
  CHECK_FALSE(told("shared: true", "require: {pin: true}").shared);
  CHECK_FALSE(told("shared: false", "shared: true").shared);
  CHECK_FALSE(told("expected: true", "shared: true").max_age);
  CHECK(told("require: {max-age: 1h}", "require: {max-age: 2h}").max_age == 3600);
  CHECK(told("on-failure: [block]", "on-failure: [warn]").on_failure == std::vector{FailureAction::block});
}

TEST_CASE("rules that agree on no root leave none, and not all") {
  const Policy policy = parse(R"(
version: 1
mode: all
rules: [{name: a, match: {}, require: {roots: [x]}}, {name: b, match: {}, require: {roots: [y]}}]
)");
  CHECK(rule_of(policy, disk())->require.roots == std::vector<std::string>{"(none: the rules name different roots)"});
}

TEST_CASE("what nobody knows to be fixed is neither removable nor not") {
  const Policy policy = parse("version: 1\nrules: [{name: a, match: {removable: false}}, {name: b, match: {removable: true}}]");
  HostView host;
  const auto told = [&](std::size_t rule) { return misfit(policy.rules.at(rule).match, host); };
  CHECK(told(0) == "it has no removable, the rule requires false");
  CHECK(told(1) == "it has no removable, the rule requires true");
  host.removable = "unknown";
  CHECK(told(0) == "removable is unknown, not false");
  CHECK(told(1) == "removable is unknown, not true");
  host.removable = "fixed";
  CHECK(told(0).empty());
  CHECK(told(1) == "removable is false, not true");
  host.removable = "removable";
  CHECK(told(0) == "removable is true, not false");
  CHECK(told(1).empty());
}

TEST_CASE("what does not fit is told") {
  const Policy policy = parse(R"(
version: 1
rules:
  - {match: {class: "0200"}}
  - {match: {driver: nvme}}
  - {match: {vendor: "1b36", bdf: "0000:05:*"}}
  - {match: {removable: true}}
  - {match: {class: "01", vendor: "1b36", device: "0010", subsystem-vendor: "1af4", subsystem: "1100", target: "01:*", removable: false}}
)");
  std::vector<std::string> told;
  for (const PolicyRule& rule : policy.rules) told.push_back(misfit(rule.match, disk()));
  CHECK(told == std::vector<std::string>{"class is 010802, not 0200", "it has no driver, the rule requires nvme",
                                         "bdf is 0000:01:00.0, not 0000:05:*", "removable is false, not true", "", ""});
}

TEST_CASE("with mode: all a lax rule takes no identity from one that says nothing, which is exact") {
  const Policy policy = parse("version: 1\nmode: all\nrules: [{name: gpu, match: {}}, {name: wide, match: {}, require: {identity: none}}]");
  CHECK(rule_of(policy, {})->identity == IdentityMatch::exact);
}

TEST_CASE("an address is completed as on the command line") {
  const auto bdf = [](const std::string& text) {
    return parse("version: 1\nrules: [{match: {bdf: \"" + text + "\"}}]").rules.front().match.bdf.value_or("none");
  };
  CHECK(bdf("03:00.0") == "0000:03:00.0");
  CHECK(bdf("3:0.0") == "0000:03:00.0");
  CHECK(bdf("10000:03:00.0") == "10000:03:00.0");
  CHECK(bdf("03:*") == "0000:03:*");
  CHECK(bdf("3:*") == "0000:03:*");
  for (const char* const pattern : {"*", "0*:00.0", "?*:00.0", "0*:*", "*:03:00.0", "*:00.0", "0000:03*", "0000:0[13]:*", "0000:03:00.?"})
    CHECK(bdf(pattern) == pattern);
}

TEST_CASE("a root goes by its name in the keyring, or by its fingerprint") {
  CHECK(is_named("anchors/vendor.pem", "5d", {"copy.pem", "anchors/vendor.pem"}));
  CHECK_FALSE(is_named("vendor.pem", "5d", {"anchors/vendor.pem"}));
  CHECK(is_named("5d", "5d", {"anchors/vendor.pem"}));
}

TEST_CASE("an identity match that was given is stronger than the rule") {
  const Policy policy = parse("version: 1\nrules: [{match: {}, require: {identity: exact}}]");
  Question question;
  question.user.identity_match = IdentityMatch::none;
  question.user.identity_match_given = true;
  ask(*rule_of(policy, {}), question);
  CHECK(question.user.identity_match == IdentityMatch::none);
  CHECK(question.rule.identity == IdentityDemand::waived);
  question.user.identity_match_given = false;
  ask(*rule_of(policy, {}), question);
  CHECK(question.rule.identity == IdentityDemand::required);
}

TEST_CASE("every security version number can be asked for") {
  const Policy policy = parse("version: 1\nrules: [{match: {}, require: {min-svn: 18446744073709551615}}]");
  CHECK(policy.rules.front().require.min_svn == UINT64_MAX);
}

TEST_CASE("defaults are given once") {
  Policy policy;
  add_policy_file(policy, "10.yaml", "version: 1\ndefaults: {require: {pin: true}}");
  CHECK_THROWS_WITH_AS(add_policy_file(policy, "20.yaml", "version: 1\ndefaults: {on-failure: [warn]}"),
                       "20.yaml:2:11: defaults: defaults are given already: 10.yaml:2", Error);
}

TEST_CASE("a policy names the hosts whose word counts") {
  const auto trusts = [](const std::string& hosts, const std::string& name) {
    return trusts_host(parse("version: 1\ntrust-host: " + hosts), name);
  };
  CHECK(parse("version: 1").trust_host.empty());
  CHECK_FALSE(trusts_host(parse("version: 1"), "web1"));
  CHECK(trusts("[web1]", "web1"));
  CHECK_FALSE(trusts("[web1]", "web11"));
  CHECK_FALSE(trusts("[web1]", "WEB1"));
  CHECK_FALSE(trusts("[web1]", ""));
  CHECK(trusts("[db, \"web*\"]", "web11"));
  CHECK(trusts("[\"web[12].example\"]", "web2.example"));
  CHECK_FALSE(trusts("[\"web[12].example\"]", "web3.example"));
  CHECK_FALSE(trusts("[]", "web1"));

  Policy both = parse("version: 1\ntrust-host: [a]");
  add_policy_file(both, "20.yaml", "version: 1\ntrust-host: [a, b]");
  CHECK(both.trust_host == std::vector<std::string>{"a", "b"});
}

TEST_CASE("what is no list of hosts is refused") {
  CHECK(failure("version: 1\ntrust-host: web1").find("trust-host") != std::string::npos);
  CHECK(failure("version: 1\ntrust-host: true").find("trust-host") != std::string::npos);
  CHECK(failure("version: 1\ntrust-host: [\"\"]").find("is empty") != std::string::npos);
  CHECK(failure("version: 1\ntrust-host: [a/b]").find("has a '/'") != std::string::npos);
  CHECK(failure("version: 1\ntrust-host: [[a]]") != "none");
  CHECK(failure("version: 1\ntrust-hosts: [a]").find("trust-hosts") != std::string::npos);
  std::string many = "version: 1\ntrust-host: [";
  for (int i = 0; i < 1024; ++i) many += cat("h", i, ", ");
  CHECK(failure(many + "]") == "none");
  CHECK(failure(many + "one-more]").find("exceeds the limit of 1024 hosts") != std::string::npos);
}

TEST_CASE("a file of the keyring may have a name of hex digits, as long as it is no mistyped fingerprint") {
  const std::string name(32, 'a');
  CHECK(parse("version: 1\nrules: [{match: {}, require: {roots: [" + name + "]}}]").rules[0].require.roots == std::vector{name});
  CHECK(failure("version: 1\nrules: [{match: {}, require: {roots: [" + name + "a]}}]").find("has 33 hex digits") != std::string::npos);
}
