// Opening nodes of drives. The device behind them is that of /dev/null: no command reaches it, because the kernel is a recording one.
#include "transport/storage/opener.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <csignal>
#include <thread>

#include "support/temporary.h"
#include "transport/storage/recording_kernel.h"

using namespace spdm;
using namespace spdm::transport;
using namespace support;

namespace fs = std::filesystem;

namespace {

struct Nodes {
  TemporaryDirectory directory;
  RecordingKernel kernel;

  // False where this process may not make nodes, or not open them.
  bool make(const std::string& name) const {
    const fs::path node = directory.path() / name;
    fs::create_directories(node.parent_path());
    return ::mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0 && Descriptor(::open(node.c_str(), O_RDONLY | O_CLOEXEC)).get() >= 0;
  }
  std::unique_ptr<SecurityCommands> open(DriveKind kind, const std::string& name, Ioctl ioctl, bool gently = false) const {
    return direct_opener(std::move(ioctl))->open(kind, directory.path() / name, gently);
  }
  void refused(DriveKind kind, const std::string& name, ErrorId id, const std::string& why) {
    CAPTURE(name);
    expect_error(id, why, [&] { open(kind, name, kernel.v3(), true); });
    CHECK(kernel.asked.empty());
  }
};

}  // namespace

TEST_CASE("opener: what is no node of a drive gets no command") {
  Nodes nodes;
  using enum DriveKind;
  nodes.refused(nvme, "nvme0", ErrorId::no_device, "No such file");
  nodes.directory.write("nvme0", "");
  nodes.refused(nvme, "nvme0", ErrorId::usage, "is not a device node");
  nodes.directory.write("sg0", "");
  nodes.refused(scsi, "sg0", ErrorId::usage, "is not a device node");
  nodes.refused(nvme, "sg0", ErrorId::usage, "is not a node of an NVMe controller");
  nodes.refused(scsi, "nvme0", ErrorId::usage, "is not a node of a SCSI device");
  nodes.refused(scsi, "watchdog", ErrorId::usage, "is not a node of a SCSI device");
  fs::create_symlink("sg0", nodes.directory.path() / "sg1");
  nodes.refused(scsi, "sg1", ErrorId::usage, "is a link");
  REQUIRE(::mkfifo((nodes.directory.path() / "sg2").c_str(), 0600) == 0);
  nodes.refused(scsi, "sg2", ErrorId::usage, "is not a device node");
}

// What the driver says while it starts, resets or removes a controller, a lease of a file says as well: EAGAIN.
TEST_CASE("opener: a controller that is not ready is waited for, and one that goes is gone") {
  Nodes nodes;
  const fs::path node = nodes.directory.path() / "nvme0";
  for (const bool goes : {false, true}) {
    CAPTURE(goes);
    nodes.directory.write("nvme0", "");
    std::signal(SIGIO, SIG_IGN);  // by which the kernel asks for the lease
    const Descriptor holder(::open(node.c_str(), O_RDWR | O_CLOEXEC));
    if (::fcntl(holder.get(), F_SETLEASE, F_WRLCK) != 0) return;  // not every file system has leases
    REQUIRE(::open(node.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK) == -1);
    REQUIRE(errno == EAGAIN);
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (goes) fs::remove(node);
      ::fcntl(holder.get(), F_SETLEASE, F_UNLCK);
    });
    if (goes)
      nodes.refused(DriveKind::nvme, "nvme0", ErrorId::no_device, "No such file");
    else
      nodes.refused(DriveKind::nvme, "nvme0", ErrorId::usage, "is not a device node");
    later.join();
  }
}

TEST_CASE("opener: the commands of each kind of node") {
  Nodes nodes;
  if (!nodes.make("nvme0") || !nodes.make("sg0") || !nodes.make("bsg/0:0:0:0")) return;  // it takes root
  RecordingKernel& kernel = nodes.kernel;
  CHECK(nodes.open(DriveKind::nvme, "nvme0", kernel.nvme(), true)->receive(0xE8, 0x14, 64, in_time()).is_good());
  CHECK(nodes.open(DriveKind::scsi, "sg0", kernel.v3())->receive(0xE8, 0x14, 64, in_time()).is_good());
  CHECK(nodes.open(DriveKind::scsi, "bsg/0:0:0:0", kernel.v4())->receive(0xE8, 0x14, 64, in_time()).is_good());
  REQUIRE(kernel.asked.size() == 3);
  CHECK(kernel.asked[0].nvme.opcode == 0x82);
  CHECK(kernel.asked[1].v3.interface_id == 'S');
  CHECK(kernel.asked[2].v4.guard == 'Q');
}

TEST_CASE("opener: gently, a disk in standby is left asleep") {
  Nodes nodes;
  if (!nodes.make("sg0")) return;  // it takes root
  RecordingKernel& kernel = nodes.kernel;
  kernel.answers = {{}, {.status = 2, .sense = {0x72, 0x01, 0x00, 0x1D, 0, 0, 0, 0x0E, 0x09, 0x0C, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50}}};
  expect_error(ErrorId::unsupported, "is in standby: it was not woken", [&] { nodes.open(DriveKind::scsi, "sg0", kernel.v3(), true); });
  CHECK(kernel.asked.size() == 2);
  CHECK(nodes.open(DriveKind::scsi, "sg0", kernel.v3()));  // not gently: nobody asks
  CHECK(kernel.asked.size() == 2);
  kernel.answers = {{},
                    {.status = 2, .sense = {0x72, 0x01, 0x00, 0x1D, 0, 0, 0, 0x0E, 0x09, 0x0C, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0x50}}};
  CHECK(nodes.open(DriveKind::scsi, "sg0", kernel.v3(), true));
}
