// Results of chains that were validated before. Bounded and thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "certstore/lru.h"
#include "core/evidence/chain.h"

namespace spdm::certstore {

using CacheKey = Block<32>;  // SHA-256 over everything that the result depends on

// A fleet may have some ten thousand devices, each with a chain of its own below the same few issuers. So what is kept of a chain is
// small: certificates above the leaf are kept once for all chains, without their DER (it is in the chain that is asked about), the anchor
// where it is (in the keyring). Leaves and their keys are kept of the chains that were asked for last, and else decoded again: that takes
// a fraction of the time of the signature that the key is asked for.
class Cache {
 public:
  // `budget`: bytes that all results together may have, by estimate, without the certificates above the leaves.
  explicit Cache(std::size_t budget = kBudget);
  ~Cache();

  // `certificates`: those of the chain that is asked about, DER, one behind the other.
  std::optional<ChainResult> find(const CacheKey& key, View certificates);
  // `anchor`: that of the result, in the keyring, which outlives this; nullptr where the result has none.
  void insert(const CacheKey& key, ChainResult result, const CertificateInfo* anchor);
  std::size_t size() const;  // results
  std::size_t issuer_bytes() const { return *issuer_bytes_; }
  // Of all that some result still names, by estimate: for 20,000 chains that have a root and an intermediate each.
  static constexpr std::size_t kIssuerBytes = 56U << 20U;

 private:
  // For 20,000 chains whose leaf alone is their own: those need about 3 KiB each.
  static constexpr std::size_t kBudget = 72U << 20U;
  static constexpr std::size_t kShards = 8;  // threads seldom wait for each other
  static constexpr std::size_t kIssuers = 2U << 20U, kLeaves = 8U << 20U;

  using Info = std::shared_ptr<const CertificateInfo>;
  struct Kept;
  struct Leaf;
  struct Hash {  // the key is a hash already
    std::size_t operator()(const CacheKey& key) const {
      std::size_t out = 0;
      std::memcpy(&out, key.data(), sizeof out);
      return out;
    }
  };
  struct Shard {
    explicit Shard(std::size_t budget) : results(budget) {}
    mutable std::mutex mutex;
    Lru<CacheKey, std::shared_ptr<const Kept>, Hash> results;
  };

  Shard& shard_of(const CacheKey& key) { return *shards_.at(key.back() % kShards); }
  Info shared(CertificateInfo info);
  std::shared_ptr<const Leaf> leaf_of(View der, bool has_key);

  std::array<std::unique_ptr<Shard>, kShards> shards_;
  std::mutex mutex_;                                               // of what follows
  Lru<std::string, Info> issuers_{kIssuers};                       // by fingerprint
  Lru<std::string, std::shared_ptr<const Leaf>> leaves_{kLeaves};  // by fingerprint, and whether the key could be used
  const std::shared_ptr<std::atomic<std::size_t>> issuer_bytes_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace spdm::certstore
