#include "cmd/host/run_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::chrono::milliseconds kLockPoll{10};  // flock(2) knows no time limit

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  const bool refused = error == EACCES || error == EPERM || error == EROFS;
  Error out(refused ? ErrorId::permission : ErrorId::io,
            error == ELOOP ? "is a symbolic link, and links are not followed here" : std::strerror(error), refused ? "run it as root" : "");
  out.device = path.string();
  throw out;
}

[[noreturn]] void fail_input(const std::filesystem::path& path, const std::string& why) {
  Error out(ErrorId::bad_input, why, "remove it: the next gate run writes a new one");
  out.device = path.string();
  throw out;
}

// Opens a folder below; -1 with errno ENOENT when it is not there.
int step(int above, const char* name) { return ::openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

void write_all(int fd, std::string_view contents, const std::filesystem::path& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, errno);
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::optional<RunFolder> RunFolder::open(const transport::Host& host, const std::string& name) {
  // /run itself is the system's, and is not read (a confined process may not); what is below it is ours.
  const std::filesystem::path run = host.run().parent_path();
  std::filesystem::path path = host.run();
  Descriptor fd(::open(run.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) fd = Descriptor(step(fd.get(), path.filename().c_str()));
  if (fd.get() >= 0 && !name.empty()) {
    path /= name;
    fd = Descriptor(step(fd.get(), name.c_str()));
  }
  if (fd.get() >= 0) return RunFolder(std::move(fd), path);
  if (errno == ENOENT) return std::nullopt;
  fail(path, errno);
}

RunFolder RunFolder::make(const transport::Host& host, const std::string& name) {
  if (std::optional<RunFolder> there = open(host, name)) return std::move(*there);
  std::filesystem::path path = host.run();
  std::error_code ignored;  // mkdir below says why
  std::filesystem::create_directories(path.parent_path(), ignored);
  for (const std::string& part : {std::string(), name}) {
    if (!part.empty()) path /= part;
    // The mode of a folder made here does not depend on the umask: everybody may read what became of a device.
    if (::mkdir(path.c_str(), 0755) == 0 ? ::chmod(path.c_str(), 0755) != 0 : errno != EEXIST) fail(path, errno);
  }
  if (std::optional<RunFolder> made = open(host, name)) return std::move(*made);
  fail(path, ENOENT);
}

std::optional<std::string> RunFolder::read(const std::string& name, FileKind kind) const {
  const Descriptor fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    if (errno == ELOOP) fail_input(path(name), "is a symbolic link, and links are not followed here");
    fail(path(name), errno);
  }
  const FileContents contents = read_configuration(fd.get(), kind);
  switch (contents.state) {
    case FileContents::State::whole:
      return std::string(as_text(contents.bytes));
    case FileContents::State::mask:
    case FileContents::State::directory:
    case FileContents::State::irregular:
      fail_input(path(name), "is not a regular file");
    case FileContents::State::too_large:
      fail_input(path(name), contents.why);
    case FileContents::State::missing:
    case FileContents::State::refused:
    case FileContents::State::exposed:
    case FileContents::State::failed:
      break;
  }
  Error out(ErrorId::io, contents.why);
  out.device = path(name).string();
  throw out;
}

void RunFolder::write(const std::string& name, std::string_view contents) const {
  // Only one process writes a name at a time (locks), so what has the temporary name was left behind by one that died.
  const std::string temporary = cat(".", name, ".new");
  ::unlinkat(fd_.get(), temporary.c_str(), 0);
  const Descriptor fd(::openat(fd_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (fd.get() < 0) fail(path(name), errno);
  write_all(fd.get(), contents, path(name));
  if (::fchmod(fd.get(), 0644) != 0) fail(path(name), errno);
  if (::renameat(fd_.get(), temporary.c_str(), fd_.get(), name.c_str()) != 0) fail(path(name), errno);
}

void RunFolder::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) fail(path(name), errno);
}

std::vector<std::string> RunFolder::names(std::string_view suffix, std::size_t limit) const {
  const int fd = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail(path_, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), ::closedir);
  if (!directory) {
    ::close(fd);
    fail(path_, errno);
  }
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (out.size() < limit && !name.starts_with('.') && name.ends_with(suffix)) out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Descriptor RunFolder::lock(const std::string& name, Lock mode, Clock::time_point deadline) const {
  // Mode 0600: only root can open the file, and so hold its lock.
  Descriptor fd(::openat(fd_.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) fail(path(name), errno);
  while (::flock(fd.get(), (mode == Lock::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) fail(path(name), errno);
    if (Clock::now() >= deadline) throw Error(ErrorId::busy, "another gate is running", "wait until it has finished");
    std::this_thread::sleep_for(kLockPoll);
  }
  return fd;
}

}  // namespace spdm::cmd
