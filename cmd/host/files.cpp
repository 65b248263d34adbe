#include "cmd/host/files.h"

#include "cmd/host/console.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>

#include "core/descriptor.h"
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

void write_all(int fd, View contents, const std::filesystem::path& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, errno, ErrorId::io);
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
}

// Closing is where some file systems report that writing failed.
void close_written(Descriptor& file, const std::filesystem::path& path) {
  if (::close(file.release()) != 0) fail(path, errno, ErrorId::io);
}

std::filesystem::path folder_of(const std::filesystem::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

bool is_special(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) && !std::filesystem::is_directory(status);
}

// What another user has laid into a directory that all may write to, such as /tmp. The kernel refuses to follow such links, and to open
// such pipes with O_CREAT, where fs.protected_symlinks and fs.protected_fifos are on.
bool is_planted(const std::filesystem::path& place) {
  struct stat own {
  }, folder{};
  if (::lstat(place.c_str(), &own) != 0 || ::stat(folder_of(place).c_str(), &folder) != 0) return false;
  const bool shared = (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
  return shared && own.st_uid != ::geteuid() && own.st_uid != folder.st_uid;
}

constexpr int kMostLinks = 40;  // as the kernel follows

bool is_link(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_symlink(path, ignored);
}

// Refuses a way that leads through a planted link: to a folder, or to a link that leads on.
void assert_own_way(const std::filesystem::path& way, const std::filesystem::path& wanted, int& links) {
  std::filesystem::path at;
  for (const std::filesystem::path& part : way) {
    at /= part;
    if (!is_link(at)) continue;
    if (++links > kMostLinks) fail(wanted, ELOOP, ErrorId::usage);
    if (is_planted(at)) fail(wanted, EACCES, ErrorId::permission);
    std::error_code ignored;
    const std::filesystem::path next = std::filesystem::read_symlink(at, ignored);
    if (!ignored) assert_own_way(folder_of(at) / next, wanted, links);
  }
}

// Follows a link, and links that it leads to: the target is replaced, or made where there is none, and not the link. Refuses links
// and pipes by which another user could make root write somewhere.
std::filesystem::path resolved(const std::filesystem::path& path) {
  int links = 0;
  assert_own_way(path, path, links);
  std::error_code ignored;
  std::filesystem::path at = path;
  while (is_link(at)) {
    const std::filesystem::path next = std::filesystem::read_symlink(at, ignored);
    if (ignored) return at;
    at = folder_of(at) / next;  // an absolute one stands for itself
  }
  // A link of /proc leads to what is open, and its text names no file.
  const bool is_magic = std::filesystem::exists(path, ignored) && !std::filesystem::exists(at, ignored);
  if (is_magic) return path;
  if (is_special(at) && is_planted(at)) fail(path, EACCES, ErrorId::permission);
  return at;
}

// The descriptor that a path is another name of, such as /dev/stdout or /dev/fd/63; nothing for any other, and for one that is not
// open. What it leads to may be a file that somebody else goes on writing to: it is never replaced.
std::optional<int> open_descriptor(const std::filesystem::path& path) {
  const std::string& name = path.native();
  if (name == "/dev/stdout") return STDOUT_FILENO;
  if (name == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!name.starts_with(folder)) continue;
    int fd = -1;
    const char* const end = name.data() + name.size();
    const auto [stop, failure] = std::from_chars(name.data() + folder.size(), end, fd);
    if (failure == std::errc{} && stop == end && fd >= 0 && ::fcntl(fd, F_GETFD) >= 0) return fd;
  }
  return std::nullopt;
}

// Removes the temporary file unless it was renamed.
struct Temporary {
  std::string name;
  Temporary() = default;
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!name.empty()) ::unlink(name.c_str());
  }
};

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
  const std::string word = file.starts_with('=') ? file.substr(1) : file;  // -o=json
  if (format_of(word))
    throw Error(ErrorId::usage, cat("-o ", word, ": -o names a file now"),
                cat("a format is given with -f/--format ", word, " (a file of this name: -o ./", word, ")"));
}

std::filesystem::path written_at(const std::filesystem::path& path) {
  const std::filesystem::path target = resolved(path);
  std::error_code ignored;
  return is_special(target) || std::filesystem::is_directory(target, ignored) ? target : folder_of(target);
}

void assert_writable(const std::filesystem::path& path) {
  if (path == "-") {
    Error error(ErrorId::usage, "means standard output only with -o/--output", "give a file name; a file named - is ./-");
    error.device = path.string();
    throw error;
  }
  std::error_code ignored;  // what cannot be looked at cannot be written either: access() says why
  if (std::filesystem::is_directory(path, ignored)) fail(path, EISDIR, ErrorId::usage);
  if (const std::optional<int> open = open_descriptor(path)) {
    if ((::fcntl(*open, F_GETFL) & O_ACCMODE) == O_RDONLY) fail(path, EACCES, ErrorId::permission);
    return;
  }
  const std::filesystem::path needed = written_at(path);
  if (::access(needed.c_str(), W_OK) != 0) fail(path, errno, errno == ENOENT || errno == ENOTDIR ? ErrorId::usage : ErrorId::io);
}

void assert_secret_writable(const std::filesystem::path& path) {
  assert_writable(path);
  const auto refuse = [&](std::string_view why) {
    Error error(ErrorId::usage, cat(why, ", and secrets are written to a regular file only"), "name a file of its own");
    error.device = path.string();
    throw error;
  };
  if (is_link(path)) refuse("is a link");
  if (open_descriptor(path) || is_special(path)) refuse("is not a regular file");
}

struct FileInMaking::State {
  State(const std::filesystem::path& wanted, Readers who)
      : path(wanted), target(who == Readers::owner ? wanted : resolved(wanted)), readers(who) {}

  // What is replaced keeps its mode and, where that can be, its owner; a new file gets what the umask says. What others must not read
  // stays as it was made.
  bool take_over_mode() {
    if (readers == Readers::owner) return true;
    struct stat before {};
    if (::stat(target.c_str(), &before) != 0) return ::fchmod(file.get(), 0666 & ~creation_mask()) == 0;
    if (::fchown(file.get(), before.st_uid, before.st_gid) != 0 && errno != EPERM) return false;
    return ::fchmod(file.get(), before.st_mode & 0777) == 0;
  }

  int open() {
    if (readers == Readers::owner) return make_temporary();
    if (const std::optional<int> open = open_descriptor(path)) return ::fcntl(*open, F_DUPFD_CLOEXEC, 0);
    if (is_special(target)) return ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    return make_temporary();
  }

  // Not by mkostemp(3): it opens for reading, too, and a confined process may only write here.
  int make_temporary() {
    for (int attempts = 100;; --attempts) {
      std::uint32_t number = 0;
      if (::getrandom(&number, sizeof number, 0) != sizeof number) return -1;
      temporary.name = (folder_of(target) / cat(".", target.filename().string(), ".", hex(number, 8))).string();
      const int fd = ::open(temporary.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      if (fd >= 0) return fd;
      const int error = errno;
      temporary.name.clear();  // it is somebody else's
      errno = error;
      if (error != EEXIST || attempts == 0) return -1;
    }
  }

  std::filesystem::path path, target;
  Readers readers;
  Temporary temporary;  // its name is empty for what is written as it is
  Descriptor file;
};

FileInMaking::FileInMaking(const std::filesystem::path& path, Readers readers) {
  if (readers == Readers::owner)
    assert_secret_writable(path);
  else
    assert_writable(path);
  state_ = std::make_unique<State>(path, readers);
  state_->file = Descriptor(state_->open());
  if (state_->file.get() < 0) fail(path, errno, ErrorId::io);
}

FileInMaking::~FileInMaking() = default;

void FileInMaking::write(View contents) { write_all(state_->file.get(), contents, state_->path); }

void FileInMaking::finish() {
  Descriptor& file = state_->file;
  std::string& name = state_->temporary.name;
  const std::filesystem::path& path = state_->path;
  if (!name.empty() && (!state_->take_over_mode() || ::fsync(file.get()) != 0)) fail(path, errno, ErrorId::io);
  close_written(file, path);
  if (name.empty()) return;
  if (::rename(name.c_str(), state_->target.c_str()) != 0) fail(path, errno, ErrorId::io);
  name.clear();
}

void write_file(const std::filesystem::path& path, View contents) {
  FileInMaking file(path);
  file.write(contents);
  file.finish();
}

void write_secret_file(const std::filesystem::path& path, View contents) {
  FileInMaking file(path, FileInMaking::Readers::owner);
  file.write(contents);
  file.finish();
}

void write_file(const std::filesystem::path& path, std::string_view contents) { write_file(path, as_bytes(contents)); }

void assert_distinct(const std::vector<std::filesystem::path>& files) {
  std::set<std::filesystem::path> seen;
  for (const std::filesystem::path& file : files) {
    if (file.empty()) continue;
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored)) continue;
    const std::filesystem::path place = std::filesystem::weakly_canonical(std::filesystem::absolute(file, ignored), ignored);
    if (seen.insert(place.empty() ? file : place).second) continue;
    Error error(ErrorId::usage, "two outputs would be written to this file", "give one of them another file");
    error.device = file.string();
    throw error;
  }
}

void assert_new(const std::filesystem::path& path, bool overwrite) {
  assert_writable(path);
  std::error_code ignored;
  if (overwrite || !std::filesystem::is_regular_file(path, ignored)) return;
  Error error(ErrorId::usage, "exists already", "give --overwrite to replace it");
  error.device = path.string();
  throw error;
}

}  // namespace spdm::cmd
