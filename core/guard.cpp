#include "core/guard.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <list>

#include "core/text.h"

namespace spdm {

namespace {

namespace fs = std::filesystem;
using Against = Guard::Against;

// The owner that the kernel shows where the real one has no number in this user namespace, such as root of the host in a
// container that has its own. Nobody in the namespace is that owner. Nothing where every owner has a number: there 65534 is "nobody".
// Read once: a confined process cannot any more.
std::optional<uid_t> overflow_owner() {
  static const std::optional<uid_t> out = [] {
    std::optional<uid_t> owner;
    std::uint64_t inside = 0, outside = 0, count = 0;
    std::ifstream map("/proc/self/uid_map"), overflow("/proc/sys/fs/overflowuid");
    uid_t number = 0;
    const bool is_whole = map >> inside >> outside >> count && inside == 0 && outside == 0 && count >= UINT32_MAX;
    if (map && !is_whole && overflow >> number) owner = number;
    return owner;
  }();
  return out;
}

bool is_as_good_as_root(uid_t owner, const Guard& guard) {
  return owner == 0 || owner == ::geteuid() || owner == guard.owner || owner == overflow_owner();
}

// A group of the process itself counts only where that is not root: it is not guarded against itself.
bool group_may_write(const struct stat& about) {
  return (about.st_mode & S_IWGRP) != 0 && (::geteuid() == 0 || about.st_gid != ::getegid());
}

bool is_read_only(const fs::path& path) {
  struct statvfs file_system {};
  return ::statvfs(path.c_str(), &file_system) == 0 && (file_system.f_flag & ST_RDONLY) != 0;
}

std::string mode_text(const struct stat& about) {
  std::string out;
  for (unsigned shift = 12; shift > 0;) {
    shift -= 3;
    out += static_cast<char>('0' + ((about.st_mode >> shift) & 7));
  }
  return out;
}

// `passed`: a directory on the way. One with the sticky bit, such as /tmp, lets nobody replace what is another's.
std::string exposure_of(const fs::path& path, const struct stat& about, const Guard& guard, bool passed) {
  const bool root_only = guard.against == Against::all_but_root;
  const bool sticky = passed && (about.st_mode & S_ISVTX) != 0;
  const bool all = (about.st_mode & S_IWOTH) != 0 && !sticky;
  const bool group = root_only && group_may_write(about) && !sticky;
  const bool owner = root_only && !is_as_good_as_root(about.st_uid, guard);
  if ((!all && !group && !owner) || is_read_only(path)) return {};
  return cat(root_only ? "users other than root can write " : "everybody can write ", passed ? printable(path.string()) : "it", " (owner ",
             about.st_uid, ", mode ", mode_text(about), ")");
}

bool is_above(const fs::path& directory, const fs::path& root) {
  return directory != root && std::mismatch(directory.begin(), directory.end(), root.begin(), root.end()).first == directory.end();
}

// Walks to a path as the kernel does, through links, and looks at each directory on the way: who may write one of them may put
// another file in the place of what it leads to.
std::string exposure_of_way(const fs::path& path, const Guard& guard) {
  constexpr int kMostLinks = 40;
  std::error_code failure;
  const fs::path whole = fs::absolute(path, failure);
  const fs::path root = fs::weakly_canonical(guard.root.empty() ? whole.parent_path() : guard.root, failure);
  std::list<fs::path> left(whole.begin(), whole.end());
  fs::path at = "/";
  for (int links = 0; !left.empty();) {
    const fs::path name = left.front();
    left.pop_front();
    if (name == "/" || name == "." || name.empty()) continue;
    if (name == "..") {
      at = at.parent_path();
      continue;
    }
    struct stat above {
    }, own{};
    const fs::path next = at / name;
    if (::stat(at.c_str(), &above) != 0 || ::lstat(next.c_str(), &own) != 0) return {};  // who opens it says so
    if (!is_above(at, root))
      if (std::string why = exposure_of(at, above, guard, true); !why.empty()) return why;
    if (!S_ISLNK(own.st_mode)) {
      at = next;
      continue;
    }
    // In a directory with the sticky bit a link is its owner's to replace.
    if ((above.st_mode & S_ISVTX) != 0 && !is_as_good_as_root(own.st_uid, guard))
      return cat("users other than root can write ", printable(next.string()), " (owner ", own.st_uid, ")");
    const fs::path target = fs::read_symlink(next, failure);
    if (failure || ++links > kMostLinks) return {};
    if (target.is_absolute()) at = "/";
    left.insert(left.begin(), target.begin(), target.end());
  }
  return {};
}

}  // namespace

void prepare_guards() { overflow_owner(); }

std::string exposure(const fs::path& path, const struct stat& opened, const Guard& guard) {
  if (guard.against == Against::nobody) return {};
  std::string out = exposure_of(path, opened, guard, false);
  if (out.empty() && guard.against == Against::all_but_root) out = exposure_of_way(path, guard);
  return out;
}

std::string exposure(const fs::path& path, const Guard& guard) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? exposure(path, about, guard) : std::string();
}

std::string remedy_of_exposure(const Guard& guard) {
  return guard.against == Against::all_but_root ? "make root its owner, and deny write access to others: chown root, chmod go-w"
                                                : "deny write access to others: chmod o-w";
}

}  // namespace spdm
