#include "core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/recognize.h"
#include "core/text.h"

namespace spdm {

namespace {

using State = FileContents::State;

State state_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return State::missing;
    case EACCES:
    case EPERM:
      return State::refused;
    case EISDIR:
      return State::directory;
    default:
      return State::failed;
  }
}

FileContents failure(int error) { return {state_of(error), {}, std::strerror(error), {}}; }

// Of opening it: says where a link leads nowhere.
FileContents failure(int error, const std::filesystem::path& path) {
  FileContents out = failure(error);
  std::error_code ignored;
  if (out.is(State::missing) && std::filesystem::is_symlink(path, ignored)) out.why = kDanglingLink;
  return out;
}

FileContents too_large(FileKind kind) {
  const FileKindRow& limits = row(kind);
  return {State::too_large,
          {},
          cat("is larger than ", limits.limit, " bytes, the limit for a file of this kind (", limits.name, ")"),
          std::string(limits.advice)};
}

FileContents irregular() {
  return {
      State::irregular, {}, "is not a regular file, and only these are read in a directory", "to read a pipe, name it on the command line"};
}

ErrorId error_id(State state) {
  switch (state) {
    case State::refused:
      return ErrorId::permission;
    case State::failed:
      return ErrorId::io;
    case State::exposed:
      return ErrorId::config;
    default:
      return ErrorId::bad_input;
  }
}

[[noreturn]] void fail(const std::filesystem::path& path, const FileContents& contents) {
  Error out(error_id(contents.state), contents.why, contents.hint);
  out.device = path.string();
  throw out;
}

ssize_t read_some(int fd, void* room, std::size_t size) {
  ssize_t got = 0;
  do got = ::read(fd, room, size);
  while (got < 0 && errno == EINTR);
  return got;
}

// Asks for one byte more than the limit, to detect a file that is too large, whatever fstat(2) says of its size. Also
// asks for one byte more than that size: then the read that finds the end needs no larger buffer.
FileContents read_bounded(int fd, const struct stat& about, FileKind kind) {
  const std::size_t limit = limit_of(kind);
  std::size_t room = S_ISREG(about.st_mode) ? std::min(static_cast<std::size_t>(about.st_size), limit) + 1 : 64 * kKiB;
  FileContents out;
  for (std::size_t used = 0;;) {
    if (used == out.bytes.size()) out.bytes.resize(std::min(used + room, limit + 1));
    const ssize_t got = read_some(fd, out.bytes.data() + used, out.bytes.size() - used);
    if (got < 0) return failure(errno);
    used += static_cast<std::size_t>(got);
    if (used > limit) return too_large(kind);
    // A regular file that gave as many bytes as it has is at its end: nobody has to ask again.
    if (got == 0 || (used > 0 && S_ISREG(about.st_mode) && used == static_cast<std::size_t>(about.st_size) && used < out.bytes.size())) {
      out.bytes.resize(used);
      return out;
    }
    room = std::max(used, 4 * kKiB);
  }
}

// Opens a file that the user named. It waits for the writer of a pipe, as every program does.
Descriptor open_named(const std::filesystem::path& path, struct stat& about) {
  Descriptor fd(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0 && (errno == ELOOP || errno == ENAMETOOLONG)) {  // the name is wrong, not the system
    Error error(ErrorId::bad_input, std::strerror(errno));
    error.device = path.string();
    throw error;
  }
  if (fd.get() < 0 || ::fstat(fd.get(), &about) != 0) fail(path, failure(errno, path));
  if (S_ISDIR(about.st_mode)) fail(path, failure(EISDIR));
  return fd;
}

FileContents read_opened(int fd, const struct stat& about, FileKind kind) {
  if (S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3)) return {State::mask, {}, {}, {}};
  if (S_ISDIR(about.st_mode)) return {State::directory, {}, "is a directory, not a regular file", {}};
  if (!S_ISREG(about.st_mode)) return {State::irregular, {}, "not a regular file", {}};
  return read_bounded(fd, about, kind);
}

FileContents exposed(std::string why, const Guard& guard) { return {State::exposed, {}, std::move(why), remedy_of_exposure(guard)}; }

}  // namespace

FileContents read_configuration(int fd, FileKind kind) {
  struct stat about {};
  return ::fstat(fd, &about) != 0 ? failure(errno) : read_opened(fd, about, kind);
}

FileContents read_configuration(const std::filesystem::path& path, FileKind kind) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  return fd.get() < 0 ? failure(errno, path) : read_configuration(fd.get(), kind);
}

FileContents read_configuration(const std::filesystem::path& path, FileKind kind, const Guard& guard) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat about {};
  if (fd.get() < 0 || ::fstat(fd.get(), &about) != 0) return failure(errno, path);
  if (S_ISREG(about.st_mode))
    if (std::string why = exposure(path, about, guard); !why.empty()) return exposed(std::move(why), guard);
  return read_opened(fd.get(), about, kind);
}

Bytes read_file(const std::filesystem::path& path, FileKind kind) { return read_file(path, kind, {.against = Guard::Against::nobody}); }

Bytes read_file(const std::filesystem::path& path, FileKind kind, const Guard& guard) {
  struct stat about {};
  const Descriptor fd = open_named(path, about);
  if (S_ISREG(about.st_mode))
    if (std::string why = exposure(path, about, guard); !why.empty()) fail(path, exposed(std::move(why), guard));
  FileContents out = read_bounded(fd.get(), about, kind);
  if (!out.is(State::whole)) fail(path, out);
  if (std::optional<Error> wrong = wrong_kind(out.bytes, kind)) {
    wrong->device = path.string();
    throw Error(*wrong);
  }
  return std::move(out.bytes);
}

std::optional<Bytes> read_found(const std::filesystem::path& path, FileKind kind) {
  FileContents out = read_configuration(path, kind);
  if (out.is(State::missing)) return std::nullopt;
  if (out.is(State::mask) || out.is(State::irregular) || out.is(State::directory)) out = irregular();
  if (!out.is(State::whole)) fail(path, out);
  return std::move(out.bytes);
}

namespace {

std::function<std::size_t(std::span<char>)> pieces_of(Descriptor opened, const std::filesystem::path& path) {
  const auto fd = std::make_shared<const Descriptor>(std::move(opened));
  return [fd, path](std::span<char> room) {
    const ssize_t got = read_some(fd->get(), room.data(), room.size());
    if (got < 0) fail(path, failure(errno));
    return static_cast<std::size_t>(got);
  };
}

}  // namespace

std::function<std::size_t(std::span<char>)> open_file(const std::filesystem::path& path) {
  struct stat about {};
  return pieces_of(open_named(path, about), path);
}

std::function<std::size_t(std::span<char>)> open_found(const std::filesystem::path& path) {
  struct stat about {};
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0 || ::fstat(fd.get(), &about) != 0) fail(path, failure(errno, path));
  if (!S_ISREG(about.st_mode)) fail(path, irregular());
  return pieces_of(std::move(fd), path);
}

void assert_readable(std::size_t size, FileKind kind) {
  const FileKindRow& limits = row(kind);
  if (size > limits.limit)
    throw Error(ErrorId::bad_input, cat("this would have ", size, " bytes; the limit is ", limits.limit, " (", limits.name, ")"),
                std::string(limits.advice));
}

bool has_ending(const std::filesystem::path& path, std::string_view ending) {
  std::string own = path.extension().string();
  std::transform(own.begin(), own.end(), own.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return own == ending;
}

bool dangles(const std::filesystem::path& path) {
  std::error_code ignored;
  for (std::filesystem::path at = path; at.has_relative_path(); at = at.parent_path())
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(at, ignored)) && !std::filesystem::exists(at, ignored)) return true;
  return false;
}

}  // namespace spdm
