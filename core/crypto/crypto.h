// All cryptography of the core, behind one header: hashing, signatures over SPDM messages, random bytes.
// Implemented with OpenSSL by the files of this folder; fuzzers link tests/fuzz/null_crypto.cpp in their place.
// Everything here may be called from several threads at once, also with the same key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/wire/algorithms.h"

namespace spdm::crypto {

// Throws Error{unsupported} when the library lacks the algorithm.
Bytes hash(const HashAlgorithm& algorithm, View data);
Bytes random(std::size_t size);

// A running hash, for transcripts that need not be kept in one piece. finish() ends it.
class Hasher {
 public:
  explicit Hasher(const HashAlgorithm& algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(View data);
  Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether the library in use can verify signatures of this algorithm (with the context string where one is needed):
// only such algorithms are offered to a responder.
bool supports(const AsymAlgorithm& algorithm);
bool supports(const HashAlgorithm& algorithm);
std::string library_version();

// A public key, decoded once from a DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7). Copies share the key.
class PublicKey {
 public:
  // Throws Error{bad_input} when the DER is not one key of a kind the library knows.
  static PublicKey from_spki(View der);
  // Whether the key is of the kind the algorithm wants: type, curve, modulus size.
  bool fits(const AsymAlgorithm& algorithm) const;
  std::string describe() const;  // "EC P-384", "RSA 3072", "Ed25519", "ML-DSA-44"
  // Why the key is weak (too small, bad RSA exponent); empty when it is not.
  std::string weakness() const;

  struct State;
  std::shared_ptr<const State> state;
};

class PrivateKey {
 public:
  // PEM or DER PKCS#8; throws Error{bad_input} naming `what`.
  static PrivateKey from_file_bytes(View bytes, std::string_view what);
  bool fits(const AsymAlgorithm& algorithm) const;
  Bytes public_spki() const;

  struct State;
  std::shared_ptr<const State> state;
};

// DSP0274 "Signature generation / verification". `transcript_hash` is Hash(transcript) with `hash`.
// For versions 1.0 and 1.1 the primitive signs that digest; from 1.2 on it signs the 100-byte combined prefix
// for `context` followed by the digest. Signatures are in wire form (ECDSA and SM2: r || s).
// A key that does not fit, or a signature or digest of another size, does not verify (and does not sign: Error{usage}).
// Both throw Error{unsupported} when the library lacks the algorithm.
bool verify(const PublicKey& key, const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::uint8_t version, std::string_view context,
            View transcript_hash, View signature);
Bytes sign(const PrivateKey& key, const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::uint8_t version, std::string_view context,
           View transcript_hash);

// The message the primitive signs from 1.2 on: prefix, zero padding, context, digest (100 + H bytes).
Bytes signing_message(std::uint8_t version, std::string_view context, View transcript_hash);

}  // namespace spdm::crypto
