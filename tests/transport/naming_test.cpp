// The names of PCI functions.
#include "transport/naming.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "core/evidence/expect_error.h"
#include "support/fake_sysfs.h"
#include "transport/storage/controller.h"
#include "transport/target.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

namespace fs = std::filesystem;

// A drive, a GPU behind a bridge, two network functions, and a drive over a network.
struct Machine {
  Machine() {
    sysfs.add({.bdf = "0000:03:00.0"});
    sysfs.add_controller({.namespaces = {"nvme0n1"}});
    fs::create_directories(sysfs.root() / "sys/bus/pci/devices/0000:03:00.0/nvme/nvme0/nvme0n1/nvme0n1p2");
    link("sys/class/block/nvme0n1p2", "sys/bus/pci/devices/0000:03:00.0/nvme/nvme0/nvme0n1/nvme0n1p2");
    sysfs.add({.bdf = "0000:04:00.0", .vendor = 0x10de, .device = 0x2330});
    sysfs.move_below("pci0000:00/0000:00:01.0", "0000:04:00.0");
    for (const char* const bdf : {"0000:05:00.1", "0000:05:00.0"}) sysfs.add({.bdf = bdf, .vendor = 0x8086, .device = 0x12d1});
    sysfs.add_controller({.name = "nvme1", .bdf = "", .transport = "tcp", .namespaces = {"nvme1n1"}});
  }

  void link(const std::string& name, const std::string& place) const {
    fs::create_directories((sysfs.root() / name).parent_path());
    fs::create_symlink(sysfs.root() / place, sysfs.root() / name);
  }
  std::string named(const std::string& word) const { return to_string(function_named(word, sysfs.host())); }
  void refuses(const std::string& word, ErrorId id, const std::string& why) const {
    CAPTURE(word);
    expect_error(id, why, [&] { function_named(word, sysfs.host()); });
  }

  support::FakeSysfs sysfs;
};

}  // namespace

TEST_CASE("naming: an address is taken as it is, whether the function is there or not") {
  const Machine machine;
  CHECK(machine.named("03:00.0") == "0000:03:00.0");
  CHECK(machine.named("0001:E1:1f.7") == "0001:e1:1f.7");
}

TEST_CASE("naming: by vendor and device, where exactly one function has them") {
  const Machine machine;
  CHECK(machine.named("1b36:0010") == "0000:03:00.0");
  CHECK(machine.named("10DE:2330") == "0000:04:00.0");
  machine.refuses("8086:12d1", ErrorId::usage, "fits 2 PCI functions: 0000:05:00.0, 0000:05:00.1");
  machine.refuses("8086:ffff", ErrorId::no_device, "no PCI function of this host has this vendor and device");
  for (const char* const word : {"1b36:10", "1b36:00100", "1b36:001g", "01b36:0010", "1b36:0010.", "1b36;0010", "+b36:0010"}) {
    CAPTURE(word);
    CHECK_FALSE(names_function(word));
  }
  expect_error(ErrorId::no_device, "shows no PCI bus", [] { function_named("1b36:0010", {"/nothing/there"}); });
}

TEST_CASE("naming: many functions of one kind are not all told") {
  const support::FakeSysfs sysfs;
  for (const char* const bus : {"01", "02", "03", "04", "05", "06", "07", "08", "09", "0a"})
    sysfs.add({.bdf = std::string("0000:") + bus + ":00.0"});
  expect_error(ErrorId::usage, "fits 10 PCI functions: 0000:01:00.0, ", [&] { function_named("1b36:0010", sysfs.host()); });
  expect_error(ErrorId::usage, "0000:08:00.0 and 2 more", [&] { function_named("1b36:0010", sysfs.host()); });
}

TEST_CASE("naming: by a path of the kernel, below the root of the host") {
  const Machine machine;
  for (const char* const path : {"/sys/bus/pci/devices/0000:04:00.0", "/sys/bus/pci/devices/0000:04:00.0/",
                                 "/sys/bus/pci/devices//0000:04:00.0//", "/sys/devices/pci0000:00/0000:00:01.0/0000:04:00.0"})
    CHECK_MESSAGE(machine.named(path) == "0000:04:00.0", path);
  machine.link("sys/bus/pci/drivers/nvme/0000:03:00.0", "sys/bus/pci/devices/0000:03:00.0");
  CHECK(machine.named("/sys/bus/pci/drivers/nvme/0000:03:00.0") == "0000:03:00.0");
  machine.refuses("/sys/bus/pci/devices/0000:09:00.0", ErrorId::no_device, "there is no such device");
  // A directory of that name somewhere else is no function.
  fs::create_directories(machine.sysfs.root() / "sys/kernel/0000:03:00.0");
  machine.refuses("/sys/kernel/0000:03:00.0", ErrorId::usage, "is not the directory of a PCI function");
  // Files below a device are evidence, or nothing; and other folders are not the kernel's.
  for (const char* const path :
       {"/sys/bus/pci/devices/0000:04:00.0/signatures", "/tmp/0000:04:00.0", "sys/bus/pci/devices/0000:04:00.0", "/sys/bus/pci/devices"})
    CHECK_FALSE(names_function(path));
}

TEST_CASE("naming: by a node of the NVMe drive that it is") {
  const Machine machine;
  for (const char* const node : {"/dev/nvme0", "/dev/nvme0n1", "/dev/nvme0n1p2"})
    CHECK_MESSAGE(machine.named(node) == "0000:03:00.0", node);
  machine.refuses("/dev/nvme7", ErrorId::no_device, "there is no /dev/nvme7");
  machine.refuses("/dev/nvme0n9", ErrorId::no_device, "there is no /dev/nvme0n9");
  machine.refuses("/dev/nvme1", ErrorId::no_device, "is no PCI function: its controller nvme1 is reached over fabrics (tcp)");
  machine.refuses("/dev/nvme1n1", ErrorId::no_device, "is no PCI function: its controller nvme1 is reached over fabrics (tcp)");
  for (const char* const word : {"/dev/nvme", "/dev/nvme0n", "/dev/nvme0x1", "/dev/nvme0n1p", "/dev/nvme0p1", "/dev/nvme-fabrics",
                                 "/dev/ng0", "/dev/sda", "nvme0", "/dev/nvme0/"}) {
    CAPTURE(word);
    CHECK_FALSE(names_function(word));
  }
  CHECK(is_nvme_node("/dev/ng0n1"));
}

TEST_CASE("naming: a namespace of several controllers is of none alone, whatever its number") {
  const Machine machine;
  const std::string subsystem = "sys/devices/virtual/nvme-subsystem/nvme-subsys0";
  fs::create_directories(machine.sysfs.root() / subsystem / "nvme5n1");
  machine.link("sys/class/block/nvme5n1", subsystem + "/nvme5n1");
  machine.link(subsystem + "/nvme0", "sys/bus/pci/devices/0000:03:00.0/nvme/nvme0");
  CHECK(machine.named("/dev/nvme5n1") == "0000:03:00.0");
  machine.link(subsystem + "/nvme1", "sys/devices/virtual/nvme-fabrics/ctl/nvme/nvme1");
  machine.refuses("/dev/nvme5n1", ErrorId::usage, "has several controllers: /dev/nvme0, /dev/nvme1");
}

TEST_CASE("naming: targets have their address in outputs, and keep their options") {
  const Machine machine;
  const Host host = machine.sysfs.host();
  CHECK(canonical("03:00.0", host) == "0000:03:00.0");
  CHECK(canonical("1b36:0010?max=4600", host) == "0000:03:00.0?max=4600");
  for (const char* const other : {"nvme:/dev/nvme0", "emu://1b36:0010", "mctp:9", "all", "device.json", ""})
    CHECK(canonical(other, host) == other);
  expect_error(ErrorId::usage, "fits 2", [&] { canonical("8086:12d1", host); });
  // Each of these is a PCI function to the table of transports.
  for (const char* const word : {"1b36:0010", "/dev/nvme0n1", "/sys/bus/pci/devices/0000:04:00.0"}) CHECK(kind_of(word).scheme == "pci");
}

TEST_CASE("naming: what names no function says how to write one") {
  const Machine machine;
  machine.refuses("nonsense", ErrorId::usage, "invalid PCI address 'nonsense'");
  CHECK(functions_named({"03:00.0", "1b36:0010", "10de:2330"}, machine.sysfs.host()).size() == 2);
  try {
    function_named("8086:12d1", machine.sysfs.host());
  } catch (const Error& error) {
    CHECK(error.device == "8086:12d1");
  }
}
