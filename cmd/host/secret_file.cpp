#include "cmd/host/secret_file.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cmd/host/sanitized.h"
#include "core/descriptor.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, ErrorId id, const std::string& why, const std::string& hint = {}) {
  Error error(id, why, hint);
  error.device = path == "-" ? "standard input" : path.string();
  throw error;
}

[[noreturn]] void fail_for_errno(const std::filesystem::path& path) {
  const bool refused = errno == EACCES || errno == EPERM;
  fail(path, refused ? ErrorId::permission : errno == ENOENT || errno == ENOTDIR ? ErrorId::bad_input : ErrorId::io, std::strerror(errno));
}

// Looked at once it is open: nobody can put another file in its place.
void assert_safe(const std::filesystem::path& path, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail_for_errno(path);
  if (S_ISFIFO(status.st_mode)) return;
  if (!S_ISREG(status.st_mode)) fail(path, ErrorId::bad_input, "is neither a file nor a pipe", "put the key into a file of its own");
  const char* const kKeep = "only its owner may access a secret file: chown it to yourself or root, and chmod 600";
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    fail(path, ErrorId::config, cat("belongs to the user ", status.st_uid, ", who may change it"), kKeep);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) fail(path, ErrorId::config, "other users can write it", kKeep);
  if ((status.st_mode & S_IROTH) != 0)
    fail(path, ErrorId::config, "everybody can read it: it is no longer secret", cat("create a new one; ", kKeep));
}

}  // namespace

SecretBytes read_secret_file(const std::filesystem::path& path, FileKind kind) {
  const bool is_input = path == "-";
  const Descriptor file(is_input ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) fail_for_errno(path);
  assert_safe(path, file.get());
  SecretBytes room(limit_of(kind) + 1);
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t got = ::read(file.get(), room.writable().data() + size, room.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_for_errno(path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == 0) fail(path, ErrorId::bad_input, "is empty");
  if (size == room.size()) fail(path, ErrorId::bad_input, cat("is larger than a ", row(kind).name, " may be: ", limit_of(kind), " bytes"));
  SecretBytes out(size);
  std::copy_n(room.view().begin(), size, out.writable().begin());
  return out;
}

void forbid_core_dumps() {
  if (!kSanitized) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace spdm::cmd
