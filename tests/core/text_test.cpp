#include "core/text.h"

#include <doctest/doctest.h>

#include <vector>

using namespace spdm;

TEST_CASE("text: pieces and hex") {
  CHECK(cat("slot ", 3, ", ", 'x', std::string(" and "), -1L) == "slot 3, x and -1");
  CHECK(cat() == "");
  CHECK(hex(0x1A2B, 4) == "1a2b");
  CHECK(hex(0xF1A2B, 4) == "1a2b");
  CHECK(hex(7, 2) == "07");
  const std::vector<std::uint8_t> bytes{0x00, 0xFF, 0x1A};
  CHECK(hex(bytes) == "00ff1a");
}

TEST_CASE("text: a word for a shell") {
  CHECK(shell_word("emu://[::1]:2323") == "'emu://[::1]:2323'");
  CHECK(shell_word("device/root.pem") == "device/root.pem");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("my device") == "'my device'");
  CHECK(shell_word("$(reboot)") == "'$(reboot)'");
  CHECK(shell_word("it's") == "'it'\"'\"'s'");
}

TEST_CASE("text: hostile strings cannot write to a terminal") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"plain text, 1.2", "plain text, 1.2"},
      {"\x1B[2J", "\\x1b[2J"},
      {"a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"},
      {"\x7F", "\\x7f"},
      {"\\", "\\\\"},
      {"\\x41", "\\\\x41"},
      {"Gerät", "Gerät"},
      {"装置", "装置"},
      {"\xF0\x9F\x94\x91", "\xF0\x9F\x94\x91"},
      {"\xC2\x9B", "\\xc2\\x9b"},           // C1 control
      {"\xE2\x80\xAE", "\\xe2\\x80\\xae"},  // right-to-left override
      {"\xE2\x81\xA6", "\\xe2\\x81\\xa6"},  // isolate
      {"\xD8\x9C", "\\xd8\\x9c"},           // Arabic letter mark
      {"\xC3", "\\xc3"},                    // cut off
      {"\xE4\xBD", "\\xe4\\xbd"},           //
      {"\xC0\xAF", "\\xc0\\xaf"},           // overlong
      {"\xE0\x80\xAF", "\\xe0\\x80\\xaf"},  //
      {"\xF0\x80\x80\xAF", "\\xf0\\x80\\x80\\xaf"},
      {"\xED\xA0\x80", "\\xed\\xa0\\x80"},  // surrogate
      {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"\xFF\xFE", "\\xff\\xfe"},
      {std::string("a\0b", 3), "a\\x00b"},
  };
  for (const auto& [hostile, shown] : cases) CHECK(printable(hostile) == shown);
}

TEST_CASE("text: whatever one or two bytes are, nothing below space comes out") {
  for (unsigned first = 0; first < 256; ++first)
    for (unsigned second = 0; second < 256; ++second) {
      const std::string hostile{static_cast<char>(first), static_cast<char>(second)};
      const std::string shown = printable(hostile);
      bool clean = true;
      for (const char c : shown) clean = clean && (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
      if (!clean) FAIL_CHECK(hex(first, 2), hex(second, 2));
    }
}
