#include "core/evidence/document.h"

#include <algorithm>
#include <map>

#include "core/crypto/certificates.h"
#include "core/crypto/jws.h"
#include "core/error.h"
#include "core/evidence/media_type.h"
#include "core/evidence/report_file.h"
#include "core/file_kinds.h"
#include "core/format/json_stream.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr unsigned kMaxDepth = 16;
constexpr std::string_view kPem = "-----BEGIN ";

JsonStream::Source source_of(std::string_view text) {
  return [text](std::span<char> room) mutable {
    const std::size_t size = std::min(room.size(), text.size());
    std::copy_n(text.begin(), size, room.begin());
    text.remove_prefix(size);
    return size;
  };
}

// Also as URLs have it, without padding (RFC 4648 section 5).
Bytes bytes_of(std::string_view base64, std::string_view what) {
  std::string text(base64);
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return from_base64(text, what);
}

// Goes through a document once, and keeps nothing of it but the strings of the object that it is in.
class Walker {
 public:
  Walker(std::string_view json, std::string_view what, unsigned wrappers) : in_(source_of(json)), what_(what), wrappers_(wrappers) {}

  std::vector<EvidencePart> run() {
    try {
      value("", 0);
      if (!in_.at_end()) in_.fail("there is extra data after the document");
    } catch (Error& error) {
      throw Error(ErrorId::bad_input, cat(what_, ": ", error.what()));
    }
    if (parts_.empty())
      throw Error(ErrorId::bad_input, cat(what_, ": a JSON document without evidence of a device"),
                  "give evidence that spdmctl recorded, NVIDIA's JSON (\"evidence\", \"certificate\"), or the answer to Redfish's "
                  "SPDMGetSignedMeasurements (\"SignedMeasurements\")");
    return std::move(parts_);
  }

 private:
  using Strings = std::map<std::string, std::string, std::less<>>;

  void value(const std::string& label, unsigned depth) {
    if (depth == kMaxDepth) in_.fail("is nested too deeply");
    const char kind = in_.kind();
    if (kind == '{') return object(label, depth);
    if (kind == '[') return array(label, depth);
    in_.skip();
  }

  void array(const std::string& label, unsigned depth) {
    std::vector<std::string> strings;
    std::uint64_t indicated = kIndicatesEvidence;
    std::size_t index = 0;
    in_.array([&] {
      const std::string own = cat(label, "[", index++, "]");
      if (in_.kind() == '"' && index <= 2)
        strings.push_back(in_.string(limit_of(FileKind::evidence)));
      else if (index == 3 && strings.size() == 2 && in_.kind() >= '0' && in_.kind() <= '9')
        indicated = in_.number(UINT32_MAX);
      else
        value(own, depth + 1);
    });
    // A record of conceptual messages (draft-ietf-rats-msg-wrap): media type, contents, and maybe which kinds of messages they are.
    if (strings.size() != 2 || strings.front().find('/') == std::string::npos || (indicated & kIndicatesEvidence) == 0) return;
    const std::optional<Bytes> contents = crypto::from_base64url(strings.back());
    if (contents && !contents->empty()) unwrap(label, strings.front(), *contents);
  }

  void object(const std::string& label, unsigned depth) {
    static constexpr std::array known{"evidence",         "certificate",      "SignedMeasurements",
                                      "HashingAlgorithm", "SigningAlgorithm", "CertificateString"};
    Strings strings;
    in_.object([&](std::string_view key) {
      const std::string own = cat(label, ".", key);
      if (in_.kind() == '"' && std::find(known.begin(), known.end(), key) != known.end())
        strings[std::string(key)] = in_.string(limit_of(FileKind::evidence));
      else
        value(own, depth + 1);
    });
    if (strings.contains("evidence") && strings.contains("certificate"))
      keep(label, [&](const std::string& place) { return nvidia(strings, place); });
    if (strings.contains("SignedMeasurements")) keep(label, [&](const std::string& place) { return redfish(strings, place); });
  }

  // A part that cannot be read is told in its place, and the others are still read.
  template <class Read>
  void keep(const std::string& label, Read read) {
    if (parts_.size() == kMaxDevicesOfDocument)
      in_.fail(cat("has evidence of more than ", kMaxDevicesOfDocument, " devices; split the document"));
    EvidencePart part{.label = printable(label), .evidence = {}, .error = std::nullopt};
    try {
      part.evidence = read(cat(what_, part.label));
    } catch (const Error& error) {
      part.error = error;
    }
    parts_.push_back(std::move(part));
  }

  void unwrap(const std::string& label, std::string_view type, View contents) {
    try {
      const std::string place = cat(what_, printable(label));
      assert_of_type(type, contents);
      for (EvidencePart& inner : load_wrapped(contents, place, wrappers_ + 1)) {
        inner.label = cat(printable(label), inner.label);
        if (parts_.size() == kMaxDevicesOfDocument) in_.fail("has evidence of too many devices; split the document");
        parts_.push_back(std::move(inner));
      }
    } catch (const Error& error) {
      keep(label, [&](const std::string&) -> Evidence { throw Error(error); });
    }
  }

  static Bytes chain_in(const std::string& text, std::string_view place) {
    if (text.starts_with(kPem)) return crypto::read_chain(as_bytes(text), place);
    return crypto::read_chain(bytes_of(text, cat(place, ".certificate")), cat(place, ".certificate"));
  }

  static Evidence nvidia(const Strings& strings, const std::string& place) {
    Detached beside;
    beside.format = kNvidiaFormat;
    beside.chains.push_back({std::nullopt, chain_in(strings.at("certificate"), place)});
    Evidence out = read_transcript(bytes_of(strings.at("evidence"), cat(place, ".evidence")), std::move(beside), cat(place, ".evidence"));
    return out;
  }

  static Evidence redfish(const Strings& strings, const std::string& place) {
    const auto text = [&](std::string_view key) {
      const auto found = strings.find(key);
      return found == strings.end() ? std::string() : found->second;
    };
    Detached beside;
    beside.format = kRedfishFormat;
    if (const std::string hash = text("HashingAlgorithm"); !hash.empty()) beside.hash = hash_of_service(hash).name;
    if (const std::string asym = text("SigningAlgorithm"); !asym.empty()) beside.asym = asym_of_service(asym).name;
    if (const std::string chain = text("CertificateString"); !chain.empty())
      beside.chains.push_back({std::nullopt, chain_in(chain, place)});
    const std::string where = cat(place, ".SignedMeasurements");
    Evidence out = read_transcript(bytes_of(strings.at("SignedMeasurements"), where), std::move(beside), where);
    return out;
  }

  JsonStream in_;
  std::string_view what_;
  unsigned wrappers_;
  std::vector<EvidencePart> parts_;
};

}  // namespace

Bytes read_chain_file(View file, std::string_view what) {
  const std::string_view text = as_text(file);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text[begin] != '{') return crypto::read_chain(file, what);
  std::string pem;
  try {
    JsonStream in(source_of(text));
    in.object([&](std::string_view key) {
      if (key == "CertificateString" && in.kind() == '"')
        pem = in.string(limit_of(FileKind::certificates));
      else
        in.skip();
    });
  } catch (const Error& error) {
    throw Error(ErrorId::bad_input, cat(what, ": ", error.what()));
  }
  if (pem.empty())
    throw Error(ErrorId::bad_input, cat(what, ": has no 'CertificateString'"), "give a Redfish Certificate, or the chain in PEM or DER");
  return crypto::read_chain(as_bytes(pem), cat(what, ".CertificateString"));
}

std::vector<EvidencePart> read_document(std::string_view json, std::string_view what, unsigned depth) {
  return Walker(json, what, depth).run();
}

}  // namespace spdm
