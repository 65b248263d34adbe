// Completes a chain upwards: finds the issuers of its topmost certificate among those of the keyring. The owner may have ended the
// path below them; what their revocation lists say counts all the same.
#include <algorithm>

#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::size_t kMostIssuers = 8;  // above the anchor; each costs the signatures of its namesakes

bool has_root_hash(const Validation& j, const Entry& entry) { return equal(crypto::hash(*j.input.hash, entry.der()), j.root_hash); }

// The issuer of a certificate in the keyring, by name and signature. Of several with the same key: the one that the device means by
// RootHash, else a root, else the first.
Completed issuer_of(const Validation& j, X509* certificate) {
  Completed out;
  int best = 0;
  for (const Entry* const entry : j.lookup.with_subject(X509_get_issuer_name(certificate))) {
    crypto::OwnedX509 candidate = j.certificate_of(*entry);
    if (!candidate || X509_NAME_cmp(X509_get_subject_name(candidate.get()), X509_get_issuer_name(certificate)) != 0) continue;
    const int worth = has_root_hash(j, *entry) ? 3 : self_issued(candidate.get()) ? 2 : 1;
    if (worth <= best || !is_signed_by(certificate, X509_get0_pubkey(candidate.get()))) continue;
    best = worth;
    out = {std::move(candidate), entry};
  }
  return out;
}

bool is_there(const Validation& j, const Entry* entry) {
  return entry == j.anchor || std::any_of(j.completed.begin(), j.completed.end(), [&](const Completed& one) { return one.entry == entry; });
}

// A device that leaves the root out names it by RootHash. Where the keyring knows its root, that must be the one, or one of those below
// that the device takes for a root.
void check_known_root(Validation& j) {
  if (j.input.is_bare || j.has_root || j.outer || j.completed.empty() || !self_issued(j.completed.back().certificate.get())) return;
  if (std::any_of(j.completed.begin(), j.completed.end(), [&](const Completed& one) { return has_root_hash(j, *one.entry); })) return;
  const Entry& root = *j.completed.back().entry;
  j.find(root_hash_mismatch, cat(j.slot(), ", RootHash"),
         cat("RootHash is ", hex(j.root_hash), ", the ", j.input.hash->name, " of the root that the keyring knows, ", root.info().subject,
             " (", root.file, "), is ", hex(crypto::hash(*j.input.hash, root.der()))),
         "the device or its provisioning is defective, or it hides its root: report it to the vendor");
}

}  // namespace

void complete_upwards(Validation& j) {
  X509* top = j.outer ? j.outer.get() : j.received.front().get();
  while (j.completed.size() < kMostIssuers && !self_issued(top)) {
    Completed issuer = issuer_of(j, top);
    if (issuer.entry == nullptr || is_there(j, issuer.entry)) break;
    top = issuer.certificate.get();
    j.completed.push_back(std::move(issuer));
  }
  for (auto one = j.completed.rbegin(); one != j.completed.rend(); ++one)
    j.result.completed.push_back({one->entry->info().subject, one->entry->sha256(), one->entry->file});
  check_known_root(j);
}

}  // namespace spdm::certstore
