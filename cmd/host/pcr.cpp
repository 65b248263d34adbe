#include "cmd/host/pcr.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr const char* kTool = "tpm2_pcrextend";
constexpr std::size_t kDigits = 64;
constexpr unsigned kFirst = 8, kLast = 23;

bool is_in_path(const char* tool) {
  const char* path = ::secure_getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (::access(cat(rest.substr(0, end), "/", tool).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// The result of the tool, in one byte: 0 when it has done its work, else its exit code, or one of these.
constexpr unsigned char kTooSlow = 254, kNotRun = 255;
constexpr std::chrono::seconds kLastWait{2};

// Whether the process has ended within the limit.
bool ends_within(pid_t process, std::chrono::milliseconds limit) {
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (handle.get() < 0) return true;  // a kernel before 5.3: the wait that follows has no limit
  pollfd ended{handle.get(), POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(limit.count())) != 0;
}

unsigned char run_tool(const std::string& argument, std::chrono::milliseconds limit) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::array<char*, 3> arguments{const_cast<char*>(kTool), const_cast<char*>(argument.c_str()), nullptr};
  pid_t tool = -1;
  const int error = ::posix_spawnp(&tool, kTool, &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return kNotRun;
  const bool ended = ends_within(tool, limit);
  if (!ended) ::kill(tool, SIGKILL);
  // A tool that hangs in the kernel does not even die: it is not waited for.
  if (!ended && !ends_within(tool, kLastWait)) return kTooSlow;
  int status = 0;
  const bool exited = ::waitpid(tool, &status, 0) == tool && WIFEXITED(status);
  if (exited && WEXITSTATUS(status) == 0) return 0;
  if (!ended) return kTooSlow;
  return exited ? static_cast<unsigned char>(WEXITSTATUS(status)) : kNotRun;
}

// Serves requests until the owner is gone.
[[noreturn]] void serve(int channel, unsigned pcr, std::chrono::milliseconds limit) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::array<char, kDigits> digits{};
  while (::recv(channel, digits.data(), digits.size(), MSG_WAITALL) == static_cast<ssize_t>(digits.size())) {
    const unsigned char result = run_tool(cat(pcr, ":sha256=", std::string_view(digits.data(), digits.size())), limit);
    if (::send(channel, &result, 1, MSG_NOSIGNAL) != 1) break;
  }
  ::_exit(0);
}

}  // namespace

PcrExtender::PcrExtender(unsigned pcr, std::chrono::milliseconds limit) : pcr_(pcr) {
  if (!is_in_path(kTool)) throw Error(ErrorId::unsupported, cat("--extend-pcr: there is no ", kTool, " in PATH"), "install tpm2-tools");
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(ErrorId::io, cat("--extend-pcr: ", std::strerror(errno)));
  channel_ = Descriptor(ends[0]);
  Descriptor other(ends[1]);
  child_ = ::fork();
  if (child_ < 0) throw Error(ErrorId::io, cat("--extend-pcr: ", std::strerror(errno)));
  if (child_ == 0) {
    channel_.close();
    serve(other.get(), pcr, limit);
  }
}

PcrExtender::~PcrExtender() {
  channel_.close();
  ::waitpid(child_, nullptr, 0);
}

void PcrExtender::extend(const std::string& sha256) {
  unsigned char result = kNotRun;
  if (sha256.size() != kDigits || ::send(channel_.get(), sha256.data(), sha256.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kDigits) ||
      ::recv(channel_.get(), &result, 1, MSG_WAITALL) != 1)
    throw Error(ErrorId::io, "--extend-pcr: the process that runs the TPM tool is gone");
  if (result == kTooSlow)
    throw Error(ErrorId::io, cat("PCR ", pcr_, " may or may not have been extended: ", kTool, " did not end in time"),
                "the TPM, or the daemon before it, does not answer; see: tpm2_pcrread");
  if (result != 0)
    throw Error(ErrorId::io, cat("PCR ", pcr_, " could not be extended: ", kTool, " failed"), "see its output above; try: tpm2_pcrread");
}

namespace {

[[noreturn]] void fail(const std::string& name, int error) {
  Error out(error == EACCES || error == EPERM || error == EROFS ? ErrorId::permission : ErrorId::io, std::strerror(error));
  out.device = name;
  throw out;
}

}  // namespace

PcrLog::PcrLog(const std::filesystem::path& file)
    : name_(file.string()),
      file_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644)) {
  if (file_.get() < 0 && errno == ELOOP)  // whoever has put it there says which file grows
    throw Error(ErrorId::usage, cat("--pcr-log: ", printable(name_), " is a link"), "give the name of the file itself");
  if (file_.get() < 0) fail(name_, errno);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) fail(name_, errno);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorId::usage, cat("--pcr-log: ", printable(name_), " is not a regular file"), "give the name of one");
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0)
    throw Error(ErrorId::usage, cat("--pcr-log: another run writes to ", printable(name_)), "wait until it has ended");
}

void PcrLog::add(std::string_view line) {
  const std::string whole = cat(line, "\n");
  for (std::string_view left = whole; !left.empty();) {
    const ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(name_, written < 0 ? errno : ENOSPC);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file_.get()) != 0) fail(name_, errno);
}

unsigned parse_pcr(std::string_view text) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < kFirst || out > kLast)
    throw Error(ErrorId::usage, cat("--extend-pcr: invalid PCR '", printable(text), "'"),
                cat("give ", kFirst, " to ", kLast, "; those below are of firmware and boot, 16 and 23 can be reset"));
  return out;
}

}  // namespace spdm::cmd
