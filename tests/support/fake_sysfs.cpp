#include "tests/support/fake_sysfs.h"

#include <iterator>

#include "core/text.h"

namespace support {

namespace fs = std::filesystem;
using spdm::cat;
using spdm::hex;

namespace {

// A memory BAR of 16 KiB; the other BARs and the ROM are not there.
constexpr std::string_view kBar = "0x00000000fe800000 0x00000000fe803fff 0x0000000000140204\n";
constexpr std::string_view kNoBar = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

void put(std::vector<std::uint8_t>& config, std::size_t at, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) config.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

void put_registers(std::vector<std::uint8_t>& config, const FakeFunction& function) {
  const bool is_virtual = function.virtual_function;
  put(config, 0x00, is_virtual ? 0xFFFF : function.vendor, 2);
  put(config, 0x02, is_virtual ? 0xFFFF : function.device, 2);
  put(config, 0x04, function.bus_master ? 0x0006 : 0x0002, 2);
  put(config, 0x06, 0x0010, 2);  // Status: there is a list of capabilities
  put(config, 0x08, function.revision, 1);
  put(config, 0x09, function.class_code, 3);
  put(config, 0x0E, function.header_type, 1);
  if ((function.header_type & 0x7F) == 0) {
    put(config, 0x2C, function.subsystem_vendor, 2);
    put(config, 0x2E, function.subsystem, 2);
  }
  put(config, 0x34, 0x40, 1);
  put(config, 0x40, function.config_size > 256 ? 0x10 : 0x05, 1);  // PCI Express, or MSI; the end of the list
}

// The list begins at 0x100: with the serial number, or with Advanced Error Reporting where there is none.
void put_extended(std::vector<std::uint8_t>& config, const FakeFunction& function) {
  if (function.serial == 0 && function.mailboxes.empty()) return;
  std::size_t at = 0x100;
  put(config, at, function.serial != 0 ? 0x1'0003 : 0x1'0001, 4);
  if (function.serial != 0) put(config, at + 4, function.serial, 8);
  for (const std::uint16_t mailbox : function.mailboxes) {
    put(config, mailbox, std::uint32_t{function.doe_version} << 16 | 0x002E, 4);
    put(config, at + 2, static_cast<std::uint64_t>((config.at(at + 2) & 0x0F) | mailbox << 4), 2);
    at = mailbox;
  }
}

void make_link(const fs::path& link, const fs::path& target) {
  fs::create_directories(link.parent_path());
  fs::remove(link);
  fs::create_symlink(target, link);
}

}  // namespace

std::vector<std::uint8_t> config_space_of(const FakeFunction& function) {
  std::vector<std::uint8_t> config(4096, 0);
  put_registers(config, function);
  put_extended(config, function);
  for (const auto& [at, value] : function.registers) put(config, at, value, 4);
  config.resize(function.config_size);
  return config;
}

FakeSysfs::FakeSysfs() {
  fs::create_directories(pci() / "devices");
  fs::create_directories(pci() / "slots");
  write("sys/bus/pci/drivers_autoprobe", "1\n");
  write("sys/bus/pci/drivers_probe", "");
  write("sys/bus/pci/rescan", "");
}

fs::path FakeSysfs::add(const FakeFunction& function) const {
  const std::string& bdf = function.bdf;
  fs::create_directories(device(bdf));
  set(bdf, "vendor", cat("0x", hex(function.vendor, 4), "\n"));
  set(bdf, "device", cat("0x", hex(function.device, 4), "\n"));
  set(bdf, "class", cat("0x", hex(function.class_code, 6), "\n"));
  set(bdf, "revision", cat("0x", hex(function.revision, 2), "\n"));
  set(bdf, "subsystem_vendor", cat("0x", hex(function.subsystem_vendor, 4), "\n"));
  set(bdf, "subsystem_device", cat("0x", hex(function.subsystem, 4), "\n"));
  set(bdf, "driver_override", "(null)\n");
  set(bdf, "power_state", "D0\n");
  set(bdf, "power/control", "auto\n");
  set(bdf, "remove", "");
  set(bdf, "reset", "");
  std::string resources(kBar);
  for (int i = 1; i < 7; ++i) resources += kNoBar;
  set(bdf, "resource", resources);
  const std::vector<std::uint8_t> config = config_space_of(function);
  set(bdf, "config", {reinterpret_cast<const char*>(config.data()), config.size()});
  return device(bdf);
}

void FakeSysfs::remove(std::string_view bdf) const { fs::remove_all(device(bdf)); }

void FakeSysfs::set(std::string_view bdf, std::string_view attribute, std::string_view text) const {
  write(cat("sys/bus/pci/devices/", bdf, "/", attribute), text);
}

void FakeSysfs::bind(std::string_view bdf, std::string_view driver) const {
  write(cat("sys/bus/pci/drivers/", driver, "/unbind"), "");
  write(cat("sys/bus/pci/drivers/", driver, "/bind"), "");
  make_link(device(bdf) / "driver", fs::path("../../drivers") / driver);
}

void FakeSysfs::features(std::string_view bdf, const std::vector<std::string>& names) const {
  fs::create_directories(device(bdf) / "doe_features");
  for (const std::string& name : names) set(bdf, cat("doe_features/", name), name == "doe_discovery" ? "0001:00\n" : cat(name, "\n"));
}

void FakeSysfs::physfn(std::string_view bdf, std::string_view physical) const {
  make_link(device(bdf) / "physfn", fs::path("..") / physical);
}

void FakeSysfs::iommu_group(std::string_view bdf, std::string_view group) const {
  make_link(device(bdf) / "iommu_group", fs::path("../../../../kernel/iommu_groups") / group);
}

void FakeSysfs::slot(std::string_view name, std::string_view address) const {
  write(cat("sys/bus/pci/slots/", name, "/address"), cat(address, "\n"));
  write(cat("sys/bus/pci/slots/", name, "/power"), "1\n");
}

void FakeSysfs::tsm(std::string_view name, const std::vector<std::string>& streams, std::string_view bdf) const {
  fs::create_directories(root() / "sys/class/tsm" / name);
  for (const std::string& stream : streams) make_link(root() / "sys/class/tsm" / name / stream, fs::path("../../../bus/pci/devices") / bdf);
}

void FakeSysfs::streams(std::string_view bridge, const std::vector<std::string>& streams, std::string_view bdf) const {
  for (const std::string& stream : streams) make_link(root() / "sys/devices" / bridge / stream, device(bdf));
}

void FakeSysfs::move_below(std::string_view bridge, std::string_view bdf) const {
  const fs::path place = root() / "sys/devices" / bridge / bdf;
  fs::create_directories(place.parent_path());
  fs::rename(device(bdf), place);
  make_link(device(bdf), place);
}

void FakeSysfs::add_controller(const FakeController& controller) const {
  const std::string place = controller.bdf.empty() ? "sys/devices/virtual/nvme-fabrics/ctl" : cat("sys/bus/pci/devices/", controller.bdf);
  const std::string directory = cat(place, "/nvme/", controller.name);
  write(cat(directory, "/model"), cat(controller.model, "\n"));
  write(cat(directory, "/serial"), cat(controller.serial, "\n"));
  write(cat(directory, "/firmware_rev"), cat(controller.firmware, "\n"));
  write(cat(directory, "/transport"), cat(controller.transport, "\n"));
  write(cat(directory, "/state"), "live\n");
  write(cat(place, "/power/runtime_status"), "active\n");
  make_link(root() / directory / "device", fs::path("../../../") / fs::path(place).filename());
  make_link(root() / "sys/class/nvme" / controller.name, root() / directory);
  write(cat("dev/", controller.name), "");
  for (const std::string& name : controller.namespaces) {
    fs::create_directories(root() / directory / name);
    make_link(root() / "sys/class/block" / name, root() / directory / name);
    write(cat("dev/", name), "");
  }
}

fs::path FakeSysfs::add_disk(const FakeDisk& disk) const {
  const std::string directory = cat("sys/devices/", disk.parent, "/", disk.address);
  write(cat(directory, "/vendor"), cat(disk.vendor, "\n"));
  write(cat(directory, "/model"), cat(disk.model, "\n"));
  write(cat(directory, "/rev"), cat(disk.revision, "\n"));
  write(cat(directory, "/type"), cat(disk.type, "\n"));
  write(cat(directory, "/scsi_level"), "6\n");
  write(cat(directory, "/power/runtime_status"), "active\n");
  const char page[] = {0, static_cast<char>(0x80), 0, static_cast<char>(disk.serial.size())};
  write(cat(directory, "/vpd_pg80"), cat(std::string(page, sizeof page), disk.serial));
  const auto node = [&](std::string_view kind, const std::string& name, std::string_view below) {
    if (name.empty()) return;
    const fs::path place = root() / directory / kind / name;
    fs::create_directories(place);
    make_link(place / "device", root() / directory);
    make_link(root() / "sys/class" / kind / name, place);
    write(cat("dev/", below, name), "");
  };
  node("scsi_generic", disk.generic, "");
  node("bsg", disk.address, "bsg/");
  node("block", disk.disk, "");
  if (!disk.disk.empty()) {
    const std::string part = cat(directory, "/block/", disk.disk, "/", disk.disk, "1");
    write(cat(part, "/partition"), "1\n");
    make_link(root() / "sys/class/block" / cat(disk.disk, "1"), root() / part);
    write(cat("dev/", disk.disk, "1"), "");
  }
  return root() / directory;
}

std::string FakeSysfs::read(const fs::path& file) const {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace support
