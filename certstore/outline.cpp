// Fields of a certificate, in their order (RFC 5280 4.1). Each check is narrower than what OpenSSL demands of the same field.
#include "certstore/outline.h"

#include <algorithm>
#include <string>

#include "certstore/der_reader.h"

namespace spdm::certstore {

namespace {

constexpr std::uint8_t kBoolean = 0x01, kBitString = 0x03, kNull = 0x05, kSet = 0x31, kPrintableString = 0x13, kIa5String = 0x16,
                       kUtcTime = 0x17, kGeneralizedTime = 0x18;

// OpenSSL has limits of its own, for identifiers (CVE-2023-2650) and for names (X509_NAME_MAX). What is usual is far below them.
constexpr std::size_t kMaxIdentifier = 64, kMaxWhole = 64U << 10;  // bytes

// Takes elements off the front. Once one is not as it must be, all others are not, either.
class Fields {
 public:
  explicit Fields(View content) : rest_(content) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is(std::uint8_t tag) const { return !rest_.empty() && rest_.front() == tag; }
  std::optional<Element> take(std::uint8_t tag) {
    std::string why;
    return next_is(tag) ? take_element(rest_, why) : std::nullopt;
  }

 private:
  View rest_;
};

bool is_identifier(const std::optional<Element>& element) {
  if (!element || element->content.empty() || element->content.back() >= 0x80) return false;
  if (element->content.size() > kMaxIdentifier) return false;
  bool first = true;  // of a component
  for (const std::uint8_t byte : element->content) {
    if (first && byte == 0x80) return false;
    first = byte < 0x80;
  }
  return true;
}

bool is_number(const std::optional<Element>& element) {
  if (!element || element->content.empty()) return false;
  const View digits = element->content;
  if (digits.size() == 1) return true;
  return !(digits[0] == 0 && digits[1] < 0x80) && !(digits[0] == 0xFF && digits[1] >= 0x80);
}

bool is_whole_bytes(const std::optional<Element>& bits) { return bits && bits->content.size() > 1 && bits->content[0] == 0; }

bool is_algorithm(const std::optional<Element>& element) {
  if (!element) return false;
  Fields fields(element->content);
  if (!is_identifier(fields.take(kObjectIdentifier))) return false;
  if (fields.next_is(kNull)) {
    const auto nothing = fields.take(kNull);
    return nothing && nothing->content.empty() && fields.at_end();
  }
  if (fields.next_is(kObjectIdentifier) && !is_identifier(fields.take(kObjectIdentifier))) return false;
  if (fields.next_is(kSequence) && !fields.take(kSequence)) return false;
  return fields.at_end();
}

bool is_text(Fields& fields) {
  for (const std::uint8_t tag : {kPrintableString, kUtf8String, kIa5String}) {
    if (!fields.next_is(tag)) continue;
    const auto text = fields.take(tag);
    if (!text || text->content.empty()) return false;
    const auto is_plain = [](std::uint8_t byte) { return byte >= 0x20 && byte < 0x7F; };
    if (std::all_of(text->content.begin(), text->content.end(), is_plain)) return true;
    return tag == kUtf8String && is_utf8(text->content);
  }
  return false;
}

bool is_name(const std::optional<Element>& element) {
  if (!element) return false;
  for (Fields names(element->content); !names.at_end();) {
    const auto set = names.take(kSet);
    if (!set || set->content.empty()) return false;
    for (Fields attributes(set->content); !attributes.at_end();) {
      const auto attribute = attributes.take(kSequence);
      if (!attribute) return false;
      Fields fields(attribute->content);
      if (!is_identifier(fields.take(kObjectIdentifier)) || !is_text(fields) || !fields.at_end()) return false;
    }
  }
  return true;
}

bool is_time(Fields& fields) {
  const bool is_short = fields.next_is(kUtcTime);
  const auto time = fields.take(is_short ? kUtcTime : kGeneralizedTime);
  return time && time->content.size() == (is_short ? 13U : 15U);
}

bool is_validity(const std::optional<Element>& element) {
  if (!element) return false;
  Fields fields(element->content);
  return is_time(fields) && is_time(fields) && fields.at_end();
}

bool is_key(const std::optional<Element>& element) {
  if (!element) return false;
  Fields fields(element->content);
  return is_algorithm(fields.take(kSequence)) && is_whole_bytes(fields.take(kBitString)) && fields.at_end();
}

bool are_extensions(const std::optional<Element>& element) {
  if (!element) return false;
  Fields outer(element->content);
  const auto list = outer.take(kSequence);
  if (!list || list->content.empty() || !outer.at_end()) return false;
  for (Fields extensions(list->content); !extensions.at_end();) {
    const auto extension = extensions.take(kSequence);
    if (!extension) return false;
    Fields fields(extension->content);
    if (!is_identifier(fields.take(kObjectIdentifier))) return false;
    if (fields.next_is(kBoolean)) {
      const auto critical = fields.take(kBoolean);
      if (!critical || critical->content.size() != 1) return false;
    }
    if (!fields.take(kOctetString) || !fields.at_end()) return false;
  }
  return true;
}

// The TBSCertificate.
std::optional<Outline> outline_of_signed(const Element& tbs) {
  Fields fields(tbs.content);
  if (fields.next_is(constructed(0))) {
    const auto version = fields.take(constructed(0));
    if (!version) return std::nullopt;
    Fields inner(version->content);
    if (!is_number(inner.take(kInteger)) || !inner.at_end()) return std::nullopt;
  }
  if (!is_number(fields.take(kInteger)) || !is_algorithm(fields.take(kSequence))) return std::nullopt;
  const auto issuer = fields.take(kSequence);
  if (!is_name(issuer) || !is_validity(fields.take(kSequence))) return std::nullopt;
  const auto subject = fields.take(kSequence);
  if (!is_name(subject)) return std::nullopt;
  if (!is_key(fields.take(kSequence))) return std::nullopt;
  if (!fields.at_end() && !are_extensions(fields.take(constructed(3)))) return std::nullopt;
  if (!fields.at_end()) return std::nullopt;
  return Outline{issuer->whole, subject->whole};
}

}  // namespace

std::optional<Outline> outline_of(View der) {
  if (der.size() > kMaxWhole) return std::nullopt;
  Fields whole(der);
  const auto certificate = whole.take(kSequence);
  if (!certificate || !whole.at_end()) return std::nullopt;
  Fields parts(certificate->content);
  const auto tbs = parts.take(kSequence);
  if (!tbs || !is_algorithm(parts.take(kSequence)) || !is_whole_bytes(parts.take(kBitString)) || !parts.at_end()) return std::nullopt;
  return outline_of_signed(*tbs);
}

}  // namespace spdm::certstore
