// Reads X509 objects of OpenSSL, for the description of certificates and for the rules about them.
#pragma once

#include <openssl/x509v3.h>

#include <ctime>
#include <string>
#include <vector>

#include "core/crypto/openssl.h"
#include "core/evidence/chain.h"

namespace spdm::certstore {

// nullptr unless the bytes are exactly one certificate.
crypto::OwnedX509 parse_x509(View der);

// As describe() of keyring.h, for a certificate that is parsed already.
CertificateInfo describe(const X509* certificate, View der);

bool self_issued(const X509* certificate);

// Whether the signature of a certificate verifies with this key. SM2 signatures include the signer's identity. Certificates use the
// customary one, or the empty one of SPDM: the one that verifies is left set in the certificate, else the empty one.
bool is_signed_by(X509* certificate, EVP_PKEY* key);

// RFC 2253, with UTF-8 as it is: whoever prints it must escape it (text.h).
std::string name_text(const X509_NAME* name);
// Hex, with a sign where it is negative.
std::string serial_text(const ASN1_INTEGER* serial);

// A name people know ("serverAuth", "ML-DSA-44", "responder-auth"), else the dotted identifier.
std::string object_name(const ASN1_OBJECT* object);
std::string dotted(const ASN1_OBJECT* object);
std::string rfc3339(const ASN1_TIME* time);

std::vector<std::string> key_usage_of(const X509* certificate);
std::vector<std::string> extended_key_usage_of(const X509* certificate);
// certificatePolicies, and where certificates, OCSP and CRLs of the issuer are to be had; the first ones of each.
std::vector<std::string> policies_of(const X509* certificate);
std::vector<std::string> access_of(const X509* certificate, int method);  // NID_ad_OCSP, NID_ad_ca_issuers
std::vector<std::string> crl_distribution_points_of(const X509* certificate);
// The values of the subjectAltName otherNames of this type that are UTF8Strings.
std::vector<std::string> other_names_of(const X509* certificate, std::string_view type);
// Appends the names of the identifiers in the SPDM extension; false when its DER is malformed.
bool spdm_extension_of(const X509* certificate, std::vector<std::string>& out);

// DSP0274 "X.509 certificate" object identifiers under 1.3.6.1.4.1.412.274, and that of PCI-SIG for CMA.
inline constexpr const char* kDeviceInfoType = "1.3.6.1.4.1.412.274.1";
inline constexpr const char* kSpdmExtensionId = "1.3.6.1.4.1.412.274.6";
inline constexpr const char* kCmaType = "2.23.147";

}  // namespace spdm::certstore
