// The broker of drives with its real processes, and a fake drive in them.
#include "cmd/host/drive_broker.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <new>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "cmd/host/drive_messages.h"
#include "cmd/host/drive_processes.h"
#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/wire/security_protocol.h"
#include "support/temporary.h"

namespace {

using namespace spdm;
using transport::Completion;
using transport::DriveKind;
using namespace std::chrono_literals;

constexpr std::uint16_t kMessage = protocol_specific(StorageOperation::message);

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

int error_of(long result) { return result < 0 ? errno : 0; }

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

cmd::BrokerOptions options_with(const Shared& told) {
  return {.root = "/", .make_opener = [told = told.get()] { return std::make_unique<FakeOpener>(*told); }, .patience = 10s};
}

// The kernel's line on a process, such as "CapEff"; empty when there is no such process.
std::string status_of(pid_t process, const std::string& name) {
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  return "";
}

// Whether the process has ended soon.
bool ends(pid_t process) {
  for (int i = 0; i < 500; ++i) {
    if (::kill(process, 0) != 0 && errno == ESRCH) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

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

std::string in_hex(std::uint64_t bits) {
  std::ostringstream out;
  out << std::hex << std::setw(16) << std::setfill('0') << bits;
  return out.str();
}

Clock::time_point soon() { return Clock::now() + 10s; }

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
    std::array<char, 64> data{};
    iovec part{data.data(), data.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    REQUIRE(::recvmsg(control_.get(), &message, MSG_CMSG_CLOEXEC) > 0);
    REQUIRE(CMSG_FIRSTHDR(&message) != nullptr);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    Descriptor out(fd);
    cmd::decode_done(*cmd::receive_datagram(fd, cmd::kMostDatagram));
    return out;
  }

 private:
  Descriptor control_;
  pid_t process_ = -1;
};

// Sends bytes, and descriptors beside them.
void send_with_descriptor(int socket, Bytes data) {
  iovec part{data.data(), data.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = STDIN_FILENO;
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  REQUIRE(::sendmsg(socket, &message, MSG_NOSIGNAL) > 0);
}

Bytes command(bool sends, unsigned protocol, unsigned specific, std::size_t size, View data = {}) {
  return Writer().u8(sends ? 1 : 0).u8(protocol).u16(specific).u32(size).bytes(data).take();
}

}  // namespace

TEST_CASE("of all commands only SPDM on connection 0, and the list of protocols, are allowed") {
  std::set<std::uint16_t> sent, received;
  for (unsigned protocol = 0; protocol <= 0xFF; ++protocol)
    for (unsigned specific = 0; specific <= 0xFFFF; ++specific) {
      const auto secp = static_cast<std::uint8_t>(protocol);
      const auto spsp = static_cast<std::uint16_t>(specific);
      const bool sends = cmd::is_allowed(true, secp, spsp, 512), receives = cmd::is_allowed(false, secp, spsp, 512);
      if (protocol == kProtocolSpdm) {
        if (sends) sent.insert(spsp);
        if (receives) received.insert(spsp);
      } else if (sends || receives) {
        REQUIRE((!sends && protocol == 0 && specific == 0));
      }
    }
  CHECK(sent == std::set<std::uint16_t>{0x14, 0x18});
  CHECK(received == std::set<std::uint16_t>{0x04, 0x08, 0x14, 0x18});
  CHECK(cmd::is_allowed(false, 0, 0, 512));
  for (const bool sends : {true, false}) {
    CHECK(cmd::is_allowed(sends, kProtocolSpdm, kMessage, 65536));
    CHECK_FALSE(cmd::is_allowed(sends, kProtocolSpdm, kMessage, 65537));
    CHECK_FALSE(cmd::is_allowed(sends, kProtocolSpdm, kMessage, 0));
  }
}

TEST_CASE("only nodes of drives are opened, as the kernel writes them, and of the right kind") {
  const auto nvme = [](const char* node) { return cmd::is_drive_node(DriveKind::nvme, node, "/"); };
  const auto scsi = [](const char* node) { return cmd::is_drive_node(DriveKind::scsi, node, "/"); };
  for (const char* const node : {"/dev/nvme0", "/dev/nvme9", "/dev/nvme10", "/dev/nvme123456"}) CHECK_MESSAGE(nvme(node), node);
  for (const char* const node :
       {"/dev/sg0", "/dev/sg17", "/dev/sda", "/dev/sdzzzz", "/dev/bsg/0:0:0:0", "/dev/bsg/10:0:3:18446744073709551615"})
    CHECK_MESSAGE(scsi(node), node);
  for (const char* const node : {"",
                                 "/",
                                 "/dev",
                                 "/dev/",
                                 "/dev/nvme",
                                 "/dev/nvme00",
                                 "/dev/nvme01",
                                 "/dev/nvme0n1",
                                 "/dev/nvme0/",
                                 "/dev/nvme-1",
                                 "/dev/nvme1234567",
                                 "/dev/../dev/nvme0",
                                 "/dev/./nvme0",
                                 "/dev//nvme0",
                                 "//dev/nvme0",
                                 "dev/nvme0",
                                 "nvme0",
                                 "/dev/nvme0 ",
                                 "/dev/mem",
                                 "/dev/nvme-fabrics",
                                 "/dev/ng0n1",
                                 "/dev/sg",
                                 "/dev/sg0p",
                                 "/dev/sda1",
                                 "/dev/sd",
                                 "/dev/sdA",
                                 "/dev/sdaaaaa",
                                 "/dev/sd/a",
                                 "/dev/bsg/",
                                 "/dev/bsg/0:0:0",
                                 "/dev/bsg/0:0:0:0:0",
                                 "/dev/bsg/0:0:0:",
                                 "/dev/bsg/../sda",
                                 "/dev/bsg/00:0:0:0",
                                 "/dev/bsg/sda",
                                 "/tmp/sda",
                                 "/sys/sg0"}) {
    CHECK_FALSE_MESSAGE(nvme(node), node);
    CHECK_FALSE_MESSAGE(scsi(node), node);
  }
  CHECK_FALSE(scsi("/dev/nvme0"));
  CHECK_FALSE(nvme("/dev/sg0"));
  CHECK_FALSE(cmd::is_drive_node(DriveKind::nvme, std::string("/dev/nvme0\0", 11), "/"));
  CHECK(cmd::is_drive_node(DriveKind::nvme, "/tmp/root/dev/nvme0", "/tmp/root"));
  CHECK_FALSE(cmd::is_drive_node(DriveKind::nvme, "/dev/nvme0", "/tmp/root"));
}

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
  expect_error(ErrorId::usage, "no node of an NVMe drive", [&] { open("/dev/sda"); });
  expect_error(ErrorId::usage, "no node of an NVMe drive", [&] { open("/dev/nvme0n1"); });
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
  expect_error(ErrorId::timeout, "asked no more", [&] { hanging->receive(kProtocolSpdm, kMessage, 512, Clock::now() + 100ms); });
  CHECK(Clock::now() - begin < 10s);
  // From then on it refuses at once: the command may still be under way.
  expect_error(ErrorId::timeout, "asked no more", [&] { hanging->send(kProtocolSpdm, kMessage, Bytes(16), soon()); });
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
  send_with_descriptor(drive.get(), command(false, kProtocolSpdm, kMessage, 16));
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
  send_with_descriptor(broker.control(), cmd::encode(cmd::DriveRequest{DriveKind::nvme, false, "/dev/nvme0"}));
  CHECK_FALSE(cmd::receive_datagram(broker.control(), cmd::kMostDatagram));
  CHECK(told->pid == 0);
}

TEST_CASE("answers of the broker are checked, too") {
  for (const Bytes& answer : {Bytes{}, Bytes{7}, Bytes{1}, Bytes{1, 5, 0, 'x'}, Bytes{2}, Bytes{2, 1, 0}, Bytes{0}})
    CHECK_THROWS_AS(cmd::decode_completion(answer), Error);
  for (const Bytes& answer : {Bytes{}, Bytes{1, 0, 0}, Bytes{0, 0}}) CHECK_THROWS_AS(cmd::decode_done(answer), Error);
  Bytes unknown = Writer().u8(2).u16(3).bytes(as_bytes("new")).u16(1).bytes(as_bytes("m")).u16(0).take();
  expect_error(ErrorId::internal, "m", [&] { cmd::decode_done(unknown); });
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
