// The file of --session-secrets.
#include "cmd/attest/session_secrets.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <thread>

#include "core/evidence/expect_error.h"
#include "core/file.h"
#include "support/temporary.h"

using namespace spdm;
using spdm::cmd::read_secrets;
using spdm::cmd::SecretKeeper;

namespace {

SessionSecret secret(std::uint8_t number) {
  SessionSecret out;
  out.id = 0xFFFF0000U + number;
  out.response_sha256.fill(number);
  out.shared = SecretBytes::take(Bytes(48, number));
  return out;
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

}  // namespace

TEST_CASE("the secrets of sessions are kept as they are opened, for their owner alone") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "secrets";
  SecretKeeper keeper(file);
  CHECK_FALSE(std::filesystem::exists(file));
  keeper.keep(secret(1));
  CHECK(read_secrets(file).size() == 1);
  CHECK(mode_of(file) == 0600);
  {
    const std::jthread one([&] { keeper.keep(secret(2)); }), two([&] { keeper.keep(secret(3)); });
  }
  const std::vector<SessionSecret> all = read_secrets(file);
  REQUIRE(all.size() == 3);
  CHECK(all[0].id == 0xFFFF0001);
  CHECK(equal(all[0].shared.view(), Bytes(48, 1)));
}

TEST_CASE("secrets are kept in a regular file only") {
  const support::TemporaryDirectory scratch;
  std::filesystem::create_symlink("elsewhere", scratch.path() / "link");
  expect_error(ErrorId::usage, "is a link", [&] { SecretKeeper(scratch.path() / "link"); });
}

TEST_CASE("no file of secrets, one that others may read, and one that is something else") {
  CHECK(read_secrets("").empty());
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "secrets", other = scratch.write("evidence", R"({"schema":"spdmctl.evidence/1"})");
  SecretKeeper(file).keep(secret(1));
  ::chmod(file.c_str(), 0644);
  expect_error(ErrorId::config, "everybody can read it", [&] { read_secrets(file); });
  ::chmod(other.c_str(), 0600);
  expect_error(ErrorId::bad_input, "is evidence of spdmctl; expected: file of session secrets", [&] { read_secrets(other); });
  expect_error(ErrorId::bad_input, "", [&] { read_secrets(scratch.path() / "missing"); });
}
