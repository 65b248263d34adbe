// A fake drive for the processes of the broker, and what it tells the test.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include "cmd/host/drive_broker.h"
#include "core/error.h"

namespace support {

using namespace spdm;
using transport::Completion;
using transport::DriveKind;
using namespace std::chrono_literals;

// What the processes of drives tell the test: memory that they share.
struct Told {
  std::atomic<int> commands{0}, pid{0}, ioctl_error{0}, open_error{0}, socket_error{0};
  std::atomic<int> last_protocol{0}, last_specific{0}, last_size{0};
};

class Shared {
 public:
  Shared() {
    void* const room = ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(room != MAP_FAILED);
    told_ = new (room) Told;
  }
  ~Shared() { ::munmap(told_, sizeof(Told)); }
  Told* operator->() const { return told_; }
  Told* get() const { return told_; }

 private:
  Told* told_;
};

inline int error_of(long result) { return result < 0 ? errno : 0; }

class FakeDrive final : public transport::SecurityCommands {
 public:
  FakeDrive(Told& told, std::string name) : told_(told), name_(std::move(name)) {}

  Completion send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point) override {
    note(protocol, specific, data.size());
    last_ = to_bytes(data);
    return {};
  }
  Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point) override {
    note(protocol, specific, allocation);
    if (name_ == "nvme1") std::this_thread::sleep_for(30s);
    if (name_ == "nvme2") throw Error(ErrorId::no_device, "it was\x1b[2J removed", "put it back");
    if (name_ == "nvme3") return {.refusal = "NVMe status 0x4002 (Invalid Field in Command)", .data = {}};
    if (name_ == "nvme4") throw Error(ErrorId::io, std::string(100'000, 'x'));
    Completion out;
    out.data = last_;
    out.data.resize(allocation);
    return out;
  }

 private:
  void note(std::uint8_t protocol, std::uint16_t specific, std::size_t size) {
    ++told_.commands;
    told_.last_protocol = protocol;
    told_.last_specific = specific;
    told_.last_size = static_cast<int>(size);
    told_.ioctl_error = error_of(::ioctl(-1, TCGETS));
    told_.open_error = error_of(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    told_.socket_error = error_of(::socket(AF_UNIX, SOCK_STREAM, 0));
  }

  Told& told_;
  std::string name_;
  Bytes last_;
};

class FakeOpener final : public transport::DriveOpener {
 public:
  explicit FakeOpener(Told& told) : told_(told) {}
  std::unique_ptr<transport::SecurityCommands> open(DriveKind, const std::filesystem::path& node, bool gently) override {
    told_.pid = ::getpid();
    if (gently) throw Error(ErrorId::unsupported, "it sleeps");
    return std::make_unique<FakeDrive>(told_, node.filename().string());
  }

 private:
  Told& told_;
};

inline cmd::BrokerOptions options_with(const Shared& told) {
  return {.root = "/", .make_opener = [told = told.get()] { return std::make_unique<FakeOpener>(*told); }, .patience = 10s};
}

// The kernel's line on a process, such as "CapEff"; empty when there is no such process.
inline std::string status_of(pid_t process, const std::string& name) {
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  return "";
}

// Whether the process has ended soon.
inline bool ends(pid_t process) {
  for (int i = 0; i < 500; ++i) {
    if (::kill(process, 0) != 0 && errno == ESRCH) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace support
