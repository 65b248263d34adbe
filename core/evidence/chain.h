// The result of validating a certificate chain: filled by certstore, read by the appraisal and the report.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto/crypto.h"
#include "core/evidence/dice.h"
#include "core/finding.h"
#include "core/wire/digests.h"

namespace spdm {

// The certificate purposes with object identifiers in DSP0274 ("X.509 certificate", under 1.3.6.1.4.1.412.274).
enum class SpdmOid { hardware_identity, responder_auth, requester_auth, mutable_certificate };
inline constexpr std::array kSpdmOids{
    Word{SpdmOid::hardware_identity, "hardware-identity"},
    Word{SpdmOid::responder_auth, "responder-auth"},
    Word{SpdmOid::requester_auth, "requester-auth"},
    Word{SpdmOid::mutable_certificate, "mutable-certificate"},
};
static_assert(is_sound(kSpdmOids));
constexpr std::string_view name(SpdmOid oid) { return row_of(kSpdmOids, oid).name; }
// Whether `oid` is among the identifiers of a certificate (CertificateInfo::spdm_oids).
inline bool has(const std::vector<std::string>& identifiers, SpdmOid oid) {
  return std::find(identifiers.begin(), identifiers.end(), name(oid)) != identifiers.end();
}

// One certificate as shown to people and scripts. Strings are raw: escape before showing (text.h).
struct CertificateInfo {
  Bytes der;
  std::string subject, issuer, serial;  // RFC 2253 names; serial in hex
  std::string not_before, not_after;    // RFC 3339, UTC
  std::string key;                      // "EC P-384"
  std::string signature_algorithm;      // "ecdsa-with-SHA384"
  std::string sha256;                   // fingerprint of the DER, lower-case hex
  std::string tbs_sha256, key_sha256;   // of the TBSCertificate, which is what its issuer signed, and of the DER SubjectPublicKeyInfo;
                                        // empty where they cannot be read
  bool is_ca = false;
  std::optional<int> path_length;
  std::vector<std::string> key_usage, extended_key_usage;
  std::vector<std::string> spdm_oids;                                  // names of SpdmOid; dotted where it has none
  std::string device_info;                                             // DMTF device-info otherName "manufacturer:product:serial"
  std::vector<std::string> cma_identities;                             // PCI-SIG CMA otherNames "Vendor=..."
  std::vector<std::string> policies;                                   // certificatePolicies: names, dotted where there is none
  std::vector<std::string> ocsp, ca_issuers, crl_distribution_points;  // where to ask and to get them, as URIs
  std::vector<ExtensionInfo> extensions;                               // those that OpenSSL has no name for; the first ones
  std::size_t more_extensions = 0;                                     // of these that are left out
};

enum class Trust {
  trusted,    // a path to an anchor of the keyring exists and every certificate on it is good
  untrusted,  // no anchor vouches for it, or the chain is broken
  not_checked,
};

// The revocation list of one issuer of a chain; or, with an empty `file`, that there is none.
struct CrlInfo {
  std::string issuer;                    // RFC 2253, raw
  std::string file;                      // empty: the keyring has no usable list of this issuer
  std::string this_update, next_update;  // RFC 3339; next_update is empty where no newer list is promised
  std::string number;                    // hex; empty where the list has none
};

// A certificate that an issuer has revoked or holds back. Strings are raw.
struct Revocation {
  std::string subject, issuer, serial;  // RFC 2253 names; serial in hex
  std::string file;                     // the list that says so
  std::string revoked_at;               // RFC 3339, UTC: when the issuer said so
  std::string invalid_since;            // from when on the key may be in other hands; empty where the list does not say
  std::string reason;                   // "keyCompromise"; empty where the list gives none
};

// A certificate of the keyring above all that were received and above the anchor.
struct Completion {
  std::string subject, sha256, file;  // subject: RFC 2253, raw
};

// Which part of a device is pinned, always by its SHA-256.
enum class PinKind {
  leaf_key,     // of the DER SubjectPublicKeyInfo of the leaf, or of a provisioned key
  certificate,  // of one of the certificates of the chain, such as the Device Certificate above an alias
  root,         // of the root, where the device sends it or the keyring has it
};
inline constexpr std::array kPinKinds{
    Word{PinKind::leaf_key, "leaf-key"},
    Word{PinKind::certificate, "certificate"},
    Word{PinKind::root, "root"},
};
static_assert(is_sound(kPinKinds));
inline std::string_view name(PinKind kind) { return row_of(kPinKinds, kind).name; }

// The owner's pin that the device matched.
struct PinInfo {
  std::string origin;  // "FILE:LINE"
  PinKind kind = PinKind::leaf_key;
  std::string sha256;  // of what is pinned
  bool vouches = false;
  std::optional<std::uint8_t> min_version;  // SPDMVersion
  bool is_claimed = false;                  // that the pin is about this device is only what the collector says
};

struct ChainResult {
  std::size_t connection = 0;                 // of the evidence: a capture may hold several
  std::uint8_t slot = 0;                      // 0..7, or 0xFF for a provisioned key (then there are no certificates)
  CertModel model = CertModel::none;          // none: a provisioned key
  std::vector<CertificateInfo> certificates;  // as received: root or first intermediate first, leaf last
  std::optional<CertificateInfo> anchor;      // the keyring certificate that vouches for it
  std::string anchor_file;                    // where the anchor came from
  std::vector<std::string> anchor_names;      // its names in the keyring, "vendor.pem", "anchors/vendor.pem"
  std::string anchor_scope;                   // the file with the anchor's scope; empty when it has none
  Trust trust = Trust::not_checked;
  bool sound = false;            // structure and X.509 rules hold (Check::chain has run and found no failure)
  std::string root_fingerprint;  // SHA-256 of the root: of its DER when the chain has it, else "RootHash ..." as sent
  std::optional<crypto::PublicKey> leaf_key;
  std::string leaf_key_sha256;          // of the DER SubjectPublicKeyInfo; empty where it could not be read
  std::vector<Completion> completed;    // the issuers that the keyring has of the topmost certificate, the top first
  std::vector<CrlInfo> crls;            // of every issuer from the anchor down, the top first; above it where there is a list
  std::vector<Revocation> revocations;  // what those lists say of certificates of the chain
  std::optional<PinInfo> pin;           // nothing when no pin matched
  std::vector<Finding> findings;
};

// "DeviceCert", "provisioned key".
inline std::string_view model_name(const ChainResult& chain) {
  return chain.model == CertModel::none ? "provisioned key" : name(chain.model);
}

}  // namespace spdm
