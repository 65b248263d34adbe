// What targets stand for, on a copy of what the kernel shows.
#include "cmd/attest/targets.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "cmd/attest/gather.h"
#include "cmd/host/privileges.h"
#include "core/evidence/expect_error.h"
#include "support/child.h"
#include "support/fake_sysfs.h"

using namespace spdm::cmd;
using namespace spdm;

namespace {

using Names = std::vector<std::string>;

Names names_of(const Targets& targets) {
  Names out;
  for (const Target& target : targets.list) out.push_back(target.name + (target.sought ? "?" : ""));
  return out;
}

struct Bus {
  Bus() {
    sysfs.add({.bdf = "0000:00:01.0"});  // no mailbox
    sysfs.add({.bdf = "0000:01:00.0", .mailboxes = {0x140}});
    sysfs.add({.bdf = "0000:02:00.0", .mailboxes = {0x140}});
    sysfs.features("0000:02:00.0", {"0001:00", "0001:01"});
    sysfs.add({.bdf = "0000:03:00.0", .mailboxes = {0x140}});
    sysfs.features("0000:03:00.0", {"0001:00", "0001:03"});
  }
  support::FakeSysfs sysfs;
};

}  // namespace

TEST_CASE("all: every function that may speak SPDM, by address; only discovery's word may still take it back") {
  const Bus bus;
  const Targets found = targets_of({"all"}, bus.sysfs.host());
  CHECK(names_of(found) == Names{"0000:01:00.0?", "0000:02:00.0"});
  CHECK(found.unknown == 0);
}

TEST_CASE("a device that is named is named, also twice and beside all") {
  const Bus bus;
  CHECK(names_of(targets_of({"all", "01:00.0"}, bus.sysfs.host())) == Names{"0000:01:00.0", "0000:02:00.0"});
  CHECK(names_of(targets_of({"02:00.0", "0000:02:00.0?max=4600", "emu://a", "emu://a"}, bus.sysfs.host())) ==
        Names{"0000:02:00.0", "emu://a", "emu://a"});
  // Named, it need not exist: that is for opening it to tell.
  CHECK(names_of(targets_of({"09:00.0"}, bus.sysfs.host())) == Names{"0000:09:00.0"});
}

TEST_CASE("a device that is named in several ways counts once, and has its address in outputs") {
  const Bus bus;
  bus.sysfs.add({.bdf = "0000:04:00.0", .vendor = 0x10de, .device = 0x2330});
  bus.sysfs.add_controller({.bdf = "0000:03:00.0"});
  const auto host = bus.sysfs.host();
  CHECK(names_of(targets_of({"10de:2330", "04:00.0", "/sys/bus/pci/devices/0000:04:00.0/", "/dev/nvme0", "/dev/nvme0n1", "03:00.0"},
                            host)) == Names{"0000:04:00.0", "0000:03:00.0"});
  CHECK(names_of(targets_of({"all", "/sys/bus/pci/devices/0000:02:00.0"}, host)) == Names{"0000:02:00.0", "0000:01:00.0?"});
  // Several fit: which of them is meant nobody knows. One that is not there is a result of its own, and the others are asked.
  expect_error(ErrorId::usage, "fits 4 PCI functions", [&] { targets_of({"01:00.0", "1b36:0010"}, host); });
  Targets found = targets_of({"10de:ffff", "/dev/nvme7", "01:00.0"}, host);
  CHECK(names_of(found) == Names{"10de:ffff", "/dev/nvme7", "0000:01:00.0"});
  open_targets(found.list, {.host = host});
  REQUIRE(found.list[0].failure);
  CHECK(found.list[0].failure->id == ErrorId::no_device);
  REQUIRE(found.list[1].failure);
  CHECK(found.list[1].failure->id == ErrorId::no_device);
  CHECK(found.list[2].opened);
  CHECK_FALSE(connects(found.list));
}

TEST_CASE("a name of a device is no recording, and a drive is none either") {
  for (const char* name : {"1b36:0010", "/sys/bus/pci/devices/0000:01:00.0/", "/dev/nvme0", "/dev/nvme0n1p1"}) CHECK_FALSE(recording(name));
  for (const char* name : {"/sys/bus/pci/devices/0000:01:00.0/signatures/0", "/dev/stdin", "/dev/fd/63"}) CHECK(recording(name));
  expect_error(ErrorId::usage, "is a drive, and no recording", [] { targets_of({"/dev/sda"}, {}); });
}

TEST_CASE("functions that could not be looked into are counted") {
  Bus bus;
  bus.sysfs.add({.bdf = "0000:04:00.0", .config_size = 64});
  CHECK(targets_of({"all"}, bus.sysfs.host()).unknown == 1);
}

TEST_CASE("all of nothing is an error, and says what may help") {
  const support::FakeSysfs empty;
  empty.add({.bdf = "0000:00:01.0"});
  expect_error(ErrorId::no_device, "no PCI device of this host has a DOE mailbox that carries CMA-SPDM",
               [&] { targets_of({"all"}, empty.host()); });
  // Beside others it is told, and the others are asked.
  const Targets beside = targets_of({"all", "emu://a"}, empty.host());
  CHECK(names_of(beside) == Names{"emu://a"});
  CHECK(beside.none == "no PCI device of this host has a DOE mailbox that carries CMA-SPDM; see: spdmctl list");
  CHECK(targets_of({"emu://a"}, empty.host()).none.empty());
  empty.add({.bdf = "0000:04:00.0", .config_size = 64});
  expect_error(::geteuid() == 0 ? ErrorId::no_device : ErrorId::permission, "", [&] { targets_of({"all"}, empty.host()); });
}

TEST_CASE("a device that cannot be opened is inspected all the same, where that is asked for") {
  support::FakeSysfs sysfs;
  sysfs.add({.bdf = "0000:01:00.0", .mailboxes = {0x140}, .registers = {{0x44, 1U << 30}}});
  sysfs.bind("0000:01:00.0", "vfio-pci");
  sysfs.add({.bdf = "0000:02:00.0", .config_size = 64});
  const auto opened = [&](const std::string& name, bool inspect) {
    std::vector<Target> targets(1);
    targets.front().name = name;
    open_targets(targets, {.host = sysfs.host(), .inspect = inspect});
    CHECK(targets.front().failure);
    return targets.front().host;
  };
  const HostView owned = opened("01:00.0", true);
  CHECK(owned.owner == "driver vfio-pci (a guest may use it)");
  REQUIRE(owned.encryption);
  CHECK(owned.encryption->tee_io);
  CHECK_FALSE(opened("01:00.0", false).encryption);
  const HostView hidden = opened("02:00.0", true);
  CHECK(hidden.bdf == "0000:02:00.0");
  CHECK(hidden.identity);
  CHECK_FALSE(hidden.encryption);
  CHECK_FALSE(opened("09:00.0", true).encryption);
}

TEST_CASE("a wrong name ends it before anything is looked for") {
  const spdm::transport::Host nowhere{"/nothing/there"};
  expect_error(ErrorId::usage, "nor a target", [&] { targets_of({"all", "03:00.9"}, nowhere); });
  expect_error(ErrorId::no_device, "shows no PCI bus", [&] { targets_of({"all"}, nowhere); });
}

TEST_CASE("a file called all is no recording unless its path is given") {
  CHECK_FALSE(recording("all"));
  CHECK(recording("./all"));
  CHECK(recording("file:all"));
}

TEST_CASE("a file that bears the name of a device does not stand in for it") {
  for (const char* name : {"0000:01:00.0", "01:00.0", "emu://127.0.0.1:2323", "tcp://host", "emulated:x.yaml"}) {
    CAPTURE(name);
    CHECK_FALSE(recording(name));
    CHECK(recording(std::string("file:") + name));
  }
  const support::TemporaryDirectory folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::ofstream("0000:01:00.0") << "{}";
  std::ofstream("device.json") << "{}";
  CHECK_FALSE(recording("0000:01:00.0"));
  CHECK(recording("./0000:01:00.0"));
  CHECK(recording("device.json"));
  std::filesystem::current_path(before);
}

TEST_CASE("everything live is opened; a failure is kept for the report") {
  const Bus bus;
  Targets found = targets_of({"01:00.0", "00:01.0", "09:00.0", "emu://127.0.0.1:1"}, bus.sysfs.host());
  open_targets(found.list, {.host = bus.sysfs.host()});
  CHECK(found.list[0].opened);
  CHECK(found.list[0].opened->host.bdf == "0000:01:00.0");
  REQUIRE(found.list[1].failure);
  CHECK(found.list[1].failure->id == ErrorId::no_spdm);
  REQUIRE(found.list[2].failure);
  CHECK(found.list[2].failure->id == ErrorId::no_device);
  CHECK(found.list[3].opened);  // nobody is called before its turn comes
}

TEST_CASE("what an open device holds is still given back when privileges are gone") {
  const Bus bus;
  bus.sysfs.set("0000:01:00.0", "power/control", "auto\n");
  const int code = support::in_child([&] {
    Targets found = targets_of({"01:00.0"}, bus.sysfs.host());
    open_targets(found.list, {.host = bus.sysfs.host()});
    const bool awake = spdm::transport::read_attribute(bus.sysfs.device("0000:01:00.0") / "power/control") == "on";
    drop_privileges({});
    found.list.clear();
    return awake ? 0 : 1;
  });
  CHECK(code == 0);
  CHECK(bus.sysfs.read(bus.sysfs.device("0000:01:00.0") / "power/control").starts_with("auto"));
}

TEST_CASE("where nobody speaks SPDM, who was asked is named: mailboxes, or drives") {
  expect_error(ErrorId::no_device, "has a DOE mailbox", [] { fail_for_want_of_devices(spdm::transport::Via::any); });
  expect_error(ErrorId::no_device, "no drive of this host that is awake speaks SPDM",
               [] { fail_for_want_of_devices(spdm::transport::Via::storage); });
}

TEST_CASE("of all, what says for itself that it is not meant is left out, and nothing else") {
  Evidence evidence;
  evidence.error = Interruption{ErrorId::no_spdm, "none carries CMA-SPDM", ""};
  CHECK(is_left_out(true, evidence));
  CHECK_FALSE(is_left_out(false, evidence));
  evidence.log.push_back({.from_requester = true, .secured = false, .bytes = {0x10, 0x84, 0, 0}});
  CHECK_FALSE(is_left_out(true, evidence));  // it spoke SPDM, and lacks something
  evidence.log.clear();
  evidence.error->id = ErrorId::timeout;
  CHECK_FALSE(is_left_out(true, evidence));
  evidence.error.reset();
  CHECK_FALSE(is_left_out(true, evidence));
}
