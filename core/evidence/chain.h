// What became of a certificate chain: filled by certstore, read by the appraisal and the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto/crypto.h"
#include "core/finding.h"

namespace spdm {

// One certificate as shown to people and scripts. Strings are raw: escape before showing (text.h).
struct CertificateInfo {
  Bytes der;
  std::string subject, issuer, serial;  // RFC 2253 names; serial in hex
  std::string not_before, not_after;    // RFC 3339, UTC
  std::string key;                      // "EC P-384"
  std::string signature_algorithm;      // "ecdsa-with-SHA384"
  std::string sha256;                   // fingerprint of the DER, lower-case hex
  bool is_ca = false;
  std::optional<int> path_length;
  std::vector<std::string> key_usage, extended_key_usage;
  std::vector<std::string> spdm_oids;       // "hardware-identity", "mutable-certificate", "responder-auth", ...
  std::string device_info;                  // DMTF device-info otherName "manufacturer:product:serial"
  std::vector<std::string> cma_identities;  // PCI-SIG CMA otherNames "Vendor=..."
};

enum class Trust {
  trusted,    // a path to an anchor of the keyring exists and every certificate on it is good
  untrusted,  // no anchor vouches for it, or the chain is broken
  not_checked,
};

// The revocation list of one issuer of a chain, or that there is none.
struct CrlInfo {
  std::string issuer;                    // RFC 2253, raw
  std::string file;                      // empty: the keyring has no list of this issuer that can be relied on
  std::string this_update, next_update;  // RFC 3339; next_update is empty where no newer list is promised
  std::string number;                    // hex; empty where the list has none
};

// The owner's pin that a device fits.
struct PinInfo {
  std::string origin;  // "FILE:LINE"
  std::string kind;    // "leaf-key", "certificate", "root"
  std::string sha256;  // of what is pinned
  bool vouches = false;
};

struct ChainResult {
  std::size_t connection = 0;                 // of the evidence: a capture may hold several
  std::uint8_t slot = 0;                      // 0..7, or 0xFF for a provisioned key (then there are no certificates)
  std::string model;                          // "DeviceCert", "AliasCert", "GenericCert"
  std::vector<CertificateInfo> certificates;  // as received: root or first intermediate first, leaf last
  std::optional<CertificateInfo> anchor;      // the keyring certificate that vouches for it
  std::string anchor_file;                    // where the anchor came from
  std::string anchor_scope;                   // what limits the anchor: a file; empty when nothing does
  Trust trust = Trust::not_checked;
  bool sound = false;            // structure and X.509 rules hold (Check::chain has run and found no failure)
  std::string root_fingerprint;  // SHA-256 of the root: of its DER when the chain has it, else "RootHash ..." as sent
  std::optional<crypto::PublicKey> leaf_key;
  std::string leaf_key_sha256;  // of the DER SubjectPublicKeyInfo; empty where it could not be read
  std::vector<CrlInfo> crls;    // of every issuer from the anchor down, the top first
  std::optional<PinInfo> pin;   // nothing when the owner pinned nothing for the device
  std::vector<Finding> findings;
};

}  // namespace spdm
