// The files in a directory that the user named instead of the files.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/error.h"

namespace spdm::cmd {

inline constexpr std::size_t kMaxFolderEntries = 100'000;

struct FolderEntry {
  std::filesystem::path path;                 // of the directory as it was named, and the name in it
  std::optional<Error> error = std::nullopt;  // why it is not read, naming it: a directory, a pipe, a link that leads out
};

// The entries of a directory by name, but for hidden ones. Directories in it are not searched. Each entry that is no file is told: what
// nobody has looked at must not look as if it had passed. Throws Error, naming the directory: bad_input where there is no entry, or more
// than `most`; permission; io.
std::vector<FolderEntry> entries_of_folder(const std::filesystem::path& folder, std::size_t most = kMaxFolderEntries);

}  // namespace spdm::cmd
