#include "core/crypto/jws.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

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

TEST_CASE("base64url is read in the one form that it is written in") {
  const auto reads = [](std::string_view text) { return crypto::from_base64url(text).has_value(); };
  CHECK(*crypto::from_base64url("") == Bytes{});
  CHECK(*crypto::from_base64url("-_8") == Bytes{0xFB, 0xFF});
  CHECK(as_text(*crypto::from_base64url("Zm9v")) == "foo");
  CHECK(reads("Zg"));
  for (const char* const text : {"Zh", "Zg==", "Zg=", "Z", "Zm9vY", "+/8", "-_9", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v.", "Z\xC3\xA4v"}) {
    CAPTURE(text);
    CHECK_FALSE(reads(text));
  }
}

TEST_CASE("a verifier reads what its key has signed for its type, and nothing else") {
  for (const char* const kind : {"ECDSA-P256", "ECDSA-P384", "ECDSA-P521", "RSAPSS-2048", "RSAPSS-3072", "Ed25519"}) {
    CAPTURE(kind);
    const AsymAlgorithm& asym = *find_asym(kind);
    const pki::Key key = pki::Key::shared(asym), other = pki::Key::make(asym);
    const crypto::JwsVerifier verifier(key.spki(), "test");
    const std::string token = crypto::sign_jws(key.private_key(), "test", R"({"a":1})");
    CHECK(crypto::jws_header_of(token) == verifier.header());
    CHECK(as_text(*crypto::from_base64url(verifier.header())).starts_with(R"({"alg":")"));
    REQUIRE(verifier.payload_of(token));
    CHECK(*verifier.payload_of(token) == R"({"a":1})");
    CHECK(*verifier.payload_of(crypto::sign_jws(key.private_key(), "test", "")) == "");
    for (const char* const type : {"tests", "tesT", ""})
      CHECK_FALSE(verifier.payload_of(crypto::sign_jws(key.private_key(), type, R"({"a":1})")));
    CHECK_FALSE(verifier.payload_of(crypto::sign_jws(key.private_key(), R"({"a":1})")));
    CHECK_FALSE(verifier.payload_of(crypto::sign_jws(other.private_key(), "test", R"({"a":1})")));
    CHECK_FALSE(crypto::JwsVerifier(other.spki(), "test").payload_of(token));
  }
}

TEST_CASE("one character more, less or other makes a token nobody's") {
  const pki::Key key = pki::Key::shared(*find_asym("ECDSA-P256"));
  const crypto::JwsVerifier verifier(key.spki(), "test");
  const std::string token = crypto::sign_jws(key.private_key(), "test", R"({"a":1})");
  for (std::size_t i = 0; i < token.size(); ++i) {
    CAPTURE(i);
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(verifier.payload_of(changed));
    CHECK_FALSE(verifier.payload_of(std::string(token).erase(i, 1)));
    CHECK_FALSE(verifier.payload_of(std::string(token).insert(i, "A")));
    CHECK_FALSE(verifier.payload_of(std::string(token).insert(i, ".")));
  }
  for (const char* const more : {"A", "=", ".", " ", "\n"}) CHECK_FALSE(verifier.payload_of(token + more));
  for (const char* const text : {"", ".", "..", "...", "a.b.c"}) CHECK_FALSE(verifier.payload_of(text));
  const std::string& header = verifier.header();
  for (const std::string& text : {header, header + ".", header + "..", header + ".e30", header + ".e30.", header + ".e30.AAAA"})
    CHECK_FALSE(verifier.payload_of(text));
}

TEST_CASE("no header chooses how it is verified: another algorithm, none, a key of its own") {
  const pki::Key key = pki::Key::shared(*find_asym("ECDSA-P256"));
  const crypto::JwsVerifier verifier(key.spki(), "test");
  const std::string token = crypto::sign_jws(key.private_key(), "test", "{}");
  const std::string header(as_text(*crypto::from_base64url(verifier.header())));
  const std::string id = header.substr(header.find("\"kid\":\"") + 7, 64);
  REQUIRE(header == cat(R"({"alg":"ES256","kid":")", id, R"(","typ":"test"})"));
  const std::string rest = token.substr(token.find('.'));
  CHECK(verifier.payload_of(crypto::base64url(view(header)) + rest));
  const std::string kid = cat(R"("kid":")", id, '"');
  const std::vector<std::string> headers{
      cat(R"({"alg":"none",)", kid, R"(,"typ":"test"})"),
      cat(R"({"alg":"HS256",)", kid, R"(,"typ":"test"})"),
      cat(R"({"alg":"ES384",)", kid, R"(,"typ":"test"})"),
      cat(R"({"alg":"es256",)", kid, R"(,"typ":"test"})"),
      cat(R"({"alg":"ES256",)", kid, R"(,"typ":"test","alg":"none"})"),
      cat(R"({"alg":"ES256",)", kid, R"(,"typ":"test","jwk":{}})"),
      cat(R"({"alg":"ES256",)", kid, R"(,"typ":"test","crit":["b64"],"b64":false})"),
      cat(R"({"alg":"ES256",)", kid, R"(,"typ":"JWT"})"),
      cat(R"({"alg":"ES256",)", kid, "}"),
      R"({"alg":"ES256","typ":"test"})",
      cat(R"({"typ":"test","alg":"ES256",)", kid, "}"),
      cat(R"({"alg":"ES256", )", kid, R"(,"typ":"test"})"),
      cat(header, " "),
      cat(" ", header),
      cat(header, header),
      "{}",
      "",
      "null",
      "[]",
      "{\"alg\":",
  };
  for (const std::string& one : headers) {
    CAPTURE(one);
    CHECK_FALSE(verifier.payload_of(crypto::base64url(view(one)) + rest));
    CHECK_FALSE(verifier.payload_of(cat(crypto::base64url(view(one)), ".e30.")));
  }
}

TEST_CASE("keys that sign no JWS verify none") {
  CHECK_THROWS_AS(crypto::JwsVerifier(pki::Key::make(*find_asym("SM2-P256")).spki(), "test"), Error);
  CHECK_THROWS_AS(crypto::JwsVerifier(pki::Key::make("RSA", {}, 1024).spki(), "test"), Error);
  CHECK_THROWS_AS(crypto::JwsVerifier(Bytes{0x30, 0x00}, "test"), Error);
}
