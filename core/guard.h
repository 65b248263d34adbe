// Who else may write what the program goes by: a root certificate that anybody can replace is no root.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace spdm {

struct Guard {
  enum class Against {
    nobody,
    everybody,     // what the user named: only what everybody may write is refused
    all_but_root,  // the configuration of the system: nobody but root may write it, and nobody may put another in its place
  };

  Against against = Against::everybody;
  // Of all_but_root: directories above it are not looked at. Empty: those above the one that the path is in.
  std::filesystem::path root = {};
  std::optional<uid_t> owner = std::nullopt;  // of all_but_root: whose files are as good as root's, besides those of the process
};

// Why a file or a directory is not to be gone by: "others than root may write it (owner 1000, mode 0644)". Empty when it is good, or
// not there. Links are followed, for their own mode is always 0777. Nothing of a file system that is mounted read-only can be written.
std::string exposure(const std::filesystem::path& path, const Guard& guard);
// The same for a file that is open under this name.
std::string exposure(const std::filesystem::path& path, const struct stat& opened, const Guard& guard);

// Reads what exposure() has to know of the user namespace. Call it before the process confines itself: later it cannot be read.
void prepare_guards();

// What to do about it.
std::string remedy_of_exposure(const Guard& guard);

}  // namespace spdm
