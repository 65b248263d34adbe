// The owner's deny list, "deny.yaml" and "*.deny.yaml": certificates and keys that must not be in any chain.
#pragma once

#include <string>
#include <vector>

namespace spdm::certstore {

struct Denial {
  bool key = false;    // the fingerprint is of a DER SubjectPublicKeyInfo, else of a DER certificate
  std::string sha256;  // lower-case hex
  std::string comment;
  std::string file, origin;  // origin: "FILE:LINE"
};

// {version: 1, deny: [{certificate: SHA256 | key: SHA256, comment: TEXT}, ...]}
// Throws Error{config} with file, line and column.
std::vector<Denial> read_denials(const std::string& file, const std::string& contents);

// The entry for a certificate or key; nullptr when there is none.
const Denial* find_denial(const std::vector<Denial>& denials, bool key, const std::string& sha256);

}  // namespace spdm::certstore
