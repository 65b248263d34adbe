#include "cmd/gate/watcher.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

#include "core/text.h"

using spdm::cmd::Occasion;
using spdm::cmd::Watcher;
using spdm::transport::Bdf;

namespace {

// A root whose only PCI function has an attribute `reset`; nothing else of it matters here.
class Root {
 public:
  Root() {
    char name[] = "/tmp/spdmctl-watcher-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
    std::filesystem::create_directories(device());
    std::ofstream(device() / "reset") << "";
  }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() { std::filesystem::remove_all(path_); }

  std::filesystem::path device() const { return path_ / "sys/bus/pci/devices/0000:02:00.0"; }
  spdm::transport::Host host() const { return {path_}; }

 private:
  std::filesystem::path path_;
};

// The watcher on a thread, with a socket in place of the kernel's.
class Running {
 public:
  explicit Running(const Root& root, Watcher::Attend attend = {}, std::function<spdm::Clock::time_point()> due = {},
                   std::function<std::vector<Bdf>()> poll = {}, bool drives = false) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // threads that are started from here on inherit it
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
    kernel_ = spdm::Descriptor(ends[0]);
    events_.emplace(spdm::Descriptor(ends[1]));
    const auto keep = [this](const std::vector<Bdf>& devices, Occasion occasion) {
      const std::lock_guard lock(mutex_);
      for (const Bdf& bdf : devices) seen_.push_back(spdm::cat(to_string(bdf), " ", name(occasion)));
    };
    watcher_.emplace(
        Watcher::Options{.host = root.host(),
                         .interval = {},
                         .drives_came = drives ? [this](const std::set<std::string>& nodes, Occasion occasion) {
                           for (const std::string& node : nodes) note(spdm::cat("drive ", node, " ", name(occasion)));
                         } : std::function<void(const std::set<std::string>&, Occasion)>{},
                         .lacks = [this] { note("who lacks?"); },
                         .due = std::move(due),
                         .poll = std::move(poll),
                         .patience = std::chrono::seconds(60)},
        *events_, manager_,
        [keep, attend](const std::vector<Bdf>& devices, Occasion occasion) {
          keep(devices, occasion);
          if (attend) attend(devices, occasion);
        },
        [this](const std::string& what) {
          const std::lock_guard lock(mutex_);
          seen_.push_back("! " + what);
        });
    thread_ = std::thread([this] { end_ = watcher_->run({{Bdf{0, 1, 0, 0}, Occasion::start}}); });
  }
  ~Running() {
    if (thread_.joinable()) stop(SIGTERM);
  }

  void say(std::string_view action, std::string_view slot, std::string_view extra = "X=") const {
    std::string out;
    for (const std::string& line : {spdm::cat(action, "@/devices/x"), spdm::cat("ACTION=", action), std::string("SUBSYSTEM=pci"),
                                    spdm::cat("PCI_SLOT_NAME=", slot), std::string(extra)})
      out.append(line).push_back('\0');
    REQUIRE(::send(kernel_.get(), out.data(), out.size(), 0) > 0);
  }

  void say_drive(std::string_view action, std::string_view subsystem, std::string_view function, std::string_view extra = "X=") const {
    std::string out;
    const std::string path = spdm::cat("/devices/pci0000:00/", function, "/", subsystem, "/x0");
    for (const std::string& line : {spdm::cat(action, "@", path), spdm::cat("ACTION=", action), spdm::cat("DEVPATH=", path),
                                    spdm::cat("SUBSYSTEM=", subsystem), std::string("DEVNAME=x0"), std::string(extra)})
      out.append(line).push_back('\0');
    REQUIRE(::send(kernel_.get(), out.data(), out.size(), 0) > 0);
  }

  // Waits until this was seen; false after some seconds.
  bool saw(const std::string& line) {
    for (int i = 0; i < 500; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (std::find(seen_.begin(), seen_.end(), line) != seen_.end()) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  // How often this was seen so far.
  std::size_t times(const std::string& line) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(seen_.begin(), seen_.end(), line));
  }

  std::vector<spdm::cmd::Attention> left() { return watcher_->left(); }

  // A signal that somebody else handles, to the thread that listens.
  void interrupt() { ::pthread_kill(thread_.native_handle(), SIGUSR1); }

  Watcher::End stop(int signal) {
    ::kill(::getpid(), signal);
    thread_.join();
    return end_;
  }

 private:
  void note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(line);
  }

  spdm::Descriptor kernel_;
  std::optional<spdm::transport::UeventSocket> events_;
  spdm::cmd::ServiceManager manager_;
  std::optional<Watcher> watcher_;
  std::mutex mutex_;
  std::vector<std::string> seen_;
  Watcher::End end_{};
  std::thread thread_;
};

}  // namespace

TEST_CASE("whoever watches asks at the start, and when a device has gone, who lacks") {
  const Root root;
  Running watcher(root);
  REQUIRE(watcher.saw("who lacks?"));
  REQUIRE(watcher.saw("0000:01:00.0 start"));
  watcher.say("bind", "0000:02:00.0");
  REQUIRE(watcher.saw("0000:02:00.0 bind"));
  CHECK(watcher.times("who lacks?") == 1);
  watcher.say("remove", "0000:02:00.0");
  watcher.say("add", "0000:03:00.0");
  REQUIRE(watcher.saw("0000:03:00.0 arrival"));
  for (int i = 0; i < 500 && watcher.times("who lacks?") < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(watcher.times("who lacks?") == 2);
}

TEST_CASE("a function is attended when its driver has made a drive of it, and when that takes commands") {
  const Root root;
  Running running(root);
  REQUIRE(running.saw("0000:01:00.0 start"));
  running.say_drive("change", "nvme", "0000:03:00.0", "NVME_AEN=0x000100");
  running.say_drive("remove", "nvme", "0000:03:00.0");
  running.say_drive("add", "scsi_generic", "0000:03:00.0");  // of the adapter, which is another device
  running.say_drive("add", "nvme", "0000:04:00.0");
  REQUIRE(running.saw("0000:04:00.0 drive"));
  running.say_drive("change", "nvme", "0000:05:00.0", "NVME_EVENT=connected");
  REQUIRE(running.saw("0000:05:00.0 drive"));
  CHECK(running.times("0000:03:00.0 drive") == 0);
}

TEST_CASE("drives are attested where that is asked for: all at the start, and each that comes") {
  const Root root;
  Running running(root, {}, {}, {}, true);
  REQUIRE(running.saw("drive  start"));              // an empty node: all
  running.say_drive("add", "nvme", "0000:04:00.0");  // it takes no commands yet
  running.say_drive("change", "scsi_generic", "0000:04:00.0");
  running.say_drive("add", "scsi_generic", "0000:03:00.0");
  REQUIRE(running.saw("drive x0 arrival"));
  CHECK(running.times("drive x0 arrival") == 1);
  running.say_drive("change", "nvme", "0000:05:00.0", "NVME_EVENT=connected");
  for (int i = 0; i < 500 && running.times("drive x0 arrival") < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(running.times("drive x0 arrival") == 2);
  REQUIRE(running.saw("0000:05:00.0 drive"));
}

TEST_CASE("what arrives, recovers or is reset is attended; a signal ends it") {
  const Root root;
  Running running(root);
  CHECK(running.saw("0000:01:00.0 start"));
  running.say("add", "0000:03:00.0");
  CHECK(running.saw("0000:03:00.0 arrival"));
  running.say("change", "0000:04:00.0", "ERROR_EVENT=SUCCESSFUL_RECOVERY");
  CHECK(running.saw("0000:04:00.0 reset"));
  running.say("bind", "0000:05:00.0");
  CHECK(running.saw("0000:05:00.0 bind"));
  running.say("add", "0000:02:00.0");
  CHECK(running.saw("0000:02:00.0 arrival"));
  std::ofstream(root.device() / "reset") << "1";
  CHECK(running.saw("0000:02:00.0 reset"));
  CHECK(running.stop(SIGTERM) == Watcher::End::stop);
}

TEST_CASE("what was heard of and not attended is handed out at the end") {
  const Root root;
  std::atomic<bool> go_on = false;
  Running running(root, [&](const std::vector<Bdf>&, Occasion) {
    while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  CHECK(running.saw("0000:01:00.0 start"));
  running.say("add", "0000:03:00.0");
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    go_on = true;
  });
  CHECK(running.stop(SIGTERM) == Watcher::End::stop);
  running.say("add", "0000:04:00.0");
  const auto left = running.left();
  REQUIRE(left.size() == 2);
  CHECK(left[0].bdf == Bdf{0, 3, 0, 0});
  CHECK(left[1].bdf == Bdf{0, 4, 0, 0});
}

TEST_CASE("a hang-up asks for new configuration") {
  const Root root;
  Running running(root);
  CHECK(running.saw("0000:01:00.0 start"));
  CHECK(running.stop(SIGHUP) == Watcher::End::reload);
}

TEST_CASE("a signal that is not for it does not end the service") {
  const Root root;
  struct sigaction before {
  }, nothing{};
  nothing.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &nothing, &before) == 0);
  {
    Running running(root);
    REQUIRE(running.saw("0000:01:00.0 start"));
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      running.interrupt();
    }
    running.say("add", "0000:03:00.0");
    CHECK(running.saw("0000:03:00.0 arrival"));
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("each reset of a device is told, and not the first one only") {
  const Root root;
  spdm::cmd::ResetWatch resets(root.host());
  resets.add(Bdf{0, 2, 0, 0});
  for (int i = 0; i < 3; ++i) {
    std::ofstream(root.device() / "reset") << "1";
    CHECK(resets.take() == std::set<Bdf>{Bdf{0, 2, 0, 0}});
    CHECK(resets.take().empty());
  }
}

TEST_CASE("a device that cannot be attended does not end the service") {
  const Root root;
  Running running(root, [](const std::vector<Bdf>&, Occasion occasion) {
    if (occasion == Occasion::start) throw std::runtime_error("it vanished");
  });
  CHECK(running.saw("! 0000:01:00.0 (start): it vanished"));
  running.say("add", "0000:03:00.0");
  CHECK(running.saw("0000:03:00.0 arrival"));
}

TEST_CASE("sleep is what the kernel counts, too, and told once") {
  const Root root;
  const std::filesystem::path counter = root.host().root / "sys/power/suspend_stats/success";
  std::filesystem::create_directories(counter.parent_path());
  std::ofstream(counter) << "3\n";
  spdm::cmd::SleepClock clock(root.host());
  CHECK(!clock.slept());
  std::ofstream(counter) << "4\n";
  CHECK(clock.slept());
  CHECK(!clock.slept());
}

TEST_CASE("time that passes between the readings of two clocks is no sleep") {
  const Root root;
  std::chrono::nanoseconds awake{}, slept = std::chrono::seconds(1), late = std::chrono::seconds(2);
  spdm::cmd::SleepClock clock(root.host(), [&](clockid_t id) {
    awake += late;  // the host is busy
    return id == CLOCK_BOOTTIME ? awake + slept : awake;
  });
  CHECK(!clock.slept());
  CHECK(!clock.slept());
  late = std::chrono::nanoseconds(100);
  CHECK(!clock.slept());
  slept += std::chrono::milliseconds(5);
  CHECK(clock.slept());
  CHECK(!clock.slept());
}

TEST_CASE("a sleep is told also where the host is busy, at the latest when it no longer is") {
  const Root root;
  std::chrono::nanoseconds awake{}, slept{};
  unsigned late = 0;  // readings before which time passes
  spdm::cmd::SleepClock clock(root.host(), [&](clockid_t id) {
    if (late != 0) awake += std::chrono::seconds(2), --late;
    return id == CLOCK_BOOTTIME ? awake + slept : awake;
  });
  slept = std::chrono::milliseconds(5);
  late = 3;  // the clocks are read once more
  CHECK(clock.slept());
  slept += std::chrono::seconds(1);
  late = 100;
  CHECK(!clock.slept());
  late = 0;
  CHECK(clock.slept());
  CHECK(!clock.slept());
}

TEST_CASE("the service manager is told where it listens") {
  const Root root;
  const std::string name = (root.host().root / "notify").string();
  ::setenv("NOTIFY_SOCKET", "relative", 1);
  spdm::cmd::ServiceManager().tell("READY=1");  // nobody there: no error
  ::unsetenv("NOTIFY_SOCKET");
  ::setenv("WATCHDOG_USEC", "4000000", 1);
  CHECK(!spdm::cmd::ServiceManager().watchdog());
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  CHECK(spdm::cmd::ServiceManager().watchdog() == std::chrono::milliseconds(2000));
  ::setenv("WATCHDOG_USEC", "many", 1);
  CHECK(!spdm::cmd::ServiceManager().watchdog());
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("whoever watches asks for events while nobody waits, and attends who tells of one") {
  const Root root;
  std::atomic<int> polls = 0;
  std::atomic<bool> tells = false;
  Running watcher(
      root, {}, [] { return spdm::Clock::now() + std::chrono::milliseconds(5); },
      [&] {
        ++polls;
        return tells.exchange(false) ? std::vector{Bdf{0, 7, 0, 0}} : std::vector<Bdf>{};
      });
  REQUIRE(watcher.saw("0000:01:00.0 start"));
  for (int i = 0; i < 500 && polls < 3; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(polls >= 3);
  tells = true;
  CHECK(watcher.saw("0000:07:00.0 event"));
  watcher.say("add", "0000:03:00.0");
  CHECK(watcher.saw("0000:03:00.0 arrival"));
  CHECK(watcher.stop(SIGTERM) == Watcher::End::stop);  // it does not wait for the next question
  CHECK(watcher.times("0000:07:00.0 event") == 1);
}
