// Results of chains that were validated before. Bounded and thread-safe.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/evidence/chain.h"

namespace spdm::certstore {

using CacheKey = Block<32>;  // SHA-256 over everything that the result depends on

class Cache {
 public:
  using Result = std::shared_ptr<const ChainResult>;

  Result find(const CacheKey& key) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto it = shard.results.find(key);
    return it == shard.results.end() ? nullptr : it->second;
  }

  void insert(const CacheKey& key, Result result) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    // Emptying the shard is good enough: a fleet has few distinct chains, or too many to keep.
    if (shard.results.size() >= kPerShard) shard.results.clear();
    shard.results.emplace(key, std::move(result));
  }

 private:
  static constexpr std::size_t kShards = 16, kPerShard = 256;

  struct Hash {  // the key is a hash already
    std::size_t operator()(const CacheKey& key) const {
      std::size_t out = 0;
      std::memcpy(&out, key.data(), sizeof out);
      return out;
    }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<CacheKey, Result, Hash> results;
  };

  Shard& shard_of(const CacheKey& key) { return shards_[key.back() % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace spdm::certstore
