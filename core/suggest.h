// What somebody may have meant by a word that is not known.
#pragma once

#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spdm {

// How many letters must be put in, left out, replaced or swapped with their neighbour to make one word of the other. Capital and small
// letters are the same.
std::size_t edit_distance(std::string_view one, std::string_view other);

// "did you mean auth or audit?": the one or two words that are nearest; empty when none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

// The same for the names of a table of words (core/word_table.h), followed by a space when there is a guess.
template <class Table>
std::string guess_from(std::string_view word, const Table& table) {
  std::vector<std::string_view> names;
  names.reserve(std::size(table));
  for (const auto& row : table) names.push_back(row.name);
  std::string out = did_you_mean(word, names);
  return out.empty() ? out : out + " ";
}

}  // namespace spdm
