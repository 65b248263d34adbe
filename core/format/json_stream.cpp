#include "core/format/json_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kBuffer = 64 * 1024;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxKey = 64;  // a longer key is unknown anyway
constexpr std::size_t kMaxPath = 200;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// A table is looked up in one step for each of the many characters.
constexpr std::array<bool, 256> kEndsString = [] {
  std::array<bool, 256> out{};
  std::fill_n(out.begin(), 0x20, true);
  out['"'] = out['\\'] = true;
  return out;
}();
bool ends_string(char c) { return kEndsString[static_cast<unsigned char>(c)]; }

// Whether one of eight characters ends a string: that of a byte is seen in its highest bit. Bytes above the lowest one that does may be
// seen wrongly, so it is not asked which one.
bool one_ends_string(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto below = [](std::uint64_t bytes, std::uint64_t limit) { return (bytes - kOnes * limit) & ~bytes & kHigh; };
  return (below(eight, 0x20) | below(eight ^ kOnes * '"', 1) | below(eight ^ kOnes * '\\', 1)) != 0;
}

// The first character that ends a string, or the end. Most characters of a report are hex digits in long strings.
const char* end_of_string(const char* at, const char* end) {
  for (std::uint64_t eight = 0; end - at >= 8; at += 8) {
    std::memcpy(&eight, at, sizeof eight);
    if (one_ends_string(eight)) break;
  }
  return std::find_if(at, end, ends_string);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) return byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F));
  if (code < 0x10000) return byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F));
  byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F));
}

}  // namespace

JsonStream::JsonStream(Source source) : source_(std::move(source)), buffer_(kBuffer), at_(buffer_.data()), end_(buffer_.data()) {}

void JsonStream::fail(std::string_view why) {
  const std::string_view path = std::string_view(path_).substr(0, named_);
  const std::string where = printable(path.substr(0, kMaxPath)) + (path.size() > kMaxPath ? "..." : "");  // keys are hostile, too
  throw Error(ErrorId::bad_input, cat(where, where.empty() ? "" : ": ", why, " (byte ", offset() - line_begin_ + 1, " of the line)"));
}

bool JsonStream::refill(std::size_t wanted) {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (left >= wanted) return true;
  passed_ = offset();
  std::memmove(buffer_.data(), at_, left);
  std::size_t filled = left;
  while (filled < wanted && !ended_) {
    const std::size_t got = source_(std::span(buffer_).subspan(filled));
    ended_ = got == 0;
    filled += got;
  }
  at_ = buffer_.data();
  end_ = at_ + filled;
  return filled >= wanted;
}

// Takes one character, but never the end of a line: a value that was cut there ends, and the next line is another
// document.
char JsonStream::next() {
  if (at_ == end_ && !refill(1)) return '\0';
  return *at_ == '\n' ? '\n' : *at_++;
}

void JsonStream::skip_space() {
  bool new_line = false;
  for (;; ++at_) {
    if (at_ == end_ && !refill(1)) return;
    if (!is_space(*at_)) break;
    if (*at_ != '\n') continue;
    ++line_;
    line_begin_ = offset() + 1;
    new_line = true;
  }
  if (new_line && *at_ == '{') assert_same_document();
}

void JsonStream::assert_same_document() {
  if (depth_ == 0 || depth_ == depth_of_lines_ || offset() != line_begin_) return;
  if (refill(2) && at_[1] == '"') fail("the line before ends in the middle of a report");
}

char JsonStream::peek() {
  if (at_ != end_ && *at_ > ' ') return *at_;
  skip_space();
  return at_ == end_ ? '\0' : *at_;
}

bool JsonStream::at_end() {
  skip_space();
  return at_ == end_;
}

void JsonStream::open(char bracket, std::string_view expected) {
  if (peek() != bracket) fail(cat("is not ", expected));
  ++at_;
  if (++depth_ > kMaxDepth) fail(cat("is nested more than ", kMaxDepth, " deep"));
  first_ = true;
}

bool JsonStream::close(char bracket) {
  const bool first = std::exchange(first_, false);
  const char c = peek();
  if (c == bracket) {
    ++at_;
    --depth_;
    return true;
  }
  if (at_ == end_) fail("the end is missing");
  if (!first && c != ',') fail(cat("',' or '", bracket, "' is missing"));
  if (!first) ++at_;
  return false;
}

std::string_view JsonStream::read_key() {
  if (peek() != '"') fail("a key is missing");
  ++at_;
  named_ = path_.size();
  if (!path_.empty()) path_ += '.';
  const std::size_t begin = path_.size();
  read_string(&path_, begin + kMaxKey);
  const std::string_view key = std::string_view(path_).substr(begin);
  if (peek() != ':') fail(cat("':' is missing behind key \"", printable(key), "\""));
  ++at_;
  named_ = kWhole;
  return key;
}

std::string JsonStream::string(std::size_t keep) {
  std::string out;
  const char c = peek();
  if (c == 'n') {
    skip_word();
    return out;
  }
  if (c != '"') fail("is not a string");
  ++at_;
  read_string(&out, keep);
  return out;
}

// Reads from behind the opening quote to behind the closing one.
void JsonStream::read_string(std::string* out, std::size_t keep) {
  for (;;) {
    if (at_ == end_ && !refill(1)) fail("the string has no end");
    const char* const stop = end_of_string(at_, end_);
    if (out != nullptr && out->size() < keep) out->append(at_, std::min(static_cast<std::size_t>(stop - at_), keep - out->size()));
    at_ = stop;
    if (at_ == end_) continue;
    if (*at_ == '"') {
      ++at_;
      return;
    }
    if (*at_ != '\\') fail("the line ends in the middle of a string, or a control character is in it");
    ++at_;
    read_escape(out, keep);
  }
}

std::uint32_t JsonStream::hex4() {
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = next();
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9')
      out = out << 4 | static_cast<std::uint32_t>(c - '0');
    else if (lower >= 'a' && lower <= 'f')
      out = out << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
    else
      fail("\\u takes four hex digits");
  }
  return out;
}

void JsonStream::read_escape(std::string* out, std::size_t keep) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  std::string text;
  const char c = next();
  if (const std::size_t index = kLetters.find(c); c != '\0' && index != std::string_view::npos) {
    text = kMeanings[index];
  } else if (c == 'u') {
    std::uint32_t code = hex4();
    // An unpaired surrogate becomes the replacement character.
    if (code >= 0xD800 && code < 0xDC00 && refill(2) && at_[0] == '\\' && at_[1] == 'u') {
      at_ += 2;
      const std::uint32_t low = hex4();
      code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    append_utf8(text, code);
  } else {
    fail("the string has an escape that JSON does not know");
  }
  if (out != nullptr && out->size() + text.size() <= keep) *out += text;
}

// Skips a number, true, false or null, and fails for anything else.
void JsonStream::skip_word() {
  std::string word;
  while ((at_ != end_ || refill(1)) && !is_space(*at_) && *at_ != ',' && *at_ != ']' && *at_ != '}') {
    if (word.size() == kMaxKey) break;
    word += *at_++;
  }
  if (word == "true" || word == "false" || word == "null") return;
  const bool number = !word.empty() && (word[0] == '-' || (word[0] >= '0' && word[0] <= '9'));
  if (!number || word.find_first_not_of("0123456789+-.eE") != std::string::npos)
    fail(cat("'", printable(word.substr(0, 20)), "' is not JSON"));
}

bool JsonStream::boolean() {
  const char c = peek();
  skip_word();
  if (c != 't' && c != 'f') fail("is neither true nor false");
  return c == 't';
}

std::uint64_t JsonStream::number(std::uint64_t max) {
  std::uint64_t out = 0;
  if (const char c = peek(); c < '0' || c > '9') fail("is not a number without sign");
  while ((at_ != end_ || refill(1)) && *at_ >= '0' && *at_ <= '9') {
    const auto digit = static_cast<std::uint64_t>(*at_++ - '0');
    if (digit > max || out > (max - digit) / 10) fail(cat("is more than ", max));
    out = out * 10 + digit;
  }
  return out;
}

void JsonStream::skip() {
  std::string brackets;  // the open brackets
  do {
    const char c = peek();
    if (!brackets.empty()) {
      if (c == brackets.back()) {
        first_ = false;
        ++at_;
        --depth_;
        brackets.pop_back();
        continue;
      }
      if (at_ == end_) fail("the end is missing");
      if (!std::exchange(first_, false)) {
        if (c != ',') fail(cat("',' or '", brackets.back(), "' is missing"));
        ++at_;
      }
      if (brackets.back() == '}') {
        if (peek() != '"') fail("a key is missing");
        ++at_;
        read_string(nullptr, 0);
        if (peek() != ':') fail("':' is missing behind a key");
        ++at_;
      }
    }
    const char value = peek();
    if (value == '{' || value == '[') {
      open(value, "");
      brackets += value == '{' ? '}' : ']';
    } else if (value == '"') {
      ++at_;
      read_string(nullptr, 0);
    } else {
      skip_word();
    }
  } while (!brackets.empty());
}

void JsonStream::resume() {
  depth_ = depth_of_lines_ = 0;
  first_ = false;
  path_.clear();
  named_ = kWhole;
  // When the error was at the beginning of a new line, that line is the next document.
  if (offset() == line_begin_ && at_ != end_ && *at_ == '{') return;
  while (at_ != end_ || refill(1)) {
    at_ = std::find(at_, end_, '\n');
    if (at_ == end_) continue;
    ++at_;
    ++line_;
    line_begin_ = offset();
    // Skips the other lines of a pretty-printed document: they are indented, close a bracket, or begin with a key.
    constexpr std::string_view kContinues = " \t\r\n}]\"";
    if (!refill(1) || kContinues.find(*at_) == std::string_view::npos) return;
  }
}

}  // namespace spdm
