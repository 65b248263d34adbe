// Drives as targets, on a copy of what the kernel shows.
#include "cmd/attest/drive_scope.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cmd/attest/audit_scope.h"
#include "cmd/attest/pipeline.h"
#include "cmd/options.h"
#include "core/evidence/expect_error.h"
#include "support/child.h"
#include "support/fake_sysfs.h"
#include "transport/storage/opener.h"

using namespace spdm;
using namespace spdm::cmd;
using transport::Via;

namespace {

std::vector<Target> targets(const std::vector<std::string>& names) {
  std::vector<Target> out;
  for (const std::string& name : names) out.push_back({.name = name});
  return out;
}

// An NVMe controller on PCI, another by a network, and two SCSI disks, one of which is asleep.
struct Machine {
  Machine() {
    sysfs.add({.bdf = "0000:03:00.0"});                          // an NVMe controller
    sysfs.add({.bdf = "0000:04:00.0", .class_code = 0x020000});  // none
    sysfs.add_controller({});
    sysfs.add_controller({.name = "nvme1", .bdf = "", .transport = "tcp"});
    sysfs.add_disk({});
    sysfs.add_disk({.generic = "sg1", .disk = "sdb", .address = "1:0:0:0", .parent = "pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0"});
    sysfs.write("sys/class/scsi_generic/sg1/device/power/runtime_status", "suspended\n");
    locked_down(false);
  }
  void locked_down(bool yes) const {
    sysfs.write("sys/kernel/security/lockdown", yes ? "none [integrity] confidentiality\n" : "[none] integrity confidentiality\n");
  }
  std::string node(const std::string& name) const { return "/dev/" + name; }
  bool needs(const std::string& target, Via via = Via::any) const {
    return may_need_drives(targets({target}), {.host = sysfs.host(), .via = via});
  }

  support::FakeSysfs sysfs;
};

std::vector<std::string> names_of(const std::vector<Target>& targets) {
  std::vector<std::string> out;
  for (const Target& target : targets) out.push_back(target.name + (target.sought ? "?" : ""));
  return out;
}

}  // namespace

TEST_CASE("all are the drives that are awake, where only their own way is asked") {
  const Machine machine;
  const Targets found = targets_of({"all"}, machine.sysfs.host(), Via::storage);
  CHECK(names_of(found.list) == std::vector<std::string>{"nvme:" + machine.node("nvme0") + "?", "nvme:" + machine.node("nvme1") + "?",
                                                         "scsi:" + machine.node("sg0") + "?"});
  CHECK(found.asleep == 1);
  // One that is named is meant, and is there once.
  const std::string named = "nvme:" + machine.node("nvme1");
  CHECK(names_of(targets_of({"all", named}, machine.sysfs.host(), Via::storage).list).front() == named);
  CHECK(targets_of({"all", named}, machine.sysfs.host(), Via::storage).list.size() == 3);
  const support::FakeSysfs empty;
  expect_error(ErrorId::no_device, "no drive that is awake", [&] { targets_of({"all"}, empty.host(), Via::storage); });
}

TEST_CASE("an audit of all is one of the drives, too; a rule may exempt one") {
  const Machine machine;
  Policy policy;
  add_policy_file(policy, "x.yaml", "version: 1\nrules:\n  - {name: free, match: {bdf: \"0000:03:00.0\"}, exempt: true}\n");
  AuditScope scope = audit_scope({}, &policy, machine.sysfs.host(), Exempt::left_out, Via::storage);
  CHECK(names_of(scope.take_live()) ==
        std::vector<std::string>{"nvme:" + machine.node("nvme1") + "?", "scsi:" + machine.node("sg0") + "?"});
  REQUIRE(scope.notes.size() == 2);
  CHECK(scope.notes[0].find("exempt by rule 'free'") != std::string::npos);
  CHECK(scope.notes[1].find("1 drive is asleep") != std::string::npos);
}

TEST_CASE("what the host sees of a drive is told, also when it could not be opened") {
  const Machine machine;
  const HostView view = view_of("nvme:" + machine.node("nvme0"), machine.sysfs.host());
  CHECK(view.bdf == "0000:03:00.0");
  REQUIRE(view.drive);
  CHECK(view.drive->model == "QEMU NVMe Ctrl");
  CHECK(view.target == "nvme:" + machine.node("nvme0"));
  CHECK(view_of("scsi:/dev/sda?max=512", machine.sysfs.host()).drive->transport == "sata");
  CHECK_FALSE(view_of("nvme:/dev/nvme7", machine.sysfs.host()).drive);
}

TEST_CASE("a broker is needed for drives, and for controllers that leave no other way") {
  const Machine machine;
  CHECK(machine.needs("nvme:/dev/nvme0"));
  CHECK(machine.needs("scsi:/dev/sg0?max=512"));
  CHECK_FALSE(machine.needs("nvme:/dev/nvme0", Via::doe));
  for (const char* const other : {"emu://a", "tcp://a", "emulated:nvme", "file:nvme:/dev/nvme0"}) CHECK_FALSE(machine.needs(other));
  CHECK_FALSE(machine.needs("03:00.0"));
  CHECK(machine.needs("03:00.0?max=512", Via::storage));
  CHECK_FALSE(machine.needs("04:00.0", Via::storage));
  CHECK_FALSE(may_need_drives(machine.sysfs.host(), Via::any));
  CHECK(may_need_drives(machine.sysfs.host(), Via::storage));
  machine.locked_down(true);
  CHECK(machine.needs("03:00.0"));
  CHECK_FALSE(machine.needs("03:00.0", Via::doe));
  CHECK_FALSE(machine.needs("04:00.0"));
  CHECK(may_need_drives(machine.sysfs.host(), Via::any));
  CHECK_FALSE(may_need_drives(machine.sysfs.host(), Via::doe));
  machine.locked_down(false);
  std::filesystem::remove(machine.sysfs.root() / "sys/kernel/security/lockdown");  // then only a try tells
  CHECK(machine.needs("03:00.0"));
}

TEST_CASE("drives are asked without a network") {
  CHECK_FALSE(connects(targets({"nvme:/dev/nvme0", "scsi:/dev/sg0"})));
  CHECK(connects(targets({"nvme:/dev/nvme0", "tcp://a"})));
  CHECK_FALSE(address_of("nvme:/dev/nvme0"));
  CHECK_FALSE(recording("nvme:/dev/nvme0"));
  CHECK_FALSE(recording("scsi:/dev/sg0"));
}

TEST_CASE("a run that may need drives starts the broker, says so, and has no other") {
  const Machine machine;
  const auto told_by = [&](const std::string& target, bool& started) {
    Run run;
    run.targets.push_back({.name = target});
    run.open.host = machine.sysfs.host();
    run.open.timeout = std::chrono::milliseconds(500);
    bool told = false;
    run.tell = [&](const Confinement& confinement) {
      for (const std::string& line : confinement.in_force) told = told || line.find("only a broker accesses them") != std::string::npos;
    };
    open_and_confine(run);
    started = run.open.drives != nullptr;
    return told;
  };
  CHECK(support::in_child([&] {
          bool started = false;
          return told_by("nvme:" + machine.node("nvme0"), started) && started ? 0 : 1;
        }) == 0);
  CHECK(support::in_child([&] {
          bool started = false;
          return told_by("03:00.0", started) || started ? 1 : 0;
        }) == 0);
}

TEST_CASE("the way to a device is one of two words") {
  CHECK(via_of("") == Via::any);
  CHECK(via_of("doe") == Via::doe);
  CHECK(via_of("storage") == Via::storage);
  expect_error(ErrorId::usage, "--via: 'nvme'", [] { via_of("nvme"); });
  expect_error(ErrorId::usage, "--via: 'any'", [] { via_of("any"); });
}
