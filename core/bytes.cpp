#include "core/bytes.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "core/tolerance.h"

namespace spdm {

Bytes to_bytes(View view) { return {view.begin(), view.end()}; }

View as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string_view as_text(View bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void append(Bytes& out, View more) { out.insert(out.end(), more.begin(), more.end()); }

bool equal(View a, View b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::array<std::int8_t, 256> base64_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64.size(); ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
  return values;
}

}  // namespace

Bytes unhex(std::string_view digits, std::string_view what) {
  Bytes out;
  out.reserve(digits.size() / 2);  // at once: whoever wipes a secret that was read so wipes all of it
  for (std::size_t i = 0; i < digits.size();) {
    if (digits[i] == ' ' || digits[i] == ':' || digits[i] == '\n' || digits[i] == '\t') {
      ++i;
      continue;
    }
    const int high = hex_digit(digits[i]);
    const int low = i + 1 < digits.size() ? hex_digit(digits[i + 1]) : -1;
    if (high < 0 || low < 0) throw Error(ErrorId::usage, cat(what, ": not a whole number of hex bytes at character ", i + 1));
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
    i += 2;
  }
  return out;
}

std::string base64(View bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* at = out.data();
  const std::size_t whole = bytes.size() - bytes.size() % 3;
  for (std::size_t i = 0; i < whole; i += 3) {
    const std::uint32_t group = static_cast<std::uint32_t>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
    for (const int shift : {18, 12, 6, 0}) *at++ = kBase64[group >> shift & 63];
  }
  if (whole == bytes.size()) return out;
  const bool two = bytes.size() - whole == 2;
  const std::uint32_t group = static_cast<std::uint32_t>(bytes[whole] << 16 | (two ? bytes[whole + 1] << 8 : 0));
  *at++ = kBase64[group >> 18 & 63];
  *at++ = kBase64[group >> 12 & 63];
  if (two) *at = kBase64[group >> 6 & 63];
  return out;
}

Bytes from_base64(std::string_view text, std::string_view what) {
  static const std::array<std::int8_t, 256> values = base64_values();
  if (text.size() % 4 != 0) throw Error(ErrorId::bad_input, cat(what, ": base64 whose length is not a multiple of four"));
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  Bytes out(text.size() / 4 * 3);
  std::uint8_t* at = out.data();
  const auto value_at = [&](std::size_t i) { return values[static_cast<unsigned char>(text[i])]; };
  for (std::size_t i = 0; i < text.size(); i += 4) {
    // Without a look at each character: large files are made of these groups. What is not base64 is negative.
    int group =
        i + 4 < text.size() ? value_at(i) * (1 << 18) | value_at(i + 1) * (1 << 12) | value_at(i + 2) * (1 << 6) | value_at(i + 3) : -1;
    if (group >= 0) {
      *at++ = static_cast<std::uint8_t>(group >> 16);
      *at++ = static_cast<std::uint8_t>(group >> 8);
      *at++ = static_cast<std::uint8_t>(group);
      continue;
    }
    group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const bool pad = i + k >= text.size() - padding;
      const int value = pad ? 0 : values[static_cast<unsigned char>(text[i + k])];
      if (value < 0) throw Error(ErrorId::bad_input, cat(what, ": not base64 at character ", i + k + 1));
      group = group << 6 | value;
    }
    *at++ = static_cast<std::uint8_t>(group >> 16);
    *at++ = static_cast<std::uint8_t>(group >> 8);
    *at++ = static_cast<std::uint8_t>(group);
  }
  out.erase(out.end() - static_cast<std::ptrdiff_t>(padding), out.end());
  return out;
}

void malformed(std::string_view message, std::string_view field, std::string_view why) { throw Malformed(message, field, why); }

void Reader::breaks(std::string_view field, std::string_view why) const {
  if (tolerance_ == nullptr || !tolerance_->takes(message_, field, why)) fail(field, why);
}

View Reader::take(std::size_t size, std::string_view field) {
  if (size > remaining()) fail(field, cat("needs ", size, " bytes at offset ", offset_, ", the message has ", data_.size()));
  const View out = data_.subspan(offset_, size);
  offset_ += size;
  return out;
}

std::uint64_t Reader::number(std::size_t size, std::string_view field) {
  const View bytes = take(size, field);
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

void Reader::assert_done() const {
  if (remaining() != 0) fail("length", cat(remaining(), " bytes left over at offset ", offset_));
}

}  // namespace spdm
