#include "core/crypto/key_agreement.h"

#include <doctest/doctest.h>

#include <string>

#include "core/crypto/kdf.h"
#include "core/error.h"
#include "core/text.h"

using namespace spdm;
using crypto::KeyAgreement;

namespace {

const KeyExchangeAlgorithm& algorithm(std::string_view name) {
  const KeyExchangeAlgorithm* found = find_key_exchange(name);
  REQUIRE(found != nullptr);
  return *found;
}

// A number in the full width of the group.
Bytes number(const KeyExchangeAlgorithm& group, std::uint32_t value) {
  Bytes out(group.request_size);
  for (std::size_t i = 0; i < 4; ++i) out[out.size() - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  return out;
}

void check_refused(const KeyAgreement& ours, View peer, std::string_view why) {
  try {
    ours.derive(peer);
    FAIL_CHECK("accepted; expected: ", why);
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::peer);
    CHECK_MESSAGE(std::string_view(error.what()).find(why) != std::string_view::npos, error.what());
  }
}

// The prime of ffdhe2048 (RFC 7919 A.1).
constexpr std::string_view kFfdhe2048 =
    "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef97d2fe363630c75d8f681b202aec4617a"
    "d3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797a"
    "bc0ab182b324fb61d108a94bb2c8e3fbb96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61"
    "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa886b423861285c97ffffffffffffffff";

}  // namespace

TEST_CASE("key agreement: both sides come to the same secret, and a third does not") {
  for (const KeyExchangeAlgorithm& group : key_exchange_algorithms()) {
    if (group.kem || !crypto::supports(group)) continue;
    CAPTURE(group.name);
    const KeyAgreement requester(group), responder(group), other(group);
    CHECK(requester.public_value().size() == group.request_size);
    CHECK(requester.public_value() != other.public_value());
    const SecretBytes secret = requester.derive(responder.public_value());
    // X alone of a point.
    CHECK(secret.size() == (group.name.starts_with("ffdhe") ? group.request_size : group.request_size / 2));
    CHECK(crypto::equal_in_constant_time(secret.view(), responder.derive(requester.public_value()).view()));
    CHECK_FALSE(crypto::equal_in_constant_time(secret.view(), other.derive(requester.public_value()).view()));
  }
}

TEST_CASE("key agreement: the library has every group of DSP0274 but SM2") {
  for (const KeyExchangeAlgorithm& group : key_exchange_algorithms())
    if (!group.kem) CHECK(crypto::supports(group) == (group.name != "SM2-P256"));
}

TEST_CASE("key agreement: what the library lacks is refused before anything is sent") {
  const KeyExchangeAlgorithm unknown{"KEM of tomorrow", true, 0x8000, 10, 10, k14, "no such KEM", 0};
  CHECK_FALSE(crypto::supports(unknown));
  try {
    const KeyAgreement none(unknown);
    FAIL_CHECK("made");
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::unsupported);
    CHECK(error.hint.find("3.5") != std::string::npos);
  }
  CHECK_THROWS_AS(crypto::encapsulate(unknown, Bytes(10)), Error);
  CHECK_THROWS_AS(crypto::encapsulate(algorithm("secp256r1"), Bytes(64)), Error);
}

TEST_CASE("key agreement: ExchangeData of another size is refused") {
  for (const KeyExchangeAlgorithm& group : key_exchange_algorithms()) {
    if (!crypto::supports(group)) continue;
    const KeyAgreement ours(group);
    const Bytes value = group.kem ? crypto::encapsulate(group, ours.public_value()).ciphertext : KeyAgreement(group).public_value();
    check_refused(ours, View(value).first(value.size() - 1), "bytes in place of");
    Bytes longer = value;
    longer.push_back(0);
    check_refused(ours, longer, "bytes in place of");
    check_refused(ours, {}, "bytes in place of");
  }
}

TEST_CASE("key agreement: a point that is not on the curve is refused") {
  for (const std::string_view name : {"secp256r1", "secp384r1", "secp521r1"}) {
    CAPTURE(name);
    const KeyExchangeAlgorithm& group = algorithm(name);
    const KeyAgreement ours(group), theirs(group);
    Bytes point = theirs.public_value();
    point.back() ^= 1;
    check_refused(ours, point, "no member of the group");
    check_refused(ours, number(group, 0), "no member of the group");
    check_refused(ours, Bytes(group.request_size, 0xFF), "no member of the group");  // beyond the prime
  }
}

TEST_CASE("key agreement: y is neither 0, 1, p - 1 nor above") {
  const KeyExchangeAlgorithm& group = algorithm("ffdhe2048");
  const KeyAgreement ours(group);
  const Bytes prime = unhex(kFfdhe2048, "prime");
  for (const std::uint32_t bad : {0U, 1U}) check_refused(ours, number(group, bad), "no member of the group");
  for (const int bad : {-1, 0}) {
    Bytes value = prime;
    value.back() = static_cast<std::uint8_t>(value.back() + bad);
    check_refused(ours, value, "no member of the group");
  }
  check_refused(ours, Bytes(group.request_size, 0xFF), "no member of the group");
  CHECK(ours.derive(number(group, 4)).size() == group.request_size);
}

TEST_CASE("key agreement: a secret with leading zeros keeps them") {
  // Squares are in the group; one secret in 256 begins with zero.
  const KeyExchangeAlgorithm& group = algorithm("ffdhe2048");
  const KeyAgreement ours(group);
  bool seen = false;
  for (std::uint32_t i = 2; i < 5000 && !seen; ++i) {
    const SecretBytes secret = ours.derive(number(group, i * i));
    REQUIRE(secret.size() == group.request_size);
    seen = secret.view().front() == 0;
  }
  CHECK(seen);
  const KeyExchangeAlgorithm& curve = algorithm("secp256r1");
  const KeyAgreement fixed(curve);
  seen = false;
  for (int i = 0; i < 5000 && !seen; ++i) {
    const SecretBytes secret = fixed.derive(KeyAgreement(curve).public_value());
    REQUIRE(secret.size() == 32);
    seen = secret.view().front() == 0;
  }
  CHECK(seen);
}

TEST_CASE("KEM: the requester opens what the responder has sealed for it") {
  for (const KeyExchangeAlgorithm& kem : key_exchange_algorithms()) {
    if (!kem.kem || !crypto::supports(kem)) continue;
    CAPTURE(kem.name);
    const KeyAgreement ours(kem);
    const Bytes key = ours.public_value();
    CHECK(key.size() == kem.request_size);
    const crypto::Encapsulated sealed = crypto::encapsulate(kem, key);
    CHECK(sealed.ciphertext.size() == kem.response_size);
    CHECK(sealed.secret.size() == 32);
    CHECK(crypto::equal_in_constant_time(sealed.secret.view(), ours.derive(sealed.ciphertext).view()));
    // FIPS 203 7.2: a coefficient beyond the modulus.
    CHECK_THROWS_AS(crypto::encapsulate(kem, Bytes(kem.request_size, 0xFF)), Error);
    CHECK_THROWS_AS(crypto::encapsulate(kem, View(key).first(key.size() - 1)), Error);
  }
}
