// A seccomp filter that takes away what an attacker inside the process would need next: starting programs, making code, changing
// the system, talking to others, looking into other processes.
#pragma once

#include <cstddef>

namespace spdm::cmd {

struct FilterNeeds {
  bool connects = false;  // sockets that are there already are still connected
};

// The system calls on the list fail with EPERM, those of a foreign architecture end the process. For all threads of the
// process; takes no_new_privs. Returns 0 or errno.
int install_syscall_filter(const FilterNeeds& needs);

// How many system calls are on the list.
std::size_t denied_syscalls(const FilterNeeds& needs);

}  // namespace spdm::cmd
