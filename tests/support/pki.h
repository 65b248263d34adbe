// Keys and certificates made on the spot, with any extension and any defect: no test needs a file that expires.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crypto/crypto.h"

namespace pki {

using spdm::Bytes;
using spdm::View;

// A private key. Copies share it.
class Key {
 public:
  // OpenSSL key type: "RSA" with bits, "EC" with a curve, otherwise as fetched ("SM2", "ED25519", "ML-DSA-44").
  static Key make(const std::string& type, const std::string& curve = {}, std::size_t bits = 0);
  // A new key of the kind the algorithm wants.
  static Key make(const spdm::AsymAlgorithm& algorithm);
  // The same key on every call within the process: RSA keys take long to make.
  static Key shared(const spdm::AsymAlgorithm& algorithm);
  // RSA with a public exponent of choice (odd, 3 or more).
  static Key rsa(std::size_t bits, unsigned long exponent);
  // The same EC key, its curve written out as explicit parameters instead of a name.
  Key with_explicit_parameters() const;

  std::string pem() const;  // PKCS#8
  Bytes spki() const;
  spdm::crypto::PrivateKey private_key() const;
  spdm::crypto::PublicKey public_key() const;

  std::shared_ptr<void> handle;  // EVP_PKEY
};

// What a certificate says. The defaults make a plain end-entity certificate that is valid from 2020 to 9999.
struct Profile {
  std::string subject = "CN=device";  // "CN=a, O=b"; may be empty
  std::optional<std::string> issuer;  // instead of the issuing certificate's subject
  Key key;                            // the subject's
  int version = 3;
  long serial = 1;
  std::string not_before = "20200101000000Z", not_after = "99991231235959Z";
  std::string digest = "SHA256";  // of the signature; not used by EdDSA, ML-DSA, SLH-DSA
  // As in openssl.cnf: {"basicConstraints", "critical,CA:FALSE"}; names may be dotted identifiers ("1.2.3.4",
  // "critical,DER:30:00").
  std::vector<std::pair<std::string, std::string>> extensions;
  std::string sm2_id;  // of SM2 signatures
};

struct Certificate {
  Bytes der;
  std::string subject;
  Key key;
};

// nullptr: self-signed.
Certificate issue(const Profile& profile, const Certificate* issuer = nullptr);

// A revocation list. The defaults make one that revokes nothing and is good from 2020 to 2029.
struct Revocation {
  long serial = 0;
  int reason = -1;  // CRLReason; -1: none
  std::string at = "20210203040506Z";
  std::string invalid_since = {};  // invalidityDate; may be empty
};
struct CrlProfile {
  std::string this_update = "20200101000000Z", next_update = "20290101000000Z";  // next_update may be empty
  std::optional<long> number = 1;
  std::vector<Revocation> revoked = {};
  std::vector<std::pair<std::string, std::string>> extensions = {};  // as in Profile
  std::optional<std::string> issuer = std::nullopt;                  // instead of the issuer's subject
  bool key_id = false;                                               // authorityKeyIdentifier of the issuer
};
Bytes issue_crl(const CrlProfile& profile, const Certificate& issuer);
std::string crl_pem(View crl);

// A saved OCSP response. The defaults make one that is good from 2020 to 2029.
struct OcspStatement {
  long serial = 0;
  int status = 0;                                                                // good, revoked, unknown
  int reason = -1;                                                               // CRLReason; -1: none
  std::string this_update = "20200101000000Z", next_update = "20290101000000Z";  // next_update may be empty
  std::string at = "20210203040506Z";
  std::string hash = "SHA1";  // of the issuer's name and key
  std::vector<std::pair<std::string, std::string>> extensions = {};
};
struct OcspProfile {
  std::vector<OcspStatement> answers;
  std::string produced_at = "20200101000000Z";
  const Certificate* responder = nullptr;  // signs, and is sent along; nullptr: the issuer signs
  bool by_key = false;                     // the responder is named by its key, not by its name
  std::vector<std::pair<std::string, std::string>> extensions = {};
  int status = 0;  // of the response: 3 is tryLater; without answers then
};
Bytes issue_ocsp(const OcspProfile& profile, const Certificate& issuer);
std::string ocsp_pem(View response);
// To whom an issuer delegates the signing of responses.
Profile responder(const std::string& name, const Key& key);

Profile root(const std::string& name, const Key& key);
Profile intermediate(const std::string& name, const Key& key);
Profile leaf(const std::string& name, const Key& key);  // by the leaf rules of DSP0274, with the hardware identity

// For Profile::extensions: the name of the SPDM extension (id-DMTF-SPDM-extension), and as its value the hardware identity.
inline constexpr const char* kSpdmExtension = "1.3.6.1.4.1.412.274.6";
inline constexpr const char* kHardwareIdentity = "DER:30:0E:30:0C:06:0A:2B:06:01:04:01:83:1C:82:12:02";

// A complete chain of three with EC keys on P-384, made once per process.
struct Chain {
  Certificate root, intermediate, leaf;
  std::vector<Bytes> all() const { return {root.der, intermediate.der, leaf.der}; }
};
const Chain& sample();

// The SPDM certificate chain: Length, RootHash, certificates. `root` is what RootHash is computed over.
Bytes spdm_chain(const spdm::HashAlgorithm& hash, View root, const std::vector<Bytes>& certificates);

std::string pem(View certificate);
std::time_t at(const std::string& generalized);  // "20240101000000Z"

}  // namespace pki
