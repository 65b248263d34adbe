#include "cmd/host/secret_file.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cmd/host/sanitized.h"
#include "core/error.h"
#include "support/child.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

struct Secrets {
  support::TemporaryDirectory directory;
  std::filesystem::path file = directory.path() / "key";

  explicit Secrets(std::string_view contents, mode_t mode = 0600) {
    std::ofstream(file) << contents;
    ::chmod(file.c_str(), mode);
  }
  Bytes read() const { return to_bytes(read_secret_file(file, FileKind::key).view()); }
  void refuse(ErrorId id, std::string_view part) const {
    try {
      read();
      FAIL("it was read");
    } catch (const Error& error) {
      CHECK(error.id == id);
      CHECK(error.device == file.string());
      CHECK_MESSAGE(std::string_view(error.what()).find(part) != std::string_view::npos, error.what());
    }
  }
};

}  // namespace

TEST_CASE("a secret is read whole, where it is its owner's alone") {
  for (const mode_t mode : {0600U, 0400U, 0640U, 0700U}) CHECK(Secrets("secret\n", mode).read() == to_bytes(as_bytes("secret\n")));
  const std::string longest(limit_of(FileKind::key), 'k');
  CHECK(Secrets(longest).read().size() == longest.size());
}

TEST_CASE("a secret that others may read or write is none") {
  for (const mode_t mode : {0604U, 0644U, 0444U}) Secrets("secret", mode).refuse(ErrorId::config, "everybody can read it");
  for (const mode_t mode : {0620U, 0602U, 0660U, 0666U}) Secrets("secret", mode).refuse(ErrorId::config, "other users can write it");
}

TEST_CASE("a secret of another user is none of ours") {
  if (::geteuid() != 0) return;
  const Secrets secret("secret");
  REQUIRE(::chown(secret.file.c_str(), 4242, 4242) == 0);
  secret.refuse(ErrorId::config, "belongs to the user 4242");
}

TEST_CASE("what is no secret: nothing, too much, a folder, a device, what is not there") {
  Secrets("").refuse(ErrorId::bad_input, "is empty");
  Secrets(std::string(limit_of(FileKind::key) + 1, 'k')).refuse(ErrorId::bad_input, "is larger than a key file may be");
  Secrets secret("secret");
  secret.file = secret.directory.path();
  secret.refuse(ErrorId::bad_input, "is neither a file nor a pipe");
  secret.file = "/dev/null";
  secret.refuse(ErrorId::bad_input, "is neither a file nor a pipe");
  secret.file = secret.directory.path() / "gone";
  secret.refuse(ErrorId::bad_input, "No such file");
}

TEST_CASE("a secret comes through a pipe, too") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "from a pipe", 11) == 11);
  ::close(ends[1]);
  CHECK(to_bytes(read_secret_file("/dev/fd/" + std::to_string(ends[0]), FileKind::key).view()) == to_bytes(as_bytes("from a pipe")));
  ::close(ends[0]);
}

TEST_CASE("no core dump is left of a process with secrets") {
  CHECK(support::in_child([] {
          forbid_core_dumps();
          rlimit limit{1, 1};
          ::getrlimit(RLIMIT_CORE, &limit);
          return limit.rlim_cur == 0 && limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == (kSanitized ? 1 : 0) ? 5 : 6;
        }) == 5);
}
