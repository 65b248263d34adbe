#include "transport/pci_bus.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/support/fake_sysfs.h"

using namespace transport;
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

TEST_CASE("a missing sysfs is an error that leaves the process alive") {
  const FakeSysfs sysfs;
  std::filesystem::remove_all(sysfs.root() / "sys");
  CHECK_THROWS_AS(scan(sysfs.host()), spdm::Error);
  CHECK_THROWS_AS(find_device(sysfs.host(), {0, 3, 0, 0}), spdm::Error);
}
