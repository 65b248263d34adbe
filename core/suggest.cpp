#include "core/suggest.h"

#include <algorithm>
#include <cctype>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kMaxWord = 64;  // letters; what is longer is no mistyped word
constexpr std::size_t kMaxGuesses = 2;
constexpr std::size_t kMaxMistakes = 3;
constexpr std::size_t kLettersPerMistake = 3;  // so that a short word does not resemble everything
constexpr std::size_t kMinAbbreviation = 3;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool begins_with(std::string_view word, std::string_view beginning) {
  return word.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), word.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

// The beginning of a word counts as one mistake.
std::size_t mistakes(std::string_view word, std::string_view known) {
  if (word.size() >= kMinAbbreviation && begins_with(known, word)) return 1;
  return edit_distance(word, known);
}

}  // namespace

// Row by row, with the two rows before: a swap looks two rows back.
std::size_t edit_distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> before(other.size() + 1), last(other.size() + 1), now(other.size() + 1);
  for (std::size_t j = 0; j <= other.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= one.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const bool same = lower(one[i - 1]) == lower(other[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(one[i - 1]) == lower(other[j - 2]) && lower(one[i - 2]) == lower(other[j - 1]);
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[other.size()];
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kMaxWord) return "";
  const std::size_t most = std::clamp<std::size_t>(word.size() / kLettersPerMistake, 1, kMaxMistakes);
  std::size_t least = most;
  std::vector<std::string_view> found;
  for (const std::string_view candidate : known) {
    const std::size_t count = mistakes(word, candidate);
    if (count > least) continue;
    if (count < least) found.clear();
    least = count;
    if (found.size() < kMaxGuesses) found.push_back(candidate);
  }
  if (found.empty()) return "";
  return cat("did you mean ", found.front(), found.size() > 1 ? cat(" or ", found.back()) : "", "?");
}

}  // namespace spdm
