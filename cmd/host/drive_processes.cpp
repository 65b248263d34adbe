#include "cmd/host/drive_processes.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "cmd/host/datagram.h"
#include "cmd/host/drive_messages.h"
#include "cmd/host/privileges.h"
#include "cmd/host/secret_file.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::DriveKind;

namespace {

// The kernel resets a controller whose command has timed out, so a command gets longer than anybody waits for it: the program gives up
// earlier, and the drive is left in peace.
constexpr std::chrono::seconds kCommandTime{120};
constexpr int kSocketBuffer = 256 << 10;  // bytes: room for a datagram, whatever the system's default is

constexpr int kKept = STDERR_FILENO + 1;

// How long the broker, at its end, waits for its processes. One in a command that cannot be interrupted takes longer.
constexpr std::chrono::milliseconds kFarewell{250}, kLook{5};

void close_from(int first) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1U << 20));
  for (int fd = first; fd < end; ++fd) ::close(fd);
}

// Nothing of what the program has open is left. Signals that end the program, or all processes of a terminal or a service, do not end
// the broker: the program may still have a farewell to say to a drive. The end of the program does.
Descriptor leave_program(Descriptor socket) {
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::signal(SIGCHLD, SIG_IGN);  // processes of drives leave no zombies
  Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (null.get() < 0 || ::dup2(null.get(), fd) < 0) ::close(fd);
  null.close();  // its number may be the one that is kept
  // A copy above the others, then down: dup3() to itself fails.
  Descriptor high(::fcntl(socket.get(), F_DUPFD_CLOEXEC, kKept + 1));
  socket.close();
  if (high.get() < 0 || ::dup3(high.get(), kKept, O_CLOEXEC) < 0) ::_exit(1);
  high.close();
  close_from(kKept + 1);
  return Descriptor(kKept);
}

Needs needs_of_broker(const BrokerOptions& options) {
  Needs out;
  out.readable = {options.root / "sys", "/proc"};  // the kernel tells of capabilities in /proc
  out.devices = {options.root / "dev"};
  out.commands_nvme = out.commands_scsi = true;
  out.calls = SystemCalls::drive_broker;
  return out;
}

Needs needs_of_drive(const BrokerOptions& options, const DriveRequest& request) {
  Needs out;
  out.readable = {options.root / "sys"};  // whether the drive sleeps
  out.devices = {request.node};
  out.commands_nvme = request.kind == DriveKind::nvme;
  out.commands_scsi = request.kind == DriveKind::scsi;
  out.calls = out.commands_nvme ? SystemCalls::nvme_drive : SystemCalls::scsi_drive;
  return out;
}

// Throws Error{usage}. A link could lead to another node than the one that was asked for.
void assert_no_link(const std::string& node) {
  struct stat status {};
  for (const std::filesystem::path& place : {std::filesystem::path(node), std::filesystem::path(node).parent_path()})
    if (::lstat(place.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
      throw Error(ErrorId::usage, cat(printable(place.string()), " is a link"), "give the device node itself");
}

Bytes answer_to(const DriveCommand& command, transport::SecurityCommands& drive) {
  try {
    const Clock::time_point deadline = Clock::now() + kCommandTime;
    if (command.sends) return encode(drive.send(command.protocol, command.specific, command.data, deadline));
    transport::Completion out = drive.receive(command.protocol, command.specific, command.allocation, deadline);
    if (out.is_good()) out.data.resize(command.allocation);
    return encode(out);
  } catch (const Error& error) {
    return encode(error);
  }
}

// One command after the other, until the program has closed its end, or sends what it must not.
void serve(int socket, transport::SecurityCommands& drive) {
  while (const std::optional<Bytes> datagram = receive_datagram(socket, kMostDatagram)) {
    const DriveCommand command = decode_command(*datagram);
    send_datagram(socket, answer_to(command, drive));
  }
}

[[noreturn]] void run_drive(const Descriptor& socket, const BrokerOptions& options, const DriveRequest& request) {
  const auto tell = [&](const Error& error) {
    try {
      send_datagram(socket.get(), encode(error));
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): nobody is left to hear it
    }
  };
  try {
    drop_privileges(needs_of_drive(options, request));
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    assert_no_link(request.node);
    const std::unique_ptr<transport::DriveOpener> opener = options.make_opener ? options.make_opener() : transport::direct_opener();
    const std::unique_ptr<transport::SecurityCommands> drive = opener->open(request.kind, request.node, request.gently);
    send_datagram(socket.get(), encode_done());
    serve(socket.get(), *drive);
  } catch (const Error& error) {
    tell(error);
  } catch (const std::exception& error) {
    tell(Error(ErrorId::internal, cat("process of a drive: ", error.what())));
  }
  ::_exit(0);
}

// Makes the process of a drive, which opens it: that may take its time, and must not hold up others.
void open_drive(Descriptor& control, const BrokerOptions& options, const DriveRequest& request) {
  if (!is_drive_node(request.kind, request.node, options.root))
    throw Error(
        ErrorId::usage,
        cat(printable(request.node), " is not a node of ", request.kind == DriveKind::nvme ? "an NVMe" : "a SCSI", " drive"),
        request.kind == DriveKind::nvme ? "it is one such as /dev/nvme0" : "it is one such as /dev/sg0, /dev/sda or /dev/bsg/0:0:0:0");
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(ErrorId::io, cat("broker of drives: socketpair: ", std::strerror(errno)));
  const Descriptor theirs(ends[0]), ours(ends[1]);
  for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
  const pid_t child = ::fork();
  if (child < 0) throw Error(ErrorId::io, cat("broker of drives: fork: ", std::strerror(errno)));
  if (child == 0) {
    control.close();
    ::close(theirs.get());
    run_drive(ours, options, request);
  }
  send_datagram(control.get(), encode_done(), theirs.get());
}

// Whom it leaves behind, somebody else has to reap: in a container often nobody does. With SIGCHLD ignored, waitpid() does no more than
// tell whether there are any.
void await_drives() {
  const Clock::time_point end = Clock::now() + kFarewell;
  while (::waitpid(-1, nullptr, WNOHANG) == 0 && Clock::now() < end) std::this_thread::sleep_for(kLook);
}

// What it could not give up, a line each.
Bytes tell(const Confinement& confinement) {
  std::string lines;
  for (const std::string& line : confinement.missing) lines += cat(line, "\n");
  lines.resize(std::min(lines.size(), kMostDatagram / 2));
  Bytes out = encode_done();
  append(out, as_bytes(lines));
  return out;
}

}  // namespace

void run_drive_broker(Descriptor socket, const BrokerOptions& options, pid_t program) {
  try {
    ::prctl(PR_SET_NAME, "spdmctl-drives");  // for people who look at processes
    Descriptor control = leave_program(std::move(socket));
    forbid_core_dumps();
    const Confinement confinement = drop_privileges(needs_of_broker(options));
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != program) ::_exit(0);  // it ended before the kernel was told
    send_datagram(control.get(), tell(confinement));
    while (const std::optional<Bytes> datagram = receive_datagram(control.get(), kMostDatagram)) {
      const DriveRequest request = decode_request(*datagram);  // what is none is not of this program: it ends
      try {
        open_drive(control, options, request);
      } catch (const Error& error) {
        send_datagram(control.get(), encode(error));
      }
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the program sees that the broker has ended
  }
  await_drives();
  ::_exit(0);
}

}  // namespace spdm::cmd
