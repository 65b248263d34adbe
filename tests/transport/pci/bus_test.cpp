#include "transport/pci/bus.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/support/fake_sysfs.h"

using namespace spdm::transport;
using support::FakeFunction;
using support::FakeSysfs;

namespace {

PciDevice only(const FakeSysfs& sysfs) {
  const std::vector<PciDevice> devices = scan(sysfs.host());
  REQUIRE(devices.size() == 1);
  return devices.front();
}

}  // namespace

TEST_CASE("a function has the identity that CMA names, with serial number and mailboxes") {
  const FakeSysfs sysfs;
  sysfs.add({.serial = 0x0123456789abcdef, .mailboxes = {0x160, 0x200}, .bus_master = true});
  const PciDevice device = find_device(sysfs.host(), {0, 3, 0, 0});
  CHECK(to_string(device.identity) == "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:0123456789abcdef");
  CHECK(device.mailboxes == std::vector<std::uint16_t>{0x160, 0x200});
  CHECK(device.bus_master);
  CHECK(!device.gone);
  CHECK(!device.is_bridge());
  CHECK(device.power_state == "D0");
  CHECK(!device.driver);
  CHECK(!device.driver_override);
  CHECK(!device.doe_features);
  CHECK(device.may_attest());
  CHECK(device.directory(sysfs.host()) == sysfs.device("0000:03:00.0"));
}

TEST_CASE("what the kernel says of the mailboxes decides, where it says anything") {
  const FakeSysfs sysfs;
  sysfs.add({.mailboxes = {0x160}});
  SUBCASE("CMA") {
    sysfs.features("0000:03:00.0", {"doe_discovery", "0001:01", "0001:02"});
    const PciDevice device = only(sysfs);
    CHECK(device.doe_features == std::vector<DoeFeature>{{1, 0}, {1, 1}, {1, 2}});
    CHECK(device.may_attest());
  }
  SUBCASE("something else") {
    sysfs.features("0000:03:00.0", {"doe_discovery", "1e98:02"});
    CHECK(!only(sysfs).may_attest());
  }
  SUBCASE("nothing that can be understood") {
    sysfs.features("0000:03:00.0", {"0001:1", "00001:01", "0001-01", "x", "-001:01", "0001:0x", "0001:011"});
    const PciDevice device = only(sysfs);
    CHECK(device.doe_features == std::vector<DoeFeature>{});
    CHECK(!device.may_attest());
  }
}

TEST_CASE("bridges, functions of one device and virtual functions") {
  const FakeSysfs sysfs;
  sysfs.add({.bdf = "0000:00:01.0", .device = 0x000c, .class_code = 0x060400, .header_type = 0x01});
  sysfs.add({.bdf = "0000:03:00.0", .header_type = 0x80});
  sysfs.add({.bdf = "0000:03:00.1", .device = 0x0011, .class_code = 0x040300, .header_type = 0x80});
  sysfs.add({.bdf = "0000:03:00.4", .device = 0x0012, .mailboxes = {0x140}, .virtual_function = true});
  sysfs.physfn("0000:03:00.4", "0000:03:00.0");
  sysfs.add({.bdf = "10000:01:00.0"});
  const std::vector<PciDevice> devices = scan(sysfs.host());
  REQUIRE(devices.size() == 5);
  CHECK(devices[0].is_bridge());
  CHECK(devices[0].header_type == 1);
  CHECK(!devices[0].identity.subsystem_vendor);
  CHECK(to_string(devices[0].identity) == "Vendor=1b36:Device=000c:CC=060400:REV=02");
  CHECK(devices[1].header_type == 0);  // without the multi-function bit
  CHECK(!devices[1].may_attest());
  CHECK(devices[2].bdf == Bdf{0, 3, 0, 1});
  CHECK(devices[2].identity.subsystem == 0x1100);
  // Its registers of vendor and device hold ones: it is not gone.
  CHECK(!devices[3].gone);
  CHECK(devices[3].identity.device == 0x0012);
  CHECK(devices[3].physical_function == Bdf{0, 3, 0, 0});
  CHECK(devices[3].mailboxes == std::vector<std::uint16_t>{0x140});
  CHECK(devices[4].bdf.domain == 0x10000);
}

TEST_CASE("driver, override, group, removability and slot come from sysfs") {
  const FakeSysfs sysfs;
  sysfs.add({});
  sysfs.bind("0000:03:00.0", "nvme");
  sysfs.set("0000:03:00.0", "driver_override", "spdmctl-blocked\n");
  sysfs.iommu_group("0000:03:00.0", "14");
  sysfs.set("0000:03:00.0", "removable", "removable\n");
  SUBCASE("slot of a device") { sysfs.slot("3-1", "0000:03:00"); }
  SUBCASE("slot of a bus") { sysfs.slot("3-1", "0000:03"); }
  sysfs.slot("9", "0000:09:00");
  const PciDevice device = only(sysfs);
  CHECK(device.driver == "nvme");
  CHECK(device.driver_override == "spdmctl-blocked");
  CHECK(device.iommu_group == 14U);
  CHECK(device.removable == "removable");
  CHECK(device.slot == "3-1");
}

TEST_CASE("who may not read all of configuration space knows of no mailbox") {
  const FakeSysfs sysfs;
  sysfs.add({.serial = 1, .mailboxes = {0x140}, .bus_master = true, .config_size = 64});
  const PciDevice device = only(sysfs);
  CHECK(!device.mailboxes);
  CHECK(device.identity.serial == 0);
  CHECK(device.identity.subsystem == 0x1100);
  CHECK(device.bus_master);
  CHECK(!device.may_attest());
  sysfs.features("0000:03:00.0", {"doe_discovery", "0001:01"});
  CHECK(only(sysfs).may_attest());
}

TEST_CASE("a function that vanishes is left out, and what is no function is passed over") {
  const FakeSysfs sysfs;
  sysfs.add({});
  // Links of devices/ whose directory has just gone.
  std::filesystem::create_symlink("../../../devices/pci0000:00/0000:04:00.0", sysfs.device("0000:04:00.0"));
  std::filesystem::create_directories(sysfs.device("0000:05:00.8"));
  std::filesystem::create_directories(sysfs.device("05:00.0"));
  CHECK(only(sysfs).bdf == Bdf{0, 3, 0, 0});
  CHECK_THROWS_AS(find_device(sysfs.host(), {0, 4, 0, 0}), spdm::Error);
}

TEST_CASE("conventional PCI has no mailbox for sure") {
  const FakeSysfs sysfs;
  sysfs.add({.config_size = 256});
  CHECK(only(sysfs).mailboxes == std::vector<std::uint16_t>{});
}

TEST_CASE("a device in D3cold is not woken") {
  const FakeSysfs sysfs;
  sysfs.add({.serial = 7, .mailboxes = {0x140}, .bus_master = true});
  sysfs.set("0000:03:00.0", "power_state", "D3cold\n");
  const PciDevice device = only(sysfs);
  CHECK(!device.mailboxes);  // nothing of configuration space was read
  CHECK(device.identity.serial == 0);
  CHECK(!device.bus_master);
  CHECK(!device.gone);
  CHECK(device.identity.subsystem == 0x1100);
}

TEST_CASE("a function that answers with ones is listed as gone") {
  const FakeSysfs sysfs;
  sysfs.add({.serial = 7, .mailboxes = {0x140}});
  sysfs.set("0000:03:00.0", "config", std::string(4096, '\xFF'));
  const PciDevice device = only(sysfs);
  CHECK(device.gone);
  CHECK(!device.mailboxes);
  CHECK(device.identity.serial == 0);
  CHECK(device.identity.vendor == 0x1b36);
}

TEST_CASE("a list of capabilities without end, and one that leaves its bounds") {
  const FakeSysfs sysfs;
  std::vector<std::uint8_t> config = support::config_space_of({.mailboxes = {0x140}});
  const auto link = [&](std::size_t from, unsigned to) {
    config.at(from + 2) = static_cast<std::uint8_t>((config.at(from + 2) & 0x0F) | (to << 4 & 0xF0));
    config.at(from + 3) = static_cast<std::uint8_t>(to >> 4);
  };
  const auto mailboxes = [&] {
    sysfs.set("0000:03:00.0", "config", {reinterpret_cast<const char*>(config.data()), config.size()});
    return only(sysfs).mailboxes;
  };
  sysfs.add({});
  SUBCASE("in a circle") {
    link(0x140, 0x100);
    CHECK(mailboxes() == std::vector<std::uint16_t>{0x140});
  }
  SUBCASE("into the first 256 bytes") {
    link(0x140, 0x40);
    CHECK(mailboxes() == std::vector<std::uint16_t>{0x140});
  }
  SUBCASE("a mailbox that would not fit") {
    link(0x140, 0xFFC);
    config.at(0xFFC) = 0x2E;
    config.at(0xFFE) = 0x01;
    CHECK(mailboxes() == std::vector<std::uint16_t>{0x140});
  }
}

TEST_CASE("junk in every attribute is no more than junk") {
  const std::string binary("\x00\xFF\x1B[31m\n\x80", 9);
  for (const std::string& junk :
       {std::string(), binary, std::string(1'000'000, 'A'), std::string("-1"), std::string("0xffffffffffffffffff")}) {
    const FakeSysfs sysfs;
    sysfs.add({.mailboxes = {0x140}});
    for (const char* attribute : {"vendor",           "device",          "class",       "revision",           "subsystem_vendor",
                                  "subsystem_device", "driver_override", "power_state", "removable",          "authenticated",
                                  "tsm/connect",      "tsm/bound",       "tsm/dsm",     "certificates/slot0", "signatures/x",
                                  "doe_features/x",   "config",          "driver",      "iommu_group",        "physfn"})
      sysfs.set("0000:03:00.0", attribute, junk);
    sysfs.write("sys/bus/pci/slots/x/address", junk);
    sysfs.write("sys/bus/pci/devices/" + std::string(100, 'x'), junk);
    sysfs.write("sys/bus/pci/devices/0000:3:0.0/vendor", junk);  // no name that the kernel gives
    const PciDevice device = only(sysfs);
    CHECK(device.bdf == Bdf{0, 3, 0, 0});
    CHECK(!device.driver);
    CHECK(!device.iommu_group);
    CHECK(!device.physical_function);
    CHECK(device.doe_features == std::vector<DoeFeature>{});
    CHECK(device.driver_override.value_or("").size() <= 4096);
    owner_of(device);
  }
}

TEST_CASE("who else may own SPDM") {
  const FakeSysfs sysfs;
  sysfs.add({});
  CHECK(!owner_of(only(sysfs)));
  SUBCASE("drivers") {
    for (const auto& [driver, owner] : std::vector<std::pair<std::string, std::optional<std::string>>>{
             {"nvme", std::nullopt},
             {"vfio-pci", "driver vfio-pci (a guest may use it)"},
             {"mlx5_vfio_pci", "driver mlx5_vfio_pci (a guest may use it)"},
             {"pciback", "driver pciback (a guest may use it)"},
             {"uio_pci_generic", "driver uio_pci_generic (a process may use it)"}}) {
      sysfs.bind("0000:03:00.0", driver);
      CHECK(owner_of(only(sysfs)) == owner);
    }
  }
  SUBCASE("a TSM") {
    sysfs.bind("0000:03:00.0", "vfio-pci");
    sysfs.set("0000:03:00.0", "tsm/connect", "\n");
    CHECK(owner_of(only(sysfs)) == "driver vfio-pci (a guest may use it)");
    sysfs.set("0000:03:00.0", "tsm/dsm", "0000:03:00.0\n");
    CHECK(owner_of(only(sysfs)) == "a TSM (connected through 0000:03:00.0)");
    sysfs.set("0000:03:00.0", "tsm/connect", "tsm0\n");
    CHECK(owner_of(only(sysfs)) == "TSM tsm0 (connected)");
    sysfs.set("0000:03:00.0", "tsm/bound", "tsm0\n");
    CHECK(owner_of(only(sysfs)) == "TSM tsm0 (bound to a guest)");
  }
}

TEST_CASE("names come from pci.ids, or the numbers stand for them") {
  const FakeSysfs sysfs;
  sysfs.add({});
  sysfs.add({.bdf = "0000:04:00.0", .vendor = 0x1234, .device = 0xabcd, .class_code = 0xfe0100});
  sysfs.write("usr/share/misc/pci.ids",
              "1b36  Example Corp.\n\t0010  Storage of examples\nC 01  Mass storage\n\t08  Non-Volatile memory controller\n");
  const std::vector<PciDevice> devices = scan(sysfs.host());
  const std::vector<PciNames> names = names_of(devices, sysfs.host());
  REQUIRE(names.size() == 2);
  CHECK(names[0].vendor == "Example Corp.");
  CHECK(names[0].device == "Storage of examples");
  CHECK(names[0].device_class == "Non-Volatile memory controller");
  CHECK(names[1].vendor == "Vendor 1234");
  CHECK(names[1].device == "Device abcd");
  CHECK(names[1].device_class == "Class fe01");
  std::filesystem::remove(sysfs.root() / "usr/share/misc/pci.ids");
  CHECK(names_of(devices, sysfs.host())[0].device == "Device 0010");
}

TEST_CASE("a missing sysfs is an error that leaves the process alive") {
  const FakeSysfs sysfs;
  const auto error_of = [](auto run) {
    try {
      run();
    } catch (const spdm::Error& error) {
      return error;
    }
    return spdm::Error(spdm::ErrorId::internal, "nothing was thrown");
  };
  spdm::Error error = error_of([&] { find_device(sysfs.host(), {0, 3, 0, 0}); });
  CHECK(error.id == spdm::ErrorId::no_device);
  CHECK(std::string(error.what()) == "there is no PCI function 0000:03:00.0");
  CHECK(scan(sysfs.host()).empty());
  std::filesystem::remove_all(sysfs.root() / "sys");
  error = error_of([&] { scan(sysfs.host()); });
  CHECK(error.id == spdm::ErrorId::no_device);
  CHECK(std::string(error.what()).find("shows no PCI bus") != std::string::npos);
  error = error_of([&] { find_device(sysfs.host(), {0, 3, 0, 0}); });
  CHECK(error.id == spdm::ErrorId::no_device);
  CHECK(error.hint == "is /sys mounted?");
}

TEST_CASE("libpci gives up with an exception, not with the end of the process") {
  const FakeSysfs sysfs;
  // A name of more than the 1024 characters that libpci has room for.
  std::filesystem::path root = sysfs.root();
  for (int i = 0; i < 10; ++i) root /= std::string(100, 'x');
  std::filesystem::create_directories(root / "sys/bus/pci");
  std::filesystem::copy(sysfs.add({}).parent_path(), root / "sys/bus/pci/devices", std::filesystem::copy_options::recursive);
  CHECK_THROWS_WITH_AS(scan({root}), doctest::Contains("PCI: File name too long"), spdm::Error);
}
