#include "cmd/host/privileges.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "cmd/host/sanitized.h"
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

// --- capabilities(7)

// Asks by the effective ids and capabilities: plain access(2) asks what the real user could do. No capability helps where access
// is refused for other reasons (a read-only file system).
bool is_refused(const std::filesystem::path& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0 && errno == EACCES;
}

bool any_refused(const std::vector<std::filesystem::path>& paths, int mode) {
  return std::any_of(paths.begin(), paths.end(), [&](const auto& path) { return is_refused(path, mode); });
}

// Whether something that is to be read belongs to somebody else: a file, a directory, or what is right in it.
bool any_unreadable(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    std::error_code failure;
    const bool directory = std::filesystem::is_directory(path, failure);
    if (failure == std::errc::permission_denied || is_refused(path, directory ? R_OK | X_OK : R_OK)) return true;
    if (!directory) continue;
    for (std::filesystem::directory_iterator at(path, failure), end; !failure && at != end; at.increment(failure))
      if (is_refused(at->path(), R_OK)) return true;
  }
  return false;
}

struct Kept {
  unsigned capability;
  std::string_view name, purpose;
};

// CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH stay only for a file that cannot be written or read without: root that works with the
// files of a user.
std::vector<Kept> capabilities_to_keep(const Needs& needs) {
  const auto had = [](unsigned capability) { return ::capng_have_capability(CAPNG_PERMITTED, capability) == 1; };
  std::vector<Kept> out;
  if (needs.opens_devices && had(CAP_SYS_ADMIN)) out.push_back({CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "for configuration space"});
  if (needs.commands_nvme && had(CAP_SYS_ADMIN)) out.push_back({CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "for commands to NVMe drives"});
  if (needs.commands_scsi && had(CAP_SYS_RAWIO)) out.push_back({CAP_SYS_RAWIO, "CAP_SYS_RAWIO", "for commands to SCSI drives"});
  if (needs.sends_mctp && had(CAP_NET_RAW)) out.push_back({CAP_NET_RAW, "CAP_NET_RAW", "for messages over MCTP"});
  if (!had(CAP_DAC_OVERRIDE) && !had(CAP_DAC_READ_SEARCH)) return out;
  ::capng_updatev(CAPNG_DROP, CAPNG_EFFECTIVE, static_cast<unsigned>(CAP_DAC_OVERRIDE), static_cast<unsigned>(CAP_DAC_READ_SEARCH), -1);
  if (::capng_apply(CAPNG_SELECT_CAPS) != 0) return out;
  if (had(CAP_DAC_OVERRIDE) && (any_refused(needs.writable, W_OK) || any_refused(needs.folders, W_OK)))
    out.push_back({CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", "for files that are to be written elsewhere"});
  if (had(CAP_DAC_READ_SEARCH) && any_unreadable(needs.readable))
    out.push_back({CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "for files that are to be read"});
  return out;
}

void drop_capabilities(const Needs& needs, Confinement& out) {
  if (::capng_get_caps_process() != 0) {
    out.missing.push_back(because("capabilities: capget"));
    return;
  }
  const bool may_bound = ::capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
  const std::vector<Kept> kept = capabilities_to_keep(needs);
  ::capng_clear(CAPNG_SELECT_ALL);
  // The bounding set first: it takes CAP_SETPCAP. Without it there is nothing to inherit either.
  if (may_bound && ::capng_apply(CAPNG_SELECT_BOUNDS) != 0) out.missing.push_back(because("capabilities: bounding set"));
  for (const Kept& one : kept) ::capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), one.capability);
  if (::capng_apply(CAPNG_SELECT_CAPS) != 0) {
    out.missing.push_back(because("capabilities: capset"));
    return;
  }
  if (::capng_apply(CAPNG_SELECT_AMBIENT) != 0) out.missing.push_back(because("capabilities: ambient set"));
  std::string words = "no capabilities";
  for (const Kept& one : kept) words += cat(&one == &kept.front() ? " but " : " and ", one.name, ", ", one.purpose);
  out.in_force.push_back(words);
}

// --- landlock(7): names of its own, for the headers of a distribution are older than its kernel.

namespace right {
constexpr std::uint64_t execute = 1U << 0, write_file = 1U << 1, read_file = 1U << 2, read_directory = 1U << 3;
constexpr std::uint64_t remove_directory = 1U << 4, remove_file = 1U << 5, make_directory = 1U << 7, make_reg = 1U << 8;
constexpr std::uint64_t remove_and_make = 0x1FF0;  // bits 4 to 12: REMOVE_DIR to MAKE_SYM
constexpr std::uint64_t refer = 1U << 13, truncate = 1U << 14, ioctl_device = 1U << 15;
constexpr std::uint64_t bind_tcp = 1U << 0, connect_tcp = 1U << 1;  // of the network
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

RulesetAttributes handled_by(long abi, const Needs& needs) {
  RulesetAttributes out;
  out.files = right::execute | right::write_file | right::read_file | right::read_directory | right::remove_and_make;
  if (abi >= 2) out.files |= right::refer;
  if (abi >= 3) out.files |= right::truncate;
  if (abi >= 4) out.network = right::bind_tcp | (needs.connects ? 0 : right::connect_tcp);
  if (abi >= 5) out.files |= right::ioctl_device;
  if (abi >= 6) out.scoped = kScopedAbstractSockets | kScopedSignals;
  return out;
}

// Rights to a place: to a directory with all that is below it, and to a file.
struct Rights {
  std::uint64_t directory, file;
};
constexpr Rights kReading{right::read_file | right::read_directory, right::read_file};
constexpr Rights kWriting{right::write_file | right::truncate | right::make_reg | right::remove_file, right::write_file | right::truncate};
constexpr Rights kFolder{kWriting.directory | right::read_directory | right::make_directory | right::remove_directory, kWriting.file};
constexpr Rights kAttributes{kWriting.file, kWriting.file};
constexpr Rights kDevices{right::read_file | right::write_file | right::ioctl_device,
                          right::read_file | right::write_file | right::ioctl_device};

class Ruleset {
 public:
  Ruleset(const RulesetAttributes& handled, std::vector<std::string>& missing)
      // A kernel refuses a structure that is longer than the one it knows, unless the rest is zero.
      : handled_(handled), fd_(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0))), missing_(missing) {}

  int get() const { return fd_.get(); }

  // Returns the places in words.
  std::string allow(const std::vector<std::filesystem::path>& places, const Rights& rights, std::string_view what) const {
    std::string out;
    for (const std::filesystem::path& place : places) {
      const int error = add(place, rights) ? 0 : errno;
      if (error == 0) out += cat(out.empty() ? "" : ", ", printable(place.string()));
      if (error == 0 || error == ENOENT || error == ENOTDIR) continue;  // what is not there is refused as such when it is opened
      missing_.push_back(cat("landlock: ", what, " ", printable(place.string()), ": ", std::strerror(error)));
    }
    return out;
  }

 private:
  bool add(const std::filesystem::path& path, const Rights& rights) const {
    const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat status {};
    if (place.get() < 0 || ::fstat(place.get(), &status) != 0) return false;
    const PathBeneath rule{(S_ISDIR(status.st_mode) ? rights.directory : rights.file) & handled_.files, place.get()};
    // A pipe or a socket has no place in a file system; landlock leaves those alone.
    return ::syscall(SYS_landlock_add_rule, fd_.get(), kPathBeneath, &rule, 0) == 0 || errno == EBADFD;
  }

  RulesetAttributes handled_;
  Descriptor fd_;
  std::vector<std::string>& missing_;
};

// A leak checker reads the memory map of its own process when the program ends.
std::vector<std::filesystem::path> read_by_tools() {
  if (kSanitized) return {"/proc/self"};
  return {};
}

// The places are opened before capabilities are dropped, and the process is bound to them afterwards (restrict_files()).
std::optional<Ruleset> prepare_files(const Needs& needs, Confinement& out) {
  if (kWritesAnywhere) {
    out.missing.emplace_back("landlock: this build writes coverage counters");
    return std::nullopt;
  }
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag);
  if (abi < 1) {
    out.missing.push_back(because("landlock"));
    return std::nullopt;
  }
  std::optional<Ruleset> rules(std::in_place, handled_by(abi, needs), out.missing);
  if (rules->get() < 0) {
    out.missing.push_back(because("landlock: rule set"));
    return std::nullopt;
  }
  rules->allow(read_by_tools(), kReading, "reading");
  const std::string read = rules->allow(needs.readable, kReading, "reading");
  std::string written = rules->allow(needs.writable, kWriting, "writing");
  for (const auto& [places, rights] :
       {std::pair(&needs.folders, kFolder), std::pair(&needs.attributes, kAttributes), std::pair(&needs.devices, kDevices)})
    if (const std::string more = rules->allow(*places, rights, "writing"); !more.empty()) written += cat(written.empty() ? "" : ", ", more);
  out.in_force.push_back(cat("landlock ABI ", abi, ": nothing is executed, ",
                             read.empty() ? "no file is read, " : cat("files are read only at ", read, ", "),
                             written.empty() ? "no file is written" : cat("files are written only at ", written)));
  return rules;
}

void restrict_files(const Ruleset& rules, Confinement& out) {
  if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0) return;
  const std::string why = because("landlock");
  std::erase_if(out.in_force, [](const std::string& line) { return line.starts_with("landlock"); });
  out.missing.push_back(why);
}

}  // namespace

Confinement drop_privileges(const Needs& needs) {
  Confinement out;
  // First, because landlock and seccomp require it.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    out.in_force.emplace_back("no new privileges");
  else
    out.missing.push_back(because("no new privileges"));
  const std::optional<Ruleset> rules = prepare_files(needs, out);
  drop_capabilities(needs, out);
  if (needs.broker_lacks) {
    out.in_force.emplace_back("drives: only a broker accesses them, one process for each, and it sends only SPDM");
    for (const std::string& line : *needs.broker_lacks) out.missing.push_back(cat("broker of drives: ", line));
  }
  if (rules) restrict_files(*rules, out);
  const FilterNeeds filter{.connects = needs.connects};
  const bool lists_allowed = needs.calls != SystemCalls::program;
  const int error = lists_allowed ? install_allow_list(needs.calls) : install_syscall_filter(filter);
  if (error != 0)
    out.missing.push_back(cat("seccomp: ", std::strerror(error)));
  else if (lists_allowed)
    out.in_force.emplace_back("seccomp: only the system calls that it needs are left");
  else
    out.in_force.push_back(cat("seccomp: ", denied_syscalls(filter), " system calls fail, and no memory becomes code"));
  return out;
}

}  // namespace spdm::cmd
