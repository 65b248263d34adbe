// What a confined process can and cannot do any more. Each case runs in a process of its own, for there is no way back.
#include "cmd/host/privileges.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <initializer_list>
#include <sstream>
#include <string>
#include <thread>

#include "cmd/host/files.h"
#include "core/crypto/aead.h"
#include "core/crypto/kdf.h"
#include "core/crypto/key_agreement.h"
#include "core/crypto/prepare.h"
#include "core/error.h"
#include "support/temporary.h"

namespace {

// Of the child, opened before it is confined.
int own_status = -1;

// Runs in a child; returns what it returned, or -1 when it did not end by itself.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    own_status = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ::_exit(work());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool tells(const std::vector<std::string>& lines, std::string_view word) {
  for (const std::string& line : lines)
    if (line.find(word) != std::string::npos) return true;
  return false;
}

bool has_landlock() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) > 0; }

std::string status_line(const std::string& name) {
  std::string text(8192, '\0');
  const ssize_t size = ::pread(own_status, text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  std::istringstream status(text);
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return line.substr(line.find_last_of(" \t") + 1);
  return "";
}

bool can_write(const std::filesystem::path& file) {
  try {
    spdm::cmd::write_file(file, "x");
    return true;
  } catch (const spdm::Error&) {
    return false;
  }
}

bool can_read(const std::filesystem::path& file) { return ::open(file.c_str(), O_RDONLY | O_CLOEXEC) >= 0; }

bool lists(const std::filesystem::path& directory) { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0; }

}  // namespace

TEST_CASE("no capability is left, in no set") {
  CHECK(in_child([] {
          spdm::cmd::drop_privileges({});
          for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
            if (status_line(set) != "0000000000000000") return 1;
          if (::geteuid() == 0 && status_line("CapBnd") != "0000000000000000") return 2;
          return status_line("NoNewPrivs") == "1" ? 0 : 3;
        }) == 0);
}

TEST_CASE("what is in force is told, and each part is told once: in force or missing") {
  CHECK(in_child([] {
          const spdm::cmd::Confinement told = spdm::cmd::drop_privileges({});
          for (const char* part : {"no new privileges", "capabilities", "landlock", "seccomp"})
            if (tells(told.in_force, part) == tells(told.missing, part)) return 1;
          return tells(told.in_force, "seccomp") == (status_line("Seccomp") == "2") ? 0 : 2;
        }) == 0);
}

TEST_CASE("a file is written below the directories that were named, and nowhere else") {
  if (!has_landlock()) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path old = scratch.write("free/old", "before"), fixed = scratch.write("fixed/old", "before");
  CHECK(in_child([&] {
          spdm::cmd::drop_privileges({.writable = {scratch.path() / "free"}});
          if (!can_write(scratch.path() / "free/new") || !can_write(old)) return 1;
          if (can_write(scratch.path() / "fixed/new") || can_write(fixed)) return 2;
          return ::unlink(fixed.c_str()) == 0 || ::truncate(fixed.c_str(), 0) == 0 ? 3 : 0;
        }) == 0);
  CHECK(std::filesystem::file_size(old) == 1);
}

TEST_CASE("a file is read where that was granted, under any of its names, and nowhere else; to write is not to read") {
  if (!has_landlock()) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path inside = scratch.write("free/deep/one", "x"), named = scratch.write("fixed/named", "x"),
                              other = scratch.write("fixed/other", "x"), link = scratch.path() / "link";
  std::filesystem::create_symlink(named, link);
  std::filesystem::create_symlink(other, scratch.path() / "free/out");
  CHECK(in_child([&] {
          const spdm::cmd::Confinement told = spdm::cmd::drop_privileges(
              {.readable = {scratch.path() / "free", link, scratch.path() / "nowhere"}, .writable = {scratch.path() / "fixed"}});
          if (!told.missing.empty()) return 1;
          if (!can_read(inside) || !can_read(named) || !can_read(link)) return 2;
          if (can_read(other) || can_read(scratch.path() / "free/out") || can_read("/etc/passwd")) return 3;
          if (!lists(scratch.path() / "free/deep") || lists(scratch.path() / "fixed") || lists("/")) return 4;
          return can_write(scratch.path() / "fixed/fresh") && !can_read(scratch.path() / "fixed/fresh") ? 0 : 5;
        }) == 0);
}

TEST_CASE("attributes of the kernel are written as they are: nothing is made, removed or read there") {
  if (!has_landlock()) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("devices/one/driver_override", "(null)");
  CHECK(in_child([&] {
          spdm::cmd::drop_privileges({.attributes = {scratch.path() / "devices"}});
          const int fd = ::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
          if (fd < 0 || ::write(fd, "x", 1) != 1) return 1;
          if (::open((scratch.path() / "devices/fresh").c_str(), O_WRONLY | O_CREAT, 0600) >= 0) return 2;
          return can_read(file) || ::unlink(file.c_str()) == 0 ? 3 : 0;
        }) == 0);
}

TEST_CASE("directories are made and removed only by who said so") {
  if (!has_landlock()) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path old = scratch.path() / "old", fresh = scratch.path() / "fresh", moved = scratch.path() / "moved";
  std::filesystem::create_directory(old);
  CHECK(in_child([&] {
          spdm::cmd::drop_privileges({.writable = {scratch.path()}});
          return ::mkdir(fresh.c_str(), 0700) == 0 || ::rmdir(old.c_str()) == 0 ? 1 : 0;
        }) == 0);
  CHECK(in_child([&] {
          spdm::cmd::drop_privileges({.folders = {scratch.path()}});
          return ::mkdir(fresh.c_str(), 0700) == 0 && ::rename(fresh.c_str(), moved.c_str()) == 0 && ::rmdir(old.c_str()) == 0 ? 0 : 1;
        }) == 0);
}

TEST_CASE("a file that is no regular one can be named itself, and what is open stays so") {
  if (!has_landlock()) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path held = scratch.write("held", "");
  CHECK(in_child([&] {
          const int before = ::open(held.c_str(), O_WRONLY);
          const spdm::cmd::Confinement told = spdm::cmd::drop_privileges({.writable = {"/dev/null"}});
          if (!can_write("/dev/null")) return 1;
          if (::open(held.c_str(), O_WRONLY) >= 0) return 2;
          return ::write(before, "x", 1) == 1 && tells(told.in_force, "/dev/null") ? 0 : 3;
        }) == 0);
}

TEST_CASE("who still opens devices keeps CAP_SYS_ADMIN, and no other capability") {
  if (::geteuid() != 0) return;
  CHECK(in_child([] {
          const bool had = (std::stoull(status_line("CapEff"), nullptr, 16) & 1U << 21) != 0;
          spdm::cmd::drop_privileges({.opens_devices = true});
          for (const char* set : {"CapPrm", "CapEff"})
            if (status_line(set) != (had ? "0000000000200000" : "0000000000000000")) return 1;
          return status_line("CapBnd") == "0000000000000000" && status_line("CapInh") == "0000000000000000" ? 0 : 2;
        }) == 0);
}

TEST_CASE("who still sends over MCTP keeps CAP_NET_RAW, and makes no other socket with it") {
  if (::geteuid() != 0) return;
  CHECK(in_child([] {
          const bool had = (std::stoull(status_line("CapEff"), nullptr, 16) & 1U << 13) != 0;
          const spdm::cmd::Confinement told = spdm::cmd::drop_privileges({.sends_mctp = true});
          for (const char* set : {"CapPrm", "CapEff"})
            if (status_line(set) != (had ? "0000000000002000" : "0000000000000000")) return 1;
          if (had && !tells(told.in_force, "CAP_NET_RAW, for messages over MCTP")) return 2;
          return ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) < 0 ? 0 : 3;
        }) == 0);
}

TEST_CASE("root writes into the directory of another user only when it was asked to") {
  if (::geteuid() != 0) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path theirs = scratch.path() / "theirs";
  std::filesystem::create_directory(theirs);
  REQUIRE(::chown(theirs.c_str(), 1, 1) == 0);
  CHECK(in_child([&] {
          const spdm::cmd::Confinement told = spdm::cmd::drop_privileges({.writable = {theirs}});
          if (!tells(told.in_force, "CAP_DAC_OVERRIDE") || !can_write(theirs / "new")) return 1;
          return status_line("CapEff") == "0000000000000002" ? 0 : 2;
        }) == 0);
  CHECK(in_child([&] {
          spdm::cmd::drop_privileges({});
          return can_write(theirs / "other") ? 1 : 0;
        }) == 0);
}

TEST_CASE("root reads the files of other users only when it was asked to") {
  if (::geteuid() != 0) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path secret = scratch.write("secret", "x");
  REQUIRE(::chown(secret.c_str(), 1, 1) == 0);
  REQUIRE(::chmod(secret.c_str(), 0600) == 0);
  for (const bool asked : {true, false})
    CHECK(in_child([&] {
            spdm::cmd::drop_privileges({.readable = asked ? std::vector{secret} : std::vector<std::filesystem::path>()});
            if (can_read(secret) != asked) return 1;
            return status_line("CapEff") == (asked ? "0000000000000004" : "0000000000000000") ? 0 : 2;
          }) == 0);
}

TEST_CASE("programs, mounts, name spaces and kernel modules are out of reach; EPERM, not a crash") {
  if (in_child([] { return tells(spdm::cmd::drop_privileges({}).in_force, "seccomp") ? 0 : 1; }) != 0) return;
  const auto refused = [](long result) { return result == -1 && errno == EPERM; };
  CHECK(in_child([&] {
          spdm::cmd::drop_privileges({});
          char* const none[] = {nullptr};
          if (!refused(::execve("/nothing/there", none, none))) return 1;
          if (!refused(::mount("none", "/nothing/there", "tmpfs", 0, nullptr))) return 2;
          if (!refused(::unshare(CLONE_NEWUSER))) return 3;
          if (!refused(::syscall(SYS_finit_module, -1, "", 0))) return 4;
          if (!refused(::syscall(SYS_bpf, 0, nullptr, 0))) return 5;
          if (!refused(::syscall(SYS_keyctl, 0))) return 6;
          if (!refused(::syscall(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0))) return 7;
          return ::syscall(SYS_clone3, nullptr, 0) == -1 && errno == ENOSYS ? 0 : 8;
        }) == 0);
}

TEST_CASE("commands to drives are of the broker alone, whatever capability is kept") {
  if (in_child([] { return tells(spdm::cmd::drop_privileges({}).in_force, "seccomp") ? 0 : 1; }) != 0) return;
  CHECK(in_child([] {
          std::array<int, 2> ends{};
          if (::pipe(ends.data()) != 0) return 1;
          spdm::cmd::drop_privileges({.opens_devices = true});
          int waits = 0;
          if (::ioctl(ends[0], FIONREAD, &waits) != 0) return 2;
          // A pipe takes none of them: without the filter it is ENOTTY.
          for (const unsigned long command : std::initializer_list<unsigned long>{NVME_IOCTL_ADMIN_CMD, NVME_IOCTL_IO64_CMD, SG_IO, 0x5382})
            if (::ioctl(ends[0], command, nullptr) != -1 || errno != EPERM) return 3;
          return 0;
        }) == 0);
}

TEST_CASE("what attesting needs goes on: threads, processes, sockets that are there, and no others") {
  CHECK(in_child([] {
          int pair[2];
          if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return 5;
          spdm::cmd::drop_privileges({});
          bool ran = false;
          std::thread([&] { ran = status_line("NoNewPrivs") == "1"; }).join();
          if (!ran) return 1;
          if (::write(pair[0], "x", 1) != 1) return 2;
          if (::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EPERM) return 3;
          const pid_t child = ::fork();
          if (child == 0) ::_exit(0);
          return ::waitpid(child, nullptr, 0) == child ? 0 : 4;
        }) == 0);
}

TEST_CASE("a confined process has what sessions need: keys, records, and memory that is locked and not dumped") {
  using namespace spdm;
  const auto agrees = [](const KeyExchangeAlgorithm& group) {
    const crypto::KeyAgreement ours(group), theirs(group);
    return ours.derive(theirs.public_value()).view().size() == theirs.derive(ours.public_value()).view().size();
  };
  CHECK(in_child([&] {
          crypto::prepare();
          cmd::drop_privileges({});
          for (const KeyExchangeAlgorithm& group : key_exchange_algorithms())
            if (!group.kem && crypto::supports(group) && !agrees(group)) return 1;
          for (const HashAlgorithm& hash : hash_algorithms())
            if (crypto::supports(hash) && crypto::hkdf_extract(hash, {}, SecretBytes(8)).size() != hash.size) return 2;
          for (const AeadAlgorithm& aead : aead_algorithms())
            if (crypto::supports(aead) && crypto::seal(aead, SecretBytes(aead.key_size), Bytes(kAeadIvSize), {}, {}).size() != kAeadTagSize)
              return 3;
          // Every group and AEAD that was there before is there still.
          if (!crypto::supports(*find_key_exchange("secp384r1")) || !crypto::supports(*find_aead("AES-256-GCM"))) return 4;
          SecretBytes secret(32);
          void* const page = secret.writable().data();
          if (::mlock(page, secret.size()) != 0 && errno == EPERM) return 5;
          return ::madvise(page, secret.size(), MADV_DONTDUMP) == 0 ? 0 : 6;
        }) == 0);
}

#if defined(__x86_64__)
TEST_CASE("a system call by the other numbering of the processor ends the process") {
  if (in_child([] { return tells(spdm::cmd::drop_privileges({}).in_force, "seccomp") ? 0 : 1; }) != 0) return;
  CHECK(in_child([] {
          spdm::cmd::drop_privileges({});
          ::syscall(0x40000000 | SYS_getpid);
          return 0;
        }) == -1);
}
#endif
