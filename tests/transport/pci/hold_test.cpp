// The lock of a device, and its being kept awake.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>
#include <tuple>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/temporary.h"
#include "transport/pci/power.h"

using namespace spdm;
using namespace spdm::transport;
using std::chrono::milliseconds;

namespace {

const Bdf kDevice{.domain = 0, .bus = 3, .device = 0, .function = 0};
const std::string kName = "0000:03:00.0";

// A copy of what the kernel shows of one device.
struct Tree {
  Tree() { std::filesystem::create_directories(host.pci() / "devices" / kName); }
  void write(const std::string& attribute, std::string_view value) { files.write("sys/bus/pci/devices/" + kName + "/" + attribute, value); }
  std::string read(const std::string& attribute) const { return read_attribute(host.pci() / "devices" / kName / attribute).value_or("-"); }
  std::filesystem::path lock_file() const { return host.run() / "lock" / kName; }
  std::string record() const { return read_attribute(lock_file()).value_or("-"); }
  std::string number() const {
    struct stat status {};
    REQUIRE(::stat((host.pci() / "devices" / kName).c_str(), &status) == 0);
    return std::to_string(status.st_ino);
  }

  support::TemporaryDirectory files;
  Host host{files.path()};
};

}  // namespace

TEST_CASE("pci lock: one at a time, and who") {
  Tree tree;
  {
    const PciLock lock(tree.host, kDevice);
    CHECK(tree.record() == cat(::getpid(), " - ", tree.number(), " mailbox"));
    CHECK(!lock.abandoned());
    expect_error(ErrorId::busy, cat("another spdmctl (process ", ::getpid(), ") works with 0000:03:00.0"),
                 [&] { PciLock(tree.host, kDevice); });
    const PciLock other(tree.host, {.domain = 0, .bus = 3, .device = 0, .function = 1});
  }
  CHECK(tree.record().empty());
  const PciLock again(tree.host, kDevice);
  struct stat status {};
  REQUIRE(::stat(tree.lock_file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(::stat((tree.host.run() / "lock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0022) == 0);
}

TEST_CASE("pci lock: held by somebody who writes nothing of use") {
  Tree tree;
  tree.files.write("run/spdmctl/lock/" + kName, "\x1b[31mme 1 2\n");
  const Descriptor fd(::open(tree.lock_file().c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::flock(fd.get(), LOCK_EX) == 0);
  expect_error(ErrorId::busy, "another spdmctl works with 0000:03:00.0", [&] { PciLock(tree.host, kDevice); });
}

TEST_CASE("pci lock: whoever holds it for a moment is waited for") {
  Tree tree;
  auto held = std::make_unique<PciLock>(tree.host, kDevice);
  std::thread holder([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    held.reset();
  });
  const PciLock lock(tree.host, kDevice);
  holder.join();
  CHECK(tree.record() == cat(::getpid(), " - ", tree.number(), " mailbox"));
}

TEST_CASE("pci lock: links and other things in its place are refused") {
  Tree tree;
  tree.files.write("victim", "precious");
  std::filesystem::create_directories(tree.host.run() / "lock");
  std::filesystem::create_symlink(tree.files.path() / "victim", tree.lock_file());
  expect_error(ErrorId::io, "lock file", [&] { PciLock(tree.host, kDevice); });
  CHECK(read_attribute(tree.files.path() / "victim") == "precious");
  std::filesystem::remove(tree.lock_file());
  REQUIRE(::mkfifo(tree.lock_file().c_str(), 0600) == 0);
  expect_error(ErrorId::io, "is not a file", [&] { PciLock(tree.host, kDevice); });
  std::filesystem::remove_all(tree.host.run() / "lock");
  std::filesystem::create_directories(tree.files.path() / "elsewhere");
  std::filesystem::create_symlink(tree.files.path() / "elsewhere", tree.host.run() / "lock");
  expect_error(ErrorId::io, "lock", [&] { PciLock(tree.host, kDevice); });
}

TEST_CASE("pci power: a device that may fall asleep is kept awake, and let go") {
  Tree tree;
  tree.write("power/control", "auto\n");
  tree.write("power/runtime_status", "active\n");
  tree.write("power_state", "D0\n");
  {
    PciLock lock(tree.host, kDevice);
    const PciPower power(tree.host, kDevice, lock);
    CHECK(tree.read("power/control") == "on");
    CHECK(tree.record() == cat(::getpid(), " auto ", tree.number(), " mailbox"));
    power.wait_until_awake(Clock::now());
  }
  CHECK(tree.read("power/control") == "auto");
  CHECK(tree.record().empty());
}

TEST_CASE("pci power: a signal lets go of what is held, and of nothing else") {
  Tree tree;
  tree.write("power/control", "auto\n");
  {
    PciLock lock(tree.host, kDevice);
    const PciPower power(tree.host, kDevice, lock);
    CHECK(tree.read("power/control") == "on");
    spdm::transport::release_all_power();
    CHECK(tree.read("power/control") == "auto");
  }
  tree.write("power/control", "on\n");
  spdm::transport::release_all_power();
  CHECK(tree.read("power/control") == "on");
}

TEST_CASE("pci power: where nothing is to be changed nothing is written") {
  Tree tree;
  {
    PciLock lock(tree.host, kDevice);
    const PciPower power(tree.host, kDevice, lock);  // a kernel without power management
    power.wait_until_awake(Clock::now());
  }
  tree.write("power/control", "on\n");
  tree.write("power/runtime_status", "unsupported\n");
  const auto before = std::filesystem::last_write_time(tree.host.pci() / "devices" / kName / "power/control");
  PciLock lock(tree.host, kDevice);
  {
    const PciPower power(tree.host, kDevice, lock);
    power.wait_until_awake(Clock::now());
    CHECK(tree.record() == cat(::getpid(), " - ", tree.number(), " mailbox"));
  }
  CHECK(std::filesystem::last_write_time(tree.host.pci() / "devices" / kName / "power/control") == before);
}

TEST_CASE("pci power: what a killed holder left is restored by the next one, if it is the same device") {
  Tree tree;
  tree.write("power/control", "on\n");
  tree.files.write("run/spdmctl/lock/" + kName, cat("4711 auto ", tree.number(), "                              \n"));
  {
    PciLock lock(tree.host, kDevice);
    CHECK(lock.power() == "auto");
    const PciPower power(tree.host, kDevice, lock);
    CHECK(tree.read("power/control") == "on");
  }
  CHECK(tree.read("power/control") == "auto");
  for (const std::string& record :
       {std::string("4711 auto 1\n"), std::string("4711 auto\n"), cat("x auto ", tree.number(), "\n"), std::string()}) {
    tree.write("power/control", "on\n");
    tree.files.write("run/spdmctl/lock/" + kName, record);
    PciLock lock(tree.host, kDevice);
    CHECK(!lock.power());
    const PciPower power(tree.host, kDevice, lock);
    CHECK(tree.read("power/control") == "on");
  }
  CHECK(tree.read("power/control") == "on");
}

TEST_CASE("pci lock: what a killed holder left is handed on until somebody deals with it") {
  Tree tree;
  tree.files.write("run/spdmctl/lock/" + kName, cat("4711 auto ", tree.number(), " mailbox\n"));
  { const PciLock lock(tree.host, kDevice); }
  CHECK(tree.record() == cat("0 auto ", tree.number(), " mailbox"));
  {
    PciLock lock(tree.host, kDevice);
    CHECK(lock.power() == "auto");
    CHECK(lock.abandoned());
    lock.forget_power();
  }
  CHECK(tree.record() == cat("0 - ", tree.number(), " mailbox"));
  {
    PciLock lock(tree.host, kDevice);
    CHECK(!lock.power());
    CHECK(lock.abandoned());
    lock.settle();
    lock.remember_power("auto");
  }
  CHECK(tree.record() == cat("0 auto ", tree.number()));
  CHECK(!PciLock(tree.host, kDevice).abandoned());
  tree.files.write("run/spdmctl/lock/" + kName, "4711 - 1 mailbox                                                          \n");
  CHECK(!PciLock(tree.host, kDevice).abandoned());  // another device
  CHECK(tree.record().empty());
}

TEST_CASE("pci power: waking up is waited for") {
  Tree tree;
  tree.write("power/control", "auto\n");
  tree.write("power/runtime_status", "suspended\n");
  tree.write("power_state", "D3hot\n");
  PciLock lock(tree.host, kDevice);
  const PciPower power(tree.host, kDevice, lock);
  std::thread kernel([&] {
    std::this_thread::sleep_for(milliseconds(5));
    tree.write("power/runtime_status", "resuming\n");
    std::this_thread::sleep_for(milliseconds(5));
    tree.write("power/runtime_status", "active\n");
    std::this_thread::sleep_for(milliseconds(5));
    tree.write("power_state", "D0\n");
  });
  power.wait_until_awake(Clock::now() + std::chrono::seconds(10));
  kernel.join();
}

TEST_CASE("pci power: a device that stays asleep is an error that says so, and its setting comes back") {
  for (const auto& [status, state, id] : {std::tuple("suspended", "D3hot", ErrorId::timeout),
                                          std::tuple("active", "D3cold", ErrorId::timeout), std::tuple("error", "D3hot", ErrorId::io)}) {
    Tree tree;
    tree.write("power/control", "auto\n");
    tree.write("power/runtime_status", status);
    tree.write("power_state", state);
    {
      PciLock lock(tree.host, kDevice);
      const PciPower power(tree.host, kDevice, lock);
      expect_error(id, "0000:03:00.0 is asleep", [&] { power.wait_until_awake(Clock::now() + milliseconds(20)); });
    }
    CHECK(tree.read("power/control") == "auto");
  }
}
