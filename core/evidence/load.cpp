#include "core/evidence/load.h"

#include "core/error.h"
#include "core/evidence/cbor_document.h"
#include "core/evidence/compression.h"
#include "core/evidence/document.h"
#include "core/evidence/file.h"
#include "core/evidence/pcap.h"
#include "core/evidence/report_file.h"
#include "core/file_kinds.h"
#include "core/recognize.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr unsigned kMaxWrappers = 4;

std::string_view without_space(View bytes) {
  const std::string_view text = as_text(bytes);
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

// Evidence of ours is an object that says so, mostly first.
bool is_own(std::string_view text) {
  if (!text.starts_with('{')) return false;
  std::string_view inside = text.substr(1);
  inside.remove_prefix(std::min(inside.find_first_not_of(kSpace), inside.size()));
  return inside.starts_with(R"("schema")") || text.find(R"("spdmctl.evidence/)") != std::string_view::npos;
}

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF \t\r\n") == std::string_view::npos;
}

Evidence read_report(View bytes, std::string_view what) {
  Detached beside;
  beside.format = kReportFormat;
  return read_transcript(bytes, std::move(beside), what);
}

std::vector<EvidencePart> alone(Evidence evidence) {
  std::vector<EvidencePart> out;
  out.push_back({.label = "", .evidence = std::move(evidence), .error = std::nullopt});
  return out;
}

}  // namespace

bool may_hold_several(View bytes) {
  if (looks_like_cbor(bytes) || looks_like_pcap(bytes) || is_compressed(bytes)) return true;
  const std::string_view text = without_space(bytes);
  return (text.starts_with('{') && !is_own(text)) || text.starts_with('[');
}

std::vector<EvidencePart> load_wrapped(View bytes, std::string_view what, unsigned depth) {
  if (depth > kMaxWrappers) throw Error(ErrorId::bad_input, cat(what, ": more than ", kMaxWrappers, " wrappers inside each other"));
  if (looks_like_pcap(bytes)) return read_pcap(bytes, what);
  if (looks_like_transcript(bytes)) return alone(read_report(bytes, what));
  if (looks_like_cbor(bytes)) return read_cbor(bytes, what, depth);
  const std::string_view text = without_space(bytes);
  if (is_own(text)) return alone(read_evidence(text, what));
  if (text.starts_with('{') || text.starts_with('[')) return read_document(text, what, depth);
  if (is_hex(text)) return alone(read_report(unhex(text, what), what));
  const bool profile = what.ends_with(".yaml");
  throw Error(ErrorId::bad_input, cat(what, bytes.empty() ? ": is empty" : ": is neither an evidence file nor a pcap capture"),
              profile ? cat("a device profile is the target emulated:", shell_word(what))
                      : "give evidence that spdmctl recorded, a capture (pcap, pcapng), or signed measurements that others saved");
}

namespace {

std::vector<EvidencePart> load_unpacked(View bytes, std::string_view what) {
  if (const std::optional<Error> wrong = wrong_kind(bytes, FileKind::evidence))
    throw Error(wrong->id, cat(what, ": ", wrong->what()), wrong->hint);
  return load_wrapped(bytes, what, 0);
}

// How to have one device alone; its label tells what it was read from.
std::string_view advice_on_several(std::string_view label, View bytes) {
  if (label.starts_with("[mctp"))
    return "all of them are for: spdmctl verify; here take one of them, such as endpoint 9 with: "
           "tshark -r IN -F pcap -w OUT -Y 'mctp.src == 9 or mctp.dst == 9'";
  if (label.find(" from ") != std::string_view::npos)
    return "all of them are for: spdmctl verify; here take one of them, such as a connection with: tshark -r IN -w OUT -Y 'tcp.port == "
           "41234'";
  if (looks_like_pcap(bytes) || is_compressed(bytes)) return "all of them are for: spdmctl verify";
  return "all of them are for: spdmctl verify; here take one of them, such as the first with: jq '.[0]'";
}

}  // namespace

std::vector<EvidencePart> load_parts(View bytes, std::string_view what) {
  if (bytes.size() > limit_of(FileKind::evidence))
    throw Error(ErrorId::bad_input, cat(what, ": ", bytes.size(), " bytes exceed the limit of ", limit_of(FileKind::evidence)));
  if (is_compressed(bytes)) return load_unpacked(unpacked(bytes, what, limit_of(FileKind::evidence)), what);
  return load_unpacked(bytes, what);
}

Evidence load_evidence(View bytes, std::string_view what) {
  std::vector<EvidencePart> parts = load_parts(bytes, what);
  if (parts.size() != 1)
    throw Error(ErrorId::bad_input, cat(what, ": has evidence of ", parts.size(), " devices, and one is wanted"),
                std::string(advice_on_several(parts.front().label, bytes)));
  if (parts.front().error) throw Error(*parts.front().error);
  return std::move(parts.front().evidence);
}

}  // namespace spdm
