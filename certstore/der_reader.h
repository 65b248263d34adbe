// Reads the fields of a SEQUENCE, one after the other: strict DER (X.690), for the extensions that OpenSSL has no template for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "certstore/der.h"

namespace spdm::certstore {

inline constexpr std::uint8_t kOctetString = 0x04, kEnumerated = 0x0A, kUtf8String = 0x0C;
// [n] of a primitive type with an implicit tag; and of a constructed type, or with an explicit tag. n is below 31.
constexpr std::uint8_t primitive(std::uint8_t n) { return static_cast<std::uint8_t>(0x80 | n); }
constexpr std::uint8_t constructed(std::uint8_t n) { return static_cast<std::uint8_t>(0xA0 | n); }

// Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate.
bool is_utf8(View text);

// All of it throws Error{bad_input}: "what, field: why".
class DerReader {
 public:
  DerReader(View content, std::string what) : rest_(content), what_(std::move(what)) {}
  // The fields of the one element that fills `value`, and has this tag.
  static DerReader only(View value, std::uint8_t tag, std::string what);

  bool at_end() const { return rest_.empty(); }
  bool next_is(std::uint8_t tag) const { return !rest_.empty() && rest_.front() == tag; }
  Element take(std::uint8_t tag, std::string_view field);
  // Nothing when the next element is another one, or there is none.
  std::optional<Element> take_if(std::uint8_t tag, std::string_view field);
  // A field in itself: its fields come from the reader that is returned.
  DerReader inside(const Element& element, std::string_view field) const;
  // Nothing may follow.
  void finish() const;
  [[noreturn]] void fail(std::string_view field, std::string_view why) const;

  // Contents of an element, whatever tag it has.
  std::uint64_t number(const Element& element, std::string_view field) const;    // INTEGER or ENUMERATED of 64 bits, not negative
  std::uint64_t bits(const Element& element, std::string_view field) const;      // BIT STRING of at most 64 bits: the first is bit 0
  std::string text(const Element& element, std::string_view field) const;        // UTF8String
  std::string ascii(const Element& element, std::string_view field) const;       // IA5String
  std::string identifier(const Element& element, std::string_view field) const;  // OBJECT IDENTIFIER with its tag, dotted

 private:
  View rest_;
  std::string what_;
};

}  // namespace spdm::certstore
