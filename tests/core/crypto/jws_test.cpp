#include "core/crypto/jws.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/text.h"
#include "support/pki.h"

using namespace spdm;

namespace {

View view(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

Bytes from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  return from_base64(text, "token");
}

}  // namespace

TEST_CASE("base64url has no padding, and neither '+' nor '/' (RFC 4648 section 5)") {
  CHECK(crypto::base64url({}) == "");
  CHECK(crypto::base64url(Bytes{0xFB, 0xFF}) == "-_8");
  CHECK(crypto::base64url(view("f")) == "Zg");
  CHECK(crypto::base64url(view("foo")) == "Zm9v");
}

TEST_CASE("a token is header, payload and a signature over both, by the key's own algorithm") {
  struct Kind {
    const char *asym, *hash, *name;
  };
  for (const Kind kind :
       {Kind{"ECDSA-P256", "SHA-256", "ES256"}, Kind{"ECDSA-P384", "SHA-384", "ES384"}, Kind{"ECDSA-P521", "SHA-512", "ES512"},
        Kind{"RSAPSS-3072", "SHA-256", "PS256"}, Kind{"Ed25519", "SHA-512", "EdDSA"}}) {
    CAPTURE(kind.name);
    const AsymAlgorithm& asym = *find_asym(kind.asym);
    const HashAlgorithm& hash = *find_hash(kind.hash);
    const pki::Key key = pki::Key::shared(asym);
    const std::string token = crypto::sign_jws(key.private_key(), R"({"a":1})");
    const std::size_t first = token.find('.'), second = token.rfind('.');
    REQUIRE(first < second);
    CHECK(equal(from_base64url(token.substr(0, first)), view(cat(R"({"alg":")", kind.name, R"(","typ":"JWT"})"))));
    CHECK(equal(from_base64url(token.substr(first + 1, second - first - 1)), view(R"({"a":1})")));
    const Bytes signature = from_base64url(token.substr(second + 1));
    CHECK(signature.size() == asym.signature_size);
    const auto verifies = [&](std::string_view input) {
      const Bytes digest = crypto::hash(hash, view(input));
      return crypto::verify(key.public_key(), asym, hash, k11, "", digest, signature);
    };
    // Ed25519 takes the message itself, which this way to verify does not: tests/cli/second_opinion.py has openssl do it.
    if (asym.scheme != SignatureScheme::ed25519) CHECK(verifies(token.substr(0, second)));
    CHECK_FALSE(verifies(token.substr(0, second) + "A"));
  }
}

TEST_CASE("keys that sign no JWS are refused") {
  const pki::Key key = pki::Key::make(*find_asym("SM2-P256"));
  CHECK_THROWS_AS(crypto::jws_algorithm(key.private_key()), Error);
}
