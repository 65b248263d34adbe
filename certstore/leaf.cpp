// The rules of DSP0274 for the leaf certificate ("X.509 certificate requirements"). A GenericCert is exempt from many.
#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::string_view kVendor = "the vendor must reissue the leaf certificate";

struct Leaf {
  Validation& j;
  std::size_t index;
  const CertificateInfo& info;
  X509* certificate;

  void find(FindingId id, std::string_view field, std::string why) const {
    j.find(id, j.place(index, field), std::move(why), std::string(kVendor));
  }
};

void check_fields(const Leaf& leaf) {
  const long version = X509_get_version(leaf.certificate) + 1;
  if (version != 3) leaf.find(certificate_version, "version", cat("X.509 version ", version, ", must be 3"));
  if (leaf.j.generic()) return;
  if (leaf.info.issuer.empty()) leaf.find(empty_name, "issuer", "empty");
  if (leaf.info.subject.empty()) leaf.find(empty_name, "subject", "empty");
}

void check_key(const Leaf& leaf) {
  const auto& key = leaf.j.keys.back();
  if (!key) return;  // certificates.cpp has reported bad_key or crypto_unsupported
  if (key->fits(*leaf.j.input.asym)) {
    leaf.j.result.leaf_key = key;
  } else {
    leaf.find(leaf_key_mismatch, "subjectPublicKeyInfo", cat("the key is ", key->describe(), ", negotiated is ", leaf.j.input.asym->name));
  }
}

void check_usage(const Leaf& leaf) {
  const bool present = (X509_get_extension_flags(leaf.certificate) & EXFLAG_KUSAGE) != 0;
  const std::uint32_t usage = X509_get_key_usage(leaf.certificate);
  const bool generic = leaf.j.generic();
  if (!present && !generic) leaf.find(key_usage, "keyUsage", "missing, digitalSignature is required");
  if (present && (usage & KU_DIGITAL_SIGNATURE) == 0) leaf.find(key_usage, "keyUsage", "digitalSignature is not set");
  // RFC 5280 4.2.1.3: keyCertSign goes with cA. A GenericCert follows other standards.
  if (present && !generic && (usage & KU_KEY_CERT_SIGN) != 0) leaf.find(key_usage, "keyUsage", "keyCertSign is set in a leaf");
  // The extension is optional. But a key for requesters only is not a responder's key.
  const auto& purposes = leaf.info.extended_key_usage;
  if (has(purposes, SpdmOid::requester_auth) && !has(purposes, SpdmOid::responder_auth))
    leaf.find(extended_key_usage, "extendedKeyUsage", "it is for SPDM requesters (1.3.6.1.4.1.412.274.4) and not for responders (274.3)");
}

void check_constraints(const Leaf& leaf) {
  const std::uint32_t flags = X509_get_extension_flags(leaf.certificate);
  if ((flags & EXFLAG_CA) != 0)
    leaf.find(leaf_is_ca, "basicConstraints", "cA is true: the holder could issue certificates for other devices");
  if ((flags & EXFLAG_BCONS) == 0 && leaf.j.input.version >= k13)
    leaf.find(basic_constraints_missing, "basicConstraints", cat("missing, required in SPDM ", version_name(leaf.j.input.version)));
  if (self_issued(leaf.certificate))
    leaf.find(self_signed_leaf, "issuer", "the leaf names itself as its issuer: no issuer vouches for the key");
}

void check_identity(const Leaf& leaf) {
  // The device itself makes the key of an alias certificate; only the key of a Device Certificate is its hardware
  // identity.
  if (leaf.j.input.model == CertModel::alias && has(leaf.info.spdm_oids, SpdmOid::hardware_identity))
    leaf.find(hardware_identity, "SPDM extension", "hardware identity (1.3.6.1.4.1.412.274.2) in the leaf of an AliasCert chain");
}

}  // namespace

void check_leaf(Validation& j) {
  const Leaf leaf{j, j.received.size() - 1, j.result.certificates.back(), j.leaf()};
  check_fields(leaf);
  check_key(leaf);
  check_usage(leaf);
  check_constraints(leaf);
  check_identity(leaf);
}

}  // namespace spdm::certstore
