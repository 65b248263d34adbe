#include <openssl/objects.h>

#include <algorithm>

#include "certstore/attestation.h"
#include "certstore/der.h"
#include "certstore/fingerprint.h"
#include "certstore/keyring.h"
#include "certstore/x509.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

std::string key_text(const X509* certificate) {
  try {
    return crypto::public_key(X509_get0_pubkey(certificate)).describe();
  } catch (const Error&) {
    ASN1_OBJECT* algorithm = nullptr;
    X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate));
    return algorithm == nullptr ? std::string() : object_name(algorithm);
  }
}

std::string key_fingerprint(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::string out = sha256({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::string name_text(const X509_NAME* name) {
  const crypto::OwnedBio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string serial_text(const ASN1_INTEGER* serial) {
  const View digits{ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))};
  return cat(ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : "", hex(digits));
}

CertificateInfo describe(const X509* certificate, View der) {
  CertificateInfo out;
  out.der = to_bytes(der);
  out.sha256 = sha256(der);
  if (const View tbs = tbs_of(der); !tbs.empty()) out.tbs_sha256 = sha256(tbs);
  out.key_sha256 = key_fingerprint(certificate);
  out.subject = name_text(X509_get_subject_name(certificate));
  out.issuer = name_text(X509_get_issuer_name(certificate));
  out.serial = serial_text(X509_get0_serialNumber(certificate));
  out.not_before = rfc3339(X509_get0_notBefore(certificate));
  out.not_after = rfc3339(X509_get0_notAfter(certificate));
  out.key = key_text(certificate);
  const X509_ALGOR* signature = nullptr;
  X509_get0_signature(nullptr, &signature, certificate);
  out.signature_algorithm = object_name(signature->algorithm);

  const crypto::Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> basic(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
  out.is_ca = basic && basic->ca != 0;
  if (basic && basic->pathlen != nullptr) out.path_length = static_cast<int>(ASN1_INTEGER_get(basic->pathlen));
  out.key_usage = key_usage_of(certificate);
  out.extended_key_usage = extended_key_usage_of(certificate);
  spdm_extension_of(certificate, out.spdm_oids);
  for (const std::string& purpose : out.extended_key_usage)
    if (purpose == name(SpdmOid::responder_auth) || purpose == name(SpdmOid::requester_auth)) out.spdm_oids.push_back(purpose);
  const auto info = other_names_of(certificate, kDeviceInfoType);
  if (!info.empty()) out.device_info = info.front();
  out.cma_identities = other_names_of(certificate, kCmaType);
  out.policies = policies_of(certificate);
  out.ocsp = access_of(certificate, NID_ad_OCSP);
  out.ca_issuers = access_of(certificate, NID_ad_ca_issuers);
  out.crl_distribution_points = crl_distribution_points_of(certificate);
  out.extensions = extensions_of(certificate, out.more_extensions);
  ERR_clear_error();
  return out;
}

CertificateInfo describe(View der) {
  const auto certificate = parse_x509(der);
  if (certificate) return describe(certificate.get(), der);
  CertificateInfo out;
  out.der = to_bytes(der);
  out.sha256 = sha256(der);
  return out;
}

}  // namespace spdm::certstore
