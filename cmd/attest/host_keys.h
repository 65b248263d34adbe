// Who has collected a piece of evidence: hosts sign what they collect, and a verifier knows their public keys.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/crypto/crypto.h"
#include "core/crypto/jws.h"
#include "core/evidence/evidence.h"

namespace spdm::cmd {

// The signature of the host over the evidence as it is written: a JWS whose payload is {"evidence_sha256":"..."}. That hash covers all
// that the host says, its name among it, so the signature can stand at no other evidence. Throws Error{usage} for a key that signs no
// JWS.
std::string sign_collection(const Evidence& evidence, const crypto::PrivateKey& key);

// May be used by several threads.
class HostKeys {
 public:
  // DIR/NAME.pem is the key of the host NAME: a public key or a certificate, of which only the key counts. Throws Error: config for a
  // directory without any, and for a file that is not one good key or has a slip in its name; permission.
  explicit HostKeys(const std::filesystem::path& directory);
  HostKeys(const HostKeys&) = delete;
  HostKeys& operator=(const HostKeys&) = delete;

  // Looks at the signature of a recording. Evidence::sha256 must be that of the evidence as it was read.
  CollectionCheck check(const Evidence& evidence) const;

 private:
  struct Key {
    std::string host, file;
    crypto::JwsVerifier verifier;
  };

  // The key that has signed, whatever for; nullptr when it is none of these.
  const Key* signer_of(const std::string& token) const;

  std::filesystem::path directory_;
  std::map<std::string, Key> keys_;                           // by the name of the host
  std::unordered_map<std::string_view, const Key*> headers_;  // one of those that a token with this header may be of
};

}  // namespace spdm::cmd
