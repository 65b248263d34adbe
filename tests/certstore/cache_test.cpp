// What is kept of chains that were validated before.
#include "certstore/cache.h"

#include <doctest/doctest.h>

#include "certstore/fingerprint.h"
#include "certstore/issuers.h"
#include "validated.h"

using namespace test;
using spdm::certstore::Cache;
using spdm::certstore::CacheKey;
using spdm::certstore::Issuers;
using spdm::certstore::Lru;

namespace {

CacheKey key(std::size_t number) {
  const Bytes hash = spdm::crypto::hash(*spdm::find_hash("SHA-256"), spdm::as_bytes(std::to_string(number)));
  CacheKey out;
  std::copy(hash.begin(), hash.end(), out.begin());
  return out;
}

Bytes certificates_of_sample() { return joined(pki::sample().all()); }

std::string told(const ChainResult& result) {
  std::string out = spdm::cat(ids(result), " ", name(result.model), " ", result.root_fingerprint, " ", result.leaf_key_sha256);
  for (const spdm::CertificateInfo& info : result.certificates)
    out += spdm::cat("\n", info.subject, " ", info.sha256, " ", info.key, " ", spdm::hex(info.der));
  if (result.anchor) out += spdm::cat("\nanchor ", result.anchor->subject, " ", spdm::hex(result.anchor->der));
  if (result.leaf_key) out += spdm::cat("\nkey ", result.leaf_key->describe());
  return out;
}

}  // namespace

TEST_CASE("lru: what was not asked for the longest is forgotten, one after the other") {
  Lru<int, int> lru(40);
  for (int i = 0; i < 4; ++i) lru.insert(i, i * i, 10);
  CHECK(lru.size() == 4);
  REQUIRE(lru.find(0) != nullptr);
  lru.insert(4, 16, 10);
  CHECK(lru.size() == 4);
  CHECK(lru.find(1) == nullptr);
  for (const int kept : {0, 2, 3, 4}) CHECK(*lru.find(kept) == kept * kept);
  lru.insert(5, 25, 11);  // more than a quarter
  CHECK(lru.find(5) == nullptr);
  lru.insert(0, 7, 10);
  CHECK(*lru.find(0) == 0);
  lru.insert(6, 36, 5);
  CHECK(lru.size() == 4);  // room for one was enough
}

TEST_CASE("cache: a result comes back as it was") {
  for (const bool trusted : {true, false}) {
    Setup setup;
    if (!trusted) setup.trusted = {};
    const ChainResult result = validated(setup);
    Cache cache;
    const spdm::certstore::Keyring keyring = keyring_of({pki::sample().root.der});
    const spdm::CertificateInfo* const anchor = result.anchor ? &keyring.entries()[0].info() : nullptr;
    CHECK_FALSE(cache.find(key(1), certificates_of_sample()));
    cache.insert(key(1), result, anchor);
    const auto again = cache.find(key(1), certificates_of_sample());
    REQUIRE(again);
    CHECK(told(*again) == told(result));
    CHECK(again->leaf_key.has_value());
    CHECK(again->trust == result.trust);
    CHECK_FALSE(cache.find(key(2), certificates_of_sample()));
  }
}

TEST_CASE("cache: a leaf that is not kept any more is decoded again") {
  const ChainResult result = validated({});
  Cache cache;
  cache.insert(key(0), result, nullptr);
  ChainResult other = result;
  for (std::size_t i = 1; i < 3000; ++i) {
    other.certificates.back().sha256 = std::to_string(i);
    cache.insert(key(i), other, nullptr);
  }
  CHECK(cache.size() == 3000);
  const auto first = cache.find(key(0), certificates_of_sample());
  REQUIRE(first);
  REQUIRE(first->leaf_key);
  CHECK(first->leaf_key->state != result.leaf_key->state);
  ChainResult wanted = result;
  wanted.anchor.reset();
  CHECK(told(*first) == told(wanted));
}

TEST_CASE("cache: 20,000 chains below the same issuers fit, and one more forgets one") {
  const ChainResult result = validated({});
  Cache cache;
  for (std::size_t i = 0; i < 20'000; ++i) cache.insert(key(i), result, nullptr);
  CHECK(cache.size() == 20'000);
  Cache small(1U << 20U);
  std::size_t most = 0;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::size_t before = small.size();
    small.insert(key(i), result, nullptr);
    most = std::max(most, small.size());
    REQUIRE(small.size() + 1 >= before);  // no more than one was forgotten, for the one that came
  }
  CHECK(most < 600);
  CHECK(most > 100);
  CHECK(small.size() > most / 2);
}

TEST_CASE("cache: what one chain spoils of a leaf is not told of another chain with it") {
  const ChainResult good = validated({});
  REQUIRE(good.leaf_key);
  ChainResult bad = good;
  bad.leaf_key.reset();
  for (const bool bad_first : {true, false}) {
    Cache cache;
    if (bad_first) cache.insert(key(1), bad, nullptr);
    cache.insert(key(2), good, nullptr);
    if (!bad_first) cache.insert(key(1), bad, nullptr);
    for (int again = 0; again < 3; ++again) {
      const auto of_bad = cache.find(key(1), certificates_of_sample()), of_good = cache.find(key(2), certificates_of_sample());
      REQUIRE((of_bad && of_good));
      CHECK_FALSE(of_bad->leaf_key);
      CHECK(of_good->leaf_key);
    }
  }
}

TEST_CASE("cache: chains with many issuers of their own do not take more room than there is") {
  Cache cache;
  ChainResult result = validated({});
  const spdm::CertificateInfo leaf = result.certificates.back();
  std::size_t most = 0, of_one = 0;
  for (std::size_t i = 0; i < 600; ++i) {
    std::vector<spdm::CertificateInfo> issuers(60, result.certificates.front());
    for (std::size_t k = 0; k < issuers.size(); ++k) {
      issuers[k].sha256 = spdm::cat(i, " ", k);
      issuers[k].der = Bytes(500, 0x30);
    }
    ChainResult one = result;
    one.certificates = issuers;
    one.certificates.push_back(leaf);
    // Somebody names them after the one that came with them is forgotten.
    cache.insert(key(2 * i), one, nullptr);
    cache.insert(key(2 * i + 1), one, nullptr);
    if (i == 0) of_one = cache.issuer_bytes();
    most = std::max(most, cache.issuer_bytes());
  }
  CHECK(most <= Cache::kIssuerBytes + 4 * of_one);  // and what came last, in each shard
  CHECK(most > Cache::kIssuerBytes / 2);
  CHECK(cache.size() > 50);
}

TEST_CASE("cache: a result that is too large is not kept, and hides no other") {
  ChainResult result = validated({});
  Cache cache(1U << 20U);
  cache.insert(key(1), result, nullptr);
  result.findings.push_back({spdm::FindingId::not_trusted, "x", std::string(1U << 20U, 'x'), ""});
  cache.insert(key(2), result, nullptr);
  CHECK(cache.size() == 1);
}

TEST_CASE("issuers: the same certificate is decoded once, and many forget the first") {
  Issuers issuers;
  const Bytes& root = pki::sample().root.der;
  const spdm::certstore::Decoded first = issuers.decode(root), again = issuers.decode(root);
  CHECK(first.certificate.get() == again.certificate.get());
  CHECK(again.info.subject == "CN=sample root");
  CHECK(again.info.der == root);
  CHECK(issuers.decode(Bytes{0x30, 0x00}).certificate == nullptr);
  CHECK(issuers.size() == 1);
}

TEST_CASE("trust: the same chain twice, and chains with the same issuers") {
  Setup setup;
  const spdm::certstore::Validator validator(keyring_of(setup.trusted), setup.options);
  const auto judge = [&](const std::vector<Bytes>& certificates) {
    const Bytes chain = pki::spdm_chain(sha(), pki::sample().root.der, certificates);
    spdm::certstore::ChainInput input;
    input.chain = chain;
    input.version = spdm::k12;
    input.hash = &sha();
    input.asym = spdm::find_asym("ECDSA-P384");
    input.model = spdm::CertModel::device;
    return told(validator.validate(input));
  };
  const std::string first = judge(pki::sample().all());
  CHECK(judge(pki::sample().all()) == first);
  const Setup other = with_leaf(pki::leaf("other device", pki::sample().leaf.key));
  CHECK(contains(judge(other.certificates), "CN=other device"));
  CHECK(contains(judge(other.certificates), "anchor CN=sample root"));
  std::vector<Bytes> twice = pki::sample().all();
  twice.insert(twice.begin(), twice.front());
  CHECK(judge(twice) == told([&] {
          Setup alone;
          alone.certificates = twice;
          return validated(alone);
        }()));
  CHECK(judge(pki::sample().all()) == first);
}
