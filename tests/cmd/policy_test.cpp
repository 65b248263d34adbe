#include "cmd/policy.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/support/temporary.h"

using cmd::FailureAction;
using cmd::Policy;

namespace {

Policy parse(const std::string& yaml) {
  Policy out;
  cmd::add_policy_file(out, "/etc/x/10-test.yaml", yaml);
  return out;
}

std::string failure(const std::string& yaml) {
  try {
    parse(yaml);
  } catch (const spdm::Error& error) {
    CHECK(error.id == spdm::ErrorId::config);
    return error.what();
  }
  return "none";
}

transport::PciDevice device(bool mailbox = true) {
  transport::PciDevice out;
  out.bdf = *transport::parse_bdf("0000:01:00.0");
  out.identity.vendor = 0x1b36;
  out.identity.device = 0x0010;
  out.identity.class_code = 0x010802;
  out.mailboxes.emplace();
  if (mailbox) out.mailboxes->push_back(0x140);
  return out;
}

}  // namespace

TEST_CASE("a policy says what is written") {
  const Policy policy = parse(R"(
version: 1
gate: {mode: audit, timeout: 7}
rules:
  - name: disks
    match: {class: "0108", vendor: 1b36, device: 0010, bdf: "0000:01:*"}
    expected: true
    require: {identity: ids, measurements: true}
    on-failure: [block, power-off, clear-bus-master]
  - match: {}
    exempt: true
)");
  CHECK(policy.mode == cmd::GateMode::audit);
  CHECK(policy.timeout == std::chrono::seconds(7));
  REQUIRE(policy.rules.size() == 3);
  const cmd::PolicyRule& disks = policy.rules[0];
  CHECK(disks.name == "disks");
  CHECK(disks.match.vendor == 0x1b36);
  CHECK(disks.match.device == 0x0010);
  CHECK(disks.match.class_code == 0x010800);
  CHECK(disks.match.class_mask == 0xFFFF00);
  CHECK(disks.expected);
  CHECK(disks.identity == spdm::IdentityMatch::ids);
  CHECK(disks.measurements);
  CHECK(disks.on_failure == std::vector{FailureAction::block, FailureAction::clear_bus_master, FailureAction::power_off});
  CHECK(policy.rules[1].name == "10-test.yaml:10");
  CHECK(policy.rules[1].exempt);
  CHECK(policy.rules[2].name == "default");
  CHECK(policy.rules[2].on_failure == std::vector{FailureAction::block});
}

TEST_CASE("what cannot be understood is an error with its place") {
  CHECK(failure("rules: []") == "/etc/x/10-test.yaml:1:1: key 'version' is missing");
  CHECK(failure("version: 2") == "/etc/x/10-test.yaml:1:10: version: 2 is out of range");
  CHECK(failure("version: 1\ngate: {mood: off}") == "/etc/x/10-test.yaml:2:8: gate: unknown key 'mood'");
  CHECK(failure("version: 1\ngate: {mode: strict}") == "/etc/x/10-test.yaml:2:14: gate.mode: 'strict' is unknown");
  CHECK(failure("version: 1\ngate: {timeout: 0}") == "/etc/x/10-test.yaml:2:17: gate.timeout: 0 is out of range");
  CHECK(failure("version: 1\nrules: [{name: x}]") == "/etc/x/10-test.yaml:2:9: rules[0]: key 'match' is missing");
  for (const std::string bad :
       {"{vendor: 0x1b36}", "{vendor: 1b3}", "{class: \"010\"}", "{device: xyzw}", "{bdf: \"\"}", "{bdf: Garbage}", "{sub: 1}", "[]"})
    CHECK(failure("version: 1\nrules: [{match: " + bad + "}]") != "none");
  for (const std::string bad : {"[]", "[warn, block]", "[remove]", "[block, block]", "[explode]", "block"})
    CHECK(failure("version: 1\nrules: [{match: {}, on-failure: " + bad + "}]") != "none");
  CHECK(failure("version: 1\nrules: [{match: {}, exempt: true, expected: true}]") != "none");
  CHECK(failure("version: 1\nrules: [{name: a, match: {}}, {name: a, match: {}}]").find("another rule has the name 'a'") !=
        std::string::npos);
  CHECK(failure("version: 1\nrules: [{name: default, match: {}}]") != "none");
  CHECK(failure("version: 1\nrules: {") != "none");
  CHECK(failure("# nothing") != "none");
}

TEST_CASE("the first rule that matches decides, and only on what could attest or is expected to") {
  const Policy policy = parse(R"(
version: 1
rules:
  - {name: free, match: {bdf: "0000:0[2-3]:*"}, exempt: true}
  - {name: disks, match: {class: "01"}, expected: true}
)");
  CHECK(cmd::rule_for(policy, device())->name == "disks");
  CHECK(cmd::rule_for(policy, device(false))->name == "disks");
  transport::PciDevice other = device();
  other.identity.class_code = 0x020000;
  CHECK(cmd::rule_for(policy, other)->name == "default");
  other.mailboxes->clear();
  CHECK(cmd::rule_for(policy, other) == nullptr);
  other.mailboxes.reset();  // nobody knows
  CHECK(cmd::rule_for(policy, other)->name == "default");
  other.doe_features.emplace();  // the kernel does
  CHECK(cmd::rule_for(policy, other) == nullptr);
  other.driver_override = cmd::kSentinel;  // it was held back, and shows no mailbox any more
  CHECK(cmd::rule_for(policy, other)->name == "default");
  other = device();
  other.bdf.bus = 3;
  CHECK(cmd::rule_for(policy, other) == nullptr);
  CHECK(cmd::is_exempt(policy, other));
  other = device();
  other.identity.class_code = 0x060400;
  other.header_type = 1;
  CHECK(cmd::rule_for(policy, other)->name == "default");  // what it looks like is its own word
  other.driver = "pcieport";
  CHECK(cmd::rule_for(policy, other) == nullptr);
  other.driver.reset();
  other.mailboxes->clear();
  CHECK(cmd::rule_for(policy, other) == nullptr);
  other = device();
  other.identity.class_code = 0x060400;
  other.header_type = 0;  // calls itself a bridge, and is none
  CHECK(cmd::rule_for(policy, other)->name == "default");
}

TEST_CASE("files are read by name, stronger directories first, and masks mask") {
  const support::TemporaryDirectory scratch;
  const std::string rule = "version: 1\nrules: [{name: ";
  scratch.write("strong/20-b.yaml", rule + "b, match: {}}]");
  scratch.write("weak/20-b.yaml", "not read");
  scratch.write("weak/10-a.yaml", rule + "a, match: {}}]");
  scratch.write("weak/30-c.yaml", "not read");
  scratch.write("strong/40-d.yaml", "");
  scratch.write("weak/40-d.yaml", "not read");
  scratch.write("weak/.hidden.yaml", "not read");
  scratch.write("weak/README", "not read");
  std::filesystem::create_symlink("/dev/null", scratch.path() / "strong/30-c.yaml");
  const Policy policy = cmd::load_policy({scratch.path() / "strong", scratch.path() / "nowhere", scratch.path() / "weak"});
  REQUIRE(policy.rules.size() == 3);
  CHECK(policy.rules[0].name == "a");
  CHECK(policy.rules[1].name == "b");
  CHECK_FALSE(policy.mode.has_value());

  scratch.write("strong/50-e.yaml", "garbage");
  CHECK_THROWS_AS(cmd::load_policy({scratch.path() / "strong"}), spdm::Error);
  std::filesystem::remove(scratch.path() / "strong/50-e.yaml");
  std::filesystem::create_symlink("nowhere", scratch.path() / "strong/50-e.yaml");
  CHECK_THROWS_AS(cmd::load_policy({scratch.path() / "strong"}), spdm::Error);
  CHECK_THROWS_AS(cmd::load_policy({scratch.path() / "strong/20-b.yaml"}), spdm::Error);
}
