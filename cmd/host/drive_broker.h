// The broker that holds the right to drives. The kernel asks for a capability at each command to a drive, and no filter of system calls
// sees what the command is: who keeps the capability could format the drive. So a small process is forked before any byte of a device
// is read. It makes a process for each drive that is opened; that one has the drive and the one capability for it, and lets nothing
// through but SPDM and the list of protocols (is_allowed() in drive_messages.h). The program itself keeps neither.
//
//     program ---- open /dev/nvme0 ----> broker
//        |                                 | forks
//        +------- command, answer ------> process of /dev/nvme0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "transport/storage/opener.h"

namespace spdm::cmd {

struct BrokerOptions {
  std::filesystem::path root = "/";  // Host::root: nodes below its dev/ are opened
  // Makes what opens a drive, in the process of the drive. For tests; transport::direct_opener() if empty.
  std::function<std::unique_ptr<transport::DriveOpener>()> make_opener = nullptr;
  // How long a drive may take to be opened.
  Clock::duration patience = std::chrono::seconds(20);
};

struct DriveBroker {
  // Takes nodes as BrokerOptions::root has them. Thread-safe. What it opens stays usable without it, works in parallel, and takes
  // as long as the caller's deadline: then Error{timeout}, and that drive is asked no more, for the command may still be under way in
  // the kernel.
  std::shared_ptr<transport::DriveOpener> opener;
  std::vector<std::string> missing;  // what its process could not give up, and why, as Confinement has it
};

// Call it before there are threads, and before the process confines itself. The broker ends with its last user, and never outlives the
// program, except in a command that cannot be interrupted. Throws Error{io}.
DriveBroker start_drive_broker(const BrokerOptions& given);

}  // namespace spdm::cmd
