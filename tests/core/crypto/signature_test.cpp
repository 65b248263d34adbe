#include <doctest/doctest.h>

#include <thread>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/text.h"
#include "support/pki.h"

using namespace spdm;

namespace {

constexpr std::string_view kChallenge = "responder-challenge_auth signing", kMeasurements = "responder-measurements signing";

const AsymAlgorithm& asym(std::string_view name) { return *find_asym(name); }
const HashAlgorithm& sha384() { return *find_hash("SHA-384"); }
Bytes digest(const HashAlgorithm& hash, std::uint8_t fill = 0x5A) { return Bytes(hash.size, fill); }
// SLH-DSA "s" sets sign in seconds; their row differs from the "f" sets in parameters only.
bool slow(const AsymAlgorithm& algorithm) { return algorithm.scheme == SignatureScheme::slhdsa && algorithm.name.ends_with('s'); }

}  // namespace

TEST_CASE("signature: what is signed from 1.2 on") {
  const Bytes hash(32, 0xAB);
  const Bytes message = crypto::signing_message(k12, kMeasurements, hash);
  REQUIRE(message.size() == 132);
  const std::string head(message.begin(), message.begin() + 64);
  CHECK(head == "dmtf-spdm-v1.2.*dmtf-spdm-v1.2.*dmtf-spdm-v1.2.*dmtf-spdm-v1.2.*");
  CHECK(Bytes(message.begin() + 64, message.begin() + 70) == Bytes(6, 0));
  CHECK(std::string(message.begin() + 70, message.begin() + 100) == kMeasurements);
  CHECK(equal(View(message).subspan(100), hash));
  CHECK_THROWS_AS(crypto::signing_message(k12, std::string(37, 'x'), hash), Error);
}

TEST_CASE("signature: every supported algorithm in every version that has it") {
  for (const AsymAlgorithm& algorithm : asym_algorithms()) {
    if (!crypto::supports(algorithm) || slow(algorithm)) continue;
    CAPTURE(algorithm.name);
    const HashAlgorithm& hash = algorithm.scheme == SignatureScheme::sm2 ? *find_hash("SM3-256") : sha384();
    const pki::Key key = pki::Key::shared(algorithm);
    const crypto::PrivateKey secret = key.private_key();
    const crypto::PublicKey open = key.public_key();
    CHECK(secret.fits(algorithm));
    CHECK(open.fits(algorithm));
    CHECK(secret.public_spki() == key.spki());
    CHECK(open.weakness() == "");
    for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
      if (version < algorithm.since) continue;
      CAPTURE(version_name(version));
      Bytes signature = crypto::sign(secret, algorithm, hash, version, kChallenge, digest(hash));
      REQUIRE(signature.size() == algorithm.signature_size);
      CHECK(crypto::verify(open, algorithm, hash, version, kChallenge, digest(hash), signature));
      CHECK_FALSE(crypto::verify(open, algorithm, hash, version, kChallenge, digest(hash, 0x5B), signature));
      // The prefix came with 1.2; before, the context does not enter.
      CHECK(crypto::verify(open, algorithm, hash, version, kMeasurements, digest(hash), signature) == (version < k12));
      if (version >= k12) CHECK_FALSE(crypto::verify(open, algorithm, hash, k11, kChallenge, digest(hash), signature));
      if (version == k11) CHECK_FALSE(crypto::verify(open, algorithm, hash, k12, kChallenge, digest(hash), signature));
      CHECK_FALSE(crypto::verify(open, algorithm, hash, version, kChallenge, digest(hash), View(signature).first(signature.size() - 1)));
      signature.push_back(0);
      CHECK_FALSE(crypto::verify(open, algorithm, hash, version, kChallenge, digest(hash), signature));
    }
  }
}

TEST_CASE("signature: every base hash") {
  for (const HashAlgorithm& hash : hash_algorithms()) {
    if (hash.name == "SM3-256") continue;  // only with SM2
    for (const std::string_view name : {"RSASSA-2048", "RSAPSS-2048", "ECDSA-P256", "ECDSA-P521"}) {
      CAPTURE(hash.name);
      CAPTURE(name);
      const pki::Key key = pki::Key::shared(asym(name));
      const Bytes signature = crypto::sign(key.private_key(), asym(name), hash, k12, kChallenge, digest(hash));
      CHECK(crypto::verify(key.public_key(), asym(name), hash, k12, kChallenge, digest(hash), signature));
    }
  }
}

TEST_CASE("signature: no byte of a signature can be changed") {
  for (const std::string_view name : {"ECDSA-P256", "Ed25519", "RSAPSS-2048", "RSASSA-2048"}) {
    CAPTURE(name);
    const pki::Key key = pki::Key::shared(asym(name));
    const crypto::PublicKey open = key.public_key();
    Bytes signature = crypto::sign(key.private_key(), asym(name), sha384(), k13, kChallenge, digest(sha384()));
    for (std::uint8_t& byte : signature) {
      byte ^= 0x01;
      CHECK_FALSE(crypto::verify(open, asym(name), sha384(), k13, kChallenge, digest(sha384()), signature));
      byte ^= 0x01;
    }
    CHECK(crypto::verify(open, asym(name), sha384(), k13, kChallenge, digest(sha384()), signature));
    CHECK_FALSE(crypto::verify(open, asym(name), sha384(), k13, kChallenge, digest(sha384()), Bytes(signature.size(), 0)));
    CHECK_FALSE(crypto::verify(open, asym(name), sha384(), k13, kChallenge, digest(sha384()), Bytes(signature.size(), 0xFF)));
    CHECK_FALSE(crypto::verify(open, asym(name), sha384(), k13, kChallenge, Bytes(32, 0x5A), signature));
  }
}

TEST_CASE("signature: the salt of RSAPSS is as long as the digest, the padding is the one agreed on") {
  const pki::Key key = pki::Key::shared(asym("RSAPSS-2048"));
  const Bytes pss = crypto::sign(key.private_key(), asym("RSAPSS-2048"), sha384(), k12, kChallenge, digest(sha384()));
  CHECK_FALSE(crypto::verify(key.public_key(), asym("RSASSA-2048"), sha384(), k12, kChallenge, digest(sha384()), pss));
  const Bytes other = crypto::sign(key.private_key(), asym("RSASSA-2048"), sha384(), k12, kChallenge, digest(sha384()));
  CHECK_FALSE(crypto::verify(key.public_key(), asym("RSAPSS-2048"), sha384(), k12, kChallenge, digest(sha384()), other));
}

TEST_CASE("signature: a key of another kind does not fit and does not verify") {
  const pki::Key p256 = pki::Key::shared(asym("ECDSA-P256")), rsa = pki::Key::shared(asym("RSASSA-2048"));
  const Bytes signature = crypto::sign(p256.private_key(), asym("ECDSA-P256"), sha384(), k12, kChallenge, digest(sha384()));
  for (const AsymAlgorithm& algorithm : asym_algorithms()) {
    CAPTURE(algorithm.name);
    CHECK(p256.public_key().fits(algorithm) == (algorithm.name == "ECDSA-P256"));
    CHECK(rsa.public_key().fits(algorithm) == (algorithm.name == "RSASSA-2048" || algorithm.name == "RSAPSS-2048"));
  }
  CHECK_FALSE(crypto::verify(rsa.public_key(), asym("ECDSA-P256"), sha384(), k12, kChallenge, digest(sha384()), signature));
  CHECK_FALSE(crypto::verify(p256.public_key(), asym("RSASSA-2048"), sha384(), k12, kChallenge, digest(sha384()), Bytes(256, 1)));
  CHECK_FALSE(crypto::verify(p256.public_key(), asym("Ed25519"), sha384(), k12, kChallenge, digest(sha384()), signature));
  CHECK_THROWS_AS(crypto::sign(p256.private_key(), asym("RSASSA-2048"), sha384(), k12, kChallenge, digest(sha384())), Error);
}

TEST_CASE("signature: an algorithm that the library lacks is an error, never a failed signature") {
  const AsymAlgorithm unknown{"FUTURE", true, 1U << 31, SignatureScheme::mldsa, 64, k14, "FUTURE", "", 0, 128};
  CHECK_FALSE(crypto::supports(unknown));
  const pki::Key key = pki::Key::shared(asym("ECDSA-P256"));
  CHECK_THROWS_AS(crypto::verify(key.public_key(), unknown, sha384(), k14, kChallenge, digest(sha384()), Bytes(64, 1)), Error);
  for (const std::string_view name : {"RSASSA-3072", "RSAPSS-3072", "ECDSA-P256", "ECDSA-P384", "ECDSA-P521", "Ed25519"})
    CHECK(crypto::supports(asym(name)));
}

TEST_CASE("signature: one key serves many threads") {
  const pki::Key key = pki::Key::shared(asym("ECDSA-P256"));
  const crypto::PublicKey open = key.public_key();
  const Bytes signature = crypto::sign(key.private_key(), asym("ECDSA-P256"), sha384(), k12, kChallenge, digest(sha384()));
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (int& count : good)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        count += crypto::verify(open, asym("ECDSA-P256"), sha384(), k12, kChallenge, digest(sha384()), signature);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == std::vector<int>(4, 50));
}
