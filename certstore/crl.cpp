#include "certstore/crl.h"

#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include "certstore/x509.h"
#include "core/crypto/pem.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using OwnedNumber = crypto::Owned<ASN1_INTEGER, ASN1_INTEGER_free>;

// Why an extension, of the list or of an entry, makes the list unusable; empty when it does not.
std::string fault_of(X509_EXTENSION* extension) {
  const ASN1_OBJECT* const id = X509_EXTENSION_get_object(extension);
  constexpr std::array kKnown{NID_crl_number, NID_authority_key_identifier, NID_crl_reason, NID_invalidity_date};
  const int kind = OBJ_obj2nid(id);
  if (kind == NID_delta_crl) return "it is a delta list, with changes only";
  if (kind == NID_issuing_distribution_point) return "it covers only a part of what its issuer issued (issuingDistributionPoint)";
  if (kind == NID_certificate_issuer) return "it is an indirect list: it covers other issuers, too";
  const bool known = std::find(kKnown.begin(), kKnown.end(), kind) != kKnown.end();
  if (X509_EXTENSION_get_critical(extension) != 0 && !known) return cat("its extension ", dotted(id), " is critical and not known");
  return {};
}

std::string fault_of(const X509_CRL* list, const Crl& read) {
  for (int i = 0; i < X509_CRL_get_ext_count(list); ++i)
    if (std::string fault = fault_of(X509_CRL_get_ext(list, i)); !fault.empty()) return fault;
  if (read.this_update.empty()) return "its thisUpdate is not a valid time";
  if (X509_CRL_get0_nextUpdate(list) != nullptr && read.next_update.empty()) return "its nextUpdate is not a valid time";
  if (read.revocations > kMaxRevocations) return cat("it has more than ", kMaxRevocations, " entries");
  STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(const_cast<X509_CRL*>(list));
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const X509_REVOKED* const entry = sk_X509_REVOKED_value(entries, i);
    for (int k = 0; k < X509_REVOKED_get_ext_count(entry); ++k)
      if (std::string fault = fault_of(X509_REVOKED_get_ext(entry, k)); !fault.empty()) return fault;
  }
  return {};
}

Crl exactly_one(View der, std::string_view what) {
  const std::uint8_t* at = der.data();
  const std::shared_ptr<X509_CRL> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), X509_CRL_free);
  if (!list) throw Error(ErrorId::bad_input, cat(what, ": not a revocation list: ", crypto::openssl_reason()));
  ERR_clear_error();
  if (const auto left = der.data() + der.size() - at; left != 0)
    throw Error(ErrorId::bad_input, cat(what, ": ", left, " bytes follow the revocation list"));
  Crl out;
  out.list = list;
  out.issuer = name_text(X509_CRL_get_issuer(list.get()));
  out.this_update = rfc3339(X509_CRL_get0_lastUpdate(list.get()));
  out.next_update = rfc3339(X509_CRL_get0_nextUpdate(list.get()));
  const OwnedNumber number(static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list.get(), NID_crl_number, nullptr, nullptr)));
  if (number) out.number = serial_text(number.get());
  const STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(list.get());
  out.revocations = entries == nullptr ? 0 : static_cast<std::size_t>(sk_X509_REVOKED_num(entries));
  out.unusable = fault_of(list.get(), out);
  ERR_clear_error();
  return out;
}

}  // namespace

std::vector<Crl> read_crls(View file, std::string_view what) {
  if (file.empty()) throw Error(ErrorId::bad_input, cat(what, ": is empty"));
  std::vector<Crl> out;
  if (file.front() == 0x30) {
    out.push_back(exactly_one(file, what));
  } else {
    crypto::for_each_pem_block(file, what, [&](std::string_view label, View der, std::size_t number) {
      if (label != PEM_STRING_X509_CRL)
        throw Error(ErrorId::bad_input, cat(what, ": PEM block ", number, " is a ", printable(label), ", not a revocation list"));
      out.push_back(exactly_one(der, cat(what, ", list ", number)));
    });
    if (out.empty())
      throw Error(ErrorId::bad_input, cat(what, ": no revocation list in it"), "give lists in PEM (X509 CRL), or one in DER");
  }
  for (Crl& list : out) list.file = what;
  return out;
}

}  // namespace spdm::certstore
