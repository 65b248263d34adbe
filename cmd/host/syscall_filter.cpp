#include "cmd/host/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>

namespace spdm::cmd {

namespace {

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
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd),
    SCMP_SYS(process_madvise),
#ifdef SPDMCTL_DENIES_PTRACE
    SCMP_SYS(ptrace),
#endif
    // sockets: those that are needed are there, and listen already
    SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(bind), SCMP_SYS(listen),
    // files without a name could hold code
    SCMP_SYS(memfd_create),
    // mounts, roots and name spaces
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(open_tree),
    SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr),
    SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at), SCMP_SYS(quotactl), SCMP_SYS(fanotify_init),
    // the kernel itself
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
    SCMP_SYS(syslog), SCMP_SYS(personality), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(modify_ldt),
    // keys
    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
    // the whole machine
    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(vhangup)};

// No memory becomes code any more: what runs is in memory already.
struct CodeMaker {
  int call;
  unsigned argument;
  std::uint64_t flag;
};
constexpr std::array<CodeMaker, 5> kCodeMakers{{{SCMP_SYS(mmap), 2, PROT_EXEC},
                                                {SCMP_SYS(mmap2), 2, PROT_EXEC},
                                                {SCMP_SYS(mprotect), 2, PROT_EXEC},
                                                {SCMP_SYS(pkey_mprotect), 2, PROT_EXEC},
                                                {SCMP_SYS(shmat), 2, SHM_EXEC}}};

// Commands to drives are of the broker alone. Who opens configuration space keeps CAP_SYS_ADMIN, which would do for them. Bits 15:8 of
// their numbers: NVMe, the generic driver of SCSI, SCSI itself.
constexpr std::array<std::uint64_t, 3> kDriveCommands{std::uint64_t{'N'}, 0x22, std::uint64_t{'S'}};

constexpr std::array<std::uint64_t, 7> kNamespaceFlags{CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                                       CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

int deny(const Filter& filter, int call) { return ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0); }

int deny_flag(const Filter& filter, int call, unsigned argument, std::uint64_t flag) {
  const scmp_arg_cmp has{.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = flag, .datum_b = flag};
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 1, &has);
}

int deny_commands(const Filter& filter, std::uint64_t kind) {
  const scmp_arg_cmp is_one{.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xFF00, .datum_b = kind << 8};
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, &is_one);
}

int add_rules(const Filter& filter, const FilterNeeds& needs) {
  for (const int call : kDenied)
    if (const int error = deny(filter, call); error != 0) return error;
  if (!needs.connects)
    if (const int error = deny(filter, SCMP_SYS(connect)); error != 0) return error;
  for (const CodeMaker& maker : kCodeMakers)
    if (const int error = deny_flag(filter, maker.call, maker.argument, maker.flag); error != 0) return error;
  for (const std::uint64_t kind : kDriveCommands)
    if (const int error = deny_commands(filter, kind); error != 0) return error;
  for (const std::uint64_t flag : kNamespaceFlags)
    if (const int error = deny_flag(filter, SCMP_SYS(clone), 0, flag); error != 0) return error;
  // The flags of clone3() are in memory, where a filter cannot look; the C library then takes clone().
  return ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

}  // namespace

std::size_t denied_syscalls(const FilterNeeds& needs) { return kDenied.size() + (needs.connects ? 0 : 1); }

int install_syscall_filter(const FilterNeeds& needs) {
  const Filter filter(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release);
  if (!filter) return ENOMEM;
  int error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (error == 0) error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (error == 0) error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_API_SYSRAWRC, 1);
  if (error == 0) error = add_rules(filter, needs);
  if (error == 0) error = ::seccomp_load(filter.get());
  return -error;
}

}  // namespace spdm::cmd
