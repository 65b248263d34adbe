#include "cmd/host/folder.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& folder, ErrorId id, const std::string& why, const std::string& hint) {
  Error error(id, why, hint);
  error.device = folder.string();
  throw error;
}

// Where a link leads, with all links of the folder's own path followed.
bool leads_out(const fs::path& link, const fs::path& folder) {
  std::error_code failure;
  const fs::path place = fs::canonical(link, failure), root = fs::canonical(folder, failure);
  return failure || place.parent_path() != root;
}

std::optional<Error> refusal(const fs::path& path, const fs::path& folder) {
  std::error_code failure, ignored;
  const fs::file_status status = fs::status(path, failure);
  const bool is_link = fs::is_symlink(path, ignored);
  const auto refuse = [&](std::string_view why, const std::string& hint) {
    Error out(ErrorId::bad_input, std::string(why), hint);
    out.device = path.string();
    return std::optional(out);
  };
  if (is_link && !fs::exists(status)) return refuse(kDanglingLink, "");
  if (is_link && leads_out(path, folder))
    return refuse("is a link that leads out of the directory, and is not followed", "name what it leads to");
  if (fs::is_directory(status)) return refuse("is a directory in a directory, and is not searched", "name it as well");
  if (fs::is_regular_file(status)) return std::nullopt;
  return refuse("is not a regular file, and only these are read in a directory", "to read a pipe, name it on the command line");
}

}  // namespace

std::vector<FolderEntry> entries_of_folder(const fs::path& folder, std::size_t most) {
  std::error_code failure;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;
    if (names.size() == most) fail(folder, ErrorId::bad_input, cat("has more than ", most, " entries"), "name its files in several runs");
    names.push_back(name);
  }
  if (failure) fail(folder, failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::io, failure.message(), "");
  if (names.empty()) fail(folder, ErrorId::bad_input, "is an empty directory", "give a directory with files, or files");
  std::sort(names.begin(), names.end());
  std::vector<FolderEntry> out;
  out.reserve(names.size());
  for (const std::string& name : names) {
    const fs::path path = folder / name;
    out.push_back({.path = path, .error = refusal(path, folder)});
  }
  return out;
}

}  // namespace spdm::cmd
