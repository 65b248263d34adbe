#include "transport/storage/opener.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/text.h"
#include "transport/base/pace.h"
#include "transport/storage/nvme_commands.h"
#include "transport/storage/scsi_commands.h"

namespace spdm::transport {

namespace {

// How long a disk is asked whether it sleeps.
constexpr auto kQuestion = std::chrono::seconds(10);
// How long a controller may take that the kernel starts, resets or removes: until then it is opened by nobody.
constexpr auto kSettling = std::chrono::seconds(5);

[[noreturn]] void fail_open(int error, const std::string& name) {
  const std::string what = cat("opening ", name);
  // A lockdown does not stop it: EPERM is that of a device cgroup.
  if (error == EPERM) throw Error(ErrorId::permission, cat(what, ": ", std::strerror(error)), "run it as root, and not in a container");
  if (error == EAGAIN)
    throw Error(ErrorId::busy, cat(what, ": the controller is being started or reset, and is not ready in time"), "try again later");
  if (error == ELOOP) throw Error(ErrorId::usage, cat(name, " is a link"), "name the node that it leads to");
  fail({}, error, what);
}

// As open(2), but EAGAIN is an answer only when it lasts: a controller that is being removed ends as a node that is not there.
int open_settled(const char* path, int flags) {
  Pace pace(Clock::now() + kSettling);
  for (;;) {
    const int fd = ::open(path, flags);
    if (fd >= 0 || errno != EAGAIN) return fd;
    if (!pace.wait()) return errno = EAGAIN, fd;
  }
}

// Reading is enough: with the capability for it the kernel passes each command, whatever the node was opened for. Whoever opens a disk
// for writing and closes it makes udev look at it anew. O_NONBLOCK: a drive without its medium opens, and nobody waits for one that is
// being reset.
Descriptor open_node(DriveKind kind, const std::filesystem::path& node, const std::string& name) {
  if (kind_of_node(node) != kind)
    throw Error(ErrorId::usage, cat(name, " is not a node of ", kind == DriveKind::nvme ? "an NVMe controller" : "a SCSI device"));
  Descriptor fd(open_settled(node.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY));
  if (fd.get() < 0) fail_open(errno, name);
  struct stat status {};
  const bool is_known = ::fstat(fd.get(), &status) == 0;
  if (!is_known || !(S_ISCHR(status.st_mode) || (kind == DriveKind::scsi && S_ISBLK(status.st_mode))))
    throw Error(ErrorId::usage, cat(name, " is not a device node"), "see: spdmctl list --drives");
  return fd;
}

class DirectOpener final : public DriveOpener {
 public:
  explicit DirectOpener(Ioctl ioctl) : ioctl_(std::move(ioctl)) {}

  std::unique_ptr<SecurityCommands> open(DriveKind kind, const std::filesystem::path& node, bool gently) override {
    const std::string name = printable(node.string());
    Descriptor fd = open_node(kind, node, name);
    // Admin commands leave an NVMe controller in its power state; whether the kernel has suspended it, sysfs says.
    if (kind == DriveKind::nvme) return nvme_commands(std::move(fd), name, ioctl_);
    const SgVersion version = is_bsg(node) ? SgVersion::v4 : SgVersion::v3;
    if (gently && is_in_standby({{fd.get(), name, kScsiCapability}, version, ioctl_}, Clock::now() + kQuestion))
      throw Error(ErrorId::unsupported, cat(name, " is in standby: it was not woken"), "to wake it, ask for it by its name");
    return scsi_commands(std::move(fd), name, version, ioctl_);
  }

 private:
  Ioctl ioctl_;
};

}  // namespace

std::unique_ptr<DriveOpener> direct_opener(Ioctl ioctl) { return std::make_unique<DirectOpener>(std::move(ioctl)); }

}  // namespace spdm::transport
