// The state of one validation: what has been read so far, and its findings. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certstore/issuers.h"
#include "certstore/lookup.h"
#include "certstore/owner.h"
#include "certstore/validate.h"
#include "certstore/x509.h"

namespace spdm::certstore {

// The most certificates of one chain: more would only cost time (DSP0274 certificate chain format, N169). A chain of 64
// KiB has been seen with 49.
inline constexpr std::size_t kMaxCertificates = 100;

// An issuer of the topmost certificate that the keyring has.
struct Completed {
  crypto::OwnedX509 certificate;
  const Entry* entry = nullptr;
};

struct Validation {
  Validation(const ChainInput& chain, const Options& how, const Keyring& trusted, const Lookup& found, Issuers& shared, ChainResult& out)
      : input(chain),
        options(how),
        lookup(found),
        issuers(shared),
        crls(trusted.crls()),
        denials(trusted.denials()),
        result(out),
        ocsp(&trusted.ocsp()) {}

  const ChainInput& input;
  const Options& options;
  const Lookup& lookup;  // of the certificates of the keyring
  Issuers& issuers;
  const std::vector<Crl>& crls;
  const std::vector<Denial>& denials;
  ChainResult& result;

  View root_hash;                                      // as sent
  std::vector<crypto::OwnedX509> received;             // same order and number as result.certificates
  std::vector<std::optional<crypto::PublicKey>> keys;  // of the received certificates; nothing for a key that cannot be used
  bool has_root = false;                               // true: received[0] is the root; false: the responder left the root out
  const Entry* anchor = nullptr;                       // the keyring entry that vouches
  crypto::OwnedX509 outer;                             // the anchor when it is not among the received ones
  std::vector<Completed> completed;                    // above all that were received and above the anchor, the bottom first
  std::vector<bool> unknown_signature;                 // per received certificate: the library lacks the algorithm
  bool unsupported = false;                            // this host's library could not check something
  const std::vector<OcspResponse>* ocsp;

  X509* leaf() const { return received.back().get(); }
  // Shared with other chains as those of Issuers, and never the same object as a received one. nullptr where it is no certificate.
  crypto::OwnedX509 certificate_of(const Entry& entry) const;
  // GenericCert exists from 1.3 on and never in slot 0; only then are its exemptions granted.
  bool generic() const { return input.model == CertModel::generic && input.slot != 0 && input.version >= k13; }

  // Appends a finding, unless the same one is there for the same place.
  void find(FindingId id, std::string where, std::string why, std::string remedy = {});
  bool found(FindingId id, std::string_view where) const;

  std::string slot() const;
  // "slot 0, certificate 2 of 3 (CN=device)", then ", " and the field. Index received.size() is the outer anchor,
  // OpenSSL's depth 0 the leaf.
  std::string place(std::size_t index, std::string_view field = {}) const;
  std::string place(const Completed& above) const;
  std::size_t index_of_depth(int depth) const { return received.size() - 1 - static_cast<std::size_t>(depth); }
};

// In the order in which they run. When check_structure returns false, the others do not run.
bool check_structure(Validation& validation);
void find_anchor(Validation& validation);
void complete_upwards(Validation& validation);
void check_certificates(Validation& validation);
void check_path(Validation& validation);
void check_leaf(Validation& validation);
void check_revocation(Validation& validation);
void check_denied(Validation& validation);
// After all of them, once the anchor is in the result.
void check_layers(Validation& validation);

}  // namespace spdm::certstore
