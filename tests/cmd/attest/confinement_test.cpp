// From inside: what somebody who has taken over a confined verb would try next. Each attempt is made with what the verbs of that
// kind may do, in a process of its own.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cmd/attest/pipeline.h"
#include "cmd/gate/gatekeeper.h"
#include "support/child.h"
#include "support/fake_sysfs.h"
#include "support/temporary.h"
#include "transport/pci/bus.h"
#include "transport/pci/lock.h"
#include "transport/pci/open.h"

using namespace spdm;
using namespace spdm::cmd;
using support::in_child;

namespace {

namespace fs = std::filesystem;

bool has_landlock() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) > 0; }

// Whether nothing of this is sanitized: a leak checker needs ptrace and its own memory map.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPlain = false;
#elif defined(__has_feature)
constexpr bool kPlain = !__has_feature(address_sanitizer);
#else
constexpr bool kPlain = true;
#endif

// What is there before the process confines itself, and what a verb of this kind reads and writes.
struct Scene {
  support::FakeSysfs sysfs;
  support::TemporaryDirectory scratch;
  fs::path recording = scratch.write("in/device.json", "{}"), secret = scratch.write("home/secret", "x"), out = scratch.path() / "out";
  Scene() {
    fs::create_directory(out);
    sysfs.add({.bdf = "0000:03:00.0", .mailboxes = {0x140}});
    sysfs.write("proc/cmdline", "quiet\n");
    sysfs.write("sys/bus/pci/drivers_autoprobe", "1\n");
  }
};

// How the verbs confine themselves.
struct Kind {
  std::string verbs;
  std::function<void(const Scene&)> confine;
  bool in_network = false;
};

Run run_over(std::vector<std::string> names, const Scene& scene) {
  Run out;
  for (std::string& name : names) out.targets.push_back({.name = std::move(name)});
  out.open.host = scene.sysfs.host();
  out.open.timeout = std::chrono::milliseconds(500);
  out.effort.limits.exchange = std::chrono::milliseconds(500);
  out.writable = {scene.out / "report.json"};
  return out;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> out{
      {.verbs = "auth, audit, collect ... of a PCI device",
       .confine =
           [](const Scene& scene) {
             Run run = run_over({"03:00.0"}, scene);
             open_and_confine(run);
           }},
      {.verbs = "auth, audit, collect ... of a drive",
       .confine =
           [](const Scene& scene) {
             Run run = run_over({"nvme:/dev/nvme0"}, scene);
             open_and_confine(run);
             // The right to it is the broker's.
             if (!run.open.drives) throw Error(ErrorId::internal, "there is no broker");
           }},
      {.verbs = "auth, audit, collect ... of a peer in the network",
       .confine =
           [](const Scene& scene) {
             Run run = run_over({"tcp://127.0.0.1:9"}, scene);
             open_and_confine(run);
           },
       .in_network = true},
      {.verbs = "auth, audit, keyring pin ... of a recording",
       .confine =
           [](const Scene& scene) {
             Run run = run_over({"file:" + scene.recording.string()}, scene);
             open_and_confine(run);
           }},
      {.verbs = "verify, report, policy test, reference, keyring add, import and deny",
       .confine = [](const Scene& scene) { confine_to_files({.readable = {scene.recording}, .writable = {scene.out / "x"}}, nullptr); }},
      {.verbs = "decode --openssl",
       .confine = [](const Scene& scene) { confine_to_files({.readable = {scene.recording}, .folders = {scene.out}}, nullptr); }},
      {.verbs = "emulate", .confine = [](const Scene&) { confine_to_files({}, nullptr); }},
      {.verbs = "gate, list --discover, tsm connect and disconnect",
       .confine = [](const Scene& scene) { confine_to_host(scene.sysfs.host(), HostUse::change, {}, nullptr); }},
      {.verbs = "list, tsm show", .confine = [](const Scene& scene) { confine_to_host(scene.sysfs.host(), HostUse::look, {}, nullptr); }},
      {.verbs = "watch",
       .confine =
           [](const Scene& scene) { confine_to_host(scene.sysfs.host(), HostUse::change, {.readable = {scene.recording}}, nullptr); }},
  };
  return out;
}

bool opens(const fs::path& path, int flags) { return ::open(path.c_str(), flags | O_CLOEXEC, 0600) >= 0; }
bool makes_socket(int family, int type) { return ::socket(family, type | SOCK_CLOEXEC, 0) >= 0 || errno != EPERM; }
bool maps(int protection) { return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != EPERM; }
bool has_capability(unsigned capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  return ::syscall(SYS_capget, &header, data) != 0 || (data[capability / 32].permitted >> (capability % 32) & 1U) != 0;
}
bool turns_into_code() {
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED || ::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EPERM;
}

// Tools of the attacker that were made before.
struct Before {
  int unix_socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), net_socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

bool connects_to_a_manager(const Before& before) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fs::path("/run/dbus/system_bus_socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(before.unix_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno != EPERM;
}

bool listens(const Before& before) {
  sockaddr address{};
  address.sa_family = AF_INET;
  return ::bind(before.net_socket, &address, sizeof address) == 0 || errno != EPERM || ::listen(before.net_socket, 1) == 0 ||
         errno != EPERM;
}

struct Attempt {
  std::string what;
  std::function<bool(const Kind&, const Scene&, const Before&)> succeeds;
};

const std::vector<Attempt>& attempts() {
  static const std::vector<Attempt> out{
      {"read passwords", [](auto&&...) { return has_landlock() && opens("/etc/shadow", O_RDONLY); }},
      {"read what everybody may", [](auto&&...) { return has_landlock() && opens("/etc/passwd", O_RDONLY); }},
      {"read a secret", [](const Kind&, const Scene& scene, const Before&) { return has_landlock() && opens(scene.secret, O_RDONLY); }},
      {"read its own memory map", [](auto&&...) { return kPlain && has_landlock() && opens("/proc/self/maps", O_RDONLY); }},
      {"list a home", [](const Kind&, const Scene& scene,
                         const Before&) { return has_landlock() && opens(scene.secret.parent_path(), O_RDONLY | O_DIRECTORY); }},
      {"read back what it has written",
       [](const Kind&, const Scene& scene, const Before&) {
         if (!has_landlock()) return false;
         const fs::path file = scene.out / "written";
         return opens(file, O_WRONLY | O_CREAT) && opens(file, O_RDONLY);
       }},
      {"write into a home", [](const Kind&, const Scene& scene,
                               const Before&) { return has_landlock() && opens(scene.secret.parent_path() / "x", O_WRONLY | O_CREAT); }},
      {"overwrite a secret",
       [](const Kind&, const Scene& scene, const Before&) { return has_landlock() && opens(scene.secret, O_WRONLY); }},
      {"remove a secret",
       [](const Kind&, const Scene& scene, const Before&) { return has_landlock() && ::unlink(scene.secret.c_str()) == 0; }},
      {"run a program",
       [](auto&&...) {
         char* const argv[] = {const_cast<char*>("true"), nullptr};
         ::execv("/bin/true", argv);
         return errno != EPERM;
       }},
      {"reach the network", [](auto&&...) { return makes_socket(AF_INET, SOCK_STREAM) || makes_socket(AF_INET6, SOCK_DGRAM); }},
      {"reach other programs", [](auto&&...) { return makes_socket(AF_UNIX, SOCK_STREAM); }},
      {"reach the kernel by netlink", [](auto&&...) { return makes_socket(AF_NETLINK, SOCK_RAW); }},
      {"reach the hypervisor", [](auto&&...) { return makes_socket(AF_VSOCK, SOCK_STREAM); }},
      {"use a socket that is there",
       [](const Kind& kind, const Scene&, const Before& before) { return !kind.in_network && connects_to_a_manager(before); }},
      {"listen", [](const Kind&, const Scene&, const Before& before) { return listens(before); }},
      {"make memory that is written and run", [](auto&&...) { return maps(PROT_READ | PROT_WRITE | PROT_EXEC); }},
      {"make memory that is run", [](auto&&...) { return maps(PROT_READ | PROT_EXEC); }},
      {"turn what was written into code", [](auto&&...) { return turns_into_code(); }},
      {"make a file in memory", [](auto&&...) { return ::syscall(SYS_memfd_create, "x", 0) >= 0 || errno != EPERM; }},
      {"look into another process",
       [](auto&&...) { return kPlain && (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 || errno != EPERM); }},
      {"send commands to drives",
       [](auto&&...) { return has_capability(CAP_SYS_RAWIO) || (has_landlock() && opens("/dev/null", O_RDWR)); }},
      {"mount", [](auto&&...) { return ::mount("none", "/tmp", "tmpfs", 0, nullptr) == 0 || errno != EPERM; }},
      {"become root again", [](auto&&...) { return ::geteuid() != 0 ? ::setuid(0) == 0 : ::chroot("/tmp") == 0 || errno != EPERM; }},
      {"hold back devices",
       [](const Kind& kind, const Scene& scene, const Before&) {
         return has_landlock() && kind.verbs.starts_with("list") && opens(scene.sysfs.pci() / "drivers_autoprobe", O_WRONLY);
       }},
      {"make a name space", [](auto&&...) { return ::unshare(CLONE_NEWUSER) == 0 || errno != EPERM; }},
  };
  return out;
}

// The number of the first attempt that succeeds, 0 when none does; in a process of its own.
int breaks_out(const Kind& kind, const Scene& scene) {
  const pid_t child = ::fork();
  if (child == 0) {
    const Before before;
    int first = 0;
    try {
      kind.confine(scene);
      for (std::size_t i = attempts().size(); i > 0; --i)
        if (attempts()[i - 1].succeeds(kind, scene, before)) first = static_cast<int>(i);
    } catch (const std::exception&) {
      first = 200;
    }
    ::_exit(first);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}

}  // namespace

TEST_CASE("nothing that an attacker would try next succeeds from inside of a verb") {
  for (const Kind& kind : kinds()) {
    const Scene scene;
    const int first = breaks_out(kind, scene);
    INFO(kind.verbs);
    INFO((first > 0 && first < 200 ? attempts()[static_cast<std::size_t>(first) - 1].what : std::string()));
    CHECK(first == 0);
  }
}

TEST_CASE("each of these attempts succeeds, or fails for another reason, in a process that is not confined") {
  const Scene scene;
  const Kind free{.verbs = "none", .confine = [](const Scene&) {}};
  const auto works = [&](std::string_view what) {
    for (const Attempt& attempt : attempts())
      if (attempt.what == what)
        return in_child([&] {
                 const Before before;
                 return attempt.succeeds(free, scene, before) ? 0 : 1;
               }) == 0;
    return false;
  };
  for (const std::string_view what :
       {"reach the network", "reach other programs", "reach the kernel by netlink", "use a socket that is there", "listen",
        "make memory that is written and run", "make memory that is run", "turn what was written into code", "make a file in memory"}) {
    INFO(what);
    CHECK(works(what));
  }
  if (has_landlock())
    for (const std::string_view what : {"read what everybody may", "read a secret", "list a home", "read back what it has written",
                                        "write into a home", "overwrite a secret", "remove a secret"}) {
      INFO(what);
      CHECK(works(what));
    }
}

TEST_CASE("a verb still reads and writes what it was asked to") {
  const Scene scene;
  CHECK(in_child([&] {
          confine_to_files({.readable = {scene.recording}, .writable = {scene.out / "x"}}, nullptr);
          return opens(scene.recording, O_RDONLY) && opens(scene.out / "x", O_WRONLY | O_CREAT) ? 0 : 1;
        }) == 0);
}

TEST_CASE("only who is to speak with the network still connects") {
  const Scene scene;
  const auto code_of = [&](const Kind& kind) {
    return in_child([&] {
      const Before before;
      kind.confine(scene);
      sockaddr_storage nowhere{};
      nowhere.ss_family = AF_INET;
      ::connect(before.net_socket, reinterpret_cast<const sockaddr*>(&nowhere), sizeof(sockaddr));
      return errno == EPERM ? 1 : 0;
    });
  };
  for (const Kind& kind : kinds()) {
    INFO(kind.verbs);
    CHECK(code_of(kind) == (kind.in_network ? 0 : 1));
  }
}

TEST_CASE("a gate that is confined holds and judges a device that arrives later, and reads what it keeps of it") {
  const Scene scene;
  const transport::Host host = scene.sysfs.host();
  int arrived[2];
  REQUIRE(::pipe2(arrived, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      confine_to_host(host, HostUse::change, {}, nullptr);
      char byte = 0;
      ::close(arrived[1]);
      if (::read(arrived[0], &byte, 1) != 1) ::_exit(50);
      const transport::Bdf bdf = *transport::parse_bdf("0000:04:00.0");
      transport::find_device(host, bdf);
      transport::open_config(host, bdf);
      { const transport::PciLock lock(host, bdf); }
      Gatekeeper::Options options(GateMode::enforce);
      Gatekeeper gatekeeper(host, Policy{}, options, refuse_all(Error(ErrorId::io, "nobody judges")), {});
      gatekeeper.attend({bdf}, Occasion::arrival);
      code = read_state(host, "0000:04:00.0") ? 0 : 1;
    } catch (const Error&) {
      code = 60;
    } catch (const std::exception&) {
      code = 61;
    }
    ::_exit(code);
  }
  scene.sysfs.add({.bdf = "0000:04:00.0", .mailboxes = {0x140}});
  scene.sysfs.write("dev/kmsg", "");
  REQUIRE(::write(arrived[1], "x", 1) == 1);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(scene.sysfs.read(scene.sysfs.device("0000:04:00.0") / "driver_override").starts_with("spdmctl-blocked"));
}
