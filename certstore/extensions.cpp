// Reads key usage, extended key usage, and the extensions of SPDM and PCI.
#include <openssl/objects.h>

#include <array>

#include "certstore/der.h"
#include "certstore/x509.h"

namespace spdm::certstore {

namespace {

constexpr std::array<std::string_view, 9> kUsages{"digitalSignature", "nonRepudiation", "keyEncipherment",
                                                  "dataEncipherment", "keyAgreement",   "keyCertSign",
                                                  "cRLSign",          "encipherOnly",   "decipherOnly"};

using OwnedBits = crypto::Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OwnedPurposes = crypto::Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using OwnedNames = crypto::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OwnedPolicies = crypto::Owned<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>;
using OwnedAccess = crypto::Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
using OwnedPoints = crypto::Owned<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;
using OwnedObject = crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free>;

template <class T>
T* decoded(const X509* certificate, int extension) {
  return static_cast<T*>(X509_get_ext_d2i(certificate, extension, nullptr, nullptr));
}

constexpr std::size_t kMostShown = 16;  // policies and URIs of a certificate

void add_uri(const GENERAL_NAME* name, std::vector<std::string>& out) {
  if (name->type != GEN_URI || out.size() == kMostShown) return;
  const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
  out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), static_cast<std::size_t>(ASN1_STRING_length(uri)));
}

// The name of an identifier from its DER, empty when that is malformed.
std::string identifier(const Element& element) {
  const std::uint8_t* at = element.whole.data();
  const OwnedObject object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(element.whole.size())));
  ERR_clear_error();
  return object ? object_name(object.get()) : std::string();
}

// SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, parameters OPTIONAL }. Some issuers put the identifiers directly into the
// outer SEQUENCE; that is accepted, too.
bool spdm_identifiers(View value, std::vector<std::string>& out) {
  std::string why;
  const auto outer = take_element(value, why);
  if (!outer || outer->tag != kSequence || !value.empty()) return false;
  View rest = outer->content;
  while (!rest.empty()) {
    auto element = take_element(rest, why);
    if (!element) return false;
    if (element->tag == kSequence) {
      View inner = element->content;
      element = take_element(inner, why);
    }
    if (!element || element->tag != kObjectIdentifier) return false;
    std::string name = identifier(*element);
    if (name.empty()) return false;
    out.push_back(std::move(name));
  }
  return true;
}

}  // namespace

std::vector<std::string> key_usage_of(const X509* certificate) {
  std::vector<std::string> out;
  const OwnedBits bits(decoded<ASN1_BIT_STRING>(certificate, NID_key_usage));
  if (!bits) return out;
  for (std::size_t i = 0; i < kUsages.size(); ++i)
    if (ASN1_BIT_STRING_get_bit(bits.get(), static_cast<int>(i)) == 1) out.emplace_back(kUsages[i]);
  return out;
}

std::vector<std::string> extended_key_usage_of(const X509* certificate) {
  std::vector<std::string> out;
  const OwnedPurposes purposes(decoded<EXTENDED_KEY_USAGE>(certificate, NID_ext_key_usage));
  if (!purposes) return out;
  for (int i = 0; i < sk_ASN1_OBJECT_num(purposes.get()); ++i) out.push_back(object_name(sk_ASN1_OBJECT_value(purposes.get(), i)));
  return out;
}

std::vector<std::string> other_names_of(const X509* certificate, std::string_view type) {
  std::vector<std::string> out;
  const OwnedNames names(decoded<GENERAL_NAMES>(certificate, NID_subject_alt_name));
  if (!names) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_OTHERNAME || dotted(name->d.otherName->type_id) != type) continue;
    const ASN1_TYPE* value = name->d.otherName->value;
    if (value->type != V_ASN1_UTF8STRING) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value->value.utf8string));
    out.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(value->value.utf8string)));
  }
  return out;
}

std::vector<std::string> policies_of(const X509* certificate) {
  std::vector<std::string> out;
  const OwnedPolicies policies(decoded<CERTIFICATEPOLICIES>(certificate, NID_certificate_policies));
  if (!policies) return out;
  for (int i = 0; i < sk_POLICYINFO_num(policies.get()) && out.size() < kMostShown; ++i)
    out.push_back(object_name(sk_POLICYINFO_value(policies.get(), i)->policyid));
  return out;
}

std::vector<std::string> access_of(const X509* certificate, int method) {
  std::vector<std::string> out;
  const OwnedAccess access(decoded<AUTHORITY_INFO_ACCESS>(certificate, NID_info_access));
  if (!access) return out;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(one->method) == method) add_uri(one->location, out);
  }
  return out;
}

std::vector<std::string> crl_distribution_points_of(const X509* certificate) {
  std::vector<std::string> out;
  const OwnedPoints points(decoded<CRL_DIST_POINTS>(certificate, NID_crl_distribution_points));
  if (!points) return out;
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* name = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (name == nullptr || name->type != 0) continue;  // 1: relative to the issuer
    for (int k = 0; k < sk_GENERAL_NAME_num(name->name.fullname); ++k) add_uri(sk_GENERAL_NAME_value(name->name.fullname, k), out);
  }
  return out;
}

bool spdm_extension_of(const X509* certificate, std::vector<std::string>& out) {
  const OwnedObject id(OBJ_txt2obj(kSpdmExtensionId, 1));
  const int at = X509_get_ext_by_OBJ(certificate, id.get(), -1);
  if (at < 0) return true;
  if (X509_get_ext_by_OBJ(certificate, id.get(), at) >= 0) return false;  // RFC 5280 4.2: no extension twice
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
  return spdm_identifiers({ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))}, out);
}

}  // namespace spdm::certstore
