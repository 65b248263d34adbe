// Fields of a report as the readers of results take them: bounded, and safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/format/json_stream.h"
#include "core/text.h"
#include "core/word_table.h"

namespace spdm {

// The bytes that are kept of a string.
inline constexpr std::size_t kWord = 64, kName = 256, kSentence = 512;

// The writer of a report has escaped its strings. Here only later changes are escaped, and no backslash a second time.
std::string shown(std::string text);

// Reads a string of at most `keep` bytes; a cut never splits a character.
std::string string_of(JsonStream& in, std::size_t keep);

template <class Table>
auto word_of(JsonStream& in, const Table& table) {
  const std::string word = string_of(in, kWord);
  const auto out = value_of(table, word);
  if (!out) in.fail(cat("\"", word, "\" is not known here"));
  return *out;
}

Exit exit_of(JsonStream& in);

}  // namespace spdm
