// Conceptual message wrappers: tcg-dice-conceptual-message-wrapper (DICE Attestation Architecture 1.1, 6.1.8) and id-pe-cmw
// (draft-ietf-rats-msg-wrap). What a message is follows from its type; concise evidence is read, all else is shown by size and hash.
#include <nlohmann/json.hpp>

#include "certstore/attestation.h"
#include "certstore/der_reader.h"
#include "certstore/fingerprint.h"
#include "core/appraisal/concise_evidence.h"
#include "core/crypto/jws.h"
#include "core/error.h"
#include "core/evidence/media_type.h"
#include "core/format/cbor.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using cbor::Item;
using Kind = Item::Kind;

constexpr std::string_view kWhat = "conceptual message wrapper";
constexpr cbor::Limits kLimits{.depth = 32, .items = 4'096};
constexpr std::uint64_t kConciseEvidenceFormat = 10571;  // CoAP content format; its media type:
constexpr std::string_view kConciseEvidenceType = "application/ce+cbor";
[[noreturn]] void fail(std::string_view why) { throw Error(ErrorId::bad_input, cat(kWhat, ": ", why)); }

// The wrapper without its DER. TCG: a SEQUENCE { OCTET STRING }; IETF: CHOICE { UTF8String, OCTET STRING }; Gramine writes it as it is. No
// wrapper begins with the bytes of these tags.
View unwrapped(View value) {
  if (value.empty()) fail("it is empty");
  if (value.front() == kSequence) {
    DerReader fields = DerReader::only(value, kSequence, std::string(kWhat));
    const Element inner = fields.take(kOctetString, "cmw");
    fields.finish();
    return inner.content;
  }
  if (value.front() != kOctetString && value.front() != kUtf8String) return value;
  DerReader fields(value, std::string(kWhat));
  const Element inner = fields.take(value.front(), "");
  fields.finish();
  return inner.content;
}

void tell_message(View message, MessageWrapper& out) {
  out.size = message.size();
  out.sha256 = sha256(message);
}

// Certificates have no measurements that a claim could refer to.
void keep(const std::vector<EvidenceClaim>& found, std::vector<TcbInfo>& claims) { claims.assign(found.begin(), found.end()); }

// The message of a record or tag, where it is concise evidence.
void read_message(View message, MessageWrapper& out, std::vector<TcbInfo>& claims) {
  const bool is_evidence =
      out.content_format == kConciseEvidenceFormat || out.media_type.substr(0, out.media_type.find(';')) == kConciseEvidenceType;
  if (!is_evidence) return;
  out.content = "concise-evidence";
  keep(read_concise_evidence(cbor::read(message, kLimits)), claims);
}

void read_json_record(std::string_view text, MessageWrapper& out, std::vector<TcbInfo>& claims) {
  JsonReader reader(text, kWhat);
  std::size_t at = 0;
  std::optional<Bytes> message;
  reader.array([&] {
    if (at == 0) out.media_type = reader.string();
    if (at == 1) message = crypto::from_base64url(reader.string());
    if (at == 2) out.indicator = reader.number(UINT32_MAX);
    if (at++ > 2) reader.fail("a record has a type, a value and an indicator");
  });
  reader.finish();
  if (at < 2 || !message) fail("the record has no value in base64url");
  out.form = "json-record";
  tell_message(*message, out);
  read_message(*message, out, claims);
}

void read_cbor_record(const Item& record, MessageWrapper& out, std::vector<TcbInfo>& claims) {
  if (record.items.size() < 2 || record.items.size() > 3) fail(cat("the record has ", record.items.size(), " members, not 2 or 3"));
  const Item& type = record.items[0];
  if (!type.is(Kind::text) && !type.is(Kind::unsigned_integer)) fail("the type of the record is neither text nor a number");
  if (type.is(Kind::text)) out.media_type = type.text();
  if (type.is(Kind::unsigned_integer)) out.content_format = type.number;
  if (!record.items[1].is(Kind::bytes)) fail("the value of the record is not a byte string");
  if (record.items.size() == 3) {
    if (!record.items[2].is(Kind::unsigned_integer)) fail("the indicator of the record is not a number");
    out.indicator = record.items[2].number;
  }
  out.form = "cbor-record";
  tell_message(record.items[1].bytes, out);
  read_message(record.items[1].bytes, out, claims);
}

void read_tag(View whole, const Item& item, MessageWrapper& out, std::vector<TcbInfo>& claims) {
  out.form = "cbor-tag";
  out.tag = item.number;
  if (item.is_tag(kConciseEvidenceTag) || item.is_tag(kTocTag)) {
    out.content = item.is_tag(kTocTag) ? "spdm-toc" : "concise-evidence";
    keep(read_concise_evidence(item), claims);
  }
  out.content_format = content_format_of(item.number);
  if (!out.content_format) return tell_message(whole, out);
  if (!item.items.front().is(Kind::bytes)) fail("the tag of a content format is not on a byte string");
  tell_message(item.items.front().bytes, out);
  read_message(item.items.front().bytes, out, claims);
}

void read_cmw(View cmw, MessageWrapper& out, std::vector<TcbInfo>& claims) {
  if (cmw.empty()) fail("it is empty");
  if (cmw.front() == '[') return read_json_record(as_text(cmw), out, claims);
  if (cmw.front() == '{') {
    if (!Json::accept(cmw.begin(), cmw.end())) fail("it is not JSON");
    out.form = "json-collection";
    return tell_message(cmw, out);
  }
  const Item item = cbor::read(cmw, kLimits);
  if (item.is(Kind::array)) return read_cbor_record(item, out, claims);
  if (item.is(Kind::tag)) return read_tag(cmw, item, out, claims);
  if (!item.is(Kind::map) || item.items.empty()) fail("it is neither a record, a tag nor a collection");
  out.form = "cbor-collection";
  tell_message(cmw, out);
}

}  // namespace

void read_wrapper(View value, ExtensionInfo& out) {
  MessageWrapper wrapper;
  read_cmw(unwrapped(value), wrapper, out.tcb_infos);
  out.wrapper = std::make_shared<MessageWrapper>(std::move(wrapper));
}

}  // namespace spdm::certstore
