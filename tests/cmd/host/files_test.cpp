// Files that the user named: whole or not at all, and nowhere else.
#include "cmd/host/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "core/evidence/expect_error.h"
#include "support/temporary.h"

using namespace spdm::cmd;
using spdm::ErrorId;

namespace {

std::string text_of(const std::filesystem::path& file) {
  const spdm::Bytes bytes = spdm::read_file(file, spdm::FileKind::key);
  return {bytes.begin(), bytes.end()};
}

std::size_t files_in(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a file is made, and one that is there is replaced, with nothing left beside it") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "file";
  write_file(file, "one");
  write_file(file, "two");
  CHECK(text_of(file) == "two");
  CHECK(files_in(scratch.path()) == 1);
}

TEST_CASE("a file in the making shows under its name when it is finished, and leaves nothing when it is not") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("file", "before");
  {
    FileInMaking making(file);
    making.write(spdm::as_bytes("half"));
    CHECK(text_of(file) == "before");
  }
  CHECK(text_of(file) == "before");
  CHECK(files_in(scratch.path()) == 1);
  FileInMaking making(file);
  making.write(spdm::as_bytes("one "));
  making.write(spdm::as_bytes("two"));
  making.finish();
  CHECK(text_of(file) == "one two");
  CHECK(files_in(scratch.path()) == 1);
}

TEST_CASE("a link to a file is followed") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path target = scratch.write("folder/target", "before"), link = scratch.path() / "link";
  std::filesystem::create_symlink("folder/target", link);
  write_file(link, "after");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(text_of(target) == "after");
  CHECK(written_at(link) == std::filesystem::canonical(target.parent_path()));
}

TEST_CASE("a link to a file that is yet to be is followed, through other links, and never replaced") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path first = scratch.path() / "first", second = scratch.write("folder/x", "").parent_path() / "second";
  std::filesystem::create_symlink("folder/second", first);
  std::filesystem::create_symlink("../made", second);
  assert_new(first, false);
  write_file(first, "new");
  CHECK(std::filesystem::is_symlink(first));
  CHECK(std::filesystem::is_symlink(second));
  CHECK(text_of(scratch.path() / "made") == "new");

  const std::filesystem::path away = scratch.path() / "away", circle = scratch.path() / "circle";
  std::filesystem::create_symlink("nofolder/made", away);
  std::filesystem::create_symlink("circle", circle);
  expect_error(ErrorId::usage, "No such file or directory", [&] { write_file(away, "junk"); });
  expect_error(ErrorId::usage, "symbolic links", [&] { write_file(circle, "junk"); });
  CHECK(std::filesystem::is_symlink(circle));
}

TEST_CASE("no file to write is called -") {
  expect_error(ErrorId::usage, "means standard output only with -o/--output", [] { assert_writable("-"); });
}

TEST_CASE("a link that another user laid into a shared directory is not followed, to whatever it leads") {
  if (::geteuid() != 0) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path target = scratch.write("target", "precious"), shared = scratch.path() / "shared";
  std::filesystem::create_directory(shared);
  REQUIRE(::chmod(shared.c_str(), 01777) == 0);
  const auto lay = [&](const std::filesystem::path& to, const char* name) {
    std::filesystem::create_symlink(to, shared / name);
    REQUIRE(::lchown((shared / name).c_str(), 1, 1) == 0);
    return shared / name;
  };
  for (const std::filesystem::path& link : {lay(target, "file"), lay(scratch.path() / "new", "nothing"), lay("/dev/null", "device")}) {
    CAPTURE(link);
    expect_error(ErrorId::permission, "Permission denied", [&] { write_file(link, "junk"); });
    expect_error(ErrorId::permission, "Permission denied", [&] { assert_writable(link); });
  }
  CHECK(text_of(target) == "precious");
  CHECK_FALSE(std::filesystem::exists(scratch.path() / "new"));
}

TEST_CASE("a way through a folder that is another user's link is not taken, however far it leads") {
  if (::geteuid() != 0) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path shared = scratch.path() / "shared", precious = scratch.write("precious/file", "precious").parent_path();
  std::filesystem::create_directory(shared);
  REQUIRE(::chmod(shared.c_str(), 01777) == 0);
  std::filesystem::create_directory_symlink(precious, shared / "folder");
  REQUIRE(::lchown((shared / "folder").c_str(), 1, 1) == 0);
  std::filesystem::create_directory_symlink("shared/folder", scratch.path() / "mine");  // one's own link that leads to it
  std::filesystem::create_directory_symlink(precious, shared / "own");
  for (const std::filesystem::path& file : {shared / "folder/file", shared / "folder/new", scratch.path() / "mine/new"}) {
    CAPTURE(file);
    expect_error(ErrorId::permission, "Permission denied", [&] { write_file(file, "junk"); });
    expect_error(ErrorId::permission, "Permission denied", [&] { assert_writable(file); });
    expect_error(ErrorId::permission, "Permission denied", [&] { written_at(file); });
  }
  CHECK(text_of(precious / "file") == "precious");
  CHECK(files_in(precious) == 1);
  write_file(shared / "own/new", "through one's own link");
  CHECK(text_of(precious / "new") == "through one's own link");
}

TEST_CASE("a pipe that another user laid into a shared directory is not written to, and nobody waits for its reader") {
  if (::geteuid() != 0) return;
  const support::TemporaryDirectory scratch;
  const std::filesystem::path shared = scratch.path() / "shared", pipe = shared / "pipe";
  std::filesystem::create_directory(shared);
  REQUIRE(::chmod(shared.c_str(), 01777) == 0);
  REQUIRE(::mkfifo(pipe.c_str(), 0666) == 0);
  REQUIRE(::chown(pipe.c_str(), 1, 1) == 0);
  expect_error(ErrorId::permission, "Permission denied", [&] { write_file(pipe, "secret"); });
  expect_error(ErrorId::permission, "Permission denied", [&] { assert_writable(pipe); });
}

TEST_CASE("a descriptor that is open is written to as it is, also where it leads to a file") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("file", "");
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND);
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, "before ", 7) == 7);
  for (const char* const folder : {"/dev/fd/", "/proc/self/fd/"}) write_file(folder + std::to_string(fd), "and ");
  REQUIRE(::write(fd, "after", 5) == 5);
  CHECK(text_of(file) == "before and and after");
  ::close(fd);
  CHECK(files_in(scratch.path()) == 1);

  const int readable = ::open(file.c_str(), O_RDONLY);
  expect_error(ErrorId::permission, "Permission denied", [&] { assert_writable("/dev/fd/" + std::to_string(readable)); });
  ::close(readable);
}

TEST_CASE("what is found in a directory is read only where it is a regular file, and without waiting") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path pipe = scratch.path() / "pipe", link = scratch.path() / "link";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::filesystem::create_symlink(pipe, link);
  for (const std::filesystem::path& path : {pipe, link, std::filesystem::path("/dev/null"), scratch.path()}) {
    CAPTURE(path);
    expect_error(ErrorId::bad_input, "is not a regular file", [&] { spdm::read_found(path, spdm::FileKind::key); });
    expect_error(ErrorId::bad_input, "is not a regular file", [&] { spdm::open_found(path); });
  }
  CHECK_FALSE(spdm::read_found(scratch.path() / "missing", spdm::FileKind::key));
  CHECK(spdm::read_found(scratch.write("file", "x"), spdm::FileKind::key) == spdm::Bytes{'x'});
}

TEST_CASE("what is no regular file is written as it is") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path fifo = scratch.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::string read;
  {
    const std::jthread reader([&] { read = text_of(fifo); });
    write_file(fifo, "through");
  }
  CHECK(read == "through");
  CHECK(std::filesystem::is_fifo(fifo));
  write_file("/dev/null", "away");
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("secrets are for their owner alone, and replace what was there whole") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("file", "before");
  ::chmod(file.c_str(), 0666);
  write_secret_file(file, spdm::as_bytes("secret"));
  CHECK(text_of(file) == "secret");
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  CHECK(files_in(scratch.path()) == 1);
}

TEST_CASE("secrets are written through no link, and to nothing but a regular file") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path target = scratch.write("target", "before"), link = scratch.path() / "link", missing = scratch.path() / "new";
  const std::filesystem::path loose = scratch.path() / "loose", fifo = scratch.path() / "fifo";
  std::filesystem::create_symlink("target", link);
  std::filesystem::create_symlink("nowhere", loose);
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const std::filesystem::path& path : {link, loose, fifo, std::filesystem::path("/dev/null"), std::filesystem::path("/dev/stdout")}) {
    CAPTURE(path);
    expect_error(ErrorId::usage, "a regular file only", [&] { assert_secret_writable(path); });
    expect_error(ErrorId::usage, "a regular file only", [&] { write_secret_file(path, spdm::as_bytes("secret")); });
  }
  CHECK(text_of(target) == "before");
  CHECK_FALSE(std::filesystem::exists(scratch.path() / "nowhere"));
  expect_error(ErrorId::usage, "directory", [&] { assert_secret_writable(scratch.path()); });
  assert_secret_writable(missing);
  write_secret_file(missing, spdm::as_bytes("secret"));
  CHECK(text_of(missing) == "secret");
}

TEST_CASE("a file of any size is read in pieces") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "file";
  write_file(file, "0123456789");
  const auto read = spdm::open_file(file);
  std::string out;
  std::array<char, 4> room{};
  while (const std::size_t got = read(room)) out.append(room.data(), got);
  CHECK(out == "0123456789");
  CHECK(read(room) == 0);
  expect_error(ErrorId::bad_input, "No such file", [&] { spdm::open_file(scratch.path() / "missing"); });
  expect_error(ErrorId::bad_input, "directory", [&] { spdm::open_file(scratch.path()); });
}
