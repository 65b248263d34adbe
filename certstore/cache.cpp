#include "certstore/cache.h"

#include "certstore/fingerprint.h"
#include "certstore/issuers.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

constexpr std::size_t kOfKey = 4096;     // a decoded key with what verifications with it need
constexpr std::size_t kOverhead = 1024;  // of the maps, and of the short texts of a result

// What a certificate needs in memory without its DER: three digests, and short texts, each of them in a part of the DER.
std::size_t cost_of(const CertificateInfo& info) { return sizeof info + 256 + info.der.size(); }

std::size_t cost_of(const std::vector<Finding>& findings) {
  std::size_t out = findings.capacity() * sizeof(Finding);
  for (const Finding& finding : findings) out += finding.where.capacity() + finding.why.capacity() + finding.remedy.capacity();
  return out;
}

template <class... Texts>
std::size_t capacity_of(const Texts&... texts) {
  return (std::size_t{0} + ... + texts.capacity());
}

std::size_t cost_of(const CrlInfo& info) {
  return sizeof info + capacity_of(info.issuer, info.file, info.this_update, info.next_update, info.number, info.serial);
}

std::size_t cost_of(const Revocation& one) {
  return sizeof one + capacity_of(one.subject, one.issuer, one.serial, one.file, one.revoked_at, one.invalid_since, one.reason);
}

std::size_t cost_of(const Completion& one) { return sizeof one + capacity_of(one.subject, one.sha256, one.file); }

std::size_t cost_of(const std::string& text) { return sizeof text + text.capacity(); }

template <class List>
std::size_t cost_of_all(const List& list) {
  std::size_t out = 0;
  for (const auto& one : list) out += cost_of(one);
  return out;
}

// What a result has of its own, without certificates.
std::size_t cost_of(const ChainResult& result) {
  return cost_of(result.findings) + cost_of_all(result.crls) + cost_of_all(result.revocations) + cost_of_all(result.completed) +
         cost_of_all(result.anchor_names);
}

}  // namespace

struct Cache::Leaf {
  CertificateInfo info;
  std::optional<crypto::PublicKey> key;  // nothing: none that can be used
};

namespace {

// Lives as long as a result names it, be it forgotten otherwise; so long it counts.
class CountedIssuer {
 public:
  CountedIssuer(CertificateInfo of, std::shared_ptr<std::atomic<std::size_t>> total, std::size_t bytes)
      : info(std::move(of)), total_(std::move(total)), bytes_(bytes) {
    *total_ += bytes_;
  }
  ~CountedIssuer() { *total_ -= bytes_; }
  CountedIssuer(const CountedIssuer&) = delete;
  CountedIssuer& operator=(const CountedIssuer&) = delete;

  const CertificateInfo info;

 private:
  const std::shared_ptr<std::atomic<std::size_t>> total_;
  const std::size_t bytes_;
};

// A chain that is malformed, or was negotiated with another algorithm, has the same leaf without a key.
std::string id_of_leaf(const std::string& fingerprint, bool has_key) { return cat(fingerprint, has_key ? " with key" : ""); }

}  // namespace

struct Cache::Kept {
  ChainResult rest;                // without what follows
  std::vector<Info> issuers;       // the certificates but the leaf
  std::vector<std::size_t> sizes;  // of the DER of all certificates
  const CertificateInfo* anchor = nullptr;
  bool has_key = false;
};

Cache::Cache(std::size_t budget) {
  for (std::unique_ptr<Shard>& shard : shards_) shard = std::make_unique<Shard>(budget / kShards);
}
Cache::~Cache() = default;

Cache::Info Cache::shared(CertificateInfo info) {
  const std::lock_guard lock(mutex_);
  if (const Info* const known = issuers_.find(info.sha256)) return *known;
  const std::size_t own = cost_of(info);
  info.der = {};
  const auto counted = std::make_shared<const CountedIssuer>(std::move(info), issuer_bytes_, own);
  Info out(counted, &counted->info);
  issuers_.insert(out->sha256, out, own);
  return out;
}

std::shared_ptr<const Cache::Leaf> Cache::leaf_of(View der, bool has_key) {
  const std::string id = id_of_leaf(sha256(der), has_key);
  {
    const std::lock_guard lock(mutex_);
    if (const auto* const known = leaves_.find(id)) return *known;
  }
  Decoded decoded = decode(der);
  auto out = std::make_shared<Leaf>(Leaf{std::move(decoded.info), std::nullopt});
  if (has_key) out->key = crypto::public_key(X509_get0_pubkey(decoded.certificate.get()));
  const std::lock_guard lock(mutex_);
  leaves_.insert(id, out, kOfKey + cost_of(out->info));
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
  out.certificates.reserve(kept->sizes.size());
  for (const std::size_t size : kept->sizes) {
    const View der = certificates.first(size);
    certificates = certificates.subspan(size);
    const std::size_t at = out.certificates.size();
    if (at < kept->issuers.size()) {
      out.certificates.push_back(*kept->issuers[at]);
      out.certificates.back().der = to_bytes(der);
      continue;
    }
    const std::shared_ptr<const Leaf> leaf = leaf_of(der, kept->has_key);
    out.certificates.push_back(leaf->info);
    if (kept->has_key) out.leaf_key = leaf->key;
  }
  if (kept->anchor != nullptr) out.anchor = *kept->anchor;
  return out;
}

void Cache::insert(const CacheKey& key, ChainResult result, const CertificateInfo* anchor) {
  auto kept = std::make_shared<Kept>();
  kept->anchor = anchor;
  const std::size_t cost = sizeof(Kept) + kOverhead + cost_of(result) + result.certificates.size() * (sizeof(Info) + sizeof(std::size_t));
  kept->has_key = result.leaf_key.has_value();
  for (CertificateInfo& info : result.certificates) {
    kept->sizes.push_back(info.der.size());
    if (&info != &result.certificates.back()) {
      kept->issuers.push_back(shared(std::move(info)));
      continue;
    }
    const std::size_t own = kOfKey + cost_of(info);
    const std::string id = id_of_leaf(info.sha256, kept->has_key);
    auto leaf = std::make_shared<const Leaf>(Leaf{std::move(info), result.leaf_key});
    const std::lock_guard lock(mutex_);
    leaves_.insert(id, std::move(leaf), own);
  }
  result.certificates = {};
  result.anchor.reset();
  result.leaf_key.reset();
  kept->rest = std::move(result);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  shard.results.insert(key, std::move(kept), cost);
  // Many chains with many issuers each: those of this shard give way. The others do when their turn comes.
  while (*issuer_bytes_ > kIssuerBytes && shard.results.forget_oldest()) {
  }
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
