#include <doctest/doctest.h>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "support/pki.h"

using namespace spdm;

namespace {

const AsymAlgorithm& asym(std::string_view name) { return *find_asym(name); }

ErrorId refused(View der) {
  try {
    crypto::PublicKey::from_spki(der);
  } catch (const Error& error) {
    return error.id;
  }
  return ErrorId::internal;
}

View bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

TEST_CASE("key: described as people write it") {
  CHECK(pki::Key::shared(asym("ECDSA-P384")).public_key().describe() == "EC P-384");
  CHECK(pki::Key::make("EC", "brainpoolP256r1").public_key().describe() == "EC brainpoolP256r1");
  CHECK(pki::Key::shared(asym("RSASSA-2048")).public_key().describe() == "RSA 2048");
  CHECK(pki::Key::shared(asym("Ed25519")).public_key().describe() == "Ed25519");
  if (crypto::supports(asym("SM2-P256"))) CHECK(pki::Key::shared(asym("SM2-P256")).public_key().describe() == "SM2");
  if (crypto::supports(asym("ML-DSA-44"))) CHECK(pki::Key::shared(asym("ML-DSA-44")).public_key().describe() == "ML-DSA-44");
}

TEST_CASE("key: weak ones are named") {
  CHECK(pki::Key::make("RSA", "", 1024).public_key().weakness() == "RSA 1024 has less than 112 bits of security");
  CHECK(pki::Key::rsa(2048, 3).public_key().weakness() == "RSA public exponent 3 is not an odd number of at least 65537");
  CHECK(pki::Key::rsa(2048, 65537).public_key().weakness() == "");
  CHECK(pki::Key::make("EC", "secp160r1").public_key().weakness() != "");
}

TEST_CASE("key: an exponent is not written out however long it is") {
  Bytes odd(257, 0), even(257, 0);  // 2048 bits behind the zero that makes an INTEGER positive
  odd[1] = even[1] = 0x80;
  odd[256] = 1;
  Writer rsa;
  rsa.bytes(unhex("30820222 300d06092a864886f70d0101010500 0382020f00 3082020a", "header"));
  rsa.bytes(unhex("02820101", "modulus")).bytes(odd).bytes(unhex("02820101", "exponent")).bytes(even);
  CHECK(crypto::PublicKey::from_spki(rsa.take()).weakness() == "RSA public exponent of 2048 bits is even");
}

TEST_CASE("key: broken public keys are refused") {
  Bytes der = pki::Key::shared(asym("ECDSA-P256")).spki();
  CHECK(refused({}) == ErrorId::bad_input);
  for (std::size_t size = 0; size < der.size(); ++size) CHECK(refused(View(der).first(size)) == ErrorId::bad_input);
  Bytes longer = der;
  longer.push_back(0);
  CHECK(refused(longer) == ErrorId::bad_input);
  der.back() ^= 1;  // off the curve
  CHECK(refused(der) == ErrorId::bad_input);
}

TEST_CASE("key: explicit curve parameters are refused") {
  const pki::Key key = pki::Key::shared(asym("ECDSA-P256")).with_explicit_parameters();
  CHECK(refused(key.spki()) == ErrorId::bad_input);
}

TEST_CASE("key: private keys in PEM and DER, nothing else") {
  const std::string pem = pki::Key::shared(asym("ECDSA-P256")).pem();
  CHECK(crypto::PrivateKey::from_file_bytes(bytes(pem), "key.pem").fits(asym("ECDSA-P256")));
  const std::size_t begin = pem.find('\n') + 1, end = pem.find("-----END");
  std::string base64;
  for (const char c : pem.substr(begin, end - begin))
    if (c != '\n') base64.push_back(c);
  CHECK(crypto::PrivateKey::from_file_bytes(from_base64(base64, "key"), "key.der").fits(asym("ECDSA-P256")));
  const std::string encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const std::string_view junk :
       {std::string_view(""), std::string_view("0"), std::string_view("hello"), std::string_view(encrypted)}) {
    CAPTURE(junk);
    try {
      crypto::PrivateKey::from_file_bytes(bytes(junk), "key.pem");
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::bad_input);
      CHECK(std::string_view(error.what()).starts_with("key.pem: "));
    }
  }
}
