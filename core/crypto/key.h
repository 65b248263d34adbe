// An OpenSSL key and the operations prepared with it. Shared by the files of this folder only.
#pragma once

#include <deque>
#include <mutex>

#include "core/crypto/crypto.h"
#include "core/crypto/openssl.h"

namespace spdm::crypto {

// Whether `key` is of the kind the algorithm wants: type, curve, modulus size.
bool key_fits(const EVP_PKEY* key, const AsymAlgorithm& algorithm);

struct PublicKey::State {
  // A verification of digests, set up once per algorithm pair and duplicated for every signature: setting it up costs
  // fetches and locks that weigh as much as an RSA-2048 verification. Empty when the key does not fit.
  struct Prepared {
    const AsymAlgorithm* algorithm;
    const HashAlgorithm* hash;
    OwnedKeyContext context;
  };

  OwnedKey key;
  mutable std::mutex mutex;
  mutable std::deque<Prepared> prepared;  // never shrinks: pointers to elements stay valid
};

struct PrivateKey::State {
  OwnedKey key;
};

}  // namespace spdm::crypto
