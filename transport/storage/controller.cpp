#include "transport/storage/controller.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDigits = "0123456789";

// Takes a prefix with a number behind it off the front: "n1" of "n1p2".
bool take_numbered(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  const std::size_t end = std::min(name.find_first_not_of(kDigits, prefix.size()), name.size());
  if (end == prefix.size()) return false;
  name.remove_prefix(end);
  return true;
}

bool is_controller(std::string_view name) { return take_numbered(name, "nvme") && name.empty(); }

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

[[noreturn]] void fail_for_want_of(std::string_view node) {
  throw Error(ErrorId::no_device, cat("there is no ", printable(node)), "see: spdmctl list --drives");
}

// What the kernel has for a node: the directory of a controller, of a namespace or of a partition.
fs::path entry_of(const Host& host, const std::string& name, std::string_view node) {
  for (const std::string_view kind : {"nvme", "block", "nvme-generic"}) {
    const fs::path entry = host.root / "sys/class" / kind / name;
    if (is_there(entry)) return entry;
  }
  fail_for_want_of(node);
}

// In a container a node may lead to another device than the kernel's name for it says.
void assert_leads_to(const Host& host, std::string_view node, const fs::path& entry) {
  const std::optional<std::string> number = attribute(entry / "dev");
  struct stat status {};
  if (!number || ::stat((host.root / fs::path(node).relative_path()).c_str(), &status) != 0) return;
  if (!S_ISBLK(status.st_mode) && !S_ISCHR(status.st_mode)) return;
  if (const std::string its = cat(major(status.st_rdev), ":", minor(status.st_rdev)); its != *number)
    throw Error(ErrorId::no_device, cat(printable(node), " is device ", its, "; what the kernel calls so is ", printable(*number)),
                "give the address of the PCI function, such as 0000:03:00.0");
}

// The controllers of a namespace. Its directory lies in that of its controller; or, where several may lead to it, in that of the
// subsystem, which has a link to each. A partition lies in its namespace.
std::vector<std::string> controllers_of(const fs::path& entry) {
  std::error_code failure;
  std::vector<std::string> out;
  const fs::path real = fs::canonical(entry, failure);
  for (fs::path at = real; !failure && at.has_relative_path(); at = at.parent_path()) {
    if (is_controller(at.filename().string())) return {at.filename().string()};
    if (!at.filename().string().starts_with("nvme-subsys")) continue;
    for (const std::string& name : entries(at).value_or(std::vector<std::string>{}))
      if (is_controller(name)) out.push_back(name);
    return out;
  }
  return out;
}

}  // namespace

bool is_nvme_node(std::string_view word) {
  constexpr std::string_view kFolder = "/dev/";
  if (!word.starts_with(kFolder)) return false;
  word.remove_prefix(kFolder.size());
  if (take_numbered(word, "ng")) return take_numbered(word, "n") && word.empty();
  if (!take_numbered(word, "nvme")) return false;
  if (word.empty()) return true;
  if (!take_numbered(word, "n")) return false;
  return word.empty() || (take_numbered(word, "p") && word.empty());
}

Drive controller_of(const Host& host, std::string_view node) {
  const fs::path entry = entry_of(host, fs::path(node).filename().string(), node);
  assert_leads_to(host, node, entry);
  const std::vector<std::string> names = controllers_of(entry);
  if (names.size() > 1) {
    std::string all;
    for (const std::string& name : names) all += cat(all.empty() ? "/dev/" : ", /dev/", printable(name));
    throw Error(ErrorId::usage, cat(printable(node), " has several controllers: ", all), "name one of them");
  }
  for (const Drive& drive : scan_drives(host))
    if (drive.kind == DriveKind::nvme && !names.empty() && drive.name == names.front()) return drive;
  fail_for_want_of(node);
}

}  // namespace spdm::transport
