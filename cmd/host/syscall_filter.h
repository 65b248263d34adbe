// A seccomp filter that takes away what an attacker inside the process would need next: starting programs, changing the system,
// looking into other processes.
#pragma once

#include <cstddef>

namespace spdm::cmd {

// The system calls on the list fail with EPERM, those of a foreign architecture end the process. For all threads of the
// process; takes no_new_privs. Returns 0 or errno.
int install_syscall_filter();

// How many system calls are on the list.
std::size_t denied_syscalls();

}  // namespace spdm::cmd
