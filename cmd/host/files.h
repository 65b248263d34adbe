// Files that the user named, written whole or not at all. To read them is core/file.h.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/file.h"

namespace spdm::cmd {

// Throws Error{usage} when `file` is the name of a format: -o named a format in most verbs before, and names a file in all now.
void refuse_format_as_file(const std::string& file);

// Writes to a temporary name next to `path` and renames it, so that nobody ever sees half a file. What is there and is
// no regular file (a pipe, a terminal), and what is open already (/dev/stdout, /dev/fd/63), is written to as it is. A link is followed,
// also to a file that is yet to be. What another user has laid into a directory that all may write to is not: no link on the whole way,
// no pipe and no device. Throws Error: usage for a directory and for a folder that is missing, permission, io.
void write_file(const std::filesystem::path& path, View contents);
void write_file(const std::filesystem::path& path, std::string_view contents);

// The same for what nobody else may read: the file has the mode 0600, whatever was there before. No link is followed, and what is no
// regular file is refused with Error{usage}.
void write_secret_file(const std::filesystem::path& path, View contents);

// The same piece by piece: the file appears under its name with finish(), and not at all without.
class FileInMaking {
 public:
  enum class Readers { others, owner };  // owner: as write_secret_file()
  // Throws Error as write_file().
  explicit FileInMaking(const std::filesystem::path& path, Readers readers = Readers::others);
  ~FileInMaking();
  FileInMaking(const FileInMaking&) = delete;
  FileInMaking& operator=(const FileInMaking&) = delete;
  void write(View contents);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The umask of the process. To read it is to change it for a moment, in all threads: it is read once.
mode_t creation_mask();

// Throws Error{usage} when the file exists, unless the user gave --overwrite. Call it for every file of a run before the first
// is written. Throws as assert_writable(), too.
void assert_new(const std::filesystem::path& path, bool overwrite);

// Throws Error{usage} when two outputs of a run would go to one file, under whatever names: the second would replace the first, and
// nobody would see. What is no regular file (a terminal, /dev/null, a folder) takes both; empty paths do not count. Call it as
// assert_new(), for the files that a run makes in a folder, too.
void assert_distinct(const std::vector<std::filesystem::path>& files);

// Finds out early that write_file() could not work, before a device is asked for anything. Throws Error as write_file().
void assert_writable(const std::filesystem::path& path);

// The same for write_secret_file().
void assert_secret_writable(const std::filesystem::path& path);

// What must be writable for write_file(path): the folder, or the file itself when it is no regular one. For a directory: itself.
std::filesystem::path written_at(const std::filesystem::path& path);

}  // namespace spdm::cmd
