#include "support/pki.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <map>
#include <stdexcept>

#include "core/text.h"

namespace pki {

namespace {

void check(bool good, const char* what) {
  if (good) return;
  char reason[256];
  ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
  throw std::runtime_error(spdm::cat("pki: ", what, ": ", std::string_view(reason)));
}

EVP_PKEY* raw(const Key& key) { return static_cast<EVP_PKEY*>(key.handle.get()); }

Key wrap(EVP_PKEY* key) {
  check(key != nullptr, "key");
  Key out;
  out.handle.reset(key, [](void* held) { EVP_PKEY_free(static_cast<EVP_PKEY*>(held)); });
  return out;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

// "CN=a, O=b"
void set_name(X509_NAME* name, std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = text.find(", ");
    const std::string part(text.substr(0, comma));
    const std::size_t equals = part.find('=');
    const auto* value = reinterpret_cast<const unsigned char*>(part.c_str() + equals + 1);
    check(X509_NAME_add_entry_by_txt(name, part.substr(0, equals).c_str(), MBSTRING_UTF8, value, -1, -1, 0) == 1, "name");
    text = comma == std::string_view::npos ? "" : text.substr(comma + 2);
  }
}

void add_extensions(X509* certificate, X509* issuer, const Profile& profile) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [name, value] : profile.extensions) {
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str());
    check(extension != nullptr, name.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
}

void sign(X509* certificate, const Profile& profile, EVP_PKEY* key) {
  const bool plain = EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "EC") == 1;
  const bool sm2 = EVP_PKEY_is_a(key, "SM2") == 1;
  EVP_MD_CTX* operation = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  const char* digest = plain ? profile.digest.c_str() : sm2 ? "SM3" : nullptr;
  check(EVP_DigestSignInit_ex(operation, &parameters, digest, nullptr, nullptr, key, nullptr) == 1, "signature");
  if (sm2 && !profile.sm2_id.empty()) EVP_PKEY_CTX_set1_id(parameters, profile.sm2_id.data(), static_cast<int>(profile.sm2_id.size()));
  check(X509_sign_ctx(certificate, operation) > 0, "sign");
  EVP_MD_CTX_free(operation);
}

}  // namespace

Key Key::make(const std::string& type, const std::string& curve, std::size_t bits) {
  if (type == "RSA") return wrap(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  if (type == "EC") return wrap(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
  return wrap(EVP_PKEY_Q_keygen(nullptr, nullptr, type.c_str()));
}

Key Key::make(const spdm::AsymAlgorithm& algorithm) {
  return make(std::string(algorithm.key), std::string(algorithm.group), algorithm.key_bits);
}

Key Key::shared(const spdm::AsymAlgorithm& algorithm) {
  static std::map<std::string, Key> keys;
  const std::string name = spdm::cat(algorithm.key, algorithm.group, algorithm.key_bits);
  const auto it = keys.find(name);
  return it != keys.end() ? it->second : keys.emplace(name, make(algorithm)).first->second;
}

Key Key::rsa(std::size_t bits, unsigned long exponent) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  BIGNUM* number = BN_new();
  BN_set_word(number, exponent);
  EVP_PKEY* key = nullptr;
  check(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, static_cast<int>(bits)) == 1 &&
            EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, number) == 1 && EVP_PKEY_generate(context, &key) == 1,
        "RSA key");
  BN_free(number);
  EVP_PKEY_CTX_free(context);
  return wrap(key);
}

Key Key::with_explicit_parameters() const {
  EVP_PKEY* copy = EVP_PKEY_dup(raw(*this));
  check(EVP_PKEY_set_utf8_string_param(copy, OSSL_PKEY_PARAM_EC_ENCODING, "explicit") == 1, "explicit parameters");
  return wrap(copy);
}

std::string Key::pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  check(PEM_write_bio_PKCS8PrivateKey(bio, raw(*this), nullptr, nullptr, 0, nullptr, nullptr) == 1, "PEM");
  return text_of(bio);
}

Bytes Key::spki() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(raw(*this), &der);
  check(size > 0, "public key");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

spdm::crypto::PrivateKey Key::private_key() const {
  const std::string text = pem();
  return spdm::crypto::PrivateKey::from_file_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "test key");
}

spdm::crypto::PublicKey Key::public_key() const { return spdm::crypto::PublicKey::from_spki(spki()); }

Certificate issue(const Profile& profile, const Certificate* issuer) {
  X509* certificate = X509_new();
  X509* above = certificate;
  if (issuer != nullptr) {
    const std::uint8_t* at = issuer->der.data();
    above = d2i_X509(nullptr, &at, static_cast<long>(issuer->der.size()));
    check(above != nullptr, "issuer");
  }
  X509_set_version(certificate, profile.version - 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), profile.serial);
  check(ASN1_TIME_set_string(X509_getm_notBefore(certificate), profile.not_before.c_str()) == 1, "notBefore");
  check(ASN1_TIME_set_string(X509_getm_notAfter(certificate), profile.not_after.c_str()) == 1, "notAfter");
  X509_NAME* name = X509_NAME_new();
  set_name(name, profile.subject);
  X509_set_subject_name(certificate, name);
  X509_NAME_free(name);
  name = X509_NAME_new();
  set_name(name, profile.issuer.value_or(issuer != nullptr ? issuer->subject : profile.subject));
  X509_set_issuer_name(certificate, name);
  X509_NAME_free(name);
  check(X509_set_pubkey(certificate, raw(profile.key)) == 1, "subject key");
  add_extensions(certificate, above, profile);
  sign(certificate, profile, raw(issuer != nullptr ? issuer->key : profile.key));

  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  check(size > 0, "certificate");
  Certificate out{Bytes(der, der + size), profile.subject, profile.key};
  OPENSSL_free(der);
  if (above != certificate) X509_free(above);
  X509_free(certificate);
  return out;
}

Bytes issue_crl(const CrlProfile& profile, const Certificate& issuer) {
  X509_CRL* list = X509_CRL_new();
  const std::uint8_t* at = issuer.der.data();
  X509* above = d2i_X509(nullptr, &at, static_cast<long>(issuer.der.size()));
  check(above != nullptr, "issuer");
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_NAME* name = X509_NAME_new();
  set_name(name, profile.issuer.value_or(issuer.subject));
  X509_CRL_set_issuer_name(list, name);
  X509_NAME_free(name);
  ASN1_TIME* time = ASN1_TIME_new();
  check(ASN1_TIME_set_string(time, profile.this_update.c_str()) == 1 && X509_CRL_set1_lastUpdate(list, time) == 1, "thisUpdate");
  if (!profile.next_update.empty())
    check(ASN1_TIME_set_string(time, profile.next_update.c_str()) == 1 && X509_CRL_set1_nextUpdate(list, time) == 1, "nextUpdate");
  for (const Revocation& revocation : profile.revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    ASN1_INTEGER* serial = ASN1_INTEGER_new();
    ASN1_INTEGER_set(serial, revocation.serial);
    X509_REVOKED_set_serialNumber(entry, serial);
    ASN1_INTEGER_free(serial);
    check(ASN1_TIME_set_string(time, revocation.at.c_str()) == 1 && X509_REVOKED_set_revocationDate(entry, time) == 1, "revocationDate");
    if (revocation.reason >= 0) {
      ASN1_ENUMERATED* reason = ASN1_ENUMERATED_new();
      ASN1_ENUMERATED_set(reason, revocation.reason);
      check(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1, "reason");
      ASN1_ENUMERATED_free(reason);
    }
    if (!revocation.invalid_since.empty()) {
      ASN1_GENERALIZEDTIME* since = ASN1_GENERALIZEDTIME_new();
      check(ASN1_GENERALIZEDTIME_set_string(since, revocation.invalid_since.c_str()) == 1 &&
                X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, since, 0, 0) == 1,
            "invalidityDate");
      ASN1_GENERALIZEDTIME_free(since);
    }
    X509_CRL_add0_revoked(list, entry);
  }
  ASN1_TIME_free(time);
  auto extensions = profile.extensions;
  if (profile.key_id) extensions.emplace_back("authorityKeyIdentifier", "keyid:always");
  X509V3_CTX context;
  X509V3_set_ctx(&context, above, nullptr, nullptr, list, 0);
  for (const auto& [id, value] : extensions) {
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, &context, id.c_str(), value.c_str());
    check(extension != nullptr, id.c_str());
    X509_CRL_add_ext(list, extension, -1);
    X509_EXTENSION_free(extension);
  }
  if (profile.number) {
    ASN1_INTEGER* number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, *profile.number);
    check(X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1, "number");
    ASN1_INTEGER_free(number);
  }
  X509_CRL_sort(list);
  check(X509_CRL_sign(list, raw(issuer.key), EVP_sha256()) > 0, "sign list");
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(list, &der);
  check(size > 0, "list");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  X509_free(above);
  X509_CRL_free(list);
  return out;
}

namespace {

X509* parsed(const Certificate& certificate) {
  const std::uint8_t* at = certificate.der.data();
  X509* out = d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size()));
  check(out != nullptr, "certificate");
  return out;
}

void add_status(OCSP_BASICRESP* basic, const OcspStatement& answer, X509* issuer) {
  ASN1_TIME *at = ASN1_TIME_new(), *from = ASN1_TIME_new(), *until = answer.next_update.empty() ? nullptr : ASN1_TIME_new();
  check(ASN1_TIME_set_string(at, answer.at.c_str()) == 1 && ASN1_TIME_set_string(from, answer.this_update.c_str()) == 1, "thisUpdate");
  check(until == nullptr || ASN1_TIME_set_string(until, answer.next_update.c_str()) == 1, "nextUpdate");
  ASN1_INTEGER* serial = ASN1_INTEGER_new();
  ASN1_INTEGER_set(serial, answer.serial);
  OCSP_CERTID* id =
      OCSP_cert_id_new(EVP_get_digestbyname(answer.hash.c_str()), X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), serial);
  OCSP_SINGLERESP* single = OCSP_basic_add1_status(basic, id, answer.status, answer.reason, at, from, until);
  check(single != nullptr, "OCSP status");
  for (const auto& [name, value] : answer.extensions) {
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, nullptr, name.c_str(), value.c_str());
    check(extension != nullptr && OCSP_SINGLERESP_add_ext(single, extension, -1) == 1, name.c_str());
    X509_EXTENSION_free(extension);
  }
  OCSP_CERTID_free(id);
  ASN1_INTEGER_free(serial);
  ASN1_TIME_free(at);
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
}

}  // namespace

Bytes issue_ocsp(const OcspProfile& profile, const Certificate& issuer) {
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  X509* above = parsed(issuer);
  for (const OcspStatement& answer : profile.answers) add_status(basic, answer, above);
  for (const auto& [name, value] : profile.extensions) {
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, nullptr, name.c_str(), value.c_str());
    check(extension != nullptr && OCSP_BASICRESP_add_ext(basic, extension, -1) == 1, name.c_str());
    X509_EXTENSION_free(extension);
  }
  // OpenSSL would write the time of now.
  auto* produced = const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(basic));
  check(ASN1_GENERALIZEDTIME_set_string(produced, profile.produced_at.c_str()) == 1, "producedAt");
  const Certificate& signer = profile.responder != nullptr ? *profile.responder : issuer;
  X509* shown = parsed(signer);
  const unsigned long flags = OCSP_NOTIME | (profile.by_key ? OCSP_RESPID_KEY : 0) | (profile.responder == nullptr ? OCSP_NOCERTS : 0);
  check(OCSP_basic_sign(basic, shown, raw(signer.key), EVP_sha256(), nullptr, flags) == 1, "sign response");
  OCSP_RESPONSE* response = OCSP_response_create(profile.status, profile.status == 0 ? basic : nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  check(size > 0, "response");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  X509_free(shown);
  X509_free(above);
  return out;
}

std::string ocsp_pem(View response) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio(bio, "OCSP RESPONSE", "", response.data(), static_cast<long>(response.size()));
  return text_of(bio);
}

Profile responder(const std::string& name, const Key& key) {
  Profile out;
  out.subject = "CN=" + name;
  out.key = key;
  out.serial = 50;
  out.extensions = {{"keyUsage", "critical,digitalSignature"}, {"extendedKeyUsage", "OCSPSigning"}, {"noCheck", "ignored"}};
  return out;
}

Profile root(const std::string& name, const Key& key) {
  Profile out;
  out.subject = "CN=" + name;
  out.key = key;
  out.extensions = {{"basicConstraints", "critical,CA:TRUE"}};
  return out;
}

Profile intermediate(const std::string& name, const Key& key) {
  Profile out = root(name, key);
  out.serial = 2;
  out.extensions.emplace_back("keyUsage", "critical,keyCertSign,cRLSign");
  return out;
}

Profile leaf(const std::string& name, const Key& key) {
  Profile out;
  out.subject = "CN=" + name;
  out.key = key;
  out.serial = 3;
  out.extensions = {{"basicConstraints", "critical,CA:FALSE"},
                    {"keyUsage", "critical,digitalSignature,nonRepudiation"},
                    {"subjectAltName", "otherName:1.3.6.1.4.1.412.274.1;UTF8:ACME:WIDGET:1234567890"},
                    {kSpdmExtension, kHardwareIdentity}};
  return out;
}

const Chain& sample() {
  static const Chain chain = [] {
    Chain out;
    out.root = issue(root("sample root", Key::make("EC", "P-384")));
    out.intermediate = issue(intermediate("sample intermediate", Key::make("EC", "P-384")), &out.root);
    out.leaf = issue(leaf("sample device", Key::make("EC", "P-384")), &out.intermediate);
    return out;
  }();
  return chain;
}

Bytes spdm_chain(const spdm::HashAlgorithm& hash, View root, const std::vector<Bytes>& certificates) {
  spdm::Writer body;
  body.bytes(spdm::crypto::hash(hash, root));
  for (const Bytes& certificate : certificates) body.bytes(certificate);
  spdm::Writer out;
  out.u32(body.size() + 4).bytes(body.take());
  return out.take();
}

std::string crl_pem(View crl) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio(bio, "X509 CRL", "", crl.data(), static_cast<long>(crl.size()));
  return text_of(bio);
}

std::string pem(View certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio(bio, "CERTIFICATE", "", certificate.data(), static_cast<long>(certificate.size()));
  return text_of(bio);
}

std::time_t at(const std::string& generalized) {
  ASN1_TIME* time = ASN1_TIME_new();
  std::tm parts{};
  check(ASN1_TIME_set_string(time, generalized.c_str()) == 1 && ASN1_TIME_to_tm(time, &parts) == 1, "time");
  ASN1_TIME_free(time);
  return timegm(&parts);
}

}  // namespace pki
