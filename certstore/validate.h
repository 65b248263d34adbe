// Validates an SPDM certificate chain against a keyring, by OpenSSL and the rules of DSP0274: who vouches for the
// device?
#pragma once

#include <ctime>
#include <memory>

#include "certstore/keyring.h"

namespace spdm {
struct HostView;
}

namespace spdm::certstore {

// A chain as it came from the device, with what the connection says about it.
struct ChainInput {
  std::uint8_t slot = 0;
  View chain;                           // SPDM certificate chain: Length, RootHash, certificates (DSP0274 table "Certificate chain format")
  std::uint8_t version = 0x12;          // negotiated SPDMVersion
  const HashAlgorithm* hash = nullptr;  // BaseHashSel
  const AsymAlgorithm* asym = nullptr;  // BaseAsymSel or PqcAsymSel
  CertModel model = CertModel::device;
  bool is_bare = false;            // `chain` has certificates only: somebody has taken Length and RootHash off
  View digest;                     // the slot's entry of DIGESTS; empty when none was read
  const HostView* host = nullptr;  // scopes and pins are matched with it; nullptr: nothing is known of the device
};

// The certificates of a chain, one behind the other; empty where it has none.
View certificates_in(const ChainInput& input);

struct Options {
  std::time_t at = 0;           // seconds since 1970; certificates must be valid at this time
  bool partial_chains = false;  // any keyring certificate may end a path, not only roots (X509_V_FLAG_PARTIAL_CHAIN)
};

// Thread-safe. It caches the result of each distinct chain (bounded): to validate the same chain again costs a look-up,
// and the checks that depend on the device (scopes and pins).
class Validator {
 public:
  // Throws Error{config, permission} for a keyring with a fatal problem (Keyring::assert_complete).
  Validator(Keyring keyring, Options options);
  ~Validator();
  ChainResult validate(const ChainInput& input) const;
  // The same for a key without certificates, slot 0xFF. It is trusted only with `from_owner`.
  ChainResult validate_key(View spki, bool from_owner, const HostView& host) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spdm::certstore
