#include "cmd/host/layers.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/recognize.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, ErrorId id, const std::string& why, const std::string& hint = {}) {
  Error error(id, why, hint);
  error.device = path.string();
  throw error;
}

// Whether the file is a drop-in, or is meant as one: .yml, .YAML.
bool is_drop_in(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return (ending == ".yaml" || ending == ".yml") && !file.filename().string().starts_with('.');
}

// By name: an earlier directory hides the names of later ones.
std::map<std::string, fs::path> files_of(const std::vector<fs::path>& directories, const Guard& guard) {
  std::map<std::string, fs::path> out;
  for (const fs::path& directory : directories) {
    if (const std::string why = exposure(directory, guard); !why.empty()) fail(directory, ErrorId::config, why, remedy_of_exposure(guard));
    std::error_code failure;
    for (fs::directory_iterator at(directory, failure), end; !failure && at != end; at.increment(failure))
      if (is_drop_in(at->path())) out.emplace(at->path().filename().string(), at->path());
    if (failure && (failure != std::errc::no_such_file_or_directory || dangles(directory)))
      fail(directory, failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::config, failure.message());
  }
  return out;
}

void read(const fs::path& file, FileKind kind, std::vector<DropIn>& out, std::string_view if_empty, const Guard& guard) {
  const FileContents content = read_configuration(file, kind, guard);
  if (content.is(FileContents::State::mask)) return;
  if (!content.why.empty())
    fail(file, content.is(FileContents::State::refused) ? ErrorId::permission : ErrorId::config, content.why, content.hint);
  if (content.bytes.empty()) fail(file, ErrorId::config, std::string(if_empty));
  if (const std::optional<Error> wrong = wrong_kind(content.bytes, kind)) fail(file, ErrorId::config, wrong->what(), wrong->hint);
  out.push_back({file, std::string(as_text(content.bytes))});
}

}  // namespace

// The root of what layers_of() names.
static fs::path root_of_layers() {
  const char* const other = ::secure_getenv("SPDMCTL_CONFROOT");
  return other != nullptr && *other != '\0' ? other : "/";
}

std::vector<fs::path> layers_of(std::string_view name) { return layers_below(root_of_layers(), name); }

Guard system_guard() { return system_guard(root_of_layers()); }

Guard system_guard(const fs::path& root) {
  Guard out{.against = Guard::Against::all_but_root, .root = root};
  // sudo(8) says whose files these are: who may be root gives nothing away. Only root could say so to a process of root.
  const char* const user = ::geteuid() == 0 ? ::secure_getenv("SUDO_UID") : nullptr;
  uid_t number = 0;
  if (user == nullptr) return out;
  const char* const end = user + std::strlen(user);
  if (const auto [stop, failure] = std::from_chars(user, end, number); failure == std::errc{} && stop == end) out.owner = number;
  return out;
}

std::vector<fs::path> layers_below(const fs::path& root, std::string_view name) {
  std::vector<fs::path> out;
  for (const char* const layer : {"etc/spdmctl", "run/spdmctl", "usr/local/lib/spdmctl", "usr/lib/spdmctl"})
    out.push_back(root / layer / name);
  return out;
}

std::vector<fs::path> configuration_places(const std::vector<fs::path>& paths) {
  constexpr std::size_t kMost = 10'000;
  std::vector<fs::path> out = paths;
  for (const fs::path& path : paths) {
    std::error_code failure;
    if (!fs::is_directory(path, failure)) continue;
    for (fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, failure), end;
         !failure && at != end && out.size() < kMost; at.increment(failure))
      if (std::error_code ignored; at->is_symlink(ignored)) out.push_back(at->path());
  }
  return out;
}

std::vector<fs::path> lasting_places(const std::vector<fs::path>& paths) {
  std::vector<fs::path> out = configuration_places(paths);
  for (const fs::path& path : paths) {
    std::error_code failure;
    if (!fs::exists(path, failure) || fs::is_directory(path, failure)) continue;
    const fs::path folder = fs::weakly_canonical(path.has_parent_path() ? path.parent_path() : ".", failure);
    if (!failure && folder != "/" && folder != "/etc") out.push_back(folder);
  }
  return out;
}

std::vector<DropIn> read_drop_ins(const std::vector<fs::path>& directories, FileKind kind, std::vector<Error>* unreadable) {
  return read_drop_ins(directories, kind, unreadable, system_guard());
}

std::vector<DropIn> read_drop_ins(const std::vector<fs::path>& directories, FileKind kind, std::vector<Error>* unreadable,
                                  const Guard& guard) {
  std::vector<DropIn> out;
  for (const auto& [name, path] : files_of(directories, guard)) try {
      if (path.extension() != ".yaml") fail(path, ErrorId::config, "is not read", "name it .yaml");
      read(path, kind, out, kEmptyFile, guard);
    } catch (const Error& error) {
      if (unreadable == nullptr) throw;
      unreadable->push_back(error);
    }
  return out;
}

std::vector<DropIn> read_named_layers(const std::vector<fs::path>& directories, FileKind kind, std::vector<Error>* unreadable,
                                      const Guard& guard) {
  std::vector<DropIn> out = read_drop_ins(directories, kind, unreadable, guard);
  const bool told = unreadable != nullptr && !unreadable->empty();
  if (out.empty() && !told)
    fail(directories.front(), ErrorId::config, "contains no .yaml file", "give a .yaml file, or a directory with some");
  return out;
}

std::vector<DropIn> read_named(const fs::path& path, FileKind kind, std::vector<Error>* unreadable, const Guard& guard) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (fs::is_directory(status)) return read_named_layers({path}, kind, unreadable, guard);
  const bool missing = failure == std::errc::no_such_file_or_directory || failure == std::errc::not_a_directory;
  if (failure && !missing) fail(path, failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::config, failure.message());
  if (!fs::exists(status))
    fail(path, ErrorId::config, dangles(path) ? std::string(kDanglingLink) : "is not there", "give a file, or a directory of .yaml files");
  std::vector<DropIn> out;
  read(path, kind, out, "is empty", guard);
  return out;
}

}  // namespace spdm::cmd
