// Byte strings, and the bounded little-endian reader and writer that every message goes through.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spdm {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;
template <std::size_t N>
using Block = std::array<std::uint8_t, N>;

Bytes to_bytes(View view);
View as_bytes(std::string_view text);
std::string_view as_text(View bytes);
void append(Bytes& out, View more);
bool equal(View a, View b);

// Hex digits (an even number, spaces and colons between bytes allowed) to bytes; throws Error{usage} naming `what`.
Bytes unhex(std::string_view digits, std::string_view what);
// Standard base64 without line breaks; from_base64 throws Error{bad_input} naming `what`.
std::string base64(View bytes);
Bytes from_base64(std::string_view text, std::string_view what);

// Throws Malformed (error.h): "MESSAGE: FIELD: why". Every rule that a message breaks ends here.
[[noreturn]] void malformed(std::string_view message, std::string_view field, std::string_view why);

class Tolerance;

// Reads one message front to back; numbers are little-endian. Never reads past the end: a field that does not fit is
// malformed(message, field). The message's name is kept by reference and must outlive the reader (use a literal).
class Reader {
 public:
  // `tolerance`: what the message may break all the same; nullptr: nothing.
  Reader(View data, std::string_view message, Tolerance* tolerance = nullptr) : data_(data), message_(message), tolerance_(tolerance) {}
  // Reads a part of the same message.
  Reader inside(View part) const { return {part, message_, tolerance_}; }

  std::uint8_t u8(std::string_view field) { return static_cast<std::uint8_t>(number(1, field)); }
  std::uint16_t u16(std::string_view field) { return static_cast<std::uint16_t>(number(2, field)); }
  std::uint32_t u24(std::string_view field) { return static_cast<std::uint32_t>(number(3, field)); }
  std::uint32_t u32(std::string_view field) { return static_cast<std::uint32_t>(number(4, field)); }
  std::uint64_t u64(std::string_view field) { return number(8, field); }
  View take(std::size_t size, std::string_view field);
  template <std::size_t N>
  Block<N> block(std::string_view field) {
    Block<N> out;
    const View bytes = take(N, field);
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
  }
  // Reserved fields are ignored whatever they hold (they stay in the transcript as received).
  void skip(std::size_t size, std::string_view field) { take(size, field); }

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return data_.size() - offset_; }
  View rest() const { return data_.subspan(offset_); }
  std::string_view message() const { return message_; }
  // Fails unless everything was read: for structures that must fill their room exactly.
  void assert_done() const;
  [[noreturn]] void fail(std::string_view field, std::string_view why) const { malformed(message_, field, why); }
  // The same where the message can be read on: returns when the rule is tolerated (tolerance.h), which is noted.
  void breaks(std::string_view field, std::string_view why) const;

 private:
  std::uint64_t number(std::size_t size, std::string_view field);

  View data_;
  std::string_view message_;
  Tolerance* tolerance_;
  std::size_t offset_ = 0;
};

class Writer {
 public:
  Writer& u8(std::uint64_t value) { return number(value, 1); }
  Writer& u16(std::uint64_t value) { return number(value, 2); }
  Writer& u24(std::uint64_t value) { return number(value, 3); }
  Writer& u32(std::uint64_t value) { return number(value, 4); }
  Writer& u64(std::uint64_t value) { return number(value, 8); }
  Writer& zeros(std::size_t count) {
    out_.resize(out_.size() + count);
    return *this;
  }
  Writer& bytes(View more) {
    append(out_, more);
    return *this;
  }
  std::size_t size() const { return out_.size(); }
  Bytes take() { return std::move(out_); }

 private:
  Writer& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }

  Bytes out_;
};

}  // namespace spdm
