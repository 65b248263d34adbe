// A seccomp filter that takes away what an attacker inside the process would need next: starting programs, making code, changing
// the system, talking to others, looking into other processes.
#pragma once

#include <cstddef>

namespace spdm::cmd {

// Who is filtered: the program; the broker that holds the right to drives; its process of one drive, which sends nothing to the
// drive but the one command of its kind.
enum class SystemCalls { program, drive_broker, nvme_drive, scsi_drive };

struct FilterNeeds {
  bool connects = false;  // sockets that are there already are still connected
};

// The system calls on the list fail with EPERM, as do commands to drives (ioctl), whatever capability is left; those of a foreign
// architecture end the process. For all threads of the process; takes no_new_privs. Returns 0 or errno.
int install_syscall_filter(const FilterNeeds& needs);

// The other way round, for the broker and its processes: all system calls fail with EPERM but those on their list. Of the filter of
// the program nothing is taken. Returns 0 or errno.
int install_allow_list(SystemCalls calls);

// How many system calls are on the list.
std::size_t denied_syscalls(const FilterNeeds& needs);

}  // namespace spdm::cmd
