// Opening drives, and which way a function with two is asked.
#include "transport/storage/open.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>

#include "core/descriptor.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/fake_drive.h"
#include "support/fake_sysfs.h"
#include "transport/storage/opener.h"
#include "transport/target.h"

using namespace spdm;
using namespace spdm::transport;

namespace fs = std::filesystem;

namespace {

const std::string kName = "0000:03:00.0";
const Bytes kGetVersion{0x10, 0x84, 0, 0};

Clock::time_point soon() { return Clock::now() + std::chrono::seconds(5); }

// Opens one fake drive, whatever it is asked for, and remembers what.
struct FakeOpener final : DriveOpener {
  fake::DriveState drive;
  std::vector<std::string> opened;
  std::function<void()> on_open = [] {};

  std::unique_ptr<SecurityCommands> open(DriveKind kind, const fs::path& node, bool gently) override {
    opened.push_back(cat(kind == DriveKind::nvme ? "nvme " : "scsi ", node.filename().string(), gently ? " gently" : ""));
    on_open();
    return std::make_unique<fake::Drive>(drive);
  }
};

struct Bed {
  support::FakeSysfs sysfs;
  std::shared_ptr<FakeOpener> opener = std::make_shared<FakeOpener>();
  OpenOptions options{.timeout = std::chrono::seconds(10), .host = sysfs.host(), .drives = opener};

  // A function with a mailbox that is an NVMe controller, and a SATA drive.
  explicit Bed(bool mailbox = true) {
    support::FakeFunction function;
    if (mailbox) function.mailboxes = {0x160};
    function.serial = 0x0123456789abcdef;
    sysfs.add(function);
    sysfs.bind(kName, "nvme");
    sysfs.add_controller(support::FakeController{});
    sysfs.add_disk(support::FakeDisk{});
    write_lockdown("[none] integrity confidentiality\n");
  }
  void write_lockdown(std::string_view text) const { sysfs.write("sys/kernel/security/lockdown", text); }
  Opened open(std::string_view target, Via via = Via::any) {
    options.via = via;
    return spdm::transport::open(target, options);
  }
  void refused(std::string_view target, ErrorId id, const std::string& why, Via via = Via::any) {
    CAPTURE(target);
    expect_error(id, why, [&] { open(target, via); });
    CHECK(opener->opened.empty());
  }
  std::string lock(const std::string& name) const { return read_attribute(sysfs.host().run() / "lock" / name).value_or("none"); }
};

}  // namespace

TEST_CASE("drive target: a controller, with the identity of its function") {
  Bed bed;
  {
    Opened opened = bed.open("nvme:/dev/nvme0");
    CHECK(bed.opener->opened == std::vector<std::string>{"nvme nvme0"});
    CHECK(bed.opener->drive.commands.empty());  // connecting sends them
    CHECK(opened.host.target == "nvme:/dev/nvme0");
    CHECK(opened.host.bdf == kName);
    REQUIRE(opened.host.identity);
    CHECK(opened.host.identity->serial == 0x0123456789abcdef);
    CHECK(opened.host.driver == "nvme");
    REQUIRE(opened.host.drive);
    CHECK(opened.host.drive->serial == "deadbeef");
    CHECK(!opened.host.drive->discovery);
    CHECK(opened.link->binding() == Binding::storage);
    CHECK(opened.link->max_receive() == 4600);
    opened.link->connect(soon());
    opened.link->describe(opened.host);
    CHECK(opened.host.drive->discovery);
    CHECK(opened.link->carries_sessions());
    CHECK(opened.link->exchange(kGetVersion, soon()).size() >= 4);
    CHECK(bed.lock(kName).starts_with(cat(::getpid(), " - ")));
    CHECK(bed.lock(kName).find("mailbox") == std::string::npos);  // which is not ours to abort
    expect_error(ErrorId::busy, cat("another spdmctl (process ", ::getpid(), ") works with ", kName), [&] { bed.open("nvme:/dev/nvme0"); });
    expect_error(ErrorId::busy, "another spdmctl", [&] { bed.open(kName); });
  }
  CHECK(bed.lock(kName).empty());
  CHECK(bed.open("nvme:/dev/nvme0").link);
}

TEST_CASE("drive target: a disk, locked by its name whatever node it is asked by") {
  Bed bed;
  {
    const Opened opened = bed.open("scsi:/dev/sda?max=1024");
    CHECK(bed.opener->opened == std::vector<std::string>{"scsi sda"});
    CHECK(!opened.host.bdf);
    CHECK(!opened.host.identity);
    REQUIRE(opened.host.drive);
    CHECK(opened.host.drive->transport == "sata");
    CHECK(opened.link->max_receive() == 1024);
    CHECK(opened.link->max_send() == 1024);
    CHECK(bed.lock("sg0") == std::to_string(::getpid()));
    expect_error(ErrorId::busy, cat("another spdmctl (process ", ::getpid(), ") works with sg0"), [&] { bed.open("scsi:/dev/sg0"); });
  }
  CHECK(bed.lock("sg0").empty());
}

TEST_CASE("drive target: names and options that are wrong") {
  Bed bed;
  bed.refused("nvme:/dev/nvme0?min=3", ErrorId::usage, "unknown option 'min'");
  bed.refused("nvme:/dev/nvme0?max=41", ErrorId::usage, "max '41' is not a number from 42");
  bed.refused("nvme:/dev/nvme0?max=65537", ErrorId::usage, "max '65537' is not a number from 42 to 65536");
  bed.refused("nvme:", ErrorId::usage, "'' is not a device node");
  bed.refused("nvme:/dev/nvme0n1", ErrorId::usage, "is a namespace");
  bed.refused("scsi:/dev/nvme0", ErrorId::usage, "is an NVMe controller");
  bed.refused("scsi:/dev/sg9", ErrorId::no_device, "there is no /dev/sg9");
  bed.refused(cat("nvme:/dev/", std::string(5000, 'n')), ErrorId::no_device, "there is no /dev/nnn");
  bed.options.drives = nullptr;
  bed.refused("nvme:/dev/nvme0", ErrorId::internal, "this process has no access to drive commands");
}

TEST_CASE("drive target: a node that leads to another device than its name says") {
  Bed bed;
  const auto number = [&](const std::string& entry, std::string_view text) { bed.sysfs.write(cat("sys/class/", entry, "/dev"), text); };
  number("nvme/nvme0", "240:0\n");
  bed.refused("nvme:/dev/nvme0", ErrorId::no_device, "/dev/nvme0 is device 0:0; what the kernel calls nvme0 is 240:0");
  bed.refused(kName, ErrorId::no_device, "/dev/nvme0 is device 0:0", Via::storage);
  number("block/sda", "8:0\n");
  bed.refused("scsi:/dev/sda", ErrorId::no_device, "/dev/sda is device 0:0; what the kernel calls sda is 8:0");
  number("nvme/nvme0", "0:0\n");  // of the file that stands for the node
  CHECK(bed.open("nvme:/dev/nvme0").link);
}

TEST_CASE("drive target: another drive gets the name while it is opened") {
  Bed bed;
  bed.opener->on_open = [&] { bed.sysfs.write("sys/class/nvme/nvme0/serial", "other\n"); };
  expect_error(ErrorId::no_device, "/dev/nvme0 is another drive than it was a moment ago", [&] { bed.open("nvme:/dev/nvme0"); });
  CHECK(bed.lock(kName).empty());
}

TEST_CASE("drive target: a function that has an owner") {
  Bed bed;
  bed.sysfs.set(kName, "tsm/connect", "tsm0\n");
  bed.refused("nvme:/dev/nvme0", ErrorId::owned, "SPDM of 0000:03:00.0 belongs to somebody else: TSM tsm0");
  CHECK(bed.lock(kName) == "none");
  bed.options.force = true;
  CHECK(bed.open("nvme:/dev/nvme0").link);
  bed.opener->opened.clear();
  bed.options.for_session = true;
  bed.refused("nvme:/dev/nvme0", ErrorId::owned, "belongs to somebody else");
}

TEST_CASE("via: the mailbox first, and each way when it is asked for") {
  Bed bed;
  CHECK(bed.open(kName).link->binding() == Binding::doe);
  CHECK(bed.open("3:0.0", Via::doe).link->binding() == Binding::doe);
  CHECK(bed.open("nvme:/dev/nvme0?max=1024", Via::doe).link->max_receive() == 1024);
  CHECK(bed.open("nvme:/dev/nvme0", Via::doe).link->binding() == Binding::doe);
  CHECK(bed.opener->opened.empty());
  const Opened opened = bed.open("3:0.0?max=1024", Via::storage);
  CHECK(opened.link->binding() == Binding::storage);
  CHECK(opened.link->max_receive() == 1024);
  CHECK(opened.host.target == "0000:03:00.0?max=1024");
  CHECK(opened.host.bdf == kName);
  CHECK(opened.host.identity);
  CHECK(opened.host.drive);
  CHECK(bed.opener->opened == std::vector<std::string>{"nvme nvme0"});
}

TEST_CASE("via: ways that a device does not have") {
  Bed bed(false);
  bed.refused(kName, ErrorId::no_spdm, "it has no DOE mailbox");
  bed.refused("nvme:/dev/nvme0", ErrorId::no_spdm, "it has no DOE mailbox", Via::doe);
  bed.refused("scsi:/dev/sg0", ErrorId::no_spdm, "sg0 has no mailbox: it is not a PCI function", Via::doe);
  fs::remove(bed.sysfs.root() / "sys/class/nvme/nvme0");
  bed.refused(kName, ErrorId::no_device, "the kernel has no NVMe controller for 0000:03:00.0: its driver is nvme", Via::storage);
  fs::remove(bed.sysfs.device(kName) / "driver");
  bed.refused(kName, ErrorId::no_device, "it has no driver", Via::storage);
  bed.refused("0000:09:00.0", ErrorId::no_device, "there is no PCI function", Via::storage);
  try {
    bed.open(kName, Via::storage);
  } catch (const Error& error) {
    CHECK(error.hint.starts_with("security commands need a bound driver"));
  }
}

TEST_CASE("via: neither a function nor a drive is an MCTP endpoint") {
  Bed bed;
  for (const char* const target : {"3:0.0", "nvme:/dev/nvme0", "scsi:/dev/sg0", "0000:09:00.0"})
    bed.refused(target, ErrorId::usage, "is not an MCTP endpoint, and --via mctp is only for those", Via::mctp);
  CHECK(bed.opener->opened.empty());
}

TEST_CASE("via: under lockdown, the drive's own way where there is one") {
  Bed bed;
  bed.write_lockdown("none [integrity] confidentiality\n");
  CHECK(bed.open(kName).link->binding() == Binding::storage);
  CHECK(bed.open(kName, Via::doe).link->binding() == Binding::doe);  // whose first exchange tells
  bed.options.drives = nullptr;
  CHECK(bed.open(kName).link->binding() == Binding::doe);
  bed.options.drives = bed.opener;
  fs::remove(bed.sysfs.root() / "sys/class/nvme/nvme0");
  CHECK(bed.open(kName).link->binding() == Binding::doe);
}

TEST_CASE("via: under lockdown, a drive that does not speak SPDM in its own way") {
  Bed bed;
  bed.write_lockdown("none [integrity] confidentiality\n");
  bed.opener->drive.protocols = {0x00};
  expect_error(ErrorId::lockdown,
               "the mailbox of 0000:03:00.0, which does not speak SPDM through security commands: the kernel is locked down",
               [&] { bed.open(kName).link->connect(soon()); });
  expect_error(ErrorId::no_spdm, "do not include E8h", [&] { bed.open(kName, Via::storage).link->connect(soon()); });
  expect_error(ErrorId::no_spdm, "do not include E8h", [&] { bed.open("nvme:/dev/nvme0").link->connect(soon()); });
  Bed other(false);  // without a mailbox, lockdown is not what is wrong
  other.write_lockdown("none [integrity] confidentiality\n");
  other.opener->drive.protocols = {0x00};
  expect_error(ErrorId::no_spdm, "do not include E8h", [&] { other.open(kName).link->connect(soon()); });
}

TEST_CASE("drive target: what waits in the drive is taken out before the lock is given back") {
  Bed bed;
  Opened opened = bed.open("nvme:/dev/nvme0");
  opened.link->connect(soon());
  bed.opener->drive.not_ready = 1;
  CHECK_THROWS_AS(opened.link->exchange(kGetVersion, Clock::now()), Error);
  REQUIRE(bed.opener->drive.waiting);
  bed.opener->drive.not_ready = 0;
  bool locked = true;
  bed.opener->drive.before = [&] { locked = locked && bed.lock(kName).starts_with(std::to_string(::getpid())); };
  opened.link.reset();
  CHECK(!bed.opener->drive.waiting);
  CHECK(locked);
}

TEST_CASE("via: a lockdown that no file tells of") {
  Bed bed;
  fs::remove(bed.sysfs.root() / "sys/kernel/security/lockdown");
  const fs::path file = bed.sysfs.device(kName) / "config";
  const std::string config = bed.sysfs.read(file);
  CHECK(bed.open(kName).link->binding() == Binding::doe);
  CHECK(bed.sysfs.read(file) == config);  // the trial has changed nothing
  // A memory file that is sealed can be opened for writing, and then refuses like the kernel does.
  const Descriptor sealed(::memfd_create("config", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::write(sealed.get(), config.data(), config.size()) == static_cast<ssize_t>(config.size()));
  REQUIRE(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_WRITE) == 0);
  fs::remove(file);
  fs::create_symlink(cat("/proc/self/fd/", sealed.get()), file);
  CHECK(bed.open(kName).link->binding() == Binding::storage);
  fs::remove(bed.sysfs.root() / "sys/class/nvme/nvme0");
  expect_error(ErrorId::lockdown, "locked down", [&] { bed.open(kName).link->exchange(kGetVersion, soon()); });
}
