// Finds certificates of a keyring without a look at each. What it finds by is made when it is first asked for, once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "certstore/keyring.h"

struct X509_name_st;  // of OpenSSL

namespace spdm::certstore {

// May be used by several threads.
class Lookup {
 public:
  // The keyring must stay as it is, and outlive this.
  explicit Lookup(const Keyring& keyring) : keyring_(keyring) {}

  bool is_empty() const { return keyring_.empty(); }
  const Entry* by_fingerprint(const std::string& sha256) const { return keyring_.find(sha256); }
  // The certificate whose DER has this hash; nullptr when there is none.
  const Entry* by_hash(const HashAlgorithm& algorithm, View hash) const;
  // Those that may have this subject, in the order of the keyring, and perhaps a few others: compare their names.
  std::vector<const Entry*> with_subject(const X509_name_st* name) const;

 private:
  using Hashes = std::unordered_map<std::string, const Entry*>;

  const Keyring& keyring_;
  mutable std::mutex mutex_;
  mutable std::map<std::uint32_t, Hashes> hashes_;  // by the bit of the algorithm
  mutable bool has_names_ = false;
  mutable std::unordered_map<unsigned long, std::vector<const Entry*>> names_;
};

}  // namespace spdm::certstore
