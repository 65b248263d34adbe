// A directory that stands for the files in it.
#include "cmd/host/folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/evidence/expect_error.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

namespace fs = std::filesystem;

// "name", or "name: why".
std::vector<std::string> told(const fs::path& folder) {
  std::vector<std::string> out;
  for (const FolderEntry& entry : entries_of_folder(folder)) {
    CHECK(entry.path.parent_path() == folder);
    if (entry.error) CHECK(entry.error->device == entry.path.string());
    if (entry.error) CHECK(entry.error->id == ErrorId::bad_input);
    out.push_back(entry.path.filename().string() + (entry.error ? std::string(": ") + entry.error->what() : ""));
  }
  return out;
}

}  // namespace

TEST_CASE("folder: files by name, without hidden ones") {
  const support::TemporaryDirectory directory;
  for (const char* const name : {"b.json", "a.json", "c", ".hidden", "B.json"}) directory.write(name, "{}");
  CHECK(told(directory.path()) == std::vector<std::string>{"B.json", "a.json", "b.json", "c"});
}

TEST_CASE("folder: what is no file is told, and nothing leads out of it") {
  const support::TemporaryDirectory directory, elsewhere;
  elsewhere.write("outside.json", "{}");
  directory.write("a.json", "{}");
  directory.write("deeper/z.json", "{}");
  fs::create_symlink("a.json", directory.path() / "link-within");
  fs::create_symlink(elsewhere.path() / "outside.json", directory.path() / "link-out");
  fs::create_symlink("deeper/z.json", directory.path() / "link-deeper");
  fs::create_symlink("nowhere", directory.path() / "link-nowhere");
  REQUIRE(::mkfifo((directory.path() / "pipe").c_str(), 0600) == 0);
  CHECK(told(directory.path()) == std::vector<std::string>{"a.json", "deeper: is a directory in a directory, and is not searched",
                                                           "link-deeper: is a link that leads out of the directory, and is not followed",
                                                           "link-nowhere: is a link that leads nowhere",
                                                           "link-out: is a link that leads out of the directory, and is not followed",
                                                           "link-within",
                                                           "pipe: is not a regular file, and only these are read in a directory"});
}

TEST_CASE("folder: by a link to it, its files are not outside") {
  const support::TemporaryDirectory directory;
  directory.write("real/a.json", "{}");
  fs::create_directory_symlink("real", directory.path() / "link");
  fs::create_symlink("a.json", directory.path() / "real/b.json");
  CHECK(told(directory.path() / "link") == std::vector<std::string>{"a.json", "b.json"});
}

TEST_CASE("folder: one without files, or that is none, is an error") {
  const support::TemporaryDirectory directory;
  directory.write(".hidden", "{}");
  expect_error(ErrorId::bad_input, "is an empty directory", [&] { entries_of_folder(directory.path()); });
  for (const char* const name : {"a", "b", "c"}) directory.write(name, "");
  CHECK(entries_of_folder(directory.path(), 3).size() == 3);
  expect_error(ErrorId::bad_input, "has more than 2 entries", [&] { entries_of_folder(directory.path(), 2); });
  expect_error(ErrorId::io, "No such file", [&] { entries_of_folder(directory.path() / "nowhere"); });
}
