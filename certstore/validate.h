// Who vouches for the device: an SPDM certificate chain judged by OpenSSL and the rules of DSP0274 against a keyring.
#pragma once

#include <ctime>
#include <memory>

#include "certstore/keyring.h"

namespace certstore {

// A chain as it came from the device, with what the connection says about it.
struct ChainInput {
  std::uint8_t slot = 0;
  spdm::View chain;             // SPDM certificate chain: Length, RootHash, certificates (DSP0274 table "Certificate chain format")
  std::uint8_t version = 0x12;  // negotiated SPDMVersion
  const spdm::HashAlgorithm* hash = nullptr;  // BaseHashSel
  const spdm::AsymAlgorithm* asym = nullptr;  // BaseAsymSel or PqcAsymSel
  std::string_view model = "DeviceCert";      // "DeviceCert", "AliasCert", "GenericCert"
  spdm::View digest;                          // the slot's entry of DIGESTS; empty when none was read
};

struct Options {
  std::time_t at = 0;           // the time certificates must be valid at
  bool partial_chains = false;  // any keyring certificate may end a path, not only roots (X509_V_FLAG_PARTIAL_CHAIN)
};

// Thread-safe; remembers the result per distinct chain (bounded), so judging the same chain again costs a look-up.
class Validator {
 public:
  Validator(const Keyring& keyring, Options options);
  ~Validator();
  spdm::ChainResult validate(const ChainInput& input) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace certstore
