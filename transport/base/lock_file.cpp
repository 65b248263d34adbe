#include "transport/base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "core/protocol/link.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::chrono::milliseconds kPatience{1000}, kStep{10};

// Every line has this size, so that one pwrite(2) replaces the earlier one.
constexpr std::size_t kLine = 64;

void make_directory(const Host& host, const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail(host, errno, cat("making ", printable(path.string())));
}

Descriptor open_lock(const Host& host, const std::string& name) {
  const std::filesystem::path directory = host.run() / "lock";
  make_directory(host, host.run().parent_path());
  make_directory(host, host.run());
  make_directory(host, directory);
  // No step follows a link: an attacker who can place one must not choose what is locked and written.
  const Descriptor folder(::open(directory.c_str(), O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) fail(host, errno, printable(directory.string()));
  Descriptor fd(::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (fd.get() < 0) fail(host, errno, cat("lock file ", printable((directory / name).string())));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(ErrorId::io, cat("lock file ", printable((directory / name).string()), " is not a file"), "remove it");
  return fd;
}

// Whether it is ours now. flock(2) itself would wait without end.
bool lock(int fd) {
  const Clock::time_point until = Clock::now() + kPatience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || Clock::now() >= until) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

LockFile::LockFile(const Host& host, const std::string& name) : name_(name), fd_(open_lock(host, name)) {
  if (lock(fd_.get())) return;
  if (errno != EWOULDBLOCK) fail(host, errno, cat("locking ", name));
  const std::string line = read();
  const std::string pid = line.substr(0, line.find(' '));
  throw Error(ErrorId::busy, cat("another spdmctl", pid.empty() ? "" : cat(" (process ", pid, ")"), " works with ", name),
              "wait until it has finished");
}

std::string LockFile::read() const {
  std::array<char, kLine> buffer{};
  const ssize_t size = ::pread(fd_.get(), buffer.data(), buffer.size(), 0);
  std::string line(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  line.erase(std::min(line.find('\n'), line.size()));
  const std::string first = line.substr(0, line.find(' '));
  return !first.empty() && std::all_of(first.begin(), first.end(), is_digit) ? line : std::string();
}

void LockFile::write(std::string text) const {
  text.resize(kLine - 1, ' ');
  text += '\n';
  const ssize_t size = ::pwrite(fd_.get(), text.data(), text.size(), 0);
  if (size != static_cast<ssize_t>(text.size()))
    throw Error(ErrorId::io, cat("writing the lock file of ", name_, ": ", size < 0 ? std::strerror(errno) : "the disk is full"));
}

}  // namespace spdm::transport
