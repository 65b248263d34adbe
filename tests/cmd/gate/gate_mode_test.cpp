// Who decides on the mode of the gate, and what becomes of it when the policy cannot be read.
#include "cmd/gate/gate_mode.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/fake_sysfs.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

struct System {
  support::FakeSysfs sysfs;
  support::TemporaryDirectory folder;  // of the policy

  void file(const std::string& name, const std::string& contents) const { folder.write(name, contents); }
  void command_line(const std::string& text) const { sysfs.write("proc/cmdline", text + "\n"); }
  ModeInForce mode() const { return mode_in_force(sysfs.host(), {folder.path().string()}); }
};

const std::string kUnreadable = "version: 1\nrules: [";

}  // namespace

TEST_CASE("enforcement is written down: nobody else asks for it") {
  const System system;
  system.file("10.yaml", "version: 1\n");
  CHECK(system.mode().mode == GateMode::audit);
  CHECK(system.mode().source == ModeSource::none);
  CHECK_FALSE(system.mode().warning.empty());
  system.file("20.yaml", "version: 1\ngate: {mode: enforce}\n");
  CHECK(system.mode().mode == GateMode::enforce);
  CHECK(system.mode().where == (system.folder.path() / "20.yaml").string() + ":2");
  CHECK(system.mode().warning.empty());
}

TEST_CASE("the kernel command line is stronger than the policy, and its last word counts") {
  const System system;
  system.file("10.yaml", "version: 1\ngate: {mode: enforce}\n");
  system.command_line("quiet spdmctl.gate=enforce spdmctl.gate=off nospdmctl.gate=audit");
  CHECK(system.mode().mode == GateMode::off);
  CHECK(system.mode().source == ModeSource::kernel_command_line);
  system.command_line("spdmctl.gate=yes");
  CHECK(system.mode().mode == GateMode::enforce);
  CHECK_FALSE(system.mode().warning.empty());
}

TEST_CASE("what cannot be read does not open the gate") {
  const System system;
  system.file("90.yaml", kUnreadable);
  SUBCASE("nobody has ever said enforce") {
    system.file("10.yaml", "version: 1\ngate: {mode: audit}\n");
    CHECK(system.mode().mode == GateMode::audit);
  }
  SUBCASE("a file that can be read says it") {
    system.file("10.yaml", "version: 1\ngate: {mode: enforce}\n");
    CHECK(system.mode().mode == GateMode::enforce);
    CHECK(system.mode().source == ModeSource::readable_policy);
  }
  SUBCASE("a file says it that is wrong elsewhere") {
    system.file("10.yaml", "version: 1\ngate: {mode: enforce}\nruels: []\n");
    CHECK(system.mode().mode == GateMode::enforce);
  }
  SUBCASE("the last gate that could read its policy did") {
    keep_mode(system.sysfs.host(), GateMode::enforce);
    CHECK(system.mode().mode == GateMode::enforce);
    CHECK(system.mode().source == ModeSource::last_run);
    keep_mode(system.sysfs.host(), GateMode::audit);
    CHECK(system.mode().mode == GateMode::audit);
  }
  SUBCASE("what the last gate left cannot be read either") {
    keep_mode(system.sysfs.host(), GateMode::enforce);
    system.sysfs.write("run/spdmctl/mode.json", "{");
    CHECK(system.mode().mode == GateMode::enforce);
  }
}

TEST_CASE("a policy that can be read counts, although keyring or reference values cannot") {
  const System system;
  keep_mode(system.sysfs.host(), GateMode::enforce);
  Policy policy;
  policy.mode = GateMode::audit;
  CHECK(mode_in_force(system.sysfs.host(), {.given = {}, .policy = &policy, .broken = true}).mode == GateMode::audit);
  policy.mode.reset();
  CHECK(mode_in_force(system.sysfs.host(), {.given = {}, .policy = &policy, .broken = true}).mode == GateMode::enforce);
}
