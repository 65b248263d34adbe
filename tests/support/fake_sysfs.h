// A copy of /sys/bus/pci below a temporary directory, as the kernel would show it, to test PCI code on. Files keep what is
// written into them; no kernel acts on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/temporary.h"
#include "transport/base/host.h"

namespace support {

// A PCI function; by default QEMU's NVMe controller without a mailbox.
struct FakeFunction {
  std::string bdf = "0000:03:00.0";
  std::uint16_t vendor = 0x1b36, device = 0x0010;
  std::uint32_t class_code = 0x010802;
  std::uint8_t revision = 0x02;
  std::uint16_t subsystem_vendor = 0x1af4, subsystem = 0x1100;
  std::uint8_t header_type = 0x00;            // as in configuration space, with the multi-function bit
  std::uint64_t serial = 0;                   // Device Serial Number capability, none when 0
  std::vector<std::uint16_t> mailboxes = {};  // offsets of DOE capabilities, ascending, from 0x140 on
  std::uint8_t doe_version = 1;
  bool bus_master = false;
  std::size_t config_size = 4096;  // 256: conventional PCI; 64: all that the kernel shows to those who are not root
  bool virtual_function = false;   // the registers of its ids hold ones
  // Put over all the others: offsets and values.
  std::vector<std::pair<std::uint16_t, std::uint32_t>> registers = {};
};

// An NVMe controller, of a PCI function or of none.
struct FakeController {
  std::string name = "nvme0";
  std::string bdf = "0000:03:00.0";  // empty: a controller over a network
  std::string transport = "pcie";
  std::string model = "QEMU NVMe Ctrl                          ", serial = "deadbeef            ", firmware = "11.1.3  ";
  std::vector<std::string> namespaces = {"nvme0n1"};
};

// A SCSI device, with its nodes.
struct FakeDisk {
  std::string generic = "sg0", disk = "sda";  // empty: the kernel has no such node
  std::string address = "0:0:0:0";
  std::string parent = "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0";  // below /sys/devices
  std::string vendor = "ATA     ", model = "Samsung SSD 870 ", revision = "2B6Q";
  std::string serial = "S62ANJ0R123456      ";
  std::string type = "0";
};

// What a function answers to reads of its configuration space.
std::vector<std::uint8_t> config_space_of(const FakeFunction& function);

class FakeSysfs {
 public:
  FakeSysfs();

  spdm::transport::Host host() const { return {directory_.path()}; }
  std::filesystem::path root() const { return directory_.path(); }
  std::filesystem::path pci() const { return host().pci(); }
  std::filesystem::path device(std::string_view bdf) const { return pci() / "devices" / bdf; }

  // Makes the directory of the function, with what the kernel shows for every function, and returns it.
  std::filesystem::path add(const FakeFunction& function) const;
  void remove(std::string_view bdf) const;
  // An attribute or any other file, its path below the directory of the device, its text as it is ("1\n").
  void set(std::string_view bdf, std::string_view attribute, std::string_view text) const;
  void bind(std::string_view bdf, std::string_view driver) const;                    // the link `driver`, and the driver's own directory
  void features(std::string_view bdf, const std::vector<std::string>& names) const;  // doe_features/
  void physfn(std::string_view bdf, std::string_view physical) const;
  void iommu_group(std::string_view bdf, std::string_view group) const;
  void slot(std::string_view name, std::string_view address) const;
  // /sys/class/tsm/NAME with links of these names to a device.
  void tsm(std::string_view name, const std::vector<std::string>& streams = {}, std::string_view bdf = {}) const;
  // The directory of a host bridge below /sys/devices ("pci0000:00"), with links of these names to a device.
  void streams(std::string_view bridge, const std::vector<std::string>& streams, std::string_view bdf) const;
  // The function with its directory below the path of its bridge ("pci0000:00/0000:00:01.0") below /sys/devices, as the kernel has it;
  // /sys/bus/pci/devices has a link.
  void move_below(std::string_view bridge, std::string_view bdf) const;
  // The function of the controller, if it is one, is to be there before.
  void add_controller(const FakeController& controller) const;
  // Returns its directory.
  std::filesystem::path add_disk(const FakeDisk& disk) const;
  // A file anywhere below the root.
  std::filesystem::path write(const std::string& name, std::string_view text) const { return directory_.write(name, text); }
  std::string read(const std::filesystem::path& file) const;  // whole

 private:
  TemporaryDirectory directory_;
};

}  // namespace support
