#include "certstore/der_reader.h"

#include <algorithm>

#include "certstore/x509.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

bool is_utf8(View text) {
  const auto follows = [&](std::size_t at, std::uint8_t least, std::uint8_t most) {
    return at < text.size() && text[at] >= least && text[at] <= most;
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t first = text[i];
    if (first < 0x80) {
      ++i;
      continue;
    }
    if (first < 0xC2 || first > 0xF4) return false;
    const std::size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    const std::uint8_t least = first == 0xE0   ? 0xA0
                               : first == 0xF0 ? 0x90
                                               : 0x80,
                       most = first == 0xED   ? 0x9F
                              : first == 0xF4 ? 0x8F
                                              : 0xBF;
    if (!follows(i + 1, least, most)) return false;
    for (std::size_t k = 2; k <= more; ++k)
      if (!follows(i + k, 0x80, 0xBF)) return false;
    i += more + 1;
  }
  return true;
}

DerReader DerReader::only(View value, std::uint8_t tag, std::string what) {
  DerReader outer(value, std::move(what));
  const Element element = outer.take(tag, "");
  outer.finish();
  return {element.content, outer.what_};
}

void DerReader::fail(std::string_view field, std::string_view why) const {
  throw Error(ErrorId::bad_input, cat(what_, field.empty() ? "" : ", ", field, ": ", why));
}

Element DerReader::take(std::uint8_t tag, std::string_view field) {
  if (!next_is(tag))
    fail(field, rest_.empty() ? std::string("is missing") : cat("has the tag 0x", hex(rest_.front(), 2), ", not 0x", hex(tag, 2)));
  std::string why;
  const std::optional<Element> out = take_element(rest_, why);
  if (!out) fail(field, why);
  return *out;
}

std::optional<Element> DerReader::take_if(std::uint8_t tag, std::string_view field) {
  if (!next_is(tag)) return std::nullopt;
  return take(tag, field);
}

DerReader DerReader::inside(const Element& element, std::string_view field) const { return {element.content, cat(what_, ", ", field)}; }

void DerReader::finish() const {
  if (!rest_.empty()) fail("", cat("the tag 0x", hex(rest_.front(), 2), " follows, which has no place there"));
}

std::uint64_t DerReader::number(const Element& element, std::string_view field) const {
  View digits = element.content;
  if (digits.empty()) fail(field, "is not a number: it has no bytes");
  if (digits[0] >= 0x80) fail(field, "is negative");
  if (digits.size() > 1 && digits[0] == 0 && digits[1] < 0x80) fail(field, "is written with more bytes than it needs");
  if (digits.size() > 1 && digits[0] == 0) digits = digits.subspan(1);
  if (digits.size() > 8) fail(field, "has more than 64 bits");
  std::uint64_t out = 0;
  for (const std::uint8_t byte : digits) out = out << 8 | byte;
  return out;
}

std::uint64_t DerReader::bits(const Element& element, std::string_view field) const {
  if (element.content.empty()) fail(field, "is not a BIT STRING: it has no bytes");
  const std::uint8_t unused = element.content[0];
  const View bytes = element.content.subspan(1);
  if (unused > 7 || (bytes.empty() && unused != 0)) fail(field, cat("is not a BIT STRING: ", unused, " bits are unused"));
  if (bytes.size() > 8) fail(field, "has more than 64 bits");
  if (!bytes.empty() && (bytes.back() & ((1U << unused) - 1)) != 0) fail(field, "has bits set that are unused");
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i)
    if ((bytes[i / 8] >> (7 - i % 8) & 1) != 0) out |= std::uint64_t{1} << i;
  return out;
}

std::string DerReader::text(const Element& element, std::string_view field) const {
  if (!is_utf8(element.content)) fail(field, "is not UTF-8");
  return std::string(as_text(element.content));
}

std::string DerReader::ascii(const Element& element, std::string_view field) const {
  if (std::any_of(element.content.begin(), element.content.end(), [](std::uint8_t byte) { return byte >= 0x80; }))
    fail(field, "is not ASCII");
  return std::string(as_text(element.content));
}

std::string DerReader::identifier(const Element& element, std::string_view field) const {
  const std::uint8_t* at = element.whole.data();
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(element.whole.size())));
  ERR_clear_error();
  if (!object) fail(field, "is not an object identifier");
  return dotted(object.get());
}

}  // namespace spdm::certstore
