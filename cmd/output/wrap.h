// Text that fits the screen: 80 columns, whatever the terminal has, so that scripts and tests see the same everywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spdm::cmd {

inline constexpr std::size_t kScreenWidth = 80;

// How many columns the text takes: colours take none, and each character of UTF-8 takes one.
std::size_t columns(std::string_view text);

// The lines of a text, those that are too wide broken between words. What follows a break stands below the column that the words are
// in: columns have two spaces or more between them. Words are never broken, and neither is a command that stands behind a colon or in
// brackets, because it is there to be copied; one that is too long has a line of its own.
std::string fitted(std::string_view text);

// At most `width` columns; the middle of a longer text is left out.
std::string middle_cut(std::string_view text, std::size_t width);

// Hex digits of a digest, a fingerprint or a value, short enough to be told apart by eye: the first 16 unless `whole`.
std::string shortened(std::string_view digits, bool whole);
// The same for each such number in a sentence.
std::string with_short_digits(std::string_view sentence, bool whole);

}  // namespace spdm::cmd
