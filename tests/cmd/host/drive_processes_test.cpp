// The processes of the broker without its client: what somebody might send them who has taken over the program.
#include "cmd/host/drive_processes.h"

#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cmd/host/datagram.h"
#include "cmd/host/drive_messages.h"
#include "cmd/host/fake_drive.h"
#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/wire/security_protocol.h"

namespace {

using namespace spdm;
using support::ends;
using support::options_with;
using support::Shared;
using support::status_of;
using transport::DriveKind;

constexpr std::uint16_t kMessage = protocol_specific(StorageOperation::message);

std::string in_hex(std::uint64_t bits) {
  std::ostringstream out;
  out << std::hex << std::setw(16) << std::setfill('0') << bits;
  return out.str();
}

// The broker without the client: what a program might send it that somebody else has taken over.
class RawBroker {
 public:
  explicit RawBroker(const cmd::BrokerOptions& options) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    control_ = Descriptor(ends[0]);
    const pid_t program = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
      control_.close();
      cmd::run_drive_broker(Descriptor(ends[1]), options, program);
    }
    ::close(ends[1]);
    REQUIRE(cmd::receive_datagram(control_.get(), cmd::kMostDatagram));
  }
  ~RawBroker() {
    control_.close();
    ::waitpid(process_, nullptr, 0);
  }

  int control() const { return control_.get(); }
  pid_t process() const { return process_; }

  // The socket to the process of a drive that is open.
  Descriptor open(const std::string& node) const {
    cmd::send_datagram(control_.get(), cmd::encode(cmd::DriveRequest{DriveKind::nvme, false, node}));
    std::optional<cmd::Datagram> answer = cmd::receive_with_descriptor(control_.get(), cmd::kMostDatagram);
    REQUIRE(answer);
    Descriptor out = std::move(answer->descriptor);
    REQUIRE(out.get() >= 0);
    cmd::decode_done(*cmd::receive_datagram(out.get(), cmd::kMostDatagram));
    return out;
  }

 private:
  Descriptor control_;
  pid_t process_ = -1;
};

Bytes command(bool sends, unsigned protocol, unsigned specific, std::size_t size, View data = {}) {
  return Writer().u8(sends ? 1 : 0).u8(protocol).u16(specific).u32(size).bytes(data).take();
}

}  // namespace

TEST_CASE("signals that end a program do not end its broker before it") {
  const Shared told;
  const RawBroker broker(options_with(told));
  const Descriptor drive = broker.open("/dev/nvme0");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    for (const pid_t process : {broker.process(), static_cast<pid_t>(told->pid)}) CHECK(::kill(process, signal) == 0);
  cmd::send_datagram(drive.get(), command(false, kProtocolSpdm, kMessage, 32));
  CHECK(cmd::decode_completion(*cmd::receive_datagram(drive.get(), cmd::kMostDatagram)).data.size() == 32);
}

TEST_CASE("no command but those that are allowed reaches a drive; any other ends its process") {
  const Shared told;
  const RawBroker broker(options_with(told));
  int refused = 0;
  const auto try_one = [&](bool sends, unsigned protocol, unsigned specific) {
    const Descriptor drive = broker.open("/dev/nvme0");
    const int before = told->commands;
    const Bytes data(16);
    cmd::send_datagram(drive.get(), command(sends, protocol, specific, 16, sends ? View(data) : View()));
    const std::optional<Bytes> answer = cmd::receive_datagram(drive.get(), cmd::kMostDatagram);
    REQUIRE(answer);
    const bool allowed = cmd::is_allowed(sends, static_cast<std::uint8_t>(protocol), static_cast<std::uint16_t>(specific), 16);
    if (allowed) {
      CHECK(told->commands == before + 1);
      return;
    }
    ++refused;
    expect_error(ErrorId::permission, "lets no command", [&] { cmd::decode_completion(*answer); });
    CHECK(told->commands == before);
    CHECK_FALSE(cmd::receive_datagram(drive.get(), cmd::kMostDatagram));  // it has ended
  };
  for (unsigned protocol = 0; protocol <= 0xFF; ++protocol) try_one(false, protocol, 0);
  for (unsigned protocol : {0x00U, 0x01U, 0x02U, 0xEAU, 0xEFU, 0xFFU}) try_one(true, protocol, 0);
  for (unsigned specific = 0; specific <= 0x40; ++specific) try_one(specific % 2 == 0, kProtocolSpdm, specific);
  for (unsigned specific : {0x0104U, 0x0114U, 0x1400U, 0x8014U, 0xFF18U, 0xFFFFU}) try_one(false, kProtocolSpdm, specific);
  CHECK(refused > 300);
}

TEST_CASE("datagrams that are none end the process of a drive, and harm nobody else") {
  const Shared told;
  const RawBroker broker(options_with(told));
  const Descriptor other = broker.open("/dev/nvme0");
  const std::vector<Bytes> wrong{
      {0},
      Bytes(7),
      command(true, kProtocolSpdm, kMessage, 16),             // no data
      command(true, kProtocolSpdm, kMessage, 16, Bytes(15)),  // too little
      command(true, kProtocolSpdm, kMessage, 16, Bytes(17)),  // too much
      command(false, kProtocolSpdm, kMessage, 16, Bytes(1)),  // data, and it receives
      command(false, kProtocolSpdm, kMessage, 65537),         // more than may come
      command(false, kProtocolSpdm, kMessage, 0xFFFFFFFF),
      command(true, kProtocolSpdm, kMessage, 65537, Bytes(65537)),
      Writer().u8(2).u8(kProtocolSpdm).u16(kMessage).u32(16).take(),  // neither of two directions
      Bytes(cmd::kMostDatagram + 1),
  };
  for (const Bytes& datagram : wrong) {
    const Descriptor drive = broker.open("/dev/nvme0");
    const pid_t process = told->pid;
    cmd::send_datagram(drive.get(), datagram);
    CHECK(ends(process));
  }
  const Descriptor drive = broker.open("/dev/nvme0");
  const pid_t process = told->pid;
  cmd::send_datagram(drive.get(), command(false, kProtocolSpdm, kMessage, 16), STDIN_FILENO);
  CHECK(ends(process));
  CHECK(told->commands == 0);
  cmd::send_datagram(other.get(), command(false, kProtocolSpdm, kMessage, 16));
  CHECK(cmd::decode_completion(*cmd::receive_datagram(other.get(), cmd::kMostDatagram)).data.size() == 16);
}

TEST_CASE("a request to open that is none ends the broker") {
  const Shared told;
  for (const Bytes& request : {Bytes{0}, Bytes{2, 0, '/'}, Bytes{0, 2, '/'}, Bytes(300), Bytes(cmd::kMostDatagram + 1)}) {
    const RawBroker broker(options_with(told));
    cmd::send_datagram(broker.control(), request);
    CHECK_FALSE(cmd::receive_datagram(broker.control(), cmd::kMostDatagram));
  }
  const RawBroker broker(options_with(told));
  cmd::send_datagram(broker.control(), cmd::encode(cmd::DriveRequest{DriveKind::nvme, false, "/dev/nvme0"}), STDIN_FILENO);
  CHECK_FALSE(cmd::receive_datagram(broker.control(), cmd::kMostDatagram));
  CHECK(told->pid == 0);
}

TEST_CASE("broker and drives keep no right but the one they need") {
  const Shared told;
  const RawBroker broker(options_with(told));
  const Descriptor nvme = broker.open("/dev/nvme0");
  cmd::send_datagram(nvme.get(), command(false, kProtocolSpdm, kMessage, 16));
  REQUIRE(cmd::receive_datagram(nvme.get(), cmd::kMostDatagram));
  for (const pid_t process : {broker.process(), static_cast<pid_t>(told->pid)}) {
    CHECK(status_of(process, "NoNewPrivs") == "1");
    CHECK(status_of(process, "Seccomp") == "2");
    CHECK(status_of(process, "CapInh") == in_hex(0));
    CHECK(status_of(process, "CapAmb") == in_hex(0));
    std::size_t open = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd")) ++open;
    CHECK(open == 4);  // three of /dev/null, and the socket
  }
  // Only the commands of drives, no file but the drive's own, and no socket.
  CHECK(told->ioctl_error == EPERM);
  CHECK(told->socket_error == EPERM);
  CHECK((told->open_error == EACCES || told->open_error == 0));
  const std::uint64_t mine = std::stoull(status_of(::getpid(), "CapPrm"), nullptr, 16);
  const std::uint64_t admin = mine & 1ULL << CAP_SYS_ADMIN, raw = mine & 1ULL << CAP_SYS_RAWIO;
  for (const char* const set : {"CapPrm", "CapEff"}) {
    CHECK(status_of(broker.process(), set) == in_hex(admin | raw));
    CHECK(status_of(told->pid, set) == in_hex(admin));
  }
  const cmd::DriveBroker real = cmd::start_drive_broker(options_with(told));
  CHECK(real.missing.empty());
  const auto scsi = real.opener->open(DriveKind::scsi, "/dev/sg0", false);
  CHECK(status_of(told->pid, "CapEff") == in_hex(raw));
}
