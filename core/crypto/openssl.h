// Ownership of OpenSSL objects, and its error queue as text. Only for files that talk to OpenSSL.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "core/crypto/crypto.h"

namespace spdm::crypto {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <class T, auto Free>
using Owned = std::unique_ptr<T, Freeing<Free>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedBignum = Owned<BIGNUM, BN_free>;
using OwnedDigest = Owned<EVP_MD, EVP_MD_free>;
using OwnedDigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedEcdsa = Owned<ECDSA_SIG, ECDSA_SIG_free>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedKeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedX509 = Owned<X509, X509_free>;

// The newest reason in the error queue of this thread, which is empty afterwards.
std::string openssl_reason();

// As PublicKey::from_spki, for a key that OpenSSL has decoded already (decoding takes as long as verifying). Takes a
// reference of its own; nullptr throws Error{bad_input} with the reason in the error queue.
PublicKey public_key(EVP_PKEY* key);

}  // namespace spdm::crypto
