// Drives, on copies of what the kernel shows of them.
#include "transport/storage/drives.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/fake_sysfs.h"

using namespace spdm;
using namespace spdm::transport;

namespace fs = std::filesystem;

namespace {

const Bdf kFunction{.domain = 0, .bus = 3, .device = 0, .function = 0};

struct Tree {
  support::FakeSysfs sysfs;
  Host host = sysfs.host();

  Tree() {
    sysfs.add(support::FakeFunction{});
    sysfs.add_controller(support::FakeController{});
    sysfs.add_disk(support::FakeDisk{});
  }
  Drive find(DriveKind kind, std::string_view node) const { return find_drive(host, kind, node); }
  void refused(DriveKind kind, std::string_view node, ErrorId id, const std::string& why, const std::string& hint) const {
    CAPTURE(node);
    expect_error(id, why, [&] { find(kind, node); });
    try {
      find(kind, node);
    } catch (const Error& error) {
      CHECK(error.hint == hint);
    }
  }
};

std::vector<std::string> names(const std::vector<Drive>& drives) {
  std::vector<std::string> out;
  for (const Drive& drive : drives) out.push_back(drive.name);
  return out;
}

}  // namespace

TEST_CASE("drives: what the kernel shows of each") {
  const Tree tree;
  const std::vector<Drive> drives = scan_drives(tree.host);
  REQUIRE(names(drives) == std::vector<std::string>{"nvme0", "sg0"});
  const Drive& nvme = drives[0];
  CHECK(nvme.kind == DriveKind::nvme);
  CHECK(nvme.node == tree.host.root / "dev/nvme0");
  CHECK(nvme.disk == "nvme0n1");
  CHECK(nvme.bdf == kFunction);
  CHECK(!nvme.asleep);
  CHECK(nvme.view.model == "QEMU NVMe Ctrl");
  CHECK(nvme.view.serial == "deadbeef");
  CHECK(nvme.view.firmware == "11.1.3");
  CHECK(nvme.view.transport == "pcie");
  CHECK(!nvme.view.discovery);
  const Drive& sata = drives[1];
  CHECK(sata.kind == DriveKind::scsi);
  CHECK(sata.node == tree.host.root / "dev/sg0");
  CHECK(sata.disk == "sda");
  CHECK(!sata.bdf);  // the adapter is another device
  CHECK(sata.view.model == "Samsung SSD 870");
  CHECK(sata.view.serial == "S62ANJ0R123456");
  CHECK(sata.view.firmware == "2B6Q");
  CHECK(sata.view.transport == "sata");
}

TEST_CASE("drives: by number, and disks only") {
  const Tree tree;
  for (const char* name : {"nvme10", "nvme2"}) tree.sysfs.add_controller({.name = name, .bdf = "", .transport = "tcp", .namespaces = {}});
  tree.sysfs.add_disk({.generic = "sg10", .disk = "sdb", .address = "1:0:0:0"});
  tree.sysfs.add_disk({.generic = "sg2", .disk = "sr0", .address = "2:0:0:0", .type = "5"});
  tree.sysfs.add_disk({.generic = "sg1", .disk = "", .address = "3:0:0:0"});
  fs::create_directories(tree.host.root / "sys/class/nvme/nvme-subsys0");
  CHECK(names(scan_drives(tree.host)) == std::vector<std::string>{"nvme0", "nvme2", "nvme10", "sg0", "sg1", "sg10"});
  CHECK(scan_drives({"/nonexistent"}).empty());
}

TEST_CASE("drives: the controller of a PCI function") {
  const Tree tree;
  REQUIRE(drive_of(tree.host, kFunction));
  CHECK(drive_of(tree.host, kFunction)->name == "nvme0");
  CHECK(!drive_of(tree.host, {.domain = 0, .bus = 4, .device = 0, .function = 0}));
  // One over a network has no function, whatever its parent is called.
  tree.sysfs.add_controller({.name = "nvme1", .bdf = "0000:04:00.0", .transport = "rdma", .namespaces = {}});
  CHECK(!drive_of(tree.host, {.domain = 0, .bus = 4, .device = 0, .function = 0}));
}

TEST_CASE("drives: how each is attached") {
  const auto transport = [](const std::string& parent) {
    const support::FakeSysfs sysfs;
    sysfs.add_disk({.parent = parent});
    return scan_drives(sysfs.host()).at(0).view.transport;
  };
  CHECK(transport("pci0000:00/0000:00:1f.2/ata12/host11/target11:0:0") == "sata");
  CHECK(transport("pci0000:00/0000:01:00.0/host0/port-0:0/end_device-0:0/target0:0:0") == "sas");
  CHECK(transport("pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0") == "usb");
  CHECK(transport("platform/host2/session1/target2:0:0") == "iscsi");
  CHECK(transport("pci0000:00/0000:02:00.0/host3/rport-3:0-1/target3:0:0") == "fc");
  CHECK(transport("pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0") == "scsi");
}

TEST_CASE("drives: text of a drive is bounded, and nothing but text") {
  support::FakeSysfs sysfs;
  sysfs.add_controller(
      {.name = "nvme0", .bdf = "", .model = cat("  \x1b[31m", std::string(1000, 'x')), .serial = "a\nb\xff", .namespaces = {}});
  sysfs.add_disk({.vendor = "SEAGATE ", .model = "ST4000NM0023    ", .serial = std::string("\0AB\0C \0", 7)});
  const std::vector<Drive> drives = scan_drives(sysfs.host());
  CHECK(drives.at(0).view.model == "?[31m" + std::string(250, 'x'));
  CHECK(drives.at(0).view.serial == "a?b?");
  CHECK(drives.at(1).view.model == "SEAGATE ST4000NM0023");
  CHECK(drives.at(1).view.serial == "AB?C");
}

TEST_CASE("drives: a page of the serial number that is wrong gives none") {
  const support::FakeSysfs sysfs;
  const fs::path device = sysfs.add_disk(support::FakeDisk{});
  const auto serial = [&](std::string_view page) {
    sysfs.write(fs::relative(device / "vpd_pg80", sysfs.root()).string(), page);
    return scan_drives(sysfs.host()).at(0).view.serial;
  };
  using namespace std::string_view_literals;
  CHECK(serial("\x00\x80\x00\x04WXYZ"sv) == "WXYZ");
  CHECK(serial("\x00\x80\x00\x02WXYZ"sv) == "WX");
  CHECK(serial("\x00\x80\xFF\xFFWXYZ"sv) == "WXYZ");
  CHECK(serial("\x00\x83\x00\x04WXYZ"sv).empty());
  CHECK(serial("\x00\x80\x00"sv).empty());
  CHECK(serial(""sv).empty());
  CHECK(serial(cat("\x00\x80\x0F\xFF"sv, std::string(5000, 'x'))) == std::string(255, 'x'));
}

TEST_CASE("drives: one that the kernel has suspended") {
  const Tree tree;
  tree.sysfs.set("0000:03:00.0", "power/runtime_status", "suspended\n");
  CHECK(scan_drives(tree.host).at(0).asleep);
  tree.sysfs.write("sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/power/runtime_status", "suspended\n");
  CHECK(tree.find(DriveKind::scsi, "/dev/sda").asleep);
}

TEST_CASE("drives: namespaces that several controllers share") {
  const support::FakeSysfs sysfs;
  sysfs.add_controller({.name = "nvme3", .bdf = "", .namespaces = {"nvme1c3n2"}});
  CHECK(scan_drives(sysfs.host()).at(0).disk == "nvme1n2");
}

TEST_CASE("drives: found by each of their nodes, and by links to them") {
  const Tree tree;
  fs::create_directories(tree.host.root / "dev/disk/by-id");
  fs::create_symlink("../../sda", tree.host.root / "dev/disk/by-id/ata-Samsung");
  fs::create_symlink("../../nvme0", tree.host.root / "dev/disk/by-id/nvme-QEMU");
  for (const char* node : {"/dev/sg0", "/dev/sda", "/dev/bsg/0:0:0:0"}) {
    const Drive drive = tree.find(DriveKind::scsi, node);
    CHECK(drive.name == "sg0");  // one lock for all of them
    CHECK(drive.node == fs::canonical(tree.host.root / fs::path(node).relative_path()));
    CHECK(drive.view.serial == "S62ANJ0R123456");
    CHECK(drive.disk == "sda");
  }
  CHECK(tree.find(DriveKind::scsi, "/dev/disk/by-id/ata-Samsung").node.filename() == "sda");
  CHECK(tree.find(DriveKind::nvme, "/dev/disk/by-id/nvme-QEMU").node.filename() == "nvme0");
  CHECK(tree.find(DriveKind::nvme, "/dev/nvme0").bdf == kFunction);
  // A kernel without sg.
  tree.sysfs.add_disk({.generic = "", .disk = "sdx", .address = "9:0:0:0"});
  CHECK(tree.find(DriveKind::scsi, "/dev/sdx").name == "sdx");
}

TEST_CASE("drives: nodes that are no drive, or not of this kind") {
  const Tree tree;
  using enum DriveKind;
  tree.refused(nvme, "/dev/nvme0n1", ErrorId::usage, "/dev/nvme0n1 is a namespace", "write nvme:/dev/nvme0");
  tree.refused(scsi, "/dev/nvme0n1", ErrorId::usage, "/dev/nvme0n1 is a namespace", "write nvme:/dev/nvme0");
  tree.sysfs.write("dev/ng0n1", "");
  tree.refused(nvme, "/dev/ng0n1", ErrorId::usage, "/dev/ng0n1 is a namespace", "write nvme:/dev/nvme0");
  tree.refused(nvme, "/dev/sg0", ErrorId::usage, "/dev/sg0 is a SCSI device", "write scsi:/dev/sg0");
  tree.refused(nvme, "/dev/sda", ErrorId::usage, "/dev/sda is a SCSI device", "write scsi:/dev/sg0");
  tree.refused(nvme, "/dev/bsg/0:0:0:0", ErrorId::usage, "/dev/bsg/0:0:0:0 is a SCSI device", "write scsi:/dev/sg0");
  tree.refused(scsi, "/dev/nvme0", ErrorId::usage, "/dev/nvme0 is an NVMe controller", "write nvme:/dev/nvme0");
  tree.refused(scsi, "/dev/sda1", ErrorId::usage, "/dev/sda1 is a partition", "write scsi:/dev/sda");
  tree.refused(nvme, "nvme0", ErrorId::usage, "'nvme0' is not a device node", "give its whole path, such as nvme:/dev/nvme0");
  tree.refused(scsi, "", ErrorId::usage, "'' is not a device node", "give its whole path, such as scsi:/dev/sg0");
  tree.refused(nvme, "/dev/nvme7", ErrorId::no_device, "there is no /dev/nvme7", "see: spdmctl list --drives");
  tree.refused(nvme, "/dev/nvme0/x", ErrorId::no_device, "there is no /dev/nvme0/x", "see: spdmctl list --drives");
  tree.refused(nvme, "/dev", ErrorId::usage, "/dev is not a device node", "see: spdmctl list --drives");
  tree.sysfs.write("home/file", "");
  tree.refused(scsi, "/home/file", ErrorId::usage, "/home/file is not a device node", "see: spdmctl list --drives");
  tree.sysfs.write("dev/nvme5", "");  // a file of this name, of which the kernel knows nothing
  tree.refused(nvme, "/dev/nvme5", ErrorId::usage, "/dev/nvme5 is not a device node", "see: spdmctl list --drives");
  fs::create_symlink("/dev/null", tree.host.root / "dev/null");
  tree.refused(nvme, "/dev/null", ErrorId::usage, "/dev/null is neither an NVMe controller nor a SCSI device",
               "see: spdmctl list --drives");
  tree.sysfs.remove("0000:03:00.0");
  tree.refused(nvme, "/dev/nvme0", ErrorId::usage, "/dev/nvme0 is not a device node", "see: spdmctl list --drives");
}

TEST_CASE("drives: what takes commands, by its name") {
  for (const char* node : {"/dev/nvme0", "/x/dev/nvme12"}) CHECK(kind_of_node(node) == DriveKind::nvme);
  for (const char* node : {"/dev/sg0", "/dev/sda", "/dev/sdab", "/dev/sr0", "/dev/bsg/0:0:0:0"})
    CHECK(kind_of_node(node) == DriveKind::scsi);
  for (const char* node : {"/dev/nvme0n1", "/dev/nvme", "/dev/nvme0p", "/dev/sda1", "/dev/sd", "/dev/sg", "/dev/watchdog", "/dev/mem", ""})
    CHECK(!kind_of_node(node));
}
