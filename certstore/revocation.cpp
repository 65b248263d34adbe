// Checks the certificates between the anchor and the leaf against the revocation lists of the keyring.
#include <algorithm>

#include "certstore/validation.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::string_view kNewList = "get the newest list of this issuer and put it in the place of this file";

// A certificate of the path and the one above it.
struct Link {
  std::size_t below, above;  // indices for place()
  X509* certificate;
  X509* issuer;
};

// The links from the anchor down. Certificates above an anchor do not matter: the owner trusts the anchor itself.
std::vector<Link> links_of(const Validation& j) {
  std::vector<Link> out;
  if (j.outer) out.push_back({0, j.received.size(), j.received.front().get(), j.outer.get()});
  std::size_t first = 0;
  for (std::size_t i = 0; i < j.received.size() && j.anchor != nullptr && !j.outer; ++i)
    if (j.result.certificates[i].sha256 == j.anchor->info.sha256) first = i;
  for (std::size_t i = first + 1; i < j.received.size(); ++i) out.push_back({i, i - 1, j.received[i].get(), j.received[i - 1].get()});
  return out;
}

// Whether a list is of this issuer. Another key may have the same name: a list that names another key is not of this
// issuer.
bool is_of(const Crl& crl, X509* issuer) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(crl.list.get()), X509_get_subject_name(issuer)) != 0) return false;
  const crypto::Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free> id(
      static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(crl.list.get(), NID_authority_key_identifier, nullptr, nullptr)));
  return !id || X509_check_akid(issuer, id.get()) == X509_V_OK;
}

std::string fault_of(const Crl& crl, X509* issuer, std::int64_t at) {
  if (!crl.unusable.empty()) return crl.unusable;
  if (crl.this_update > utc_of(at + kClockSkew)) return cat("it is of ", crl.this_update, ", after the time of judging, ", utc_of(at));
  const bool limited = (X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) != 0;
  if (limited && (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0) return "its issuer may not sign revocation lists (keyUsage)";
  EVP_PKEY* const key = X509_get0_pubkey(issuer);
  if (key == nullptr || X509_CRL_verify(crl.list.get(), key) != 1) return "its signature does not verify with the key of the issuer";
  return {};
}

// Compares CRL numbers where both lists have one: they give the order also within one second.
bool newer(const Crl& a, const Crl& b) {
  if (a.number.empty() || b.number.empty() || a.number == b.number) return a.this_update > b.this_update;
  return a.number.size() != b.number.size() ? a.number.size() > b.number.size() : a.number > b.number;
}

// Returns the newest usable list of an issuer. Reports every unusable one, because it may be the one that revokes.
const Crl* choose(Validation& j, const Link& link) {
  const Crl* out = nullptr;
  for (const Crl& crl : j.crls) {
    if (!is_of(crl, link.issuer)) continue;
    const std::string fault = fault_of(crl, link.issuer, j.options.at);
    if (!fault.empty())
      j.find(crl_unusable, cat(j.place(link.above), ", ", crl.file), cat("the revocation list cannot be used: ", fault),
             std::string(kNewList));
    else if (out == nullptr || newer(crl, *out))
      out = &crl;
  }
  return out;
}

std::string reason_of(const X509_REVOKED* entry) {
  const crypto::Owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  switch (reason ? ASN1_ENUMERATED_get(reason.get()) : -1) {
    case 0:
      return "unspecified";
    case 1:
      return "keyCompromise";
    case 2:
      return "cACompromise";
    case 3:
      return "affiliationChanged";
    case 4:
      return "superseded";
    case 5:
      return "cessationOfOperation";
    case 6:
      return "certificateHold";
    case 9:
      return "privilegeWithdrawn";
    case 10:
      return "aACompromise";
    default:
      return {};
  }
}

void consult(Validation& j, const Link& link, const Crl& crl) {
  if (!crl.next_update.empty() && crl.next_update < utc_of(j.options.at))
    j.find(crl_stale, cat(j.place(link.above), ", ", crl.file),
           cat("the revocation list is of ", crl.this_update, ", a newer one was promised for ", crl.next_update, ", judged at ",
               utc_of(j.options.at)),
           std::string(kNewList));
  X509_REVOKED* entry = nullptr;
  // 2 means removeFromCRL: no longer revoked.
  if (X509_CRL_get0_by_serial(crl.list.get(), &entry, X509_get_serialNumber(link.certificate)) != 1) return;
  const std::string reason = reason_of(entry);
  const std::string serial = link.below < j.result.certificates.size() ? j.result.certificates[link.below].serial : std::string();
  j.find(revoked, j.place(link.below, "serialNumber"),
         cat("revoked by ", crl.issuer, ": serial ", serial, ", since ", rfc3339(X509_REVOKED_get0_revocationDate(entry)),
             reason.empty() ? "" : ", reason ", reason, " (", crl.file, ")"),
         "do not use the device; ask its vendor what became of the key");
}

}  // namespace

void check_revocation(Validation& j) {
  // The issuer of the topmost certificate was not sent and is not in the keyring. The report shows that no list of it
  // was used.
  if (j.anchor == nullptr && !j.outer && !j.has_root && !j.received.empty())
    j.result.crls.emplace_back().issuer = name_text(X509_get_issuer_name(j.received.front().get()));
  for (const Link& link : links_of(j)) {
    const Crl* const crl = choose(j, link);
    CrlInfo& told = j.result.crls.emplace_back();
    told.issuer = name_text(X509_get_subject_name(link.issuer));
    if (crl == nullptr) continue;
    told.file = crl->file;
    told.this_update = crl->this_update;
    told.next_update = crl->next_update;
    told.number = crl->number;
    consult(j, link, *crl);
  }
  ERR_clear_error();
}

}  // namespace spdm::certstore
