// Reads files as bytes, up to the limit of their kind (file_kinds.h). A file that the user named may be a pipe or a
// device. A configuration file is a regular file or the mask (/dev/null), and a file that was found in a directory is a regular one;
// reading these never blocks.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/file_kinds.h"
#include "core/guard.h"

namespace spdm {

struct FileContents {
  enum class State {
    whole,
    mask,     // /dev/null; not an empty file: a crash may have emptied one that narrows trust
    missing,  // also a dangling link
    refused,  // permission denied
    exposed,  // others may write it (guard.h)
    directory,
    irregular,  // a pipe, a socket, a device
    too_large,
    failed,
  };

  State state = State::whole;
  Bytes bytes;       // of State::whole
  std::string why;   // why it cannot be used; empty for State::whole and State::mask
  std::string hint;  // what to do about it; may be empty

  bool is(State other) const { return state == other; }
};

// The `why` of an empty file.
inline constexpr std::string_view kEmptyFile = "is empty; to mask the name, link it to /dev/null";

// The `why` of a link to a file that is not there.
inline constexpr std::string_view kDanglingLink = "is a link that leads nowhere";

// Reads a configuration file. Does not wait for the writer of a pipe, and makes no terminal the controlling one.
FileContents read_configuration(const std::filesystem::path& path, FileKind kind);
// The same for what is gone by: what others may write is not read.
FileContents read_configuration(const std::filesystem::path& path, FileKind kind, const Guard& guard);
// The same for an open file, for callers that walk to it with openat(2). The descriptor stays open.
FileContents read_configuration(int fd, FileKind kind);

// Reads a file that the user named; "-" is standard input. Throws Error naming the file: bad_input when it is missing,
// a directory or larger than the limit of its kind; permission; io.
Bytes read_file(const std::filesystem::path& path, FileKind kind);
// The same for what is gone by. Throws Error{config}, too, for a regular file that others may write.
Bytes read_file(const std::filesystem::path& path, FileKind kind, const Guard& guard);

// Reads a file that nobody named: it was found in a directory. Nothing when it is missing. Throws Error as read_file(), and bad_input
// when it is no regular file: to open what others have put there could block, or set off a device.
std::optional<Bytes> read_found(const std::filesystem::path& path, FileKind kind);

// Opens a file that the user named to be read piece by piece, whatever its size. Each call of the result fills the given room and
// returns the number of bytes; 0 is the end. Both throw Error as read_file() does.
std::function<std::size_t(std::span<char>)> open_file(const std::filesystem::path& path);

// The same for one that was found in a directory, as read_found().
std::function<std::size_t(std::span<char>)> open_found(const std::filesystem::path& path);

// For writers of files that are to be read again: throws Error{bad_input} when `size` bytes exceed the limit.
void assert_readable(std::size_t size, FileKind kind);

// Whether the name of a file ends in this extension (".xyz"), in any case: they come from systems that write them in capitals.
bool has_ending(const std::filesystem::path& path, std::string_view ending);

// Whether a path is missing because it, or a folder above it, is a dangling link.
bool dangles(const std::filesystem::path& path);

}  // namespace spdm
