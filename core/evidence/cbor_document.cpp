#include "core/evidence/cbor_document.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/evidence/document.h"
#include "core/evidence/eat.h"
#include "core/evidence/media_type.h"
#include "core/format/cbor.h"
#include "core/text.h"

namespace spdm {

namespace {

using cbor::Item;
using Kind = Item::Kind;

// A token of 1024 devices has fewer than this, and each takes some 100 bytes of memory.
constexpr cbor::Limits kLimits{.depth = 32, .items = 65'536};
constexpr std::uint64_t kSign1 = 18, kCwt = 61, kUccs = 601, kSelfDescribed = 55'799;
constexpr std::string_view kCollectionType = "__cmwc_t";

class CborWalker {
 public:
  CborWalker(std::string_view what, unsigned depth) : what_(what), depth_(depth) {}

  std::vector<EvidencePart> value(Item& item, const std::string& label) {
    if (item.is(Kind::tag)) return tagged(item, label);
    if (item.is(Kind::array)) return record(item, label);
    if (item.is(Kind::map) && is_token(item))
      return read_token(item, place(label), [this](View inner, std::string_view where) { return load_wrapped(inner, where, depth_ + 1); });
    if (item.is(Kind::map)) return collection(item, label);
    refuse(label, "CBOR that is neither a token nor a conceptual message wrapper");
  }

 private:
  std::string place(const std::string& label) const { return cat(what_, label); }

  [[noreturn]] void refuse(const std::string& label, std::string_view why) const {
    throw Error(ErrorId::bad_input, cat(place(label), ": ", why),
                "give a token for device assignment (EAT), or a wrapper (CMW) around evidence");
  }

  std::vector<EvidencePart> tagged(Item& item, const std::string& label) {
    Item& inner = item.items.front();
    if (item.number == kSelfDescribed || item.number == kCwt) return value(inner, label);
    if (item.number == kUccs) {
      if (!is_token(inner)) refuse(label, "an unprotected claims set (UCCS) that is not a token");
      return value(inner, label);
    }
    if (item.number == kSign1) return sign1(inner, label);
    const std::optional<std::uint64_t> format = content_format_of(item.number);
    if (!format) refuse(label, cat("CBOR with the unknown tag ", item.number));
    if (!inner.is(Kind::bytes)) refuse(label, "a wrapper whose contents are not a byte string");
    return wrapped(inner.bytes, media_type_of(*format), label);
  }

  // RFC 9052 section 4.2: protected and unprotected header, payload, signature. The signature is the collector's, whom nobody here
  // knows: it is not checked, and the parts say so.
  std::vector<EvidencePart> sign1(Item& item, const std::string& label) {
    const bool fits = item.is(Kind::array) && item.items.size() == 4 && item.items[0].is(Kind::bytes) && item.items[1].is(Kind::map) &&
                      item.items[2].is(Kind::bytes) && item.items[3].is(Kind::bytes);
    if (!fits) refuse(label, "a COSE_Sign1 that does not have four parts, or whose payload is detached");
    const Bytes payload = std::move(item.items[2].bytes);
    std::vector<EvidencePart> out = load_wrapped(payload, place(label), depth_ + 1);
    for (EvidencePart& part : out) part.evidence.collector += ", in a signature that was not checked";
    return out;
  }

  // [type, contents, ?ind]
  std::vector<EvidencePart> record(Item& item, const std::string& label) {
    std::vector<Item>& parts = item.items;
    const bool fits = (parts.size() == 2 || parts.size() == 3) && (parts[0].is(Kind::text) || parts[0].is(Kind::unsigned_integer)) &&
                      parts[1].is(Kind::bytes) && (parts.size() == 2 || parts[2].is(Kind::unsigned_integer));
    if (!fits) refuse(label, "an array that is not a conceptual message wrapper (type, contents, indicator)");
    if (parts.size() == 3 && (parts[2].number & kIndicatesEvidence) == 0) return {};
    const std::string type = parts[0].is(Kind::text) ? parts[0].text() : std::string(media_type_of(parts[0].number));
    return wrapped(parts[1].bytes, type, label);
  }

  std::vector<EvidencePart> wrapped(const Bytes& contents, std::string_view type, const std::string& label) const {
    try {
      assert_of_type(type, contents);
    } catch (const Error& error) {
      refuse(label, error.what());
    }
    return load_wrapped(contents, place(label), depth_ + 1);
  }

  // What cannot be read is told in its place, and the others are still read.
  std::vector<EvidencePart> collection(Item& map, const std::string& label) {
    std::vector<EvidencePart> out;
    for (std::size_t i = 0; i < map.items.size(); i += 2) {
      const Item& key = map.items[i];
      const bool integer = key.is(Kind::unsigned_integer) || key.is(Kind::negative_integer);
      if (!integer && !key.is(Kind::text)) refuse(label, "a map whose keys are neither numbers nor text");
      if (key.is(Kind::text) && key.text() == kCollectionType) continue;
      const std::string own = cat("[", cbor::to_string(key), "]");
      std::vector<EvidencePart> inner;
      try {
        inner = value(map.items[i + 1], cat(label, own));
      } catch (const Error& error) {
        inner.push_back({.label = "", .evidence = {}, .error = error});
      }
      for (EvidencePart& part : inner) {
        if (out.size() == kMaxDevicesOfDocument)
          refuse(label, cat("has evidence of more than ", kMaxDevicesOfDocument, " devices; split the document"));
        part.label = cat(own, part.label);
        out.push_back(std::move(part));
      }
    }
    return out;
  }

  std::string_view what_;
  unsigned depth_;
};

Item parse(View bytes, std::string_view what) {
  try {
    return cbor::read(bytes, kLimits);
  } catch (const Error& error) {
    throw Error(ErrorId::bad_input, cat(what, ": ", error.what()), "the token is incomplete, or was altered");
  }
}

}  // namespace

bool looks_like_cbor(View bytes) {
  if (bytes.size() < 2) return false;
  const std::uint8_t first = bytes[0];
  const bool map = (first >= 0xA1 && first <= 0xBB) || first == 0xBF;
  const bool record = first == 0x82 || first == 0x83 || first == 0x9F;
  const bool tag = first == 0xD2 || (first >= 0xD8 && first <= 0xDB);
  return map || record || tag;
}

std::vector<EvidencePart> read_cbor(View bytes, std::string_view what, unsigned depth) {
  Item item = parse(bytes, what);
  std::vector<EvidencePart> out = CborWalker(what, depth).value(item, "");
  if (out.empty())
    throw Error(ErrorId::bad_input, cat(what, ": has no evidence that a device has signed"),
                "collect again with a collector that asks the device for a challenge or for signed measurements");
  return out;
}

}  // namespace spdm
