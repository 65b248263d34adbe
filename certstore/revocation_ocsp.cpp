// Checks a certificate of a chain against the saved OCSP responses of the keyring (RFC 6960).
#include <openssl/ocsp.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "certstore/revocation.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::string_view kNewAnswer = "replace this file with a new answer of this issuer's responder";

using OwnedStore = crypto::Owned<X509_STORE, X509_STORE_free>;
void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using OwnedStack = crypto::Owned<STACK_OF(X509), free_stack>;

View view(const ASN1_OCTET_STRING* text) { return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))}; }

using Hashed = std::array<std::uint8_t, EVP_MAX_MD_SIZE>;

bool has_hash(const X509_NAME* name, const EVP_MD* hash, View wanted) {
  Hashed out{};
  unsigned size = 0;
  return X509_NAME_digest(name, hash, out.data(), &size) == 1 && equal(View(out).first(size), wanted);
}

// By what a response names a certificate (RFC 6960 4.1.1). The name and the serial number must fit. So must the key, where the
// certificate of the issuer is proven.
struct Named {
  bool by_name = false, by_key = false;
};

Named is_about(const OcspAnswer& answer, const Link& link) {
  ASN1_OCTET_STRING *name = nullptr, *key = nullptr;
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(&name, &algorithm, &key, &serial, const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(answer.single)));
  if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(link.certificate)) != 0) return {};
  const EVP_MD* const hash = EVP_get_digestbyobj(algorithm);
  if (hash == nullptr) return {};
  Named out;
  out.by_name = has_hash(X509_get_issuer_name(link.certificate), hash, view(name)) ||
                (link.issuer != nullptr && has_hash(X509_get_subject_name(link.issuer), hash, view(name)));
  Hashed digest{};
  unsigned size = 0;
  out.by_key = link.issuer != nullptr && X509_pubkey_digest(link.issuer, hash, digest.data(), &size) == 1 &&
               equal(View(digest).first(size), view(key));
  return out;
}

bool is_signed_by(const OCSP_BASICRESP* basic, EVP_PKEY* key) {
  if (key == nullptr) return false;
  return ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic),
                          const_cast<ASN1_OCTET_STRING*>(OCSP_resp_get0_signature(basic)),
                          const_cast<OCSP_RESPDATA*>(OCSP_resp_get0_respdata(basic)), key) == 1;
}

// Who has signed a response, whatever its times and what the certificate of the issuer says of itself.
struct Signer {
  bool known = false;
  X509* delegate = nullptr;  // to whom the issuer has delegated it (RFC 6960 4.2.2.2); nullptr: the issuer itself
};

Signer signer_of(const OCSP_BASICRESP* basic, X509* issuer) {
  EVP_PKEY* const key = X509_get0_pubkey(issuer);
  if (is_signed_by(basic, key)) return {true, nullptr};
  const STACK_OF(X509)* const sent = OCSP_resp_get0_certs(basic);
  for (int i = 0; i < sk_X509_num(sent); ++i) {
    X509* const certificate = sk_X509_value(sent, i);
    const bool may =
        (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(certificate) & XKU_OCSP_SIGN) != 0;
    if (may && certstore::is_signed_by(certificate, key) && is_signed_by(basic, X509_get0_pubkey(certificate))) return {true, certificate};
  }
  return {};
}

// OpenSSL's own check, with the issuer as the one that is trusted: signature, responder, its certificate and what it may do, at the
// time when the response was produced.
bool verifies(OCSP_BASICRESP* basic, X509* issuer, std::int64_t at) {
  const OwnedStore store(X509_STORE_new());
  const OwnedStack issuers(sk_X509_new_null());
  X509_STORE_add_cert(store.get(), issuer);
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), static_cast<std::time_t>(at));
  sk_X509_push(issuers.get(), issuer);
  return OCSP_basic_verify(basic, issuers.get(), store.get(), 0) == 1;
}

// Why a response cannot be relied on that the issuer, or who signs for it, has signed.
std::string fault_of(const Validation& j, const OcspResponse& response, const OcspAnswer& answer, const Link& link, const Signer& signer) {
  if (!answer.unusable.empty()) return answer.unusable;
  if (!verifies(response.basic.get(), link.issuer, parse_rfc3339(response.produced_at).value_or(0)))
    return cat("it does not verify: ", crypto::openssl_reason());
  if (signer.delegate == nullptr) return {};
  if (const std::string end = rfc3339(X509_get0_notAfter(signer.delegate)); end < utc_of(j.options.at))
    return cat("the certificate of its responder expired on ", end);
  return reason_against(j, signer.delegate, link.issuer);
}

// A response that speaks of the certificate.
struct Said {
  const OcspResponse* response;
  const OcspAnswer* answer;
  std::string fault;  // why it cannot be relied on; empty: it can
};

// Reports every response that cannot be relied on, because it may be the one that revokes.
std::vector<Said> answers_about(Validation& j, const Link& link) {
  std::vector<Said> out;
  for (const OcspResponse& response : *j.ocsp)
    for (const OcspAnswer& answer : response.answers) {
      const Named named = is_about(answer, link);
      if (!named.by_name) continue;
      Said said{&response, &answer, answer.unusable};
      if (link.issuer == nullptr) {
        out.push_back(std::move(said));
        continue;
      }
      const Signer signer = signer_of(response.basic.get(), link.issuer);
      // A certificate above the anchor may be one that somebody else has made for the key of the issuer, in another encoding.
      const bool is_its = named.by_key || (signer.known && !link.told);
      if (!is_its) continue;
      said.fault =
          signer.known ? fault_of(j, response, answer, link, signer) : "it is not signed by the issuer or a delegate of it (OCSPSigning)";
      if (!said.fault.empty())
        j.find(ocsp_unusable, cat(link.below, ", ", response.file), cat("the OCSP response cannot be used: ", said.fault),
               std::string(kNewAnswer));
      if (signer.known) out.push_back(std::move(said));
    }
  ERR_clear_error();
  return out;
}

// Of two that were said at the same time the worse one is the newer.
bool newer(const Said& a, const Said& b) {
  const auto rank = [](const Said& one) { return std::tie(one.answer->this_update, one.response->produced_at); };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  return a.answer->status == OcspStatus::revoked && b.answer->status != OcspStatus::revoked;
}

// The newest of those that can be relied on and are not later than `until`; nullptr when there is none. One that knows nothing of the
// certificate takes back nothing that an earlier one has said.
const Said* newest(const std::vector<Said>& all, bool with_unknown, const std::string& until = {}) {
  const Said* out = nullptr;
  for (const Said& said : all) {
    if (!said.fault.empty() || (!until.empty() && said.answer->this_update > until)) continue;
    if (!with_unknown && said.answer->status == OcspStatus::unknown) continue;
    if (out == nullptr || newer(said, *out)) out = &said;
  }
  return out;
}

// Whether a response that says "revoked" does so although a newer one says something else. Only what was on hold can become good again
// (RFC 5280 5.3.1), and not as long as the response that holds it back is in force.
bool still_revokes(const Said& said, const std::string& now) {
  if (said.answer->reason != reason_name(CRL_REASON_CERTIFICATE_HOLD)) return true;
  return !said.answer->next_update.empty() && said.answer->next_update >= now;
}

}  // namespace

Heard hear_ocsp(Validation& j, const Link& link) {
  Heard out;
  const std::vector<Said> all = answers_about(j, link);
  const std::string now = utc_of(j.options.at), until = utc_of(j.options.at + kClockSkew);
  if (link.issuer != nullptr) {
    const Said* const last = newest(all, true);
    const Said* const in_force = newest(all, true, until);
    const Said* const told = in_force != nullptr ? in_force : last;
    // A root speaks for itself: what it says shows nothing.
    if (told != nullptr && told->answer->status != OcspStatus::unknown && link.issuer != link.certificate)
      out.newest = CrlInfo{{}, told->response->file,   told->answer->this_update, told->answer->next_update,
                           {}, RevocationSource::ocsp, told->answer->serial};
    if (told != nullptr && told->answer->status == OcspStatus::unknown)
      j.find(ocsp_unknown, cat(link.below, ", ", told->response->file), "the responder of its issuer does not know the certificate",
             "the answer proves nothing; ask the vendor whether this certificate was issued");
    if (last != nullptr && !last->answer->next_update.empty() && last->answer->next_update < now)
      j.find(ocsp_stale, cat(link.below, ", ", last->response->file),
             cat("the OCSP response is of ", last->answer->this_update, ", the next one was due on ", last->answer->next_update,
                 ", judged at ", now),
             std::string(kNewAnswer));
  }
  // As for lists: what counts is the newest, the newest at the time of judging, and the last before the certificate expired.
  const Said* const last = newest(all, false);
  const Said* const in_force = newest(all, false, until);
  const Said* const in_its_life = newest(all, false, rfc3339(X509_get0_notAfter(link.certificate)));
  for (const Said& said : all) {
    if (said.answer->status != OcspStatus::revoked) continue;
    const bool counts = !said.fault.empty() || &said == last || &said == in_force || &said == in_its_life || still_revokes(said, now);
    if (!counts) continue;
    out.revocation = Revocation{.subject = name_text(X509_get_subject_name(link.certificate)),
                                .issuer = name_text(X509_get_issuer_name(link.certificate)),
                                .serial = said.answer->serial,
                                .file = said.response->file,
                                .revoked_at = said.answer->revoked_at,
                                .invalid_since = said.answer->invalid_since,
                                .reason = said.answer->reason,
                                .source = RevocationSource::ocsp};
    break;
  }
  return out;
}

}  // namespace spdm::certstore
