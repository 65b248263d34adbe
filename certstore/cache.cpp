#include "certstore/cache.h"

#include "certstore/outline.h"
#include "certstore/spki.h"
#include "core/error.h"

namespace spdm::certstore {

namespace {

constexpr std::size_t kOfKey = 4096;    // a decoded key with what verifications with it need
constexpr std::size_t kOverhead = 512;  // of the maps, and of the short texts of a result

// What a certificate needs in memory without its DER: mostly short texts, each of them in a part of the DER.
std::size_t cost_of(const CertificateInfo& info) { return 1024 + 2 * info.der.size(); }

std::size_t cost_of(const std::vector<Finding>& findings) {
  std::size_t out = 0;
  for (const Finding& finding : findings) out += 128 + finding.where.size() + finding.why.size() + finding.remedy.size();
  return out;
}

// Of a key that OpenSSL has decoded.
Bytes key_in(View certificate) {
  const std::optional<Outline> outline = outline_of(certificate);
  return outline ? to_bytes(outline->key) : spki_of(certificate);
}

}  // namespace

struct Cache::Kept {
  ChainResult rest;  // without what follows
  std::vector<Info> certificates;
  std::vector<std::size_t> sizes;  // of their DER
  const CertificateInfo* anchor = nullptr;
  Bytes spki;  // of the leaf key; empty: the result has none
};

Cache::Cache(std::size_t budget) {
  for (std::unique_ptr<Shard>& shard : shards_) shard = std::make_unique<Shard>(budget / kShards);
}
Cache::~Cache() = default;

Cache::Info Cache::shared(CertificateInfo info, std::size_t& cost) {
  const std::lock_guard lock(mutex_);
  if (const Info* const known = issuers_.find(info.sha256)) return *known;
  const std::size_t own = cost_of(info);
  info.der = {};
  cost += own;
  Info out = std::make_shared<const CertificateInfo>(std::move(info));
  issuers_.insert(out->sha256, out, own);
  return out;
}

crypto::PublicKey Cache::key_of(const Kept& kept) {
  const std::string& fingerprint = kept.rest.leaf_key_sha256;
  {
    const std::lock_guard lock(mutex_);
    if (const crypto::PublicKey* const known = keys_.find(fingerprint)) return *known;
  }
  crypto::PublicKey out = crypto::PublicKey::from_spki(kept.spki);
  const std::lock_guard lock(mutex_);
  keys_.insert(fingerprint, out, kOfKey);
  return out;
}

std::optional<ChainResult> Cache::find(const CacheKey& key, View certificates) {
  std::shared_ptr<const Kept> kept;
  {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto* const found = shard.results.find(key);
    if (found == nullptr) return std::nullopt;
    kept = *found;
  }
  ChainResult out = kept->rest;
  out.certificates.reserve(kept->certificates.size());
  for (std::size_t i = 0; i < kept->certificates.size(); ++i) {
    CertificateInfo& info = out.certificates.emplace_back(*kept->certificates[i]);
    info.der = to_bytes(certificates.first(kept->sizes[i]));
    certificates = certificates.subspan(kept->sizes[i]);
  }
  if (kept->anchor != nullptr) out.anchor = *kept->anchor;
  if (!kept->spki.empty()) out.leaf_key = key_of(*kept);
  return out;
}

void Cache::insert(const CacheKey& key, ChainResult result, const CertificateInfo* anchor) {
  auto kept = std::make_shared<Kept>();
  kept->anchor = anchor;
  std::size_t cost = sizeof(Kept) + kOverhead + cost_of(result.findings);
  if (result.leaf_key) {
    kept->spki = key_in(result.certificates.back().der);
    if (kept->spki.empty()) return;
    cost += kept->spki.size();
    const std::lock_guard lock(mutex_);
    keys_.insert(result.leaf_key_sha256, *result.leaf_key, kOfKey);
  }
  for (CertificateInfo& info : result.certificates) {
    kept->sizes.push_back(info.der.size());
    if (&info != &result.certificates.back()) {
      kept->certificates.push_back(shared(std::move(info), cost));
      continue;
    }
    cost += cost_of(info);
    info.der = {};
    kept->certificates.push_back(std::make_shared<const CertificateInfo>(std::move(info)));
  }
  result.certificates = {};
  result.anchor.reset();
  result.leaf_key.reset();
  kept->rest = std::move(result);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  shard.results.insert(key, std::move(kept), cost);
}

std::size_t Cache::size() const {
  std::size_t out = 0;
  for (const std::unique_ptr<Shard>& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    out += shard->results.size();
  }
  return out;
}

}  // namespace spdm::certstore
