// Who vouches for the device: an SPDM certificate chain judged by OpenSSL and the rules of DSP0274 against a keyring.
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
  View digest;                     // the slot's entry of DIGESTS; empty when none was read
  const HostView* host = nullptr;  // what scopes and pins are matched with; nullptr: a device of which nothing is known
};

struct Options {
  std::time_t at = 0;           // the time certificates must be valid at
  bool partial_chains = false;  // any keyring certificate may end a path, not only roots (X509_V_FLAG_PARTIAL_CHAIN)
};

// Thread-safe; remembers the result per distinct chain (bounded), so judging the same chain again costs a look-up and
// what depends on the device: scopes and pins.
class Validator {
 public:
  // Throws Error{config, permission} for a keyring that does not say all that its owner wrote (Keyring::assert_complete).
  Validator(const Keyring& keyring, Options options);
  ~Validator();
  ChainResult validate(const ChainInput& input) const;
  // The same for a key without certificates, slot 0xFF; it is trusted only when it came from its owner.
  ChainResult validate_key(View spki, bool from_owner, const HostView& host) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spdm::certstore
