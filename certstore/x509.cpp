#include "certstore/x509.h"

#include <openssl/objects.h>

#include <array>

#include "core/calendar.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

struct Named {
  std::string_view dotted, name;
};

// Names that OpenSSL 3.0 lacks: the SPDM identifiers, purposes of the TCG's DICE (DICE Certificate Profiles), and the post-quantum
// algorithms of FIPS 204 and 205.
constexpr std::array kNames{
    Named{"1.3.6.1.4.1.412.274.1", "device-info"},
    Named{"1.3.6.1.4.1.412.274.2", name(SpdmOid::hardware_identity)},
    Named{"1.3.6.1.4.1.412.274.3", name(SpdmOid::responder_auth)},
    Named{"1.3.6.1.4.1.412.274.4", name(SpdmOid::requester_auth)},
    Named{"1.3.6.1.4.1.412.274.5", name(SpdmOid::mutable_certificate)},
    Named{"1.3.6.1.4.1.412.274.6", "spdm-extension"},
    Named{"2.23.133.5.4.100.6", "tcg-dice-kp-identityInit"},
    Named{"2.23.133.5.4.100.7", "tcg-dice-kp-identityLoc"},
    Named{"2.23.133.5.4.100.8", "tcg-dice-kp-attestInit"},
    Named{"2.23.133.5.4.100.9", "tcg-dice-kp-attestLoc"},
    Named{"2.23.133.5.4.100.10", "tcg-dice-kp-assertInit"},
    Named{"2.23.133.5.4.100.11", "tcg-dice-kp-assertLoc"},
    Named{"2.23.133.5.4.100.12", "tcg-dice-kp-eca"},
    Named{"2.16.840.1.101.3.4.3.17", "ML-DSA-44"},
    Named{"2.16.840.1.101.3.4.3.18", "ML-DSA-65"},
    Named{"2.16.840.1.101.3.4.3.19", "ML-DSA-87"},
    Named{"2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s"},
    Named{"2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f"},
    Named{"2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s"},
    Named{"2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f"},
    Named{"2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s"},
    Named{"2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f"},
    Named{"2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s"},
    Named{"2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f"},
    Named{"2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s"},
    Named{"2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f"},
    Named{"2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s"},
    Named{"2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f"},
};

// The customary signer identity of SM2 signatures (GB/T 35276; in certificates GM/T 0015).
constexpr std::string_view kSm2Id = "1234567812345678";

}  // namespace

crypto::OwnedX509 parse_x509(View der) {
  const std::uint8_t* at = der.data();
  crypto::OwnedX509 out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();  // also after success: a key that could not be decoded leaves its reasons behind
  if (out && at != der.data() + der.size()) out.reset();
  return out;
}

bool self_issued(const X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

bool is_signed_by(X509* certificate, EVP_PKEY* key) {
  if (key == nullptr) return false;
  if (X509_get_signature_nid(certificate) == NID_SM2_with_SM3) {
    ASN1_OCTET_STRING* id = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(id, reinterpret_cast<const unsigned char*>(kSm2Id.data()), static_cast<int>(kSm2Id.size()));
    X509_set0_distinguishing_id(certificate, id);
    if (X509_verify(certificate, key) == 1) return true;
    X509_set0_distinguishing_id(certificate, nullptr);
  }
  const bool out = X509_verify(certificate, key) == 1;
  ERR_clear_error();
  return out;
}

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};  // longer identifiers are cut off: they are for show only
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return text.data();
}

std::string object_name(const ASN1_OBJECT* object) {
  const std::string digits = dotted(object);
  for (const Named& row : kNames)
    if (row.dotted == digits) return std::string(row.name);
  const int known = OBJ_obj2nid(object);
  return known == NID_undef ? digits : OBJ_nid2sn(known);
}

std::string rfc3339(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return utc_of(timegm(&parts));
}

}  // namespace spdm::certstore
