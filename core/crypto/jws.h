// Signed JSON for relying parties: JSON Web Signatures (RFC 7515) in the compact form, with the algorithms of RFC 7518 and
// RFC 8037.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/crypto/crypto.h"

namespace spdm::crypto {

// "ES256", "ES384", "ES512", "PS256" (RSA of 2048, 3072 or 4096 bits) or "EdDSA" (Ed25519): what `key` signs with. Throws
// Error{usage} for keys of other kinds.
std::string_view jws_algorithm(const PrivateKey& key);

// header.payload.signature, each in base64url: a JWT when the payload is a set of claims. Throws as jws_algorithm().
std::string sign_jws(const PrivateKey& key, std::string_view payload);
// The same with a header that says what it is for and which key has signed:
// {"alg":"ES256","kid":"SHA-256 of the DER SubjectPublicKeyInfo, in hex","typ":"TYPE"}.
std::string sign_jws(const PrivateKey& key, std::string_view type, std::string_view payload);

// Verifies what one key has signed for one type. A token has one form here, the one that sign_jws() writes: its header is compared, byte
// by byte, and never parsed, so none can ask for another algorithm or bring a key of its own. May be used by several threads.
class JwsVerifier {
 public:
  // Throws Error{bad_input} when the DER is no key, Error{usage} as jws_algorithm().
  JwsVerifier(View spki, std::string_view type);

  // The header of all tokens of this key, in base64url.
  const std::string& header() const { return header_; }
  // Why the key should not be used; empty when there is nothing against it.
  std::string weakness() const { return key_.weakness(); }
  // What the key has signed; nothing when it is not its token, is not in canonical base64url, or the signature is wrong.
  std::optional<std::string> payload_of(std::string_view token) const;

 private:
  PublicKey key_;
  const AsymAlgorithm* algorithm_;
  const HashAlgorithm* hash_;
  std::string header_;
};

// The first part of a token, whatever it is.
std::string_view jws_header_of(std::string_view token);

// RFC 4648 section 5, without padding.
std::string base64url(View bytes);
// Nothing for what base64url() does not write: other characters, padding, bits behind the last byte.
std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace spdm::crypto
