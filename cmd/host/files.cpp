#include "cmd/host/files.h"

#include "cmd/host/console.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error, ErrorId otherwise) {
  const bool refused = error == EACCES || error == EPERM || error == EROFS;
  Error out(refused ? ErrorId::permission : otherwise, std::strerror(error));
  out.device = path.string();
  throw out;
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  // Closing is where some file systems report that writing failed.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

void write_all(int fd, View contents, const std::filesystem::path& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, errno, ErrorId::io);
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
}

std::filesystem::path folder_of(const std::filesystem::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

// A link of another user in a directory that all may write to, such as /tmp: what the kernel refuses to follow where
// fs.protected_symlinks is on.
bool is_planted(const std::filesystem::path& link) {
  struct stat own {
  }, folder{};
  if (::lstat(link.c_str(), &own) != 0 || ::stat(folder_of(link).c_str(), &folder) != 0) return false;
  const bool shared = (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
  return shared && own.st_uid != ::geteuid() && own.st_uid != folder.st_uid;
}

// A link is followed: its target is replaced, not the link. Nobody else makes root write somewhere by a link of theirs.
std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_symlink(path, ignored)) return path;
  if (is_planted(path)) fail(path, EACCES, ErrorId::permission);
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? path : target;
}

bool is_special(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) && !std::filesystem::is_directory(status);
}

// Removes the temporary file unless it was renamed.
struct Temporary {
  std::string name;
  ~Temporary() {
    if (!name.empty()) ::unlink(name.c_str());
  }
};

int open_to_read(const std::filesystem::path& path) {
  const int fd = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, errno, errno == ENOENT || errno == ENOTDIR ? ErrorId::bad_input : ErrorId::io);
  return fd;
}

struct stat status_of(const File& file, const std::filesystem::path& path) {
  struct stat out {};
  if (::fstat(file.get(), &out) != 0) fail(path, errno, ErrorId::io);
  if (S_ISDIR(out.st_mode)) fail(path, EISDIR, ErrorId::bad_input);
  return out;
}

}  // namespace

mode_t creation_mask() {
  static const mode_t mask = [] {
    const mode_t out = ::umask(0);
    ::umask(out);
    return out;
  }();
  return mask;
}

void refuse_format_as_file(const std::string& file) {
  if (format_of(file))
    throw Error(ErrorId::usage, cat("-o: '", file, "' is a format, and here -o names a file"),
                cat("write -o ./", file, " if the file is to be called so"));
}

View as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::function<std::size_t(std::span<char>)> open_file(const std::filesystem::path& path) {
  const auto file = std::make_shared<File>(open_to_read(path));
  status_of(*file, path);
  return [file, path](std::span<char> room) -> std::size_t {
    for (;;) {
      const ssize_t got = ::read(file->get(), room.data(), room.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) fail(path, errno, ErrorId::io);
    }
  };
}

Bytes read_file(const std::filesystem::path& path, std::size_t limit) {
  const File file(open_to_read(path));
  const struct stat status = status_of(file, path);

  Bytes out;
  // One byte more than the file is said to have: the read that finds the end then needs no second buffer.
  std::size_t room = S_ISREG(status.st_mode) ? std::min(static_cast<std::size_t>(status.st_size), limit) + 1 : std::size_t{64} << 10;
  for (std::size_t used = 0;;) {
    if (used == out.size()) out.resize(used + room);
    const ssize_t got = ::read(file.get(), out.data() + used, out.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, errno, ErrorId::io);
    used += static_cast<std::size_t>(got);
    if (used > limit) {
      Error error(ErrorId::bad_input, cat("is larger than the ", limit, " bytes that are read"));
      error.device = path.string();
      throw error;
    }
    if (got == 0) {
      out.resize(used);
      return out;
    }
    room = std::max<std::size_t>(used, 4096);
  }
}

std::filesystem::path written_at(const std::filesystem::path& path) {
  const std::filesystem::path target = resolved(path);
  std::error_code ignored;
  return is_special(target) || std::filesystem::is_directory(target, ignored) ? target : folder_of(target);
}

void assert_writable(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked at cannot be written either: access() says why
  if (std::filesystem::is_directory(path, ignored)) fail(path, EISDIR, ErrorId::usage);
  const std::filesystem::path needed = written_at(path);
  if (::access(needed.c_str(), W_OK) != 0) fail(path, errno, errno == ENOENT || errno == ENOTDIR ? ErrorId::usage : ErrorId::io);
}

void write_file(const std::filesystem::path& path, View contents) {
  assert_writable(path);
  const std::filesystem::path target = resolved(path);
  if (is_special(target)) {
    File file(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) fail(path, errno, ErrorId::io);
    write_all(file.get(), contents, path);
    if (!file.close()) fail(path, errno, ErrorId::io);
    return;
  }
  Temporary temporary{(folder_of(target) / cat(".", target.filename().string(), ".XXXXXX")).string()};
  const int fd = ::mkostemp(temporary.name.data(), O_CLOEXEC);
  if (fd < 0) {
    temporary.name.clear();
    fail(path, errno, ErrorId::io);
  }
  File file(fd);
  write_all(fd, contents, path);
  if (::fchmod(fd, 0666 & ~creation_mask()) != 0 || ::fsync(fd) != 0 || !file.close()) fail(path, errno, ErrorId::io);
  if (::rename(temporary.name.c_str(), target.c_str()) != 0) fail(path, errno, ErrorId::io);
  temporary.name.clear();
}

void write_file(const std::filesystem::path& path, std::string_view contents) { write_file(path, as_bytes(contents)); }

void assert_new(const std::filesystem::path& path, bool replace, std::string_view option) {
  assert_writable(path);
  std::error_code ignored;
  if (replace || !std::filesystem::is_regular_file(path, ignored)) return;
  Error error(ErrorId::usage, "exists already", cat("give ", option, " to replace it"));
  error.device = path.string();
  throw error;
}

}  // namespace spdm::cmd
