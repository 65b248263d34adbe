// The system calls of the broker that holds the right to drives, and of its processes.
#include <linux/nvme_ioctl.h>
#include <sched.h>
#include <scsi/sg.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include "cmd/host/sanitized.h"
#include "cmd/host/syscall_filter.h"

namespace spdm::cmd {

namespace {

// Messages with the program, files of the kernel and the node, memory, time, and an end.
constexpr std::array kOfDrive{SCMP_SYS(read),
                              SCMP_SYS(pread64),
                              SCMP_SYS(recvmsg),
                              SCMP_SYS(recvfrom),
                              SCMP_SYS(sendmsg),
                              SCMP_SYS(sendto),
                              SCMP_SYS(poll),
                              SCMP_SYS(ppoll),
                              SCMP_SYS(open),
                              SCMP_SYS(openat),
                              SCMP_SYS(close),
                              SCMP_SYS(fcntl),
                              SCMP_SYS(lseek),
                              SCMP_SYS(stat),
                              SCMP_SYS(lstat),
                              SCMP_SYS(fstat),
                              SCMP_SYS(newfstatat),
                              SCMP_SYS(statx),
                              SCMP_SYS(access),
                              SCMP_SYS(faccessat),
                              SCMP_SYS(faccessat2),
                              SCMP_SYS(readlink),
                              SCMP_SYS(readlinkat),
                              SCMP_SYS(getdents64),
                              SCMP_SYS(getcwd),
                              SCMP_SYS(brk),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mremap),
                              SCMP_SYS(madvise),
                              SCMP_SYS(futex),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(clock_nanosleep),
                              SCMP_SYS(nanosleep),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(restart_syscall),
                              SCMP_SYS(tgkill),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group)};

// What the broker does beside that: it makes a process for each drive, which confines itself further.
constexpr std::array kOfBroker{SCMP_SYS(clone),
                               SCMP_SYS(fork),
                               SCMP_SYS(set_robust_list),
                               SCMP_SYS(rseq),
                               SCMP_SYS(socketpair),
                               SCMP_SYS(setsockopt),
                               SCMP_SYS(getppid),
                               SCMP_SYS(wait4),
                               SCMP_SYS(prctl),
                               SCMP_SYS(seccomp),
                               SCMP_SYS(capget),
                               SCMP_SYS(capset),
                               SCMP_SYS(uname),
                               SCMP_SYS(rt_sigaction),
                               static_cast<int>(SYS_landlock_create_ruleset),
                               static_cast<int>(SYS_landlock_add_rule),
                               static_cast<int>(SYS_landlock_restrict_self)};

// Sanitizers look after stacks and memory of their own, try memory with a pipe, and write what they find.
constexpr std::array kOfSanitizers{SCMP_SYS(pipe2),        SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield),
                                   SCMP_SYS(write),        SCMP_SYS(prlimit64),   SCMP_SYS(getrlimit),
                                   SCMP_SYS(rt_sigaction), SCMP_SYS(prctl),       SCMP_SYS(sched_getaffinity)};

constexpr std::uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

int allow(const Filter& filter, std::span<const int> calls) {
  for (const int call : calls)
    if (const int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0); error != 0) return error;
  return 0;
}

// Only without these bits in one of its arguments.
int allow_without(const Filter& filter, int call, unsigned argument, std::uint64_t bits) {
  const scmp_arg_cmp has_none{.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = 0};
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &has_none);
}

// Some C libraries hand the number on as an int, and the kernel looks at 32 bits of it.
int allow_command(const Filter& filter, std::uint64_t request) {
  const scmp_arg_cmp is_it{.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xFFFFFFFF, .datum_b = request};
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &is_it);
}

int add_rules(const Filter& filter, SystemCalls calls) {
  int error = allow(filter, kOfDrive);
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)})  // no memory becomes code
    if (error == 0) error = allow_without(filter, call, 2, PROT_EXEC);
  if (error == 0 && kSanitized) error = allow(filter, kOfSanitizers);
  if (error == 0 && calls == SystemCalls::drive_broker) error = allow(filter, kOfBroker);
  if (error == 0 && calls == SystemCalls::drive_broker) error = allow_without(filter, SCMP_SYS(clone), 0, kNamespaces);
  // A filter of a process holds for its children: the broker, which opens nothing, allows the commands of both kinds.
  if (error == 0 && calls != SystemCalls::scsi_drive) error = allow_command(filter, NVME_IOCTL_ADMIN_CMD);
  if (error == 0 && calls != SystemCalls::nvme_drive) error = allow_command(filter, SG_IO);
  return error;
}

}  // namespace

int install_allow_list(SystemCalls calls) {
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)), ::seccomp_release);
  if (!filter) return ENOMEM;
  int error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (error == 0) error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_API_SYSRAWRC, 1);
  if (error == 0) error = add_rules(filter, calls);
  // The flags of clone3() are in memory, where a filter cannot look; the C library then takes clone().
  if (error == 0) error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  if (error == 0) error = ::seccomp_load(filter.get());
  return -error;
}

}  // namespace spdm::cmd
