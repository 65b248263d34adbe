// Files in an encoding that is not read.
#include "core/encoding.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/recognize.h"

using namespace spdm;
using namespace std::string_view_literals;

namespace {

std::string why(std::string_view contents, FileKind kind = FileKind::policy) {
  const std::optional<Error> error = wrong_encoding(as_bytes(contents), kind);
  if (!error) return {};
  CHECK(error->id == ErrorId::bad_input);
  return std::string(error->what()) + "; " + error->hint;
}

}  // namespace

TEST_CASE("encoding: UTF-16 and UTF-32 are told, with a mark and without, and how to convert them") {
  CHECK(why("\xFF\xFE{\0\n\0"sv) == "is UTF-16, and UTF-8 is read; convert it: iconv -f UTF-16 -t UTF-8");
  CHECK(why("\xFE\xFF\0r\0u"sv) == "is UTF-16, and UTF-8 is read; convert it: iconv -f UTF-16 -t UTF-8");
  CHECK(why("\xFF\xFE\0\0{\0\0\0"sv).find("is UTF-32,") == 0);
  CHECK(why("\0\0\xFE\xFF\0\0\0{"sv).find("is UTF-32,") == 0);
  CHECK(why("{\0\n\0"sv) == "is UTF-16LE, and UTF-8 is read; convert it: iconv -f UTF-16LE -t UTF-8");
  CHECK(why("\0-\0-"sv).find("is UTF-16BE,") == 0);
}

TEST_CASE("encoding: a byte order mark before UTF-8 is told, for every kind alike") {
  for (const FileKind kind : {FileKind::policy, FileKind::references, FileKind::evidence, FileKind::report, FileKind::certificates,
                              FileKind::profile, FileKind::session_secrets})
    CHECK(why("\xEF\xBB\xBF{}", kind).find("begins with a byte order mark") == 0);
}

TEST_CASE("encoding: UTF-8, bytes that are no text, and what says its encoding itself are left alone") {
  for (const std::string_view good : {""sv, "{"sv, "{\0"sv, "rules: []\n"sv, "\xC3\xA4: 1\n"sv, "\x11\xE0\0\0"sv, "\x30\x82\x01\x00"sv,
                                      "\xFE"sv, "\xFF"sv, "\xEF\xBB"sv, "{\0\1\0"sv})
    CHECK(why(good).empty());
  CHECK(why("\xFF\xFE<\0"sv, FileKind::rim).empty());
  CHECK(why("\xFF\xFE<\0"sv, FileKind::profile_contents).empty());
  CHECK(why("\xEF\xBB\xBF<?xml", FileKind::rim).empty());
}

TEST_CASE("encoding: it comes before the kind of a file, but for XML") {
  CHECK(std::string(wrong_kind(as_bytes("\xEF\xBB\xBFrules: []\n"sv), FileKind::policy)->what()).find("begins with a byte order mark") ==
        0);
  CHECK(std::string(wrong_kind(as_bytes("\xEF\xBB\xBF<?xml?>"sv), FileKind::policy)->what()).find("is XML") == 0);
  CHECK_THROWS_AS(assert_encoding(as_bytes("\xFE\xFF\0{"sv), FileKind::policy), Error);
}
