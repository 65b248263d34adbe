#include "core/crypto/kdf.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "core/text.h"

using namespace spdm;

namespace {

Bytes run(std::uint8_t first, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

const HashAlgorithm& sha256() { return *find_hash("SHA-256"); }

struct Hkdf {
  Bytes key, salt, info;
  std::string extracted, expanded;
};

}  // namespace

// RFC 5869 appendix A.1 to A.3.
TEST_CASE("HKDF: known answers") {
  const Hkdf known[] = {
      {Bytes(22, 0x0B), run(0x00, 13), run(0xF0, 10), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {run(0x00, 80), run(0x60, 80), run(0xB0, 80), "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
       "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {Bytes(22, 0x0B),
       {},
       {},
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const Hkdf& one : known) {
    const SecretBytes key = crypto::hkdf_extract(sha256(), one.salt, SecretBytes::take(Bytes(one.key)));
    CHECK(hex(key.view()) == one.extracted);
    CHECK(hex(crypto::hkdf_expand(sha256(), key, one.info, one.expanded.size() / 2).view()) == one.expanded);
  }
}

TEST_CASE("HKDF: as much as there is, and no more") {
  const SecretBytes key = SecretBytes::take(Bytes(32, 1));
  CHECK(crypto::hkdf_expand(sha256(), key, {}, 0).empty());
  CHECK(crypto::hkdf_expand(sha256(), key, {}, 255 * 32).size() == 255 * 32);
  CHECK_THROWS_AS(crypto::hkdf_expand(sha256(), key, {}, 255 * 32 + 1), Error);
}

// RFC 4231 4.2, 4.3 and 4.7, whose key is longer than a block; the last: Python's hmac over SHA3-256.
TEST_CASE("HMAC: known answers") {
  const auto mac = [](std::string_view hash, Bytes key, std::string_view data) {
    return hex(crypto::hmac(*find_hash(hash), SecretBytes::take(std::move(key)), as_bytes(data)));
  };
  CHECK(mac("SHA-256", Bytes(20, 0x0B), "Hi There") == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(mac("SHA-384", Bytes(20, 0x0B), "Hi There") ==
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6");
  CHECK(mac("SHA-256", to_bytes(as_bytes("Jefe")), "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(mac("SHA-256", Bytes(131, 0xAA), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(mac("SHA3-256", to_bytes(as_bytes("Jefe")), "what do ya want for nothing?") ==
        "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5");
  CHECK(mac("SHA-256", {}, "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("comparison in constant time: size and each byte count") {
  const Bytes a{1, 2, 3};
  CHECK(crypto::equal_in_constant_time(a, Bytes{1, 2, 3}));
  CHECK(crypto::equal_in_constant_time({}, {}));
  CHECK_FALSE(crypto::equal_in_constant_time(a, Bytes{1, 2}));
  CHECK_FALSE(crypto::equal_in_constant_time(a, Bytes{1, 2, 3, 4}));
  for (std::size_t i = 0; i < a.size(); ++i) {
    Bytes b = a;
    b[i] ^= 0x80;
    CHECK_FALSE(crypto::equal_in_constant_time(a, b));
  }
}
