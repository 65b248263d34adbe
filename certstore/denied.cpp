// Applies the deny list to every certificate and key of a chain, to the anchor, and to the issuers above it.
#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

// What is denied of a DenialKind, in words.
constexpr std::string_view denied_thing(DenialKind kind) {
  switch (kind) {
    case DenialKind::tbs:
      return "the certificate with the SHA-256 fingerprint of its signed part";
    case DenialKind::certificate:
      return "the certificate with the SHA-256 fingerprint";
    case DenialKind::key:
      return "the key with the SHA-256 fingerprint";
  }
  return {};
}

const std::string& fingerprint(const CertificateInfo& info, DenialKind kind) {
  return kind == DenialKind::tbs ? info.tbs_sha256 : kind == DenialKind::key ? info.key_sha256 : info.sha256;
}

// One entry is enough: the same certificate is often denied in several ways.
void check(Validation& j, const std::string& place, const CertificateInfo& info) {
  for (const Word<DenialKind>& kind : kDenialKinds)
    if (const Denial* entry = find_denial(j.denials, kind.value, fingerprint(info, kind.value))) {
      j.result.findings.push_back(denial(*entry, place));
      return;
    }
}

}  // namespace

Finding denial(const Denial& entry, std::string where) {
  return {FindingId::denied, std::move(where),
          cat(entry.origin, " denies ", denied_thing(entry.kind), " ", entry.sha256, entry.comment.empty() ? "" : ": ", entry.comment),
          "do not use the device; or take the entry out of the deny list"};
}

void check_denied(Validation& j) {
  if (j.result.leaf_key) j.result.leaf_key_sha256 = j.result.certificates.back().key_sha256;
  for (std::size_t i = 0; i < j.received.size(); ++i) check(j, j.place(i), j.result.certificates[i]);
  if (j.outer) check(j, j.place(j.received.size()), j.anchor->info());
  for (const Completed& one : j.completed) check(j, j.place(one), one.entry->info());
}

}  // namespace spdm::certstore
