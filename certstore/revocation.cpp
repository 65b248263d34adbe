// Checks the certificates of a chain against the revocation lists and OCSP responses of the keyring: those that were received, the
// anchor, and those above it that the keyring has. What is known to be revoked is never trusted.
#include <algorithm>

#include "certstore/revocation.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::string_view kNewList = "replace this file with the newest list of this issuer";
constexpr int kRemoved = 2;  // of X509_CRL_get0_by_serial: removeFromCRL, no longer revoked

// The whole path, the top first. Where the owner ends it does not matter: also an anchor can be revoked.
std::vector<Link> links_of(const Validation& j) {
  struct Node {
    X509* certificate;
    std::string place;
  };
  std::vector<Node> path;
  for (auto one = j.completed.rbegin(); one != j.completed.rend(); ++one) path.push_back({one->certificate.get(), j.place(*one)});
  std::size_t anchor = path.size();  // the first certificate whose issuer need not have a list; without an anchor the topmost received
  if (j.outer) path.push_back({j.outer.get(), j.place(j.received.size())});
  for (std::size_t i = 0; i < j.received.size(); ++i) {
    if (j.anchor != nullptr && !j.outer && j.result.certificates[i].sha256 == j.anchor->sha256()) anchor = path.size();
    path.push_back({j.received[i].get(), j.place(i)});
  }
  if (j.anchor == nullptr && !j.completed.empty()) --anchor;
  std::vector<Link> out;
  const Node& top = path.front();
  const bool root = self_issued(top.certificate);  // it may list itself
  out.push_back({top.certificate, root ? top.certificate : nullptr, top.place, top.place, false});
  for (std::size_t i = 1; i < path.size(); ++i)
    out.push_back({path[i].certificate, path[i - 1].certificate, path[i].place, path[i - 1].place, i > anchor});
  return out;
}

using OwnedKeyId = crypto::Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;

OwnedKeyId key_id_of(const Crl& crl) {
  return OwnedKeyId(static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(crl.list.get(), NID_authority_key_identifier, nullptr, nullptr)));
}

// Whether a list speaks of another key than the one that signed the certificate, as far as the two say so.
bool is_of_other_key(const Crl& crl, const Link& link) {
  const OwnedKeyId id = key_id_of(crl);
  if (!id) return false;
  if (link.issuer != nullptr) return X509_check_akid(link.issuer, id.get()) != X509_V_OK;
  const ASN1_OCTET_STRING* const own = X509_get0_authority_key_id(link.certificate);
  return own != nullptr && id->keyid != nullptr && ASN1_OCTET_STRING_cmp(own, id->keyid) != 0;
}

// A list with the name of an issuer.
struct List {
  const Crl* crl;
  std::string fault;  // why it cannot be relied on; empty: it can
};

// Why a list cannot be relied on that the issuer has signed.
std::string fault_of(const Crl& crl, X509* issuer) {
  if (!crl.unusable.empty()) return crl.unusable;
  const bool limited = (X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) != 0;
  if (limited && (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0) return "its issuer may not sign revocation lists (keyUsage)";
  return {};
}

std::string reason_of(const X509_REVOKED* entry) {
  const crypto::Owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  return reason ? std::string(reason_name(ASN1_ENUMERATED_get(reason.get()))) : std::string();
}

std::string invalidity_of(const X509_REVOKED* entry) {
  const crypto::Owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> date(
      static_cast<ASN1_GENERALIZEDTIME*>(X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, nullptr, nullptr)));
  return rfc3339(date.get());
}

// What a list says of a certificate; nothing when it does not revoke it.
std::optional<Revocation> look_up(const Crl& crl, X509* certificate) {
  X509_REVOKED* entry = nullptr;
  const int found = X509_CRL_get0_by_serial(crl.list.get(), &entry, X509_get_serialNumber(certificate));
  if (found == 0 || found == kRemoved || entry == nullptr) return std::nullopt;
  return Revocation{.subject = name_text(X509_get_subject_name(certificate)),
                    .issuer = crl.issuer,
                    .serial = serial_text(X509_get_serialNumber(certificate)),
                    .file = crl.file,
                    .revoked_at = rfc3339(X509_REVOKED_get0_revocationDate(entry)),
                    .invalid_since = invalidity_of(entry),
                    .reason = reason_of(entry),
                    .source = RevocationSource::crl};
}

// The lists that speak of the certificate. Its name is in what was signed, and the signature of a list tells whose it is: what the
// issuer's certificate says of itself does not matter, for a device may have made one for the same key. Reports every list that
// cannot be relied on, because it may be the one that revokes.
std::vector<List> lists_of(Validation& j, const Link& link) {
  std::vector<List> out;
  for (const Crl& crl : j.crls) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl.list.get()), X509_get_issuer_name(link.certificate)) != 0) continue;
    // A root that a list does not name: its signature is checked for those below.
    if (link.issuer == link.certificate && !look_up(crl, link.certificate)) continue;
    EVP_PKEY* const key = link.issuer == nullptr ? nullptr : X509_get0_pubkey(link.issuer);
    const bool signed_by_it = key != nullptr && X509_CRL_verify(crl.list.get(), key) == 1;
    if (!signed_by_it && is_of_other_key(crl, link)) continue;
    List list{&crl, crl.unusable};
    if (link.issuer != nullptr) {
      list.fault = signed_by_it ? fault_of(crl, link.issuer) : "its signature does not verify with the key of the issuer";
      if (!list.fault.empty())
        j.find(crl_unusable, cat(link.above, ", ", crl.file), cat("the revocation list cannot be used: ", list.fault),
               std::string(kNewList));
      if (!signed_by_it) continue;
    }
    out.push_back(std::move(list));
  }
  ERR_clear_error();
  return out;
}

// Compares CRL numbers where both lists have one: they give the order also within one second.
bool newer(const Crl& a, const Crl& b) {
  if (a.number.empty() || b.number.empty() || a.number == b.number) return a.this_update > b.this_update;
  return a.number.size() != b.number.size() ? a.number.size() > b.number.size() : a.number > b.number;
}

// The newest of the lists that can be relied on; nullptr when there is none. With `until`: of those that are not later.
const Crl* newest(const std::vector<List>& lists, const std::string& until = {}) {
  const Crl* out = nullptr;
  for (const List& list : lists)
    if (list.fault.empty() && (until.empty() || list.crl->this_update <= until) && (out == nullptr || newer(*list.crl, *out)))
      out = list.crl;
  return out;
}

void report(Validation& j, const Link& link, Revocation revocation) {
  const bool by_list = revocation.source == RevocationSource::crl;
  const std::string unproven =
      cat("; who signed the ", by_list ? "list" : "response", " could not be checked: the certificate of the issuer is missing");
  j.find(revoked, cat(link.below, ", serialNumber"),
         cat("revoked by ", revocation.issuer, ": serial ", revocation.serial, ", since ", revocation.revoked_at,
             revocation.invalid_since.empty() ? "" : ", invalid since ", revocation.invalid_since,
             revocation.reason.empty() ? "" : ", reason ", revocation.reason, by_list ? " (" : " (OCSP response ", revocation.file, ")",
             link.issuer == nullptr ? unproven : std::string()),
         "do not use the device; ask its vendor about the key");
  j.result.revocations.push_back(std::move(revocation));
}

// What was there at the time of judging comes before what is later, then the newer before the older.
const std::optional<CrlInfo>& better(const std::optional<CrlInfo>& a, const std::optional<CrlInfo>& b, const std::string& until) {
  if (!a || !b) return a ? a : b;
  const bool later_a = a->this_update > until, later_b = b->this_update > until;
  if (later_a != later_b) return later_a ? b : a;
  return a->this_update < b->this_update ? b : a;
}

// Puts into the report what the issuer has last said. One entry is enough where a list and an OCSP response both speak of the
// certificate: the newer one.
void tell(Validation& j, const Link& link, const std::optional<CrlInfo>& newest) {
  if (!newest && !link.told) return;
  CrlInfo told = newest.value_or(CrlInfo());
  told.issuer = name_text(X509_get_issuer_name(link.certificate));
  const auto same = [&](const CrlInfo& other) {
    return other.issuer == told.issuer && other.file == told.file && other.serial == told.serial;
  };
  if (std::none_of(j.result.crls.begin(), j.result.crls.end(), same)) j.result.crls.push_back(std::move(told));
}

// Lists and responses do not outvote each other: what one of the two revokes or holds back is revoked.
void check(Validation& j, const Link& link) {
  const Heard lists = hear_lists(j, link), ocsp = hear_ocsp(j, link);
  tell(j, link, better(lists.newest, ocsp.newest, utc_of(j.options.at + kClockSkew)));
  if (const std::optional<Revocation>& found = lists.revocation ? lists.revocation : ocsp.revocation) report(j, link, *found);
}

}  // namespace

Heard hear_lists(Validation& j, const Link& link) {
  Heard out;
  const std::vector<List> lists = lists_of(j, link);
  const Crl* const last = newest(lists);
  const Crl* const in_force = newest(lists, utc_of(j.options.at + kClockSkew));
  // Without the issuer's certificate nobody knows who has signed a list. It can revoke, and never show that nothing is revoked.
  if (link.issuer != nullptr) {
    if (const Crl* const told = in_force != nullptr ? in_force : last)
      out.newest = CrlInfo{{}, told->file, told->this_update, told->next_update, told->number, RevocationSource::crl, {}};
    if (last != nullptr && !last->next_update.empty() && last->next_update < utc_of(j.options.at))
      j.find(crl_stale, cat(link.above, ", ", last->file),
             cat("the revocation list is of ", last->this_update, ", the next one was due on ", last->next_update, ", judged at ",
                 utc_of(j.options.at)),
             std::string(kNewList));
  }
  // The newest list counts, whatever the time of judging: what is known now is no less true for what was judged then. So does the one
  // that was the newest then, and the last one of before the certificate expired, for a later one may leave it out (RFC 5280 3.3). A list
  // that is no use for anything else still revokes.
  const Crl* const in_its_life = newest(lists, rfc3339(X509_get0_notAfter(link.certificate)));
  for (const List& list : lists) {
    if (list.fault.empty() && list.crl != last && list.crl != in_force && list.crl != in_its_life) continue;
    out.revocation = look_up(*list.crl, link.certificate);
    if (out.revocation) break;
  }
  return out;
}

std::string reason_against(const Validation& j, X509* certificate, X509* issuer) {
  for (const Crl& crl : j.crls) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl.list.get()), X509_get_issuer_name(certificate)) != 0) continue;
    if (X509_CRL_verify(crl.list.get(), X509_get0_pubkey(issuer)) == 1 && look_up(crl, certificate))
      return cat("the certificate of its responder is revoked by ", crl.file);
  }
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return "the certificate of its responder cannot be written";
  const CertificateInfo info = describe(certificate, {der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  for (const auto& [kind, print] : {std::pair(DenialKind::tbs, info.tbs_sha256), std::pair(DenialKind::certificate, info.sha256),
                                    std::pair(DenialKind::key, info.key_sha256)})
    if (const Denial* const entry = find_denial(j.denials, kind, print)) return cat(entry->origin, " denies its responder");
  return {};
}

void check_revocation(Validation& j) {
  // The issuer of the topmost certificate was not sent and is not in the keyring. The report shows that no list of it
  // was used.
  if (j.anchor == nullptr && !j.has_root && j.completed.empty())
    j.result.crls.emplace_back().issuer = name_text(X509_get_issuer_name(j.received.front().get()));
  for (const Link& link : links_of(j)) check(j, link);
  ERR_clear_error();
}

}  // namespace spdm::certstore
