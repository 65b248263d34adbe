// Small files below /run/spdmctl: states and locks. Root's program works in a place that others can see, so no link is
// ever followed, and a file is there whole or not at all. Nothing is flushed to a disk: /run ends with the boot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.h"
#include "core/file.h"
#include "core/protocol/link.h"
#include "transport/base/host.h"

namespace spdm::cmd {

class RunFolder {
 public:
  enum class Lock { shared, exclusive };

  // `name` is a folder of /run/spdmctl, or empty for that itself. open(): nothing when it is not there; make(): 0755.
  // Throws Error: permission, io.
  static std::optional<RunFolder> open(const transport::Host& host, const std::string& name);
  static RunFolder make(const transport::Host& host, const std::string& name);

  // Nothing when there is no such file. Throws Error{bad_input} when it is no regular file, or larger than its kind may be.
  std::optional<std::string> read(const std::string& name, FileKind kind) const;
  // Writes under a temporary name and renames, so that no reader sees half a file; mode 0644. Throws Error: permission, io.
  void write(const std::string& name, std::string_view contents) const;
  void remove(const std::string& name) const;
  // Sorted; at most `limit`.
  std::vector<std::string> names(std::string_view suffix, std::size_t limit) const;
  std::filesystem::path path(const std::string& name) const { return path_ / name; }

  // Locks a file of this folder, for one or for many, until the descriptor is closed. Throws Error{busy} when somebody
  // else has it at the deadline; nobody waits for a deadline that is past.
  Descriptor lock(const std::string& name, Lock mode, Clock::time_point deadline) const;

 private:
  RunFolder(Descriptor fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Descriptor fd_;
  std::filesystem::path path_;
};

}  // namespace spdm::cmd
