#include "core/appraisal/match_cover.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace spdm {

namespace {

constexpr std::size_t kMostStates = 2'000;  // of a comparison; patterns of people take some dozens
constexpr std::string_view kSpecial = "*?[\\";

// A star, or a pattern for one character.
struct Part {
  bool star = false;
  std::string text;
};

// Where the bracket expression at `at` ends; at itself where it is a character like others.
std::size_t bracket_end(const std::string& pattern, std::size_t at) {
  std::size_t i = at + 1;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) ++i;
  if (i < pattern.size() && pattern[i] == ']') ++i;  // the first one stands for itself
  for (; i < pattern.size() && pattern[i] != ']'; ++i) {
    const bool opens = pattern[i] == '[' && i + 1 < pattern.size() && std::string(":.=").find(pattern[i + 1]) != std::string::npos;
    if (!opens) continue;
    const std::size_t closes = pattern.find(std::string{pattern[i + 1], ']'}, i + 2);
    if (closes != std::string::npos) i = closes + 1;
  }
  return i < pattern.size() ? i + 1 : at;
}

std::vector<Part> parts_of(const std::string& pattern) {
  std::vector<Part> out;
  for (std::size_t at = 0; at < pattern.size();) {
    std::size_t end = at + 1;
    if (pattern[at] == '\\' && at + 1 < pattern.size()) end = at + 2;
    if (pattern[at] == '[') end = std::max(end, bracket_end(pattern, at));
    std::string text = pattern.substr(at, end - at);
    if (text == "[") text = "\\[";
    out.push_back({text == "*", std::move(text)});
    at = end;
  }
  return out;
}

bool takes(const Part& part, char c) {
  const std::array<char, 2> text{c, '\0'};
  return ::fnmatch(part.text.c_str(), text.data(), 0) == 0;
}

// Places in a pattern, from which stars may be passed without a character.
using Places = std::set<std::size_t>;

void pass_stars(const std::vector<Part>& parts, Places& places) {
  for (const std::size_t place : Places(places))
    for (std::size_t at = place; at < parts.size() && parts[at].star; ++at) places.insert(at + 1);
}

Places step(const std::vector<Part>& parts, const Places& from, char c) {
  Places out;
  for (const std::size_t at : from) {
    if (at == parts.size()) continue;
    if (parts[at].star)
      out.insert(at);
    else if (takes(parts[at], c))
      out.insert(at + 1);
  }
  pass_stars(parts, out);
  return out;
}

// One character of each kind that the parts tell apart.
std::string alphabet_of(const std::vector<Part>& some, const std::vector<Part>& all) {
  std::string out;
  std::set<std::vector<bool>> kinds;
  for (int byte = 1; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    std::vector<bool> kind;
    for (const std::vector<Part>* parts : {&some, &all})
      for (const Part& part : *parts) kind.push_back(part.star || takes(part, c));
    if (kinds.insert(std::move(kind)).second) out += c;
  }
  return out;
}

}  // namespace

// Reads both patterns at once, one character after the other, whatever the narrow one takes: wherever it may end, the wide one must
// be able to end, too.
bool pattern_covers(const std::string& wide, const std::string& narrow) {
  if (narrow.find_first_of(kSpecial) == std::string::npos) return ::fnmatch(wide.c_str(), narrow.c_str(), 0) == 0;
  const std::vector<Part> all = parts_of(wide), some = parts_of(narrow);
  using State = std::pair<Places, Places>;  // of the narrow one, of the wide one
  State begin{{0}, {0}};
  pass_stars(some, begin.first);
  pass_stars(all, begin.second);
  const std::string alphabet = alphabet_of(some, all);
  std::set<State> seen{begin};
  std::vector<State> left{begin};
  while (!left.empty()) {
    const State state = left.back();
    left.pop_back();
    if (state.first.contains(some.size()) && !state.second.contains(all.size())) return false;
    for (const char c : alphabet) {
      State next{step(some, state.first, c), {}};
      if (next.first.empty()) continue;
      next.second = step(all, state.second, c);
      if (seen.size() > kMostStates) return false;
      if (seen.insert(next).second) left.push_back(std::move(next));
    }
  }
  return true;
}

namespace {

bool is_prefix(const std::string& wide, const std::string& narrow) { return narrow.starts_with(wide); }

// Keys of which one value may stand for many others.
struct Order {
  std::string_view key;
  bool (*covers)(const std::string& wide, const std::string& narrow);
};
constexpr std::array kOrders{Order{"class", is_prefix},           Order{"bdf", pattern_covers},
                             Order{"target", pattern_covers},     Order{"model", pattern_covers},
                             Order{"serial", pattern_covers},     Order{"firmware-revision", pattern_covers},
                             Order{"endpoint", pattern_covers},   Order{"certificate-identity", pattern_covers},
                             Order{"device-info", pattern_covers}};

bool value_covers(const MatchKey& wide, const MatchKey& narrow) {
  if (wide.value == narrow.value) return true;
  const auto* const order = std::find_if(kOrders.begin(), kOrders.end(), [&](const Order& row) { return row.key == wide.name; });
  return order != kOrders.end() && order->covers(wide.value, narrow.value);
}

}  // namespace

// By the keys as they stand in a file, so that one that is new here is compared, too: as it is written.
bool covers(const DeviceMatch& wide, const DeviceMatch& narrow) {
  const std::vector<MatchKey> there = keys_of(narrow), wanted = keys_of(wide);
  return std::all_of(wanted.begin(), wanted.end(), [&](const MatchKey& key) {
    const auto same = std::find_if(there.begin(), there.end(), [&](const MatchKey& other) { return other.name == key.name; });
    return same != there.end() && value_covers(key, *same);
  });
}

}  // namespace spdm
