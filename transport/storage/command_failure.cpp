#include "transport/storage/command_failure.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/host.h"
#include "transport/base/pace.h"

namespace spdm::transport {

namespace {

constexpr auto kRemoval = std::chrono::seconds(2);  // a busy host takes its time

// As the kernel has it for commands of its own (nvme: 60 s for the admin queue).
constexpr auto kLeastTime = std::chrono::minutes(1);
constexpr auto kMostTime = std::chrono::hours(1);

// Every kernel passes this much, so that a larger command may have failed for its size.
constexpr std::size_t kSurelyPasses = 4096;

// devtmpfs takes the name away when the drive goes; the descriptor stays.
bool is_removed(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink == 0;
}

// The kernel ends the commands of a drive that was pulled out before it takes its node away.
bool is_going(int fd) {
  Pace pace(Clock::now() + kRemoval);
  do {
    if (is_removed(fd)) return true;
  } while (pace.wait());
  return false;
}

[[noreturn]] void fail_removed(const CommandPlace& place) {
  throw Error(ErrorId::no_device, cat(place.name, " is gone: the drive was removed, or the kernel has given it up"));
}

}  // namespace

std::uint32_t milliseconds_for(const CommandPlace& place, Clock::time_point deadline) {
  const Clock::duration left = deadline - Clock::now();
  if (left <= Clock::duration::zero()) throw Error(ErrorId::timeout, cat(place.name, ": timed out before a command was sent"));
  const auto time = std::clamp<Clock::duration>(left, kLeastTime, kMostTime);
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

void give_up(const CommandPlace& place, const std::string& why) {
  if (is_going(place.fd)) fail_removed(place);
  throw Error(ErrorId::io, cat(place.name, ": ", why), "see the kernel log: dmesg");
}

void fail_command(const CommandPlace& place, int error, std::size_t size) {
  const std::string reason = std::strerror(error);
  switch (error) {
    case EACCES:
    case EPERM:
      // Lockdown does not stop commands of drives, so it is not the reason.
      throw Error(ErrorId::permission, cat(place.name, ": the kernel refuses the command: ", reason),
                  cat("run it as root: each command needs ", place.capability));
    case ENODEV:
    case ENXIO:
      fail_removed(place);
    case ENOTTY:
    case EOPNOTSUPP:
      throw Error(ErrorId::no_spdm, cat(place.name, " does not speak SPDM: its driver does not support this command (", reason, ")"));
    case EINTR:
      if (is_going(place.fd)) fail_removed(place);
      throw Error(ErrorId::timeout, cat(place.name, ": the kernel has cancelled the command"), "see the kernel log: dmesg");
    case EINVAL:
    case EIO:
    case ENOMEM:
      if (is_going(place.fd)) fail_removed(place);
      if (size > kSurelyPasses)
        throw Error(ErrorId::io, cat(place.name, ": a command with ", size, " bytes of data failed: ", reason),
                    "if that is too much at once for the kernel or the adapter, give the target a smaller ?max=BYTES");
      break;
    default:
      break;
  }
  fail({}, error, cat("a command to ", place.name));
}

}  // namespace spdm::transport
