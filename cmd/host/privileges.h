// Least privilege: what a process gives up once everything that needs privilege is open. A right follows the descriptor
// that was opened with it, so devices stay usable. Best effort: an old kernel lacks some of it, and that is reported, never
// an error.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cmd/host/syscall_filter.h"

namespace spdm::cmd {

// What the rest of the run still does with the system. What is not named here it cannot do any more. A path that is not there
// grants nothing; a link grants what it leads to.
struct Needs {
  // Files that are still opened for reading, and directories with all that is below them.
  std::vector<std::filesystem::path> readable{};
  // Directories where files are made, written, renamed and removed, with all that is below them; or existing files that
  // are written as they are (a fifo, a device).
  std::vector<std::filesystem::path> writable{};
  // The same, and directories, too, are listed, made, renamed and removed there.
  std::vector<std::filesystem::path> folders{};
  // Directories of the kernel whose files are written as they are; nothing is made or removed there.
  std::vector<std::filesystem::path> attributes{};
  // Sockets that are there already are still connected with peers in the network.
  bool connects = false;
  // Messages are still sent over MCTP: CAP_NET_RAW.
  bool sends_mctp = false;
  // Configuration space is still opened: CAP_SYS_ADMIN.
  bool opens_devices = false;
  // Nodes of devices, or directories of them, that are opened and take commands (ioctl).
  std::vector<std::filesystem::path> devices{};
  // Commands are still sent to drives: CAP_SYS_ADMIN for NVMe, CAP_SYS_RAWIO for SCSI. Of the broker and its processes alone.
  bool commands_nvme = false, commands_scsi = false;
  // A broker holds the right to drives, and could not give up this itself (DriveBroker::missing). Nothing where there is no broker.
  std::optional<std::vector<std::string>> broker_lacks{};
  SystemCalls calls = SystemCalls::program;
};

struct Confinement {
  std::vector<std::string> in_force;  // "no capabilities", "landlock ABI 6: files are written only below ..."
  std::vector<std::string> missing;   // what could not be had, and why
};

// Confines the process for good, and every thread that is started later: call it before there are any. No new privileges; no
// capabilities but those of `opens_devices`, of commands to drives and of `sends_mctp`, and CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH where
// what is named cannot be written or read without; landlock for files and TCP; no sockets, no memory that becomes code, and no system calls
// that this program does not need (seccomp).
Confinement drop_privileges(const Needs& needs);

}  // namespace spdm::cmd
