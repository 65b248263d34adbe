#include "cmd/host/syscall_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spdm::cmd {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

// A leak checker stops the threads of its own process by ptrace when the program ends.
#if !defined(__SANITIZE_ADDRESS__)
#define SPDMCTL_DENIES_PTRACE 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef SPDMCTL_DENIES_PTRACE
#endif
#endif
#endif

constexpr std::array kDenied{
    // other programs and other processes
    SYS_execve, SYS_execveat, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd, SYS_process_madvise,
#ifdef SPDMCTL_DENIES_PTRACE
    SYS_ptrace,
#endif
    // sockets: those that are needed are there
    SYS_socket, SYS_socketpair,
    // mounts, roots and name spaces
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
    SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_by_handle_at, SYS_quotactl,
    // the kernel itself
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_bpf, SYS_perf_event_open,
    SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_syslog, SYS_personality,
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
    // keys
    SYS_keyctl, SYS_add_key, SYS_request_key,
    // the whole machine
    SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct, SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime,
    SYS_clock_adjtime, SYS_adjtimex, SYS_vhangup};

constexpr std::uint32_t kNamespaceFlags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint32_t kX32 = 0x40000000;  // the second numbering of x86-64

constexpr std::uint32_t failing(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }
constexpr sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
constexpr sock_filter answer(std::uint32_t verdict) { return BPF_STMT(BPF_RET | BPF_K, verdict); }
// Goes on with the next instruction when the comparison holds, else with the one after it.
constexpr sock_filter when(std::uint16_t comparison, std::uint32_t value) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, 0, 1);
}

// A pair of instructions for each system call: plain, and no jump can be too long.
std::vector<sock_filter> filter() {
  std::vector<sock_filter> out{load(offsetof(seccomp_data, arch)),
                               BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
                               answer(SECCOMP_RET_KILL_PROCESS),
                               load(offsetof(seccomp_data, nr)),
                               when(BPF_JGE, kX32),
                               answer(SECCOMP_RET_KILL_PROCESS)};
  for (const long number : kDenied) {
    out.push_back(when(BPF_JEQ, static_cast<std::uint32_t>(number)));
    out.push_back(answer(failing(EPERM)));
  }
  // The flags of clone3() are in memory, where a filter cannot look; the C library then takes clone().
  out.push_back(when(BPF_JEQ, SYS_clone3));
  out.push_back(answer(failing(ENOSYS)));
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  out.push_back(load(offsetof(seccomp_data, args)));
  out.push_back(when(BPF_JSET, kNamespaceFlags));
  out.push_back(answer(failing(EPERM)));
  out.push_back(answer(SECCOMP_RET_ALLOW));
  return out;
}

}  // namespace

std::size_t denied_syscalls() { return kDenied.size(); }

int install_syscall_filter() {
  if (kArchitecture == 0) return ENOSYS;
  std::vector<sock_filter> code = filter();
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ? 0 : errno;
}

}  // namespace spdm::cmd
