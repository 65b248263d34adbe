// What guards the configuration of the system.
#include "cmd/host/layers.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.h"
#include "support/temporary.h"

using namespace spdm;
using support::TemporaryDirectory;

namespace {

// Sets SUDO_UID for its life.
struct Sudo {
  explicit Sudo(const char* value) { ::setenv("SUDO_UID", value, 1); }
  Sudo(const Sudo&) = delete;
  Sudo& operator=(const Sudo&) = delete;
  ~Sudo() { ::unsetenv("SUDO_UID"); }
};

std::string refusal(const TemporaryDirectory& scratch, const Guard& guard) {
  try {
    cmd::read_drop_ins({scratch.path() / "etc"}, FileKind::policy, nullptr, guard);
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::config);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("layers: a drop-in, or a directory, that others may write is an error") {
  const TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("etc/10.yaml", "version: 1\n"), layer = file.parent_path();
  const Guard system = cmd::system_guard(scratch.path());
  CHECK(refusal(scratch, system) == "none");
  REQUIRE(::chmod(file.c_str(), 0666) == 0);
  CHECK(refusal(scratch, system).starts_with("users other than root can write it"));
  CHECK(refusal(scratch, {}).starts_with("everybody can write it"));
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  REQUIRE(::chmod(layer.c_str(), 0777) == 0);
  CHECK(refusal(scratch, system).starts_with("users other than root can write it"));
  CHECK(refusal(scratch, {}).starts_with("everybody can write it"));
  CHECK(refusal(scratch, {.against = Guard::Against::nobody}) == "none");
}

TEST_CASE("layers: the user behind sudo is as good as root, and nobody else is") {
  if (::geteuid() != 0) {  // the variable says nothing to a process that is not root's
    const Sudo sudo("12345");
    CHECK_FALSE(cmd::system_guard().owner);
    return;
  }
  const TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("etc/10.yaml", "version: 1\n");
  REQUIRE(::chown(file.c_str(), 12345, static_cast<gid_t>(-1)) == 0);
  CHECK(refusal(scratch, cmd::system_guard(scratch.path())) != "none");
  for (const char* const other : {"", "0", "12346", "12345x", "-1", " 12345"}) {
    const Sudo sudo(other);
    CHECK_MESSAGE(refusal(scratch, cmd::system_guard(scratch.path())) != "none", other);
  }
  const Sudo sudo("12345");
  CHECK(refusal(scratch, cmd::system_guard(scratch.path())) == "none");
}
