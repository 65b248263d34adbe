#include <doctest/doctest.h>

#include "validated.h"

using namespace test;

namespace {

Bytes sample_chain() { return pki::spdm_chain(sha(), pki::sample().root.der, pki::sample().all()); }

Setup with_chain(Bytes chain) {
  Setup out;
  out.chain = std::move(chain);
  return out;
}

// A chain that says its own length rightly, whatever is in it.
Bytes chain_of(const Bytes& area) { return pki::spdm_chain(sha(), pki::sample().root.der, {area}); }

}  // namespace

TEST_CASE("N148 Length differs from what was read") {
  const Bytes good = sample_chain();
  REQUIRE(ids(validated(with_chain(good))) == "");
  const auto size = static_cast<std::uint32_t>(good.size());
  for (const std::uint32_t length : {size - 1, size + 1, 0U, 0xFFFFU}) {
    CAPTURE(length);
    Bytes chain = good;
    chain[0] = static_cast<std::uint8_t>(length);
    chain[1] = static_cast<std::uint8_t>(length >> 8);
    const ChainResult result = validated(with_chain(chain));
    CHECK(ids(result) == "chain-length");
    CHECK(result.trust == Trust::untrusted);
    CHECK_FALSE(result.sound);
    CHECK(contains(result.findings[0].why, spdm::cat("Length is ", length)));
  }
}

TEST_CASE("N149 reserved bytes after Length") {
  Bytes chain = sample_chain();
  chain[3] = 1;
  Setup setup = with_chain(chain);
  CHECK(ids(validated(setup)) == "chain-malformed");
  setup.version = spdm::k14;  // there they are the upper half of Length
  CHECK(ids(validated(setup)) == "chain-length");
}

TEST_CASE("N150 RootHash with one bit wrong") {
  for (const std::size_t at : {4U, 4U + 47U}) {
    Bytes chain = sample_chain();
    chain[at] ^= 1;
    const ChainResult result = validated(with_chain(chain));
    CHECK(ids(result) == "root-hash-mismatch");
    CHECK(result.trust == Trust::untrusted);
  }
}

TEST_CASE("N151 RootHash of another size") {
  // 32 bytes where 48 are expected: the certificates begin too early.
  const ChainResult shifted = validated(with_chain(pki::spdm_chain(sha("SHA-256"), pki::sample().root.der, pki::sample().all())));
  CHECK(ids(shifted) == "chain-malformed");
  // The right place, filled up with zeros.
  Bytes chain = sample_chain();
  const Bytes hash = spdm::crypto::hash(sha("SHA-256"), pki::sample().root.der);
  std::fill(chain.begin() + 4, chain.begin() + 52, std::uint8_t{0});
  std::copy(hash.begin(), hash.end(), chain.begin() + 4);
  CHECK(ids(validated(with_chain(chain))) == "root-hash-mismatch");
}

TEST_CASE("N167 lengths of DER and what follows the last certificate") {
  const Bytes& leaf = pki::sample().leaf.der;
  const auto with_head = [&](const Bytes& head) {
    Bytes out = head;
    out.insert(out.end(), leaf.begin() + 4, leaf.end());
    return validated(with_chain(chain_of(out)));
  };
  REQUIRE(leaf[1] == 0x82);
  const struct {
    Bytes head;
    std::string_view why;
  } cases[] = {
      {{0x30, 0x80}, "indefinite"},
      {{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, "4294967295"},
      {{0x30, 0x85, 0, 0, 0, 0, 1}, "length of 5 bytes"},
      {{0x30, 0x83, 0x00, leaf[2], leaf[3]}, "more bytes than it needs"},
      {{0x30, 0x82, leaf[2], static_cast<std::uint8_t>(leaf[3] + 1)}, "are left"},
      {{0x31, 0x82, leaf[2], leaf[3]}, "0x31"},
  };
  for (const auto& row : cases) {
    CAPTURE(row.why);
    const ChainResult result = with_head(row.head);
    CHECK(ids(result) == "chain-malformed");
    CHECK(contains(result.findings[0].why, row.why));
    CHECK_FALSE(result.leaf_key.has_value());
  }
  for (const Bytes& garbage : {Bytes{0x00}, Bytes{0x30}, Bytes{0x30, 0x82}, Bytes{0x30, 0x03, 0x01}, Bytes(64, 0xFF)}) {
    Setup setup;
    setup.certificates.push_back(garbage);
    const ChainResult result = validated(setup);
    CHECK(ids(result) == "chain-malformed");
    CHECK(result.trust == Trust::untrusted);
    CHECK(contains(result.findings[0].where, "certificate 4"));
    CHECK(result.certificates.size() == 3);
  }
}

TEST_CASE("N168 no certificate after RootHash") {
  CHECK(ids(validated(with_chain(chain_of({})))) == "chain-malformed");
  for (std::size_t size = 0; size < 52; size += 3) {
    const Bytes chain(size + 1, 0);
    CHECK(contains(ids(validated(with_chain(chain))), "chain-malformed"));
  }
}

TEST_CASE("N169 hundreds of tiny certificates") {
  Bytes area;
  for (int i = 0; i < 300; ++i) spdm::append(area, Bytes{0x30, 0x03, 0x02, 0x01, 0x00});
  const ChainResult result = validated(with_chain(chain_of(area)));
  CHECK(result.certificates.size() == 100);
  CHECK(contains(spdm::cat(result.findings[0].where, result.findings[0].why), "more than 100"));
}

TEST_CASE("structure: cut off anywhere it is refused without a crash") {
  const Bytes whole = sample_chain();
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    const ChainResult result = validated(with_chain(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
    CHECK_FALSE(result.sound);
    CHECK(result.trust == Trust::untrusted);
  }
}

TEST_CASE("structure: no byte of a chain can be changed") {
  const Bytes whole = sample_chain();
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    CAPTURE(at);
    Bytes chain = whole;
    chain[at] ^= 0x10;
    const ChainResult result = validated(with_chain(chain));
    CHECK(result.trust != Trust::trusted);  // an identifier changed to an unknown one cannot be judged
    CHECK_FALSE(result.sound);
  }
}

TEST_CASE("structure: the digest of the slot") {
  Setup setup;
  setup.digest = spdm::crypto::hash(sha(), sample_chain());
  CHECK(validated(setup).trust == Trust::trusted);
  setup.digest.back() ^= 1;
  CHECK(ids(validated(setup)) == "digest-mismatch");
}
