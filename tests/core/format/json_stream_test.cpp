// JSON a piece at a time: the same whatever the pieces are, and every fault told and survived.
#include "core/format/json_stream.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/evidence/expect_error.h"

using namespace spdm;

namespace {

// Gives so many characters at a time.
JsonStream::Source pieces(std::string text, std::size_t size) {
  return [text = std::move(text), size, at = std::size_t{0}](std::span<char> room) mutable {
    const std::size_t count = std::min({size, room.size(), text.size() - at});
    std::copy_n(text.data() + at, count, room.data());
    at += count;
    return count;
  };
}

std::string string_of(const std::string& json, std::size_t piece = 1000, std::size_t keep = 1000) {
  JsonStream in(pieces(json, piece));
  return in.string(keep);
}

void skip(const std::string& json) {
  for (const std::size_t piece : {1UL, 2UL, 3UL, 1000UL}) {
    JsonStream in(pieces(json, piece));
    in.skip();
    CHECK(in.at_end());
  }
}

// What can be read of many documents: the number under "a" of each, or "!LINE" where one is broken.
std::string read_all(const std::string& text, std::size_t piece) {
  std::string out;
  JsonStream in(pieces(text, piece));
  while (!in.at_end()) {
    try {
      std::string found = "?";
      in.object([&](std::string_view key) {
        if (key == "a")
          found = std::to_string(in.number(1000));
        else if (key == "devices")
          in.array([&] { in.object([&](std::string_view) { out += "[" + std::to_string(in.number(9)) + "]"; }); },
                   JsonStream::Items::on_lines_of_their_own);
        else
          in.skip();
      });
      out += found + " ";
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::bad_input);
      out += "!" + std::to_string(in.line()) + " ";
      in.resume();
    }
  }
  return out;
}

void check_all(const std::string& text, const std::string& wanted) {
  for (const std::size_t piece : {1UL, 2UL, 7UL, 100000UL}) CHECK(read_all(text, piece) == wanted);
}

}  // namespace

TEST_CASE("json stream: strings, with their escapes") {
  for (const char* json : {R"("")", R"("plain")", R"("\"\\\/\b\f\n\r\t")", R"("\u00e4\u20ac\ud83d\ude00 äö€😀")", R"("\u0041\u001b")"})
    for (const std::size_t piece : {1UL, 3UL, 1000UL}) CHECK(string_of(json, piece) == nlohmann::json::parse(json).get<std::string>());
  CHECK(string_of("null").empty());
  CHECK(string_of(R"("\ud800")") == "\xEF\xBF\xBD");
  CHECK(string_of(R"("\ud800\u0041")") == "\xEF\xBF\xBD");
  CHECK(string_of(R"("0123456789")", 3, 4) == "0123");
}

TEST_CASE("json stream: numbers and booleans") {
  const auto number = [](const std::string& json) { return JsonStream(pieces(json, 1)).number(1000); };
  CHECK(number("0") == 0);
  CHECK(number(" 1000") == 1000);
  expect_error(ErrorId::bad_input, "more than 1000", [&] { number("1001"); });
  expect_error(ErrorId::bad_input, "more than 1000", [&] { number("99999999999999999999999"); });
  expect_error(ErrorId::bad_input, "without sign", [&] { number("-1"); });
  expect_error(ErrorId::bad_input, "without sign", [&] { number(R"("1")"); });
  CHECK(JsonStream(pieces("true", 1)).boolean());
  CHECK(!JsonStream(pieces("false", 1)).boolean());
  expect_error(ErrorId::bad_input, "true nor false", [] { JsonStream(pieces("null", 9)).boolean(); });
}

TEST_CASE("json stream: anything can be skipped, and nothing else") {
  for (const char* json : {"{}", "[]", "[[],{}]", R"({"a":[1,-2.5e+3,true,false,null,"x\"]}"],"b":{"c":{}}})", " [ 1 , 2 ] "}) skip(json);
  for (const char* json : {"",        "{",           "[",
                           "[1",      "[1,",         "[1,]",
                           "{\"a\"}", "{\"a\":}",    "{\"a\":1,}",
                           "{a:1}",   "nul",         "+1",
                           "'x'",     "[1 2]",       "{\"a\":1 \"b\":2}",
                           "\"\\x\"", "\"\\u12g4\"", "\"open",
                           "]",       "[}",          "\"new\nline\""}) {
    const auto read = [&] { JsonStream(pieces(json, 1)).skip(); };
    CHECK_THROWS_AS_MESSAGE(read(), Error, json);
  }
}

TEST_CASE("json stream: depth is bounded") {
  expect_error(ErrorId::bad_input, "nested", [] { JsonStream(pieces(std::string(100'000, '['), 1000)).skip(); });
  skip(std::string(60, '[') + std::string(60, ']'));
}

TEST_CASE("json stream: an error says where") {
  expect_error(ErrorId::bad_input, "a[2].b: is not a string (byte 25 of the line)", [] {
    JsonStream in(pieces("\n\n {\"a\":[{},{},{\"x\":1,\"b\":7}]}", 1));
    in.object([&](std::string_view) {
      in.array([&] { in.object([&](std::string_view key) { key == "b" ? (void)in.string(9) : in.skip(); }); });
    });
  });
}

TEST_CASE("json stream: a key that cannot be read is in no place yet") {
  JsonStream in(pieces("{\"a\":{\"b\" 1}}\n{\"a\":{\"b\nc\":1}}\n{\"c\":x}", 1));
  const auto read = [&] {
    in.object([&](std::string_view) { in.kind() == '{' ? in.object([&](std::string_view) { in.skip(); }) : in.skip(); });
  };
  expect_error(ErrorId::bad_input, "a: ':' is missing behind key \"b\" (byte 11 of the line)", read);
  in.resume();
  expect_error(ErrorId::bad_input, "a: the line ends in the middle of a string", read);
  in.resume();
  in.resume();
  expect_error(ErrorId::bad_input, "c: 'x' is not JSON", read);
}

TEST_CASE("json stream: a string ends at its first quote, wherever that is") {
  for (std::size_t size = 0; size < 40; ++size) {
    for (const char* const character : {"a", "!", "#", "[", "]", "\x7F", "\xC3", "\xFF", "\x20"}) {
      std::string text;
      for (std::size_t i = 0; i < size; ++i) text += character;
      for (const std::size_t at_once : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        JsonStream plain(pieces("\"" + text + "\" \"next\"", at_once));
        CHECK(plain.string(100) == text);
        CHECK(plain.string(100) == "next");
        JsonStream escaped(pieces("\"" + text + "\\n" + text + "\"", at_once));
        CHECK(escaped.string(100) == text + "\n" + text);
        JsonStream broken(pieces("\"" + text + "\x1F" + text + "\"", at_once));
        expect_error(ErrorId::bad_input, "a control character is in it", [&] { (void)broken.string(100); });
      }
    }
  }
}

TEST_CASE("json stream: an error is safe to show") {
  for (const std::string key : {"\\u001b[31m",
                                "\xE8"
                                "ecks"}) {
    JsonStream in(pieces("{\"" + key + "\":[x]}", 1));
    try {
      in.object([&](std::string_view) { in.skip(); });
      FAIL_CHECK("no error");
    } catch (const Error& error) {
      const std::string what = error.what();
      CHECK_MESSAGE(std::all_of(what.begin(), what.end(), [](char c) { return c >= 0x20 && c < 0x7F; }), what);
      CHECK(what.find("\\x") != std::string::npos);
    }
  }
}

TEST_CASE("json stream: many documents, on lines or across them") {
  check_all("", "");
  check_all("{\"a\":1}\n{\"a\":2}\n", "1 2 ");
  check_all("{\"a\":1}{\"a\":2}", "1 2 ");
  check_all("\n{\n  \"a\": 1,\n  \"x\": [\n    {\n    }\n  ]\n}\n\n{\"a\":2}", "1 2 ");
  check_all("{\"devices\":[\n{\"x\":1},\n{\"x\":2}\n],\"a\":3}\n{\"a\":4}\n", "[1][2]3 4 ");
}

TEST_CASE("json stream: reading goes on behind what is broken, and nothing is lost with it") {
  check_all("garbage\n{\"a\":1}\nmore\nand more\n{\"a\":2}\n", "!1 1 !3 !4 2 ");
  // A line that was cut, at every place that there is.
  const std::string whole = R"({"a":1,"x":{"y":["z",{"k":"\u0041"}]},"n":-1})";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const std::string text = whole.substr(0, size) + "\n" + whole + "\n{\"a\":2}\n";
    for (const std::size_t piece : {1UL, 1000UL}) {
      const std::string read = read_all(text, piece);
      CHECK_MESSAGE((read == "!2 1 2 " || read == "!1 1 2 "), size, ": ", read);
    }
  }
  // A document over many lines is one fault, not one a line.
  check_all("{\n  \"a\": 1\n  \"b\": 2,\n  \"c\": [\n    3\n  ]\n}\n{\"a\":7}\n", "!3 7 ");
  check_all("{\"devices\":[\n{\"x\":1},\n{\"x\":\n", "[1]!4 ");
}
