// The drives of this host as the kernel shows them in sysfs. Nothing here sends a command to a drive.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/drive_view.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

enum class DriveKind { nvme, scsi };

struct Drive {
  DriveKind kind{};
  std::string name;            // by which the kernel knows it, whatever node was named: "nvme0", "sg0"
  std::filesystem::path node;  // that takes commands: "/dev/nvme0", "/dev/sg0"
  std::string disk;            // its block device, "nvme0n1", "sda"; empty where it has none
  DriveView view;
  // The PCI function that is this drive: an NVMe controller on PCI Express. Nothing for others: the HBA of a SATA drive is another device.
  std::optional<Bdf> bdf;
  bool asleep = false;  // suspended by the kernel: a command would wake it
};

// NVMe controllers (/sys/class/nvme) and SCSI disks (/sys/class/scsi_generic, peripheral device type 0), by name; numbers count.
std::vector<Drive> scan_drives(const Host& host);

// The NVMe controller that the kernel has for a PCI function; nothing when there is none: another driver, or none, is bound.
std::optional<Drive> drive_of(const Host& host, const Bdf& bdf);

// The drive of a device node, such as "/dev/nvme0", "/dev/sg1", "/dev/sda", "/dev/bsg/0:0:0:0", or of a link to one. `kind` is what
// the target says. Throws Error: usage for a node of the wrong kind, with what it should be ("nvme0n1 is a namespace; write
// nvme:/dev/nvme0"); no_device.
Drive find_drive(const Host& host, DriveKind kind, std::string_view node);

// Throws Error{no_device} where the node leads to another device than the one that the kernel shows by its name, as in a container that
// has nodes under other names, or where the drive is another one by now: what was seen of it, such as its PCI function, would be said of
// a drive that has not answered. What is opened before this was called keeps its name to the end.
void assert_node_of(const Host& host, const Drive& drive);

// Which commands a node takes, by its name alone: nvmeN; sgN, sdX, srN, bsg/... Nothing for other nodes.
std::optional<DriveKind> kind_of_node(const std::filesystem::path& node);
// Whether it is one of /dev/bsg.
bool is_bsg(const std::filesystem::path& node);

}  // namespace spdm::transport
