// Text fits 80 columns.
#include "cmd/output/wrap.h"

#include <doctest/doctest.h>

#include "core/text.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

const std::string kLong(70, 'x');

}  // namespace

TEST_CASE("columns are counted as they are seen") {
  CHECK(columns("abc") == 3);
  CHECK(columns("\033[1;31mFAIL\033[0m") == 4);
  CHECK(columns("f\xc3\xbcr") == 3);
  CHECK(columns("\033[") == 2);  // no sequence
}

TEST_CASE("a line that fits stays as it is") {
  const std::string line(80, 'x');
  CHECK(fitted(line) == line);
  CHECK(fitted("a\n\n  b  c\n") == "a\n\n  b  c\n");
  CHECK(fitted("\033[1m" + line + "\033[0m") == "\033[1m" + line + "\033[0m");
}

TEST_CASE("what follows a break stands below its column") {
  CHECK(fitted(cat("  name        ", std::string(40, 'a'), " ", std::string(30, 'b'))) ==
        cat("  name        ", std::string(40, 'a'), "\n              ", std::string(30, 'b')));
  CHECK(fitted(cat("ok       topic       ", std::string(40, 'a'), " ", std::string(30, 'b'), "\n")) ==
        cat("ok       topic       ", std::string(40, 'a'), "\n                     ", std::string(30, 'b'), "\n"));
  CHECK(fitted(cat("FAIL ", kLong, " end of it")) == cat("FAIL ", kLong, " end\n  of it"));
  CHECK(fitted(cat("      why ", kLong, " end")) == cat("      why ", kLong, "\n      end"));
  CHECK(fitted(cat("      -> ", kLong, " end")) == cat("      -> ", kLong, "\n         end"));
  // A column that begins far to the right is none to write a paragraph in.
  CHECK(fitted(cat("  a   ", std::string(38, 'b'), "  ", std::string(20, 'c'), " ", std::string(20, 'd'))) ==
        cat("  a   ", std::string(38, 'b'), "  ", std::string(20, 'c'), "\n      ", std::string(20, 'd')));
}

TEST_CASE("colours take no room") {
  const std::string painted = cat("  \033[32mpass        \033[0m", std::string(40, 'a'), " ", std::string(30, 'b'));
  CHECK(fitted(painted) == cat("  \033[32mpass\033[0m        ", std::string(40, 'a'), "\n              ", std::string(30, 'b')));
  CHECK(fitted(cat(kLong, " \033[1mtwo words\033[0m")) == cat(kLong, " \033[1mtwo words\033[0m"));
}

TEST_CASE("words and commands are not broken") {
  const std::string path(90, '/');
  CHECK(fitted(cat("a ", path, " b")) == cat("a\n  ", path, "\n  b"));
  CHECK(fitted(cat("  name        ", std::string(70, 'x'))) == cat("  name ", std::string(70, 'x')));
  const std::string before(60, 'x'), command = "spdmctl keyring add FILE";
  CHECK(fitted(cat(before, ": ", command)) == cat(before, ":\n  ", command));
  CHECK(fitted(cat(before, " (", command, "), then")) == cat(before, "\n  (", command, "), then"));
  CHECK(fitted(cat("-> ", command, " ", path, "; else")) == cat("-> ", command, " ", path, ";\n   else"));
  // The name of the program in a sentence is a word.
  CHECK(fitted(cat(before, " by spdmctl and others")) == cat(before, " by spdmctl and\n  others"));
}

TEST_CASE("long names lose their middle") {
  CHECK(middle_cut("0000:03:00.0", 12) == "0000:03:00.0");
  CHECK(middle_cut("abcdefghijkl", 9) == "abc...jkl");
  CHECK(middle_cut("abcdefghijkl", 10) == "abcd...jkl");
  CHECK(middle_cut("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 7) == "\xc3\xa4\xc3\xa4...\xc3\xa4\xc3\xa4");
}

TEST_CASE("digits are shown short, and whole where it is asked for") {
  const std::string digits = "0123456789abcdef0123456789abcdef0123456789abcdef";
  CHECK(shortened(digits, false) == "0123456789abcdef...");
  CHECK(shortened(digits, true) == digits);
  CHECK(shortened("0123456789abcdef012", false) == "0123456789abcdef012");  // no longer than its short form
  CHECK(with_short_digits(cat("is ", digits, ", not ", digits), false) == "is 0123456789abcdef..., not 0123456789abcdef...");
  CHECK(with_short_digits(cat("is ", digits), true) == cat("is ", digits));
  CHECK(with_short_digits("slot 0, index 0x0002", false) == "slot 0, index 0x0002");
}
