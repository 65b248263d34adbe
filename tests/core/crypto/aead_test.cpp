#include "core/crypto/aead.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "core/text.h"

using namespace spdm;

namespace {

struct Known {
  std::string_view name, key, iv, associated, plaintext, sealed;
};

// "The Galois/Counter Mode of Operation" (McGrew, Viega), test cases 1, 2 and 14; RFC 8439 2.8.2.
constexpr Known kKnown[] = {
    {"AES-128-GCM", "00000000000000000000000000000000", "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {"AES-128-GCM", "00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {"AES-256-GCM", "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"ChaCha20-Poly1305", "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f6e"
     "6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd060"
     "0691"},
};

Bytes of_hex(std::string_view digits) { return unhex(digits, "known answer"); }

}  // namespace

TEST_CASE("AEAD: known answers, sealed and opened") {
  for (const Known& known : kKnown) {
    CAPTURE(known.name);
    const AeadAlgorithm& algorithm = *find_aead(known.name);
    REQUIRE(crypto::supports(algorithm));
    const SecretBytes key = SecretBytes::take(of_hex(known.key));
    const Bytes iv = of_hex(known.iv), associated = of_hex(known.associated);
    const Bytes sealed = crypto::seal(algorithm, key, iv, associated, of_hex(known.plaintext));
    CHECK(hex(sealed) == known.sealed);
    const std::optional<Bytes> opened = crypto::open(algorithm, key, iv, associated, sealed);
    REQUIRE(opened);
    CHECK(hex(*opened) == known.plaintext);
  }
}

TEST_CASE("AEAD: nothing is opened when a bit of key, IV, associated data, ciphertext or tag is another") {
  for (const AeadAlgorithm& algorithm : aead_algorithms()) {
    if (!crypto::supports(algorithm)) continue;
    CAPTURE(algorithm.name);
    const Bytes key(algorithm.key_size, 1), iv(kAeadIvSize, 2), associated{3, 4}, plaintext{5, 6, 7};
    const auto opens = [&](const Bytes& k, const Bytes& i, const Bytes& a, View s) {
      return crypto::open(algorithm, SecretBytes::take(Bytes(k)), i, a, s).has_value();
    };
    const auto refused_when_changed = [](Bytes bytes, const auto& opened) {
      for (std::uint8_t& byte : bytes) {
        byte ^= 1;
        CHECK_FALSE(opened(bytes));
        byte ^= 1;
      }
      CHECK(opened(bytes));
    };
    const Bytes sealed = crypto::seal(algorithm, SecretBytes::take(Bytes(key)), iv, associated, plaintext);
    CHECK(sealed.size() == plaintext.size() + kAeadTagSize);
    refused_when_changed(key, [&](const Bytes& other) { return opens(other, iv, associated, sealed); });
    refused_when_changed(iv, [&](const Bytes& other) { return opens(key, other, associated, sealed); });
    refused_when_changed(associated, [&](const Bytes& other) { return opens(key, iv, other, sealed); });
    refused_when_changed(sealed, [&](const Bytes& other) { return opens(key, iv, associated, other); });
    for (std::size_t size = 0; size < sealed.size(); ++size) CHECK_FALSE(opens(key, iv, associated, View(sealed).first(size)));
    CHECK_FALSE(opens(key, iv, {3}, sealed));
  }
}

TEST_CASE("AEAD: a key or an IV of another size is a defect of ours") {
  const AeadAlgorithm& algorithm = *find_aead("AES-256-GCM");
  CHECK_THROWS_AS(crypto::seal(algorithm, SecretBytes(16), Bytes(kAeadIvSize), {}, {}), Error);
  CHECK_THROWS_AS(crypto::seal(algorithm, SecretBytes(32), Bytes(8), {}, {}), Error);
}

TEST_CASE("AEAD: the library has what devices use; one that it lacks is refused") {
  for (const std::string_view name : {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"}) CHECK(crypto::supports(*find_aead(name)));
  const AeadAlgorithm unknown{"X", 0x8000, 32, k11, "no such cipher", 0};
  CHECK_FALSE(crypto::supports(unknown));
  CHECK_THROWS_AS(crypto::seal(unknown, SecretBytes(32), Bytes(kAeadIvSize), {}, {}), Error);
}
