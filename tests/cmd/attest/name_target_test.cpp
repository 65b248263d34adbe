#include "cmd/attest/name_target.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary.h"

using namespace spdm::cmd;

TEST_CASE("a hint names the target that was given, as a shell takes it") {
  CHECK(name_target("see: spdmctl certs TARGET", "0000:03:00.0", true) == "see: spdmctl certs 0000:03:00.0");
  CHECK(name_target("a TARGET, and TARGET", "x y", true) == "a 'x y', and 'x y'");
  CHECK(name_target("TARGET", "TARGET", true) == "TARGET");
  CHECK(name_target("see: spdmctl list", "0000:03:00.0", true) == "see: spdmctl list");
}

TEST_CASE("a hint names a recording if a command line could") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "device.json";
  std::ofstream(file) << "{}";
  CHECK(name_target("pin it: TARGET", file.string(), false) == "pin it: " + file.string());
  CHECK(name_target("pin it: TARGET", file.string() + ":3", false) == "pin it: TARGET");
  CHECK(name_target("pin it: TARGET", "", true) == "pin it: TARGET");
}
