#include "cmd/host/drive_broker.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "cmd/host/datagram.h"
#include "cmd/host/drive_messages.h"
#include "cmd/host/drive_processes.h"
#include "core/descriptor.h"
#include "core/error.h"
#include "core/text.h"
#include "transport/base/wait.h"

namespace spdm::cmd {

using transport::Completion;
using transport::DriveKind;
using transport::SecurityCommands;

namespace {

constexpr std::chrono::seconds kBrokerTime{10};  // of the broker itself, which waits for nobody
constexpr std::string_view kEnded = "the process with access to drives has ended";

// Whether there is something to receive by then.
bool is_ready(int socket, Clock::time_point deadline) {
  std::array one{pollfd{socket, POLLIN, 0}};
  return transport::wait_for(one, deadline);
}

// Without links, and from the root on: the broker compares names. What is not there stays as it is written.
std::filesystem::path in_full(const std::filesystem::path& directory) {
  std::error_code failure;
  const std::filesystem::path out = std::filesystem::canonical(directory, failure);
  return failure ? directory : out;
}

// The socket to the broker, and its process.
class Control {
 public:
  Control(Descriptor socket, pid_t process) : socket_(std::move(socket)), process_(process) {}
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() {
    socket_.close();  // which ends it
    ::waitpid(process_, nullptr, 0);
  }

  // What it could not give up. Throws Error{io}.
  std::vector<std::string> greet() const;
  // The end of a socket to the process of a drive.
  Descriptor open(const transport::DriveKind kind, const std::string& node, bool gently);

 private:
  void assert_answers() const {
    if (!is_ready(socket_.get(), Clock::now() + kBrokerTime))
      throw Error(ErrorId::timeout, "the process with access to drives does not respond");
  }

  std::mutex mutex_;
  Descriptor socket_;
  pid_t process_;
};

std::vector<std::string> Control::greet() const {
  assert_answers();
  const std::optional<Bytes> greeting = receive_datagram(socket_.get(), kMostDatagram);
  if (!greeting) throw Error(ErrorId::io, std::string(kEnded));
  decode_done(View(*greeting).first(1));
  std::vector<std::string> out;
  for (std::string_view rest = as_text(View(*greeting).subspan(1)); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Descriptor Control::open(const DriveKind kind, const std::string& node, bool gently) {
  const std::lock_guard lock(mutex_);
  if (socket_.get() < 0) throw Error(ErrorId::io, std::string(kEnded));
  std::optional<Datagram> answer;
  try {
    send_datagram(socket_.get(), encode(DriveRequest{kind, gently, node}));
    assert_answers();
    answer = receive_with_descriptor(socket_.get(), kMostDatagram);
  } catch (const Error&) {
    socket_.close();  // an answer that comes late would be taken for one to another request
    throw;
  }
  if (!answer) {
    socket_.close();
    throw Error(ErrorId::io, std::string(kEnded));
  }
  decode_done(answer->bytes);
  if (answer->descriptor.get() < 0)
    throw Error(ErrorId::io, "broker of drives: no descriptor came", "raise the limit of open files: ulimit -n");
  return std::move(answer->descriptor);
}

// A drive by its process.
class BrokeredCommands final : public SecurityCommands {
 public:
  BrokeredCommands(std::shared_ptr<Control> control, Descriptor socket) : control_(std::move(control)), socket_(std::move(socket)) {}

  // Waits until the drive is open.
  void greet(Clock::time_point deadline) { decode_done(hear(deadline)); }

  Completion send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) override {
    return ask({.sends = true, .protocol = protocol, .specific = specific, .data = to_bytes(data)}, data.size(), deadline);
  }
  Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) override {
    Completion out = ask({.sends = false, .protocol = protocol, .specific = specific, .allocation = allocation}, allocation, deadline);
    if (out.is_good() && out.data.size() != allocation)
      throw Error(ErrorId::internal, cat("broker of drives: ", out.data.size(), " bytes came, and ", allocation, " were asked for"));
    return out;
  }

 private:
  Completion ask(const DriveCommand& command, std::size_t size, Clock::time_point deadline);
  Bytes hear(Clock::time_point deadline);

  std::shared_ptr<Control> control_;  // the broker lives for as long as its drives are used
  Descriptor socket_;                 // closed once the drive is lost
  std::optional<Error> lost_;         // why it is asked no more
};

Completion BrokeredCommands::ask(const DriveCommand& command, std::size_t size, Clock::time_point deadline) {
  if (lost_) throw Error(*lost_);
  if (size == 0 || size > kMostTransferred)
    throw Error(ErrorId::usage, cat("a command to a drive carries 1 to ", kMostTransferred, " bytes, not ", size),
                "give the target a smaller ?max=BYTES");
  if (Clock::now() >= deadline) throw Error(ErrorId::timeout, "no time is left for a command to the drive");
  try {
    send_datagram(socket_.get(), encode(command));
  } catch (const Error&) {
    lost_ = Error(ErrorId::io, "the process that has the drive has ended");
    socket_.close();
    throw Error(*lost_);
  }
  return decode_completion(hear(deadline));
}

Bytes BrokeredCommands::hear(Clock::time_point deadline) {
  if (!is_ready(socket_.get(), deadline)) {
    lost_ = Error(ErrorId::timeout, "the drive did not answer a command in time; it gets no more commands",
                  "the kernel may still wait for it: see dmesg");
  } else if (std::optional<Bytes> answer = receive_datagram(socket_.get(), kMostDatagram)) {
    return *std::move(answer);
  } else {
    lost_ = Error(ErrorId::io, "the process that has the drive has ended");
  }
  socket_.close();  // which ends its process, once the command is over
  throw Error(*lost_);
}

class BrokeredOpener final : public transport::DriveOpener {
 public:
  BrokeredOpener(std::shared_ptr<Control> control, Clock::duration patience) : control_(std::move(control)), patience_(patience) {}

  std::unique_ptr<SecurityCommands> open(DriveKind kind, const std::filesystem::path& node, bool gently) override {
    const std::filesystem::path named = in_full(node.parent_path()) / node.filename();
    auto out = std::make_unique<BrokeredCommands>(control_, control_->open(kind, named.string(), gently));
    out->greet(Clock::now() + patience_);
    return out;
  }

 private:
  std::shared_ptr<Control> control_;
  Clock::duration patience_;
};

}  // namespace

DriveBroker start_drive_broker(const BrokerOptions& given) {
  BrokerOptions options = given;
  options.root = in_full(given.root);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(ErrorId::io, cat("broker of drives: socketpair: ", std::strerror(errno)));
  Descriptor ours(ends[0]), its(ends[1]);
  const pid_t program = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) throw Error(ErrorId::io, cat("broker of drives: fork: ", std::strerror(errno)));
  if (process == 0) {
    ours.close();
    run_drive_broker(std::move(its), options, program);
  }
  its.close();
  const auto control = std::make_shared<Control>(std::move(ours), process);
  DriveBroker out;
  out.missing = control->greet();
  out.opener = std::make_shared<BrokeredOpener>(control, options.patience);
  return out;
}

}  // namespace spdm::cmd
