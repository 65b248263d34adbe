#include "transport/pci/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// Every record has this size, so that one pwrite(2) replaces the earlier one.
constexpr std::size_t kRecord = 64;
constexpr std::string_view kMailbox = "mailbox";

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
    throw Error(ErrorId::io, cat("lock file ", printable((directory / name).string()), " is no file"), "remove it");
  return fd;
}

// The last holder, and what there is to restore. Anything that we did not write reads as an empty record.
struct Record {
  std::string pid, control, device, mailbox;
};

Record read_record(int fd) {
  std::array<char, kRecord> buffer{};
  const ssize_t size = ::pread(fd, buffer.data(), buffer.size(), 0);
  std::istringstream text(std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
  Record out;
  text >> out.pid >> out.control >> out.device >> out.mailbox;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(out.pid.begin(), out.pid.end(), digit)) return {};
  return out;
}

std::string number_of(const std::filesystem::path& directory) {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 ? std::to_string(status.st_ino) : "0";
}

}  // namespace

PciLock::PciLock(const Host& host, const Bdf& bdf)
    : name_(to_string(bdf)), device_(number_of(host.pci() / "devices" / name_)), fd_(open_lock(host, name_)) {
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail(host, errno, cat("locking ", name_));
    const std::string pid = read_record(fd_.get()).pid;
    throw Error(ErrorId::busy, cat("another spdmctl", pid.empty() ? "" : cat(" (process ", pid, ")"), " works with ", name_),
                "wait until it is done");
  }
  if (const Record left = read_record(fd_.get()); left.device == device_) {
    if (left.control != "-") power_ = left.control;
    abandoned_ = left.mailbox == kMailbox;
  }
  write(true);
}

PciLock::~PciLock() {
  try {
    write(false);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next holder treats the record as that of a killed one
  }
}

void PciLock::remember_power(std::string_view control) {
  power_ = control;
  write(true);
}

void PciLock::forget_power() {
  power_.reset();
  write(true);
}

void PciLock::write(bool holding) const {
  const bool mailbox = holding || abandoned_;
  std::string text;
  if (mailbox || power_) text = cat(holding ? ::getpid() : 0, " ", power_.value_or("-"), " ", device_, " ", mailbox ? kMailbox : "");
  text.resize(kRecord - 1, ' ');
  text += '\n';
  const ssize_t size = ::pwrite(fd_.get(), text.data(), text.size(), 0);
  if (size != static_cast<ssize_t>(text.size()))
    throw Error(ErrorId::io, cat("writing the lock file of ", name_, ": ", size < 0 ? std::strerror(errno) : "the disk is full"));
}

}  // namespace spdm::transport
