#include "cmd/attest/audit_scope.h"

#include <doctest/doctest.h>

#include "tests/support/fake_sysfs.h"

using namespace spdm;

namespace {

struct Machine {
  support::FakeSysfs sysfs;
  Policy policy;

  void add(const std::string& bdf, bool mailbox = true) {
    support::FakeFunction function;
    function.bdf = bdf;
    if (mailbox) function.mailboxes = {0x140};
    sysfs.add(function);
  }
  spdm::cmd::AuditScope scope(const std::vector<std::string>& targets = {}) {
    return spdm::cmd::audit_scope(targets, &policy, sysfs.host());
  }
  void rules(const std::string& yaml) { add_policy_file(policy, "x.yaml", "version: 1\nrules:\n" + yaml); }
};

std::vector<std::string> targets(const spdm::cmd::AuditScope& scope) {
  std::vector<std::string> out;
  for (const spdm::cmd::AuditTarget& target : scope.targets) out.push_back(target.name() + (target.silent ? " silent" : ""));
  return out;
}

}  // namespace

TEST_CASE("audit: what may speak SPDM, and what a rule expects to") {
  Machine machine;
  machine.add("0000:01:00.0");
  machine.add("0000:02:00.0", false);
  machine.add("0000:03:00.0", false);
  machine.add("0000:04:00.0");
  machine.rules(
      "  - {name: two, match: {bdf: \"0000:02:00.0\"}, expected: true}\n"
      "  - {name: free, match: {bdf: \"0000:04:00.0\"}, exempt: true}\n"
      "  - {name: nine, match: {bdf: \"0000:09:00.0\"}, expected: true, on-failure: [warn]}\n");
  spdm::cmd::AuditScope scope = machine.scope();
  CHECK(targets(scope) == std::vector<std::string>{"0000:01:00.0", "0000:02:00.0 silent"});
  REQUIRE(scope.notes.size() == 1);
  CHECK(scope.notes[0] == "all: left out: 0000:04:00.0: exempt by rule 'free' (x.yaml:4)");
  REQUIRE(scope.absent.size() == 1);
  CHECK(scope.absent[0].source == "nine");
  CHECK(scope.absent[0].verdict == Verdict::fail);
  CHECK(scope.absent[0].exit == Exit::policy);
  CHECK(scope.absent[0].findings.at(0).id == FindingId::device_absent);
  CHECK(scope.absent[0].policy->actions == std::vector{FailureAction::warn});
  CHECK(scope.take_live().size() == 1);
  const Report silent = spdm::cmd::silent_report(scope.targets[1]);
  CHECK(silent.verdict == Verdict::fail);
  CHECK(silent.exit == Exit::policy);
  CHECK(silent.reason == "rule 'two' expects it to speak SPDM, and it does not");
}

TEST_CASE("audit: what is named is judged though a rule exempts it, and nothing else is looked for") {
  Machine machine;
  machine.add("0000:01:00.0");
  machine.add("0000:04:00.0");
  machine.rules(
      "  - {name: free, match: {bdf: \"0000:04:00.0\"}, exempt: true}\n"
      "  - {name: nine, match: {bdf: \"0000:09:00.0\"}, expected: true}\n");
  const spdm::cmd::AuditScope named = machine.scope({"4:0.0"});
  CHECK(targets(named) == std::vector<std::string>{"0000:04:00.0"});
  CHECK(named.absent.empty());
  CHECK(targets(machine.scope({"4:0.0", "all"})) == std::vector<std::string>{"0000:04:00.0", "0000:01:00.0"});
  CHECK(machine.scope({"4:0.0", "all"}).absent.size() == 1);
}

TEST_CASE("audit: a host without PCI has nothing, and lacks what is expected") {
  Machine machine;
  std::filesystem::remove_all(machine.sysfs.pci());
  CHECK(machine.scope().targets.empty());
  machine.rules("  - {name: nine, match: {bdf: \"0000:09:00.0\"}, expected: true}\n");
  CHECK(machine.scope().absent.size() == 1);
  CHECK(spdm::cmd::audit_scope({}, nullptr, machine.sysfs.host()).absent.empty());
}
