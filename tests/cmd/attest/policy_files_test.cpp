#include "cmd/attest/policy_files.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/support/temporary.h"

using spdm::Policy;

TEST_CASE("files are read by name, stronger directories first, and masks mask") {
  const support::TemporaryDirectory scratch;
  const std::string rule = "version: 1\nrules: [{name: ";
  scratch.write("strong/20-b.yaml", rule + "b, match: {}}]");
  scratch.write("weak/20-b.yaml", "not read");
  scratch.write("weak/10-a.yaml", rule + "a, match: {}}]");
  scratch.write("weak/30-c.yaml", "not read");
  scratch.write("weak/.hidden.yaml", "not read");
  scratch.write("weak/README", "not read");
  std::filesystem::create_symlink("/dev/null", scratch.path() / "strong/30-c.yaml");
  const Policy policy = spdm::cmd::load_policy(std::vector{scratch.path() / "strong", scratch.path() / "nowhere", scratch.path() / "weak"});
  REQUIRE(policy.rules.size() == 3);
  CHECK(policy.rules[0].name == "a");
  CHECK(policy.rules[1].name == "b");
  CHECK_FALSE(policy.mode.has_value());

  scratch.write("strong/50-e.yaml", "garbage");
  CHECK_THROWS_AS(spdm::cmd::load_policy(std::vector<std::filesystem::path>{scratch.path() / "strong"}), spdm::Error);
  std::filesystem::remove(scratch.path() / "strong/50-e.yaml");
  std::filesystem::create_symlink("nowhere", scratch.path() / "strong/50-e.yaml");
  CHECK_THROWS_AS(spdm::cmd::load_policy(std::vector<std::filesystem::path>{scratch.path() / "strong"}), spdm::Error);
  CHECK_THROWS_AS(spdm::cmd::load_policy(std::vector<std::filesystem::path>{scratch.path() / "strong/20-b.yaml"}), spdm::Error);
}

TEST_CASE("a file that a crash has emptied, a wrong ending and a link to nowhere are errors") {
  const support::TemporaryDirectory scratch;
  const auto load = [&](const char* name) { return spdm::cmd::load_policy(std::vector<std::filesystem::path>{scratch.path() / name}); };
  scratch.write("a/10-a.yaml", "version: 1\nrules: [{name: a, match: {}}]");
  CHECK(load("a").rules.size() == 2);  // and the default one
  scratch.write("a/20-b.yaml", "");
  CHECK_THROWS_WITH_AS(load("a"), "is empty; to mask the name, link it to /dev/null", spdm::Error);
  CHECK_THROWS_AS(load("a/20-b.yaml"), spdm::Error);
  std::filesystem::rename(scratch.path() / "a/20-b.yaml", scratch.path() / "a/20-b.yml");
  CHECK_THROWS_WITH_AS(load("a"), "is not read", spdm::Error);
  std::filesystem::create_symlink("gone", scratch.path() / "link");
  CHECK_THROWS_AS(load("link"), spdm::Error);
}

TEST_CASE("what the user names must be there; directories one after the other are layers") {
  const support::TemporaryDirectory scratch;
  const std::string rule = "version: 1\nrules: [{name: ";
  scratch.write("strong/10-a.yaml", rule + "strong, match: {}}]");
  scratch.write("weak/10-a.yaml", rule + "weak, match: {}}]");
  scratch.write("file", rule + "file, match: {}}]");
  const auto path = [&](const char* name) { return (scratch.path() / name).string(); };
  const Policy policy = spdm::cmd::load_policy(std::vector{path("strong"), path("weak"), path("file")});
  REQUIRE(policy.rules.size() == 3);
  CHECK(policy.rules[0].name == "strong");
  CHECK(policy.rules[1].name == "file");
  CHECK_THROWS_AS(spdm::cmd::load_policy(std::vector{path("missing")}), spdm::Error);
  CHECK(spdm::cmd::load_policy(spdm::cmd::PolicyOptions{.paths = {path("file")}, .none = true}) == nullptr);
  CHECK(spdm::cmd::load_policy(spdm::cmd::PolicyOptions{.paths = {path("file")}})->rules.size() == 2);
}

TEST_CASE("a directory that was named and holds nothing is an error") {
  const support::TemporaryDirectory scratch;
  std::filesystem::create_directory(scratch.path() / "unmounted");
  CHECK_THROWS_WITH_AS(spdm::cmd::load_policy(std::vector<std::string>{scratch.path() / "unmounted"}), "contains no .yaml file",
                       spdm::Error);
}
