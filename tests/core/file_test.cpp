// The one reader of files: what it takes, what it refuses and why, and that nothing makes it wait.
#include "core/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>

#include "core/descriptor.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/temporary.h"

using namespace spdm;
using State = FileContents::State;
using support::TemporaryDirectory;

namespace {

constexpr FileKind kKind = FileKind::gate_note;

}  // namespace

TEST_CASE("reader of files: exactly the limit is read, one byte more is not") {
  const TemporaryDirectory scratch;
  const std::string most(limit_of(kKind), 'x');
  const std::filesystem::path good = scratch.write("good", most), large = scratch.write("large", most + "x");
  CHECK(read_configuration(good, kKind).is(State::whole));
  CHECK(as_text(read_configuration(good, kKind).bytes) == most);
  CHECK(as_text(read_file(good, kKind)) == most);
  const FileContents refused = read_configuration(large, kKind);
  CHECK(refused.is(State::too_large));
  CHECK(refused.bytes.empty());
  CHECK(refused.why == "is larger than 4096 bytes, the limit for a file of this kind (note of the gate)");
  expect_error(ErrorId::bad_input, refused.why, [&] { read_file(large, kKind); });
  // The same file is no more than other kinds may be.
  CHECK(read_configuration(large, FileKind::policy).is(State::whole));
}

TEST_CASE("reader of files: an empty file is a file, the mask is none") {
  const TemporaryDirectory scratch;
  CHECK(read_configuration(scratch.write("empty", ""), kKind).is(State::whole));
  std::filesystem::create_symlink("/dev/null", scratch.path() / "mask");
  for (const std::filesystem::path& path : {std::filesystem::path("/dev/null"), scratch.path() / "mask"}) {
    const FileContents mask = read_configuration(path, kKind);
    CHECK(mask.is(State::mask));
    CHECK(mask.why.empty());
  }
  CHECK(read_file("/dev/null", kKind).empty());
}

TEST_CASE("reader of files: what is no regular file is no configuration, and nobody waits for it") {
  const TemporaryDirectory scratch;
  const std::filesystem::path fifo = scratch.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  // Nobody writes to it: to open it as a file is opened would not return.
  std::future<FileContents> pipe = std::async(std::launch::async, [&] { return read_configuration(fifo, kKind); });
  const bool returned = pipe.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  if (!returned) const Descriptor writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));  // lets it go
  CHECK(returned);
  CHECK(pipe.get().is(State::irregular));
  CHECK(read_configuration("/dev/zero", kKind).is(State::irregular));
  CHECK(read_configuration(scratch.path(), kKind).is(State::directory));
  expect_error(ErrorId::bad_input, "directory", [&] { read_file(scratch.path(), kKind); });
}

TEST_CASE("reader of files: what never ends ends at the limit") {
  expect_error(ErrorId::bad_input, "is larger than 4096 bytes", [] { read_file("/dev/zero", kKind); });
}

TEST_CASE("reader of files: what is missing, and a link to nowhere") {
  const TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("file", "x"), link = scratch.path() / "link";
  std::filesystem::create_symlink("nowhere", link);
  for (const std::filesystem::path& path : {scratch.path() / "missing", link, link / "below", file / "below"}) {
    CAPTURE(path);
    const FileContents missing = read_configuration(path, kKind);
    CHECK(missing.is(State::missing));
    CHECK_FALSE(missing.why.empty());
    expect_error(ErrorId::bad_input, missing.why, [&] { read_file(path, kKind); });
  }
  CHECK(read_configuration(link, kKind).why == kDanglingLink);
  CHECK(dangles(link));
  CHECK(dangles(link / "below"));
  CHECK_FALSE(dangles(scratch.path() / "missing"));
  CHECK_FALSE(dangles(file));
}

TEST_CASE("the ending of a name, in any case") {
  CHECK(has_ending("dir/a.pcap", ".pcap"));
  CHECK(has_ending("A.PCap", ".pcap"));
  CHECK_FALSE(has_ending("a.pcap.gz", ".pcap"));
  CHECK_FALSE(has_ending("pcap", ".pcap"));
}

TEST_CASE("reader of files: a link in a circle cannot be opened") {
  const TemporaryDirectory scratch;
  const std::filesystem::path link = scratch.path() / "link";
  std::filesystem::create_symlink("link", link);
  CHECK(read_configuration(link, kKind).is(State::failed));
  // It is the name that is wrong, as where nothing bears it, and not the system.
  expect_error(ErrorId::bad_input, "symbolic links", [&] { read_file(link, kKind); });
  expect_error(ErrorId::bad_input, "too long", [&] { read_file(std::string(300, 'x'), kKind); });
}

TEST_CASE("reader of files: what must not be read says so") {
  const TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.write("file", "x");
  REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(file.c_str(), 0) == 0);
  // Root may read everything: it asks as somebody else.
  const bool root = ::geteuid() == 0;
  if (root && ::seteuid(1) != 0) return;
  const FileContents refused = read_configuration(file, kKind);
  std::string named;
  try {
    read_file(file, kKind);
  } catch (const Error& error) {
    if (error.id == ErrorId::permission) named = error.device;
  }
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK(refused.is(State::refused));
  CHECK(refused.why == "Permission denied");
  CHECK(named == file);
}

TEST_CASE("reader of files: a file that is open already is held to the same") {
  const TemporaryDirectory scratch;
  const Descriptor file(::open(scratch.write("file", "contents").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(as_text(read_configuration(file.get(), kKind).bytes) == "contents");
  const Descriptor folder(::open(scratch.path().c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(read_configuration(folder.get(), kKind).is(State::directory));
  CHECK(read_configuration(-1, kKind).is(State::failed));
}

TEST_CASE("reader of files: a pipe that the user named is read to its end") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const Descriptor out(ends[0]);
  {
    const Descriptor in(ends[1]);
    REQUIRE(::write(in.get(), "through", 7) == 7);
  }
  CHECK(as_text(read_file(cat("/dev/fd/", out.get()), kKind)) == "through");
}

TEST_CASE("reader of files: who writes is held to what is read") {
  CHECK_NOTHROW(assert_readable(limit_of(kKind), kKind));
  expect_error(ErrorId::bad_input, "this would have 4097 bytes; the limit is 4096 (note of the gate)",
               [] { assert_readable(limit_of(kKind) + 1, kKind); });
}
