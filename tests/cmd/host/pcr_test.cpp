// Evidence measured into a TPM, by a tool that is none.
#include "cmd/host/pcr.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "cmd/host/files.h"
#include "core/error.h"
#include "core/text.h"
#include "support/temporary.h"

TEST_CASE("a TPM tool that hangs is ended, and told of") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path tool = scratch.path() / "tpm2_pcrextend";
  spdm::cmd::write_file(tool, std::string_view("#!/bin/sh\nexec sleep 60\n"));
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  const char* const before = std::getenv("PATH");
  const std::string path = before == nullptr ? "" : before;
  ::setenv("PATH", spdm::cat(scratch.path().string(), ":", path).c_str(), 1);
  {
    spdm::cmd::PcrExtender pcr(16, std::chrono::milliseconds(100));
    const auto begin = std::chrono::steady_clock::now();
    try {
      pcr.extend(std::string(64, '0'));
      FAIL("it cannot have been extended");
    } catch (const spdm::Error& error) {
      CHECK(error.id == spdm::ErrorId::io);
      CHECK(std::string(error.what()).find("did not end in time") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  }
  ::setenv("PATH", path.c_str(), 1);
}
