// Drives as targets: which there are, and whether a run needs the broker that holds the right to them.
#pragma once

#include <string>
#include <vector>

#include "cmd/attest/targets.h"
#include "transport/storage/drives.h"

namespace spdm::cmd {

// Whether a target is a drive by its name: "nvme:/dev/nvme0", "scsi:/dev/sg0".
bool is_drive(std::string_view target);
// The node of a drive as people know it, below the root of the host: "/dev/nvme0"; and the target that it is.
std::string node_of(const transport::Drive& drive, const transport::Host& host);
std::string target_of(const transport::Drive& drive, const transport::Host& host);
// What the host sees of a drive, with the identity of its PCI function where it is one.
HostView view_of(const transport::Drive& drive, const transport::Host& host);
// The drive that a target names. Throws as transport::find_drive().
transport::Drive find_drive(std::string_view target, const transport::Host& host);

// The drives that `all` stands for where their own way is asked (--via storage), but for those that are asleep: a command would wake
// them.
struct AwakeDrives {
  std::vector<transport::Drive> list;
  std::size_t asleep = 0;
};
AwakeDrives awake_drives(const transport::Host& host);
// "all: 2 drives are asleep, ..."
std::string asleep_in_words(std::size_t drives);

// Whether these targets may be asked by the security protocol commands of drives: by their names, or because they are NVMe controllers
// and the kernel, or --via, leaves no other way. No device is touched.
bool may_need_drives(const std::vector<Target>& targets, const transport::OpenOptions& options);
// The same for all PCI functions of the host.
bool may_need_drives(const transport::Host& host, transport::Via via);

}  // namespace spdm::cmd
