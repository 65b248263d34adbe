#include "cmd/host/progress.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/descriptor.h"

using namespace spdm;
using namespace spdm::cmd;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kClear = "\r\x1b[K";

// A terminal of 60 columns, and the end at which somebody looks.
struct PseudoTerminal {
  Descriptor screen{::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)}, terminal;

  PseudoTerminal() {
    REQUIRE(screen.get() >= 0);
    REQUIRE(::grantpt(screen.get()) == 0);
    REQUIRE(::unlockpt(screen.get()) == 0);
    terminal = Descriptor(::open(::ptsname(screen.get()), O_RDWR | O_NOCTTY));
    REQUIRE(terminal.get() >= 0);
    termios raw{};
    REQUIRE(::tcgetattr(terminal.get(), &raw) == 0);
    ::cfmakeraw(&raw);
    REQUIRE(::tcsetattr(terminal.get(), TCSANOW, &raw) == 0);
    const winsize size{.ws_row = 24, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::ioctl(terminal.get(), TIOCSWINSZ, &size) == 0);
  }

  std::string read() const {
    std::string out;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(screen.get(), part.data(), part.size())) > 0;)
      out.append(part.data(), static_cast<std::size_t>(got));
    return out;
  }
  // All that comes until `text` is there; at most ten seconds.
  std::string read_until(std::string_view text) const {
    std::string out;
    for (int i = 0; i < 1000 && out.find(text) == std::string::npos; ++i) {
      pollfd waited{.fd = screen.get(), .events = POLLIN, .revents = 0};
      ::poll(&waited, 1, 10);
      out += read();
    }
    return out;
  }
};

ProgressState devices(std::uint64_t done, std::uint64_t total, std::chrono::seconds elapsed) {
  return {.one = "device", .many = "devices", .done = done, .total = total, .elapsed = elapsed};
}

}  // namespace

TEST_CASE("a line of progress has count, rate, and what is left where the total is known") {
  CHECK(progress_line(devices(3, 12, 2s), 80) == "spdmctl: 3 of 12 devices, 1.5 a second, about 6 s left");
  CHECK(progress_line(devices(0, 12, 2s), 80) == "spdmctl: 0 of 12 devices, after 2 s");
  CHECK(progress_line(devices(12, 12, 2s), 80) == "spdmctl: 12 of 12 devices, 6 a second, after 2 s");
  CHECK(progress_line(devices(50, 0, 2s), 80) == "spdmctl: 50 devices, 25 a second, after 2 s");
  CHECK(progress_line(devices(0, 1, 2s), 80) == "spdmctl: 0 of 1 device, after 2 s");
  CHECK(progress_line(devices(1, 1000, 1s), 80) == "spdmctl: 1 of 1000 devices, 1 a second, about 16 min left");
  CHECK(progress_line(devices(1, 10000, 1s), 80) == "spdmctl: 1 of 10000 devices, 1 a second, about 2 h left");
}

TEST_CASE("what is left is told by bytes where only those are known") {
  ProgressState state{.one = "recording", .many = "recordings", .done = 10, .bytes = 100, .total_bytes = 400, .elapsed = 5s};
  CHECK(progress_line(state, 80) == "spdmctl: 10 recordings, 2 a second, about 15 s left");
  state.total_bytes = 50;  // a file that has grown
  CHECK(progress_line(state, 80) == "spdmctl: 10 recordings, 2 a second, after 5 s");
}

TEST_CASE("a chain over a slow link is told in bytes") {
  ProgressState state = devices(0, 1, 4s);
  state.chain_bytes = 1024;
  state.chain_total = 4096;
  CHECK(progress_line(state, 80) == "spdmctl: 0 of 1 device, 1024 of 4096 bytes of certificates, about 12 s left");
  state.total = 2;
  CHECK(progress_line(state, 80) == "spdmctl: 0 of 2 devices, 1024 of 4096 bytes of certificates, after 4 s");
}

TEST_CASE("a line of progress is never longer than the terminal is wide") {
  CHECK(progress_line(devices(3, 12, 2s), 20) == "spdmctl: 3 of 12 dev");
  const PseudoTerminal terminal;
  Progress progress(terminal.terminal.get(), {.delay = 0ms, .between = 10ms});
  progress.begin("device", "devices of a name that no line of sixty columns has the room for");
  const std::string line = "spdmctl: 0 devices of a name that no line of sixty columns";
  CHECK(terminal.read_until("columns").find(line) != std::string::npos);
  progress.end();
  CHECK(terminal.read().find("has") == std::string::npos);
}

TEST_CASE("progress is one line that is written again, and gone at the end") {
  const PseudoTerminal terminal;
  Progress progress(terminal.terminal.get(), {.delay = 0ms, .between = 5ms});
  progress.begin("device", "devices", 2);
  CHECK(terminal.read_until("0 of 2 devices").find("\r\x1b[Kspdmctl: 0 of 2 devices") != std::string::npos);
  progress.add(1);
  CHECK(terminal.read_until("1 of 2 devices").find("\r\x1b[Kspdmctl: 1 of 2 devices") != std::string::npos);
  progress.add_chain(100, 200);
  CHECK(terminal.read_until("100 of 200 bytes").find("100 of 200 bytes") != std::string::npos);
  progress.end();
  const std::string last = terminal.read();
  CHECK(last.ends_with(kClear));
  CHECK(last.find('\n') == std::string::npos);
}

TEST_CASE("progress shows nothing of work that is done soon") {
  const PseudoTerminal terminal;
  {
    Progress progress(terminal.terminal.get(), {.delay = 1h, .between = 1ms});
    const ProgressOfWork work(&progress, "device", "devices", 2);
    work.add(1);
    std::this_thread::sleep_for(20ms);
    progress.step_aside();
  }
  CHECK(terminal.read().empty());
}

TEST_CASE("progress steps aside for other output") {
  const PseudoTerminal terminal;
  Progress progress(terminal.terminal.get(), {.delay = 0ms, .between = 1ms});
  progress.begin("device", "devices", 2);
  CHECK(!terminal.read_until("devices").empty());
  {
    const std::unique_lock lock = progress.step_aside();
    CHECK(terminal.read().ends_with(kClear));
    std::this_thread::sleep_for(20ms);
    CHECK(terminal.read().empty());
  }
  CHECK(!terminal.read_until("devices").empty());
}

TEST_CASE("several threads tell of their progress") {
  const PseudoTerminal terminal;
  Progress progress(terminal.terminal.get(), {.delay = 0ms, .between = 1ms});
  progress.begin("device", "devices", 400);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int j = 0; j < 100; ++j) progress.add(1);
      });
  }
  CHECK(!terminal.read_until("400 of 400 devices").empty());
}

TEST_CASE("work without a terminal shows nothing") {
  const ProgressOfWork work(nullptr, "device", "devices", 2);
  work.add(1);
}
