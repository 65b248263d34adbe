#include "core/format/json_reader.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

void JsonReader::fail(std::string_view why) const {
  throw Error(ErrorId::bad_input, cat(what_, ": ", path_.empty() ? "" : cat(path_, ": "), why, " (byte ", at_, ")"));
}

void JsonReader::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
}

bool JsonReader::accept(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void JsonReader::open(char bracket, std::string_view expected) {
  if (!accept(bracket)) fail(cat("is not ", expected));
  first_ = true;
}

bool JsonReader::close(char bracket) {
  const bool first = std::exchange(first_, false);
  if (accept(bracket)) return true;
  if (!first && !accept(',')) fail(cat("',' or '", bracket, "' is missing"));
  return false;
}

std::string_view JsonReader::next_key(std::initializer_list<std::string_view> required, std::initializer_list<std::string_view> optional,
                                      std::uint64_t& seen) {
  const std::string_view key = string();
  std::size_t index = 0;
  for (const auto& keys : {required, optional})
    for (const std::string_view known : keys) {
      const std::uint64_t bit = std::uint64_t{1} << index++;
      if (known != key) continue;
      if ((seen & bit) != 0) fail(cat("key \"", known, "\" is given twice"));
      seen |= bit;
      if (!accept(':')) fail(cat("':' is missing behind key \"", known, "\""));
      return known;
    }
  fail(cat("unknown key \"", printable(key.substr(0, 64)), "\""));
}

void JsonReader::assert_complete(std::initializer_list<std::string_view> required, std::uint64_t seen) const {
  std::size_t index = 0;
  for (const std::string_view key : required)
    if ((seen >> index++ & 1) == 0) fail(cat("key \"", key, "\" is missing"));
}

std::string_view JsonReader::string() {
  if (!accept('"')) fail("is not a string");
  const std::size_t begin = at_;
  std::size_t end = text_.find('"', begin);
  // A quote is the end unless an odd number of backslashes stands before it; counting stops at the opening quote.
  const auto escaped = [&] {
    std::size_t backslashes = 0;
    while (text_[end - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  };
  while (end != std::string_view::npos && escaped()) end = text_.find('"', end + 1);
  if (end == std::string_view::npos) fail("the string has no end");
  const std::string_view raw = text_.substr(begin, end - begin);
  const auto special = [](char c) { return c == '\\' || static_cast<unsigned char>(c - 0x20) >= 0x5F; };
  if (std::none_of(raw.begin(), raw.end(), special)) {
    at_ = end + 1;
    return raw;
  }
  // Escapes, UTF-8 beyond ASCII and forbidden control characters are rare: the JSON library handles them.
  const nlohmann::json value = nlohmann::json::parse(text_.substr(begin - 1, raw.size() + 2), nullptr, false);
  if (!value.is_string()) fail("the string has a bad escape, a control character or bytes that are not UTF-8");
  at_ = end + 1;
  decoded_ = value.get_ref<const std::string&>();
  return decoded_;
}

bool JsonReader::boolean() {
  skip_space();
  for (const bool value : {false, true}) {
    const std::string_view word = value ? "true" : "false";
    if (text_.substr(at_, word.size()) != word) continue;
    at_ += word.size();
    return value;
  }
  fail("is neither true nor false");
}

std::uint64_t JsonReader::number(std::uint64_t max) {
  skip_space();
  std::uint64_t value = 0;
  const char* const begin = text_.data() + at_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  const auto size = static_cast<std::size_t>(end - begin);
  if (error == std::errc::invalid_argument || (size > 1 && *begin == '0')) fail("is not a number without sign");
  if (error != std::errc{} || value > max) fail(cat("is more than ", max));
  at_ += size;
  return value;
}

void JsonReader::finish() {
  skip_space();
  if (at_ != text_.size()) fail("there is extra data after the end of the document");
}

}  // namespace spdm
