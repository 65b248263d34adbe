// Least privilege: what a process gives up once everything that needs privilege is open. A right follows the descriptor
// that was opened with it, so devices stay usable. Best effort: an old kernel lacks some of it, and that is reported, never
// an error.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spdm::cmd {

// What the rest of the run still does with the file system. Reading is not confined: name resolution, profiles and
// libraries read where they like.
struct Needs {
  // Directories where files are made, written, renamed and removed, with all that is below them; or existing files that
  // are written as they are (a fifo, a device).
  std::vector<std::filesystem::path> writable;
  // Directories, too, are made, renamed and removed there.
  bool makes_directories = false;
  // Files that the user named are still to be read: by root this includes those of other users.
  bool reads_named_files = false;
};

struct Confinement {
  std::vector<std::string> in_force;  // "no capabilities", "landlock ABI 6: files are written only below ..."
  std::vector<std::string> missing;   // what could not be had, and why
};

// Confines the process for good, and every thread that is started later: call it before there are any. No new privileges; no
// capabilities but CAP_DAC_OVERRIDE where something in `writable` cannot be written without it, and CAP_DAC_READ_SEARCH where
// `reads_named_files` is set; landlock; system calls that this program does not need fail.
Confinement drop_privileges(const Needs& needs);

}  // namespace spdm::cmd
