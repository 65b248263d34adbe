// The broker of drives with its real processes, and a fake drive in them: what its client sees.
#include "cmd/host/drive_broker.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cmd/host/fake_drive.h"
#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/wire/security_protocol.h"
#include "support/temporary.h"

namespace {

using namespace spdm;
using namespace std::chrono_literals;
using support::ends;
using support::options_with;
using support::Shared;
using support::status_of;
using transport::Completion;
using transport::DriveKind;

constexpr std::uint16_t kMessage = protocol_specific(StorageOperation::message);

// The children of this process.
std::set<pid_t> children_of(pid_t parent) {
  std::set<pid_t> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const pid_t process = std::stoi(name);
    if (status_of(process, "PPid") == std::to_string(parent)) out.insert(process);
  }
  return out;
}

Clock::time_point soon() { return Clock::now() + 10s; }

}  // namespace

TEST_CASE("commands reach the drive, as they are, and their answers come back") {
  const Shared told;
  const cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
  const auto drive = broker.opener->open(DriveKind::nvme, "/dev/nvme0", false);
  const Bytes most(65536, 0xA5);
  CHECK(drive->send(kProtocolSpdm, kMessage, most, soon()).is_good());
  CHECK(told->last_size == 65536);
  CHECK(drive->receive(kProtocolSpdm, kMessage, 65536, soon()).data == most);
  CHECK(drive->receive(kProtocolSpdm, kMessage, 1, soon()).data == Bytes{0xA5});
  CHECK(drive->receive(kProtocolList, 0, 512, soon()).data.size() == 512);
  CHECK(told->last_protocol == 0);
  CHECK(told->commands == 4);
  expect_error(ErrorId::usage, "1 to 65536", [&] { drive->send(kProtocolSpdm, kMessage, Bytes(65537), soon()); });
  expect_error(ErrorId::timeout, "no time is left", [&] { drive->receive(kProtocolSpdm, kMessage, 512, Clock::now()); });
  CHECK(drive->receive(kProtocolSpdm, kMessage, 512, soon()).is_good());
}

TEST_CASE("a drive is used when its broker was let go of, and by several threads with others") {
  const Shared told;
  cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i, opener = broker.opener] {
      const auto drive = opener->open(DriveKind::scsi, "/dev/sg" + std::to_string(i), false);
      const Bytes mine(512, static_cast<std::uint8_t>(i));
      drive->send(kProtocolSpdm, kMessage, mine, soon());
      if (drive->receive(kProtocolSpdm, kMessage, 512, soon()).data == mine) ++good;
    });
  broker.opener.reset();
  threads.clear();
  CHECK(good == 8);
}

TEST_CASE("what goes wrong at the drive is told as it is: bounded, and safe to print") {
  const Shared told;
  const cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
  const auto open = [&](const char* node) { return broker.opener->open(DriveKind::nvme, node, false); };
  const auto removed = open("/dev/nvme2");
  for (int i = 0; i < 2; ++i)  // it can be asked again
    try {
      removed->receive(kProtocolSpdm, kMessage, 512, soon());
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::no_device);
      CHECK(std::string(error.what()) == "it was\\x1b[2J removed");
      CHECK(error.hint == "put it back");
    }
  const Completion refused = open("/dev/nvme3")->receive(kProtocolSpdm, kMessage, 512, soon());
  CHECK(refused.refusal == "NVMe status 0x4002 (Invalid Field in Command)");
  try {
    open("/dev/nvme4")->receive(kProtocolSpdm, kMessage, 512, soon());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).size() <= 400);
  }
  expect_error(ErrorId::unsupported, "it sleeps", [&] { broker.opener->open(DriveKind::nvme, "/dev/nvme0", true); });
  expect_error(ErrorId::usage, "not a node of an NVMe drive", [&] { open("/dev/sda"); });
  expect_error(ErrorId::usage, "not a node of an NVMe drive", [&] { open("/dev/nvme0n1"); });
  CHECK(open("/dev/nvme0")->receive(kProtocolSpdm, kMessage, 512, soon()).is_good());
}

TEST_CASE("a link is not opened, wherever it leads") {
  const Shared told;
  const support::TemporaryDirectory root;
  std::filesystem::create_directories(root.path() / "dev");
  std::filesystem::create_symlink("/dev/null", root.path() / "dev/nvme0");
  cmd::BrokerOptions options = options_with(told);
  options.root = root.path();
  const cmd::DriveBroker broker = cmd::start_drive_broker(options);
  expect_error(ErrorId::usage, "is a link", [&] { broker.opener->open(DriveKind::nvme, root.path() / "dev/nvme0", false); });
  CHECK(told->pid == 0);
}

TEST_CASE("a command that hangs ends the wait of the client, and that drive alone") {
  const Shared told;
  const cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
  const auto hanging = broker.opener->open(DriveKind::nvme, "/dev/nvme1", false);
  const Clock::time_point begin = Clock::now();
  expect_error(ErrorId::timeout, "no more commands", [&] { hanging->receive(kProtocolSpdm, kMessage, 512, Clock::now() + 100ms); });
  CHECK(Clock::now() - begin < 10s);
  // From then on it refuses at once: the command may still be under way.
  expect_error(ErrorId::timeout, "no more commands", [&] { hanging->send(kProtocolSpdm, kMessage, Bytes(16), soon()); });
  CHECK(told->commands == 1);
  const auto other = broker.opener->open(DriveKind::nvme, "/dev/nvme0", false);
  CHECK(other->receive(kProtocolSpdm, kMessage, 512, soon()).is_good());
}

TEST_CASE("the process of a drive ends with its client, and no process is left of many") {
  const Shared told;
  const std::set<pid_t> before = children_of(::getpid());
  {
    const cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
    std::set<pid_t> brokers = children_of(::getpid());
    for (const pid_t process : before) brokers.erase(process);
    REQUIRE(brokers.size() == 1);
    pid_t last = 0;
    for (int i = 0; i < 50; ++i) {
      const auto drive = broker.opener->open(DriveKind::nvme, "/dev/nvme0", false);
      last = told->pid;
      CHECK(::kill(last, 0) == 0);
    }
    CHECK(ends(last));
    for (int i = 0; i < 500 && !children_of(*brokers.begin()).empty(); ++i) std::this_thread::sleep_for(10ms);
    CHECK(children_of(*brokers.begin()).empty());  // zombies would be there, too
  }
  CHECK(children_of(::getpid()) == before);
}

TEST_CASE("the broker leaves no process behind that somebody else would have to reap") {
  const Shared told;
  const std::set<pid_t> before = children_of(::getpid());
  REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);  // they would come to us
  {
    const cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
    std::vector<std::unique_ptr<transport::SecurityCommands>> drives;
    for (int i = 0; i < 8; ++i) drives.push_back(broker.opener->open(DriveKind::scsi, "/dev/sg" + std::to_string(i), false));
  }
  CHECK(children_of(::getpid()) == before);
  REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0);
}

TEST_CASE("broker and drives end with the program, however it ends") {
  const Shared told;
  const pid_t program = ::fork();
  if (program == 0) {
    const cmd::DriveBroker broker = cmd::start_drive_broker(options_with(told));
    const auto drive = broker.opener->open(DriveKind::nvme, "/dev/nvme0", false);
    ::kill(::getpid(), SIGKILL);
  }
  REQUIRE(::waitpid(program, nullptr, 0) == program);
  REQUIRE(told->pid != 0);
  CHECK(ends(told->pid));
}
