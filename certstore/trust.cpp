// Finds the anchor: the one keyring certificate that the path must end in.
#include <algorithm>

#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

bool may_end_path(const Validation& j, const Entry& entry) { return entry.blocked.empty() && (entry.anchor || j.options.partial_chains); }

const Entry* if_may_end_path(const Validation& j, const Entry* entry) {
  return entry != nullptr && may_end_path(j, *entry) ? entry : nullptr;
}

const Entry* same_certificate(const Validation& j, const CertificateInfo& info) {
  const Entry* const entry = if_may_end_path(j, j.lookup.by_fingerprint(info.sha256));
  if (entry != nullptr) entry->know(info);
  return entry;
}

const Entry* by_root_hash(const Validation& j) { return if_may_end_path(j, j.lookup.by_hash(*j.input.hash, j.root_hash)); }

// For a chain without RootHash: the issuer of its topmost certificate, by name and signature.
const Entry* by_signature(const Validation& j) {
  X509* top = j.received.front().get();
  for (const Entry* const entry : j.lookup.with_subject(X509_get_issuer_name(top))) {
    const crypto::OwnedX509 candidate = may_end_path(j, *entry) ? j.certificate_of(*entry) : nullptr;
    if (!candidate || X509_NAME_cmp(X509_get_subject_name(candidate.get()), X509_get_issuer_name(top)) != 0) continue;
    if (is_signed_by(top, X509_get0_pubkey(candidate.get()))) return entry;
  }
  return nullptr;
}

// A keyring certificate that has the expected name of the anchor, but is another certificate.
const Entry* namesake(const Validation& j) {
  const CertificateInfo& first = j.result.certificates.front();
  for (const Entry* const entry : j.lookup.with_subject(X509_get_issuer_name(j.received.front().get())))
    if (entry->info().subject == first.issuer) return entry;
  return nullptr;
}

// Of a root that was left out the key is not known.
std::string_view of_another_key(const Validation& j, const Entry& other) {
  return j.has_root && j.result.certificates.front().key_sha256 != other.info().key_sha256 ? ", with another key" : "";
}

void report_untrusted(Validation& j) {
  const CertificateInfo& first = j.result.certificates.front();
  std::string why, remedy;
  if (j.has_root) {
    why = cat("the chain ends in the root ", first.subject, " with the SHA-256 fingerprint ", first.sha256);
    remedy = cat("if you trust this vendor: save the root (spdmctl certs --export-root FILE TARGET), check its SHA-256 fingerprint ",
                 first.sha256);
  } else if (j.input.is_bare) {
    why = cat("the chain ends below ", first.issuer);
    remedy = cat("if you trust this vendor: get the certificate of ", first.issuer, ", check it");
  } else {
    why = cat("the chain leaves out its root ", first.issuer, ", whose ", j.input.hash->name, " is RootHash ", hex(j.root_hash));
    remedy = cat("if you trust this vendor: get the root whose ", j.input.hash->name, " is ", hex(j.root_hash), ", check it");
  }
  remedy += " against the vendor's publication, then: spdmctl keyring add FILE";
  if (j.lookup.is_empty()) {
    j.find(keyring_empty, j.slot(), cat("the keyring has no certificate; ", why), remedy);
    return;
  }
  why += ", which no certificate of the keyring vouches for";
  if (const Entry* other = namesake(j))
    why += other->blocked.empty() ? cat("; ", other->file, " has the same name but is another certificate", of_another_key(j, *other), " (",
                                        other->sha256(), ")")
                                  : cat("; ", other->file, " would, but its scope cannot be used: ", other->blocked);
  j.find(not_trusted, j.slot(), why, remedy);
}

}  // namespace

void find_anchor(Validation& j) {
  const auto& certificates = j.result.certificates;
  if (j.has_root) {
    // Compared by their hash: a certificate with the same name, or even the same key, is not the one that the owner added.
    j.anchor = same_certificate(j, certificates.front());
  } else {
    j.anchor = j.input.is_bare ? by_signature(j) : by_root_hash(j);
    if (j.anchor != nullptr) j.outer = j.certificate_of(*j.anchor);
    // Without it the path would end in what was received, and no signature of the anchor be checked.
    if (!j.outer) j.anchor = nullptr;
    if (j.outer) j.result.root_fingerprint = j.anchor->sha256();
  }
  for (std::size_t i = j.has_root ? 1 : 0; i < certificates.size() && j.anchor == nullptr; ++i) {
    j.anchor = same_certificate(j, certificates[i]);
    if (j.anchor != nullptr)
      j.find(partial_chain, j.place(i), cat(j.anchor->file, " vouches for this certificate, not for the root above it"));
  }
  if (j.anchor == nullptr) report_untrusted(j);
}

}  // namespace spdm::certstore
