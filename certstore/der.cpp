#include "certstore/der.h"

#include "core/text.h"

namespace spdm::certstore {

std::optional<Element> take_element(View& rest, std::string& why) {
  if (rest.size() < 2) {
    why = cat(rest.size(), " bytes are too few for a DER element");
    return std::nullopt;
  }
  std::size_t length = rest[1], header = 2;
  if (length >= 0x80) {
    const std::size_t digits = length & 0x7F;
    if (digits == 0 || digits > 4) {
      why = digits == 0 ? "indefinite length" : cat("length of ", digits, " bytes");
      return std::nullopt;
    }
    header += digits;
    if (rest.size() < header) {
      why = "the length is cut off";
      return std::nullopt;
    }
    length = 0;
    for (std::size_t i = 2; i < header; ++i) length = length << 8 | rest[i];
    if (length < 0x80 || rest[2] == 0) {
      why = cat("length ", length, " in more bytes than it needs");
      return std::nullopt;
    }
  }
  if (length > rest.size() - header) {
    why = cat("length ", length, " where ", rest.size() - header, " bytes are left");
    return std::nullopt;
  }
  const Element out{rest[0], rest.subspan(header, length), rest.first(header + length)};
  rest = rest.subspan(header + length);
  return out;
}

View tbs_of(View certificate) {
  std::string why;
  const auto outer = take_element(certificate, why);
  View parts = outer ? outer->content : View();
  const auto tbs = take_element(parts, why);
  return tbs && tbs->tag == kSequence ? tbs->whole : View();
}

}  // namespace spdm::certstore
