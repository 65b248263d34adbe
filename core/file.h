// Files as bytes: one reader, bounded by the kind of the file (file_kinds.h). What the user named may be a pipe or a
// device; configuration is a regular file, or the mask, and never makes anybody wait.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/file_kinds.h"

namespace spdm {

struct FileContents {
  enum class State {
    whole,
    mask,     // /dev/null; an empty file may be what a crash has left of one that narrows trust
    missing,  // also: a link to nowhere
    refused,  // for want of permission
    directory,
    irregular,  // a pipe, a socket, a device
    too_large,
    failed,
  };

  State state = State::whole;
  Bytes bytes;       // of State::whole
  std::string why;   // it cannot be used; empty for State::whole and State::mask
  std::string hint;  // what to do about it; may be empty

  bool is(State other) const { return state == other; }
};

// Why a file with nothing in it cannot be used.
inline constexpr std::string_view kEmptyFile = "is empty; to mask the name, link it to /dev/null";

// A file of the configuration. Does not wait for a pipe that nobody writes to, and makes no terminal that of the process.
FileContents read_configuration(const std::filesystem::path& path, FileKind kind);
// The same for a file that is open: of who walks to it with openat(2). The descriptor stays open.
FileContents read_configuration(int fd, FileKind kind);

// What the user named; "-" is standard input. Throws Error naming the file: bad_input when it is missing, a directory or
// larger than its kind may be, permission, io.
Bytes read_file(const std::filesystem::path& path, FileKind kind);

// The same for what is read piece by piece, whatever its size: each call fills the room it is given and returns how much;
// 0 is the end. Throws Error as read_file(), here and while it is read.
std::function<std::size_t(std::span<char>)> open_file(const std::filesystem::path& path);

// For who writes what is to be read again: throws Error{bad_input} when so many bytes would be too large.
void assert_readable(std::size_t size, FileKind kind);

// Whether a path that is not there is one because it, or a folder above it, is a link to nowhere.
bool dangles(const std::filesystem::path& path);

}  // namespace spdm
