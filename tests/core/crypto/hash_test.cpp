#include <doctest/doctest.h>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/text.h"

using namespace spdm;

namespace {

View bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

struct Known {
  std::string_view name, digest;
};

// Digests of "abc": FIPS 180-4 and FIPS 202 examples, GB/T 32905 appendix A.1.
constexpr Known kAbc[] = {
    {"SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA-384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {"SHA-512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"SHA3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {"SHA3-384", "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"},
    {"SHA3-512",
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
    {"SM3-256", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
};

}  // namespace

TEST_CASE("hash: known answers, in one piece and in several") {
  for (const Known& known : kAbc) {
    CAPTURE(known.name);
    const HashAlgorithm& algorithm = *find_hash(known.name);
    if (!crypto::supports(algorithm)) continue;
    CHECK(hex(crypto::hash(algorithm, bytes("abc"))) == known.digest);
    crypto::Hasher hasher(algorithm);
    hasher.update(bytes("a"));
    hasher.update({});
    hasher.update(bytes("bc"));
    crypto::Hasher moved = std::move(hasher);
    CHECK(hex(moved.finish()) == known.digest);
  }
}

TEST_CASE("hash: every SHA-2 and SHA-3 is there") {
  for (const HashAlgorithm& algorithm : hash_algorithms())
    if (algorithm.name != "SM3-256") CHECK(crypto::supports(algorithm));
}

TEST_CASE("hash: what the library lacks is an error that names it") {
  const HashAlgorithm unknown{"NO-SUCH", 1U << 31, 32, k10, "NO-SUCH", 128};
  CHECK_FALSE(crypto::supports(unknown));
  try {
    crypto::hash(unknown, {});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::unsupported);
    CHECK(std::string_view(error.what()).find("NO-SUCH") != std::string_view::npos);
  }
}

TEST_CASE("random: as many bytes as asked for, never the same") {
  CHECK(crypto::random(0).empty());
  CHECK(crypto::random(32).size() == 32);
  CHECK(crypto::random(32) != crypto::random(32));
}
