#include "transport/pci/control.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/support/fake_sysfs.h"

using spdm::transport::Bdf;
using spdm::transport::PciControl;

namespace {

const std::string kName = "0000:03:00.0";
const Bdf kBdf = *spdm::transport::parse_bdf(kName);

struct Bench {
  support::FakeSysfs sysfs;
  std::vector<std::string> changes;
  PciControl control{sysfs.host(),
                     [this](const std::filesystem::path& file, std::string_view) { changes.push_back(file.filename().string()); }};

  Bench() { sysfs.add({.bdf = kName, .bus_master = true}); }
  std::string read(const std::string& attribute) const { return sysfs.read(sysfs.device(kName) / attribute); }
};

}  // namespace

TEST_CASE("overrides are written, read, and cleared with a line feed") {
  Bench bench;
  CHECK_FALSE(bench.control.driver_override(kBdf).has_value());
  bench.control.set_driver_override(kBdf, "nobody");
  CHECK(bench.control.driver_override(kBdf) == "nobody");
  bench.control.set_driver_override(kBdf, "");
  CHECK(bench.read("driver_override") == "\n");
  CHECK_FALSE(bench.control.driver_override(kBdf).has_value());
  CHECK(bench.changes.size() == 2);
}

TEST_CASE("autoprobe, probe, unbind, remove, power") {
  Bench bench;
  CHECK(bench.control.autoprobe());
  bench.control.set_autoprobe(false);
  CHECK_FALSE(bench.control.autoprobe());
  CHECK(bench.sysfs.read(bench.sysfs.pci() / "drivers_autoprobe") == "0");
  bench.control.probe(kBdf);
  CHECK(bench.sysfs.read(bench.sysfs.pci() / "drivers_probe") == kName);
  CHECK_FALSE(bench.control.driver(kBdf).has_value());
  bench.sysfs.bind(kName, "nvme");
  CHECK(bench.control.driver(kBdf) == "nvme");
  CHECK(bench.control.drivers() == std::set<std::string>{"nvme"});
  bench.control.unbind(kBdf);
  CHECK(bench.sysfs.read(bench.sysfs.pci() / "drivers/nvme/unbind") == kName);
  bench.control.remove(kBdf);
  CHECK(bench.read("remove") == "1");
  bench.sysfs.slot("7", "0000:03:00");
  bench.control.power_off("7");
  CHECK(bench.sysfs.read(bench.sysfs.pci() / "slots/7/power") == "0");
}

TEST_CASE("Bus Master is cleared, and nothing beside it is touched") {
  Bench bench;
  const std::string before = bench.read("config");
  bench.control.clear_bus_master(kBdf);
  std::string wanted = before;
  wanted[4] = static_cast<char>(wanted[4] & ~4);
  CHECK(before != wanted);
  CHECK(bench.read("config") == wanted);
  bench.sysfs.set(kName, "config", std::string(64, '\xff'));
  CHECK_THROWS_AS(bench.control.clear_bus_master(kBdf), spdm::Error);
  bench.sysfs.set(kName, "config", "");
  CHECK_THROWS_AS(bench.control.clear_bus_master(kBdf), spdm::Error);
}

TEST_CASE("what is gone, or has no such file, is told as such, and nobody is told of a change") {
  Bench bench;
  const Bdf gone = *spdm::transport::parse_bdf("0000:04:00.0");
  const auto id_of = [](const auto& step) {
    try {
      step();
    } catch (const spdm::Error& error) {
      return error.id;
    }
    return spdm::ErrorId::internal;
  };
  CHECK(id_of([&] { bench.control.set_driver_override(gone, "x"); }) == spdm::ErrorId::no_device);
  CHECK(id_of([&] { bench.control.unbind(kBdf); }) == spdm::ErrorId::no_device);
  CHECK(id_of([&] { bench.control.remove(gone); }) == spdm::ErrorId::no_device);
  CHECK(id_of([&] { bench.control.clear_bus_master(gone); }) == spdm::ErrorId::no_device);
  CHECK(id_of([&] { bench.control.power_off("none"); }) == spdm::ErrorId::no_device);
  CHECK_FALSE(bench.control.driver(gone).has_value());
  CHECK_FALSE(bench.control.driver_override(gone).has_value());
  CHECK(bench.changes.empty());
}

TEST_CASE("the bridge above a function is read off the place of its directory") {
  Bench bench;
  CHECK_FALSE(bench.control.parent(kBdf).has_value());
  const auto place = bench.sysfs.root() / "sys/devices/pci0000:00/0000:00:1c.0" / kName;
  std::filesystem::create_directories(place.parent_path());
  std::filesystem::rename(bench.sysfs.device(kName), place);
  std::filesystem::create_symlink(place, bench.sysfs.device(kName));
  CHECK(bench.control.parent(kBdf) == spdm::transport::parse_bdf("0000:00:1c.0"));
}
