#include "cmd/host/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "cmd/host/files.h"
#include "cmd/host/syscall_filter.h"
#include "core/descriptor.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// Coverage counters are written when the program ends, into the build directory.
#ifdef SPDMCTL_COVERAGE
constexpr bool kWritesAnywhere = true;
#else
constexpr bool kWritesAnywhere = false;
#endif

std::string because(const char* what) { return cat(what, ": ", std::strerror(errno)); }

constexpr std::uint64_t bit(int capability) { return std::uint64_t{1} << capability; }

// --- capabilities (capabilities(7)), by the system calls: libcap would be one more library in every initrd.

struct Capabilities {
  std::uint64_t effective = 0, permitted = 0, inheritable = 0;
};

bool get_capabilities(Capabilities& out) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  const auto whole = [](std::uint32_t low, std::uint32_t high) { return low | std::uint64_t{high} << 32; };
  out.effective = whole(data[0].effective, data[1].effective);
  out.permitted = whole(data[0].permitted, data[1].permitted);
  out.inheritable = whole(data[0].inheritable, data[1].inheritable);
  return true;
}

bool set_capabilities(const Capabilities& wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i].effective = static_cast<std::uint32_t>(wanted.effective >> (32 * i));
    data[i].permitted = static_cast<std::uint32_t>(wanted.permitted >> (32 * i));
    data[i].inheritable = static_cast<std::uint32_t>(wanted.inheritable >> (32 * i));
  }
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

// Asks by the effective ids and capabilities: plain access(2) asks what the real user could do. No capability helps where access
// is refused for other reasons (a read-only file system).
bool all_permitted(const std::vector<std::filesystem::path>& paths) {
  return std::all_of(paths.begin(), paths.end(),
                     [](const auto& path) { return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 || errno != EACCES; });
}

// CAP_DAC_OVERRIDE stays only for a file that cannot be written without it: root that writes into a user's directory.
std::uint64_t capabilities_to_keep(const Capabilities& now, const Needs& needs) {
  std::uint64_t keep = needs.reads_named_files ? now.permitted & bit(CAP_DAC_READ_SEARCH) : 0;
  if ((now.permitted & bit(CAP_DAC_OVERRIDE)) == 0) return keep;
  if (!set_capabilities({.effective = keep, .permitted = now.permitted, .inheritable = 0})) return keep;
  if (!all_permitted(needs.writable)) keep |= bit(CAP_DAC_OVERRIDE);
  return keep;
}

void drop_capabilities(const Needs& needs, Confinement& out) {
  Capabilities now;
  if (!get_capabilities(now)) {
    out.missing.push_back(because("capabilities: capget"));
    return;
  }
  // The bounding and the ambient set first: the former takes CAP_SETPCAP. Without it there is nothing to inherit either.
  if ((now.effective & bit(CAP_SETPCAP)) != 0)
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
      if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) out.missing.push_back(because("capabilities: bounding set"));
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) out.missing.push_back(because("capabilities: ambient set"));
  const std::uint64_t keep = capabilities_to_keep(now, needs);
  if (!set_capabilities({.effective = keep, .permitted = keep, .inheritable = 0})) {
    out.missing.push_back(because("capabilities: capset"));
    return;
  }
  if (keep == 0) out.in_force.emplace_back("no capabilities");
  if ((keep & bit(CAP_DAC_OVERRIDE)) != 0)
    out.in_force.emplace_back("no capabilities but CAP_DAC_OVERRIDE, for files that are to be written elsewhere");
  if (keep == bit(CAP_DAC_READ_SEARCH)) out.in_force.emplace_back("no capabilities but CAP_DAC_READ_SEARCH, for files that are to be read");
}

// --- landlock(7): names of its own, for the headers of a distribution are older than its kernel.

namespace right {
constexpr std::uint64_t execute = 1U << 0, write_file = 1U << 1, remove_file = 1U << 5, make_reg = 1U << 8, truncate = 1U << 14;
constexpr std::uint64_t remove_directory = 1U << 4, make_directory = 1U << 7;
constexpr std::uint64_t remove_and_make = 0x1FF0;  // bits 4 to 12: REMOVE_DIR to MAKE_SYM
constexpr std::uint64_t refer = 1U << 13, ioctl_device = 1U << 15;
}  // namespace right

struct RulesetAttributes {
  std::uint64_t files = 0, network = 0, scoped = 0;
};
constexpr std::uint64_t kScopedAbstractSockets = 1, kScopedSignals = 2;

struct __attribute__((packed)) PathBeneath {
  std::uint64_t allowed;
  std::int32_t parent;
};
constexpr int kPathBeneath = 1, kVersionFlag = 1;

std::uint64_t handled_files(long abi) {
  std::uint64_t out = right::execute | right::write_file | right::remove_and_make;
  if (abi >= 2) out |= right::refer;
  if (abi >= 3) out |= right::truncate;
  if (abi >= 5) out |= right::ioctl_device;
  return out;
}

bool allow_writing(int ruleset, const std::filesystem::path& path, bool directories, std::uint64_t handled) {
  const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (place.get() < 0 || ::fstat(place.get(), &status) != 0) return false;
  std::uint64_t rights = right::write_file | right::truncate;
  if (S_ISDIR(status.st_mode)) rights |= right::make_reg | right::remove_file;
  if (S_ISDIR(status.st_mode) && directories) rights |= right::make_directory | right::remove_directory;
  const PathBeneath rule{rights & handled, place.get()};
  // A pipe or a socket has no place in a file system; landlock leaves those alone.
  return ::syscall(SYS_landlock_add_rule, ruleset, kPathBeneath, &rule, 0) == 0 || errno == EBADFD;
}

void confine_files(const Needs& needs, Confinement& out) {
  if (kWritesAnywhere) {
    out.missing.emplace_back("landlock: this build writes coverage counters");
    return;
  }
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag);
  if (abi < 1) {
    out.missing.push_back(because("landlock"));
    return;
  }
  RulesetAttributes attributes{.files = handled_files(abi)};
  if (abi >= 6) attributes.scoped = kScopedAbstractSockets | kScopedSignals;
  // A kernel refuses a structure that is longer than the one it knows, unless the rest is zero.
  const Descriptor ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (ruleset.get() < 0) {
    out.missing.push_back(because("landlock: rule set"));
    return;
  }
  std::string places;
  for (const std::filesystem::path& path : needs.writable) {
    if (allow_writing(ruleset.get(), path, needs.makes_directories, attributes.files))
      places += cat(places.empty() ? "" : ", ", printable(path.string()));
    else
      out.missing.push_back(because("landlock: a place to write"));
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    out.missing.push_back(because("landlock"));
    return;
  }
  out.in_force.push_back(cat("landlock ABI ", abi, ": nothing is executed, and ",
                             places.empty() ? "no file is written" : cat("files are written only at ", places)));
}

}  // namespace

Confinement drop_privileges(const Needs& needs) {
  Confinement out;
  // First, because landlock and seccomp require it.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    out.in_force.emplace_back("no new privileges");
  else
    out.missing.push_back(because("no new privileges"));
  confine_files(needs, out);
  drop_capabilities(needs, out);
  if (const int error = install_syscall_filter(); error == 0)
    out.in_force.push_back(cat("seccomp: ", denied_syscalls(), " system calls fail"));
  else
    out.missing.push_back(cat("seccomp: ", std::strerror(error)));
  return out;
}

}  // namespace spdm::cmd
