#include "core/evidence/media_type.h"

#include <array>

#include "core/error.h"
#include "core/evidence/cbor_document.h"
#include "core/text.h"

namespace spdm {

namespace {

enum class Encoding { cbor, json, jwt };

struct MediaType {
  std::string_view name;
  Encoding encoding;
};

// application/eat-ucs+json is none of them: collectors also put it on tokens in CBOR.
constexpr std::array kMediaTypes{
    MediaType{"application/eat+cwt", Encoding::cbor},
    MediaType{"application/eat-ucs+cbor", Encoding::cbor},
    MediaType{"application/cmw+cbor", Encoding::cbor},
    MediaType{"application/cmw+cose", Encoding::cbor},
    MediaType{"application/eat+jwt", Encoding::jwt},
    MediaType{"application/cmw+json", Encoding::json},
    MediaType{"application/vnd.veraison.nvidia-gpu-evidence+json", Encoding::json},
};

// Registry "CoAP Content-Formats" of IANA (RFC 9782 section 6.3).
struct ContentFormat {
  std::uint64_t number;
  std::string_view media_type;
};
constexpr std::array kContentFormats{
    ContentFormat{263, "application/eat+cwt"},
    ContentFormat{267, "application/eat-ucs+cbor"},
};

bool is_json(View contents) {
  const std::string_view text = as_text(contents);
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && (text[at] == '{' || text[at] == '[');
}

}  // namespace

std::string_view media_type_of(std::uint64_t content_format) {
  for (const ContentFormat& row : kContentFormats)
    if (row.number == content_format) return row.media_type;
  return {};
}

// RFC 9277 appendix B: TN(ct) = 0x63740101 + (ct / 255) * 256 + ct % 255. Nothing for a tag that no content format has.
std::optional<std::uint64_t> content_format_of(std::uint64_t tag) {
  constexpr std::uint64_t kFirstFormatTag = 0x63740101, kLastFormatTag = 0x6374FFFF;
  if (tag < kFirstFormatTag || tag > kLastFormatTag) return std::nullopt;
  const std::uint64_t step = tag - kFirstFormatTag;
  if (step % 256 == 255) return std::nullopt;
  return step / 256 * 255 + step % 256;
}

void assert_of_type(std::string_view media_type, View contents) {
  const std::string_view name = media_type.substr(0, media_type.find_first_of("; "));
  for (const MediaType& row : kMediaTypes) {
    if (row.name != name) continue;
    if (row.encoding == Encoding::jwt)
      throw Error(ErrorId::bad_input,
                  cat("the wrapper says ", printable(row.name), ": an attestation result, or a token that is not read here"));
    const bool fits = row.encoding == Encoding::cbor ? looks_like_cbor(contents) : is_json(contents);
    if (!fits)
      throw Error(ErrorId::bad_input, cat("the wrapper says ", printable(row.name), ", and what is inside is not ",
                                          row.encoding == Encoding::cbor ? "CBOR" : "JSON"));
  }
}

}  // namespace spdm
