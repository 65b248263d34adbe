// Streams, line by line, and what tells them from documents.
#include "cmd/host/lines.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "support/temporary.h"

namespace {

using spdm::cat;
using spdm::cmd::LineFile;

struct Written {
  explicit Written(std::string_view text) : path(folder.write("f", text)) {}
  support::TemporaryDirectory folder;
  std::filesystem::path path;
};

// "1:a 3:b" for the lines given out; a line that is too long is "2:long".
std::string lines_of(LineFile& file) {
  std::string out;
  while (const std::optional<spdm::cmd::Line> line = file.next())
    out += cat(out.empty() ? "" : " ", line->number, ":", line->too_long ? "long" : std::string(line->bytes.begin(), line->bytes.end()));
  return out;
}

std::string lines_of(std::string_view text, std::size_t limit = 8) {
  const Written written(text);
  LineFile file(written.path, limit);
  return lines_of(file);
}

bool holds_objects(std::string_view text, std::size_t within = 256) {
  const Written written(text);
  return LineFile(written.path, 64).holds_objects(within);
}

}  // namespace

TEST_CASE("lines are counted as editors do; blank ones are passed over, the last needs no end") {
  CHECK(lines_of("") == "");
  CHECK(lines_of("\n \n\t\r\n") == "");
  CHECK(lines_of("a") == "1:a");
  CHECK(lines_of("a\n\n b \r\nc") == "1:a 3:b 4:c");
}

TEST_CASE("a line that is too long is one bad line, wherever reading is cut") {
  const std::string huge(3U << 20, 'x');
  CHECK(lines_of("12345678\n123456789\na\n") == "1:12345678 2:long 3:a");
  CHECK(lines_of(cat("a\n", huge, "\nb\n", huge)) == "1:a 2:long 3:b 4:long");
  // More than is read at once.
  std::string many, expected;
  for (int i = 1; i <= 100'000; ++i) {
    many += cat("l", i, "\n");
    expected += cat(i == 1 ? "" : " ", i, ":l", i);
  }
  CHECK(lines_of(many) == expected);
}

TEST_CASE("a stream has more than one line, and an object by itself on one of the first") {
  CHECK(holds_objects("{1}\n{2}\n"));
  CHECK(holds_objects("\n {1} \r\n\n{2}"));
  CHECK(holds_objects("{1}\nbad\n"));
  CHECK(holds_objects("{1}\n" + std::string(100, 'x')));
  CHECK(holds_objects("bad\n{2}\n"));
  CHECK_FALSE(holds_objects("\xA1\x01\x48\n{1}\n{2}\n"));  // a token, and not what a device has put into it
  CHECK_FALSE(holds_objects(""));
  CHECK_FALSE(holds_objects("{1}"));
  CHECK_FALSE(holds_objects("{1}\n\n"));
  CHECK_FALSE(holds_objects("{\n  \"a\": {}\n}\n"));
  CHECK_FALSE(holds_objects("{\"a\":\n{\"b\": 1},\n\"c\": {}\n}"));
  CHECK_FALSE(holds_objects("{\n\"a\": [\n{\"b\": 1},\n{\"b\": 2}\n]}\n"));
  CHECK_FALSE(holds_objects("{\n\"a\":\n{\"b\": 1}\n}\n"));
  CHECK_FALSE(holds_objects("x\n{\x01}\n"));
  // A banner, or a line that is too long, before them.
  CHECK(holds_objects("x\ny\n{3}\n"));
  CHECK(holds_objects(std::string(100, 'x') + "\n{2}\n"));
  const auto banner = [](int lines) {
    std::string out;
    for (int i = 0; i < lines; ++i) out += "b\n";
    return out + "{1}\n";
  };
  CHECK(holds_objects(banner(15)));
  CHECK_FALSE(holds_objects(banner(16)));
  CHECK_FALSE(holds_objects(std::string(300, 'x') + "\n{2}\n"));
  CHECK_FALSE(holds_objects("x\n" + std::string(300, '\n') + "{2}\n"));
}

TEST_CASE("blank lines at the front are counted, and not kept") {
  const Written written(std::string(3U << 20, '\n') + "{1}\n{2}\n");
  LineFile stream(written.path, 64);
  CHECK(stream.holds_objects(1U << 20));  // more of them than is looked at
  CHECK(lines_of(stream) == cat((3U << 20) + 1, ":{1} ", (3U << 20) + 2, ":{2}"));
  const Written few("\n\r\r\nx");  // the magic of another format, say
  LineFile whole(few.path, 64);
  CHECK_FALSE(whole.holds_objects(64));
  CHECK(whole.rest(64).size() == 5);
}

TEST_CASE("looking takes nothing away") {
  const Written written("{1}\n{2}\n{3}\n");
  LineFile stream(written.path, 64);
  CHECK(stream.holds_objects(64));
  CHECK(lines_of(stream) == "1:{1} 2:{2} 3:{3}");

  LineFile whole(written.path, 64);
  CHECK(whole.holds_objects(64));
  const spdm::Bytes all = whole.rest(1000);
  CHECK(std::string(all.begin(), all.end()) == "{1}\n{2}\n{3}\n");
  LineFile small(written.path, 64);
  CHECK_THROWS_AS(small.rest(11), spdm::Error);
  CHECK_THROWS_AS(LineFile(written.folder.path(), 64), spdm::Error);
  CHECK_THROWS_AS(LineFile(written.folder.path() / "none", 64), spdm::Error);
}

TEST_CASE("of a directory only regular files are read, and no pipe is waited for") {
  const Written written("{1}\n");
  LineFile stream(written.path, 64, LineFile::By::folder);
  CHECK(lines_of(stream) == "1:{1}");
  const std::filesystem::path pipe = written.folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_AS(LineFile(pipe, 64, LineFile::By::folder), spdm::Error);
}
