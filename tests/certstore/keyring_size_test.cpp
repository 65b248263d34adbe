// Keyrings with many certificates: what is found in them, and what is told of them.
#include <doctest/doctest.h>

#include <algorithm>

#include "certstore/lookup.h"
#include "certstore/outline.h"
#include "certstore/x509.h"
#include "owned.h"

using namespace test;
using spdm::certstore::Entry;
using spdm::certstore::Keyring;
using spdm::certstore::Lookup;
using spdm::certstore::outline_of;

namespace {

constexpr std::size_t kMany = 300;

const Bytes& pattern() {
  static const Bytes out = pki::issue(pki::root("anchor 0000", pki::sample().root.key)).der;
  return out;
}

// A certificate with a name of its own. Nobody has signed it: an anchor is trusted for its bytes.
Bytes anchor(std::size_t number) {
  Bytes out = pattern();
  const std::string from = "anchor 0000", digits = std::to_string(10'000 + number).substr(1);
  for (auto at = out.begin(); (at = std::search(at, out.end(), from.begin(), from.end())) != out.end(); ++at)
    std::copy(digits.begin(), digits.end(), at + 7);
  return out;
}

std::string bundle(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += pki::pem(anchor(i));
  return out;
}

Keyring read(const support::TemporaryDirectory& directory) {
  Keyring out;
  out.add_directory(directory.path());
  return out;
}

// The sample root with other numbers: its name and its key, or another key.
Bytes namesake(long serial, const pki::Key& key = pki::sample().root.key) {
  pki::Profile profile = pki::root("sample root", key);
  profile.serial = serial;
  return pki::issue(profile).der;
}

// An element of DER of less than 256 bytes in another, with this tag in its place.
Bytes with_tag(Bytes der, std::string_view text, std::uint8_t tag) {
  for (auto at = der.begin(); (at = std::search(at, der.end(), text.begin(), text.end())) != der.end(); ++at) *(at - 2) = tag;
  return der;
}

Bytes element(std::uint8_t tag, const Bytes& content) {
  Bytes out{tag, 0x83, static_cast<std::uint8_t>(content.size() >> 16), static_cast<std::uint8_t>(content.size() >> 8),
            static_cast<std::uint8_t>(content.size())};
  if (content.size() < 0x80) out = {tag, static_cast<std::uint8_t>(content.size())};
  if (content.size() >= 0x80 && content.size() < 0x100) out = {tag, 0x81, static_cast<std::uint8_t>(content.size())};
  if (content.size() >= 0x100 && content.size() < 0x10000)
    out = {tag, 0x82, static_cast<std::uint8_t>(content.size() >> 8), static_cast<std::uint8_t>(content.size())};
  spdm::append(out, content);
  return out;
}

// A root with this identifier of its key's algorithm, and this name. Nothing of it is true, and all of it is DER.
Bytes odd_root(const Bytes& algorithm_of_key, const Bytes& text) {
  const Bytes signature{0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03}, bits = element(0x03, {0, 4, 1, 2});
  const Bytes name = element(0x30, element(0x31, element(0x30, joined({element(0x06, {0x55, 0x04, 0x03}), element(0x0C, text)}))));
  const std::string from = "200101000000Z", to = "490101000000Z";
  const Bytes validity =
      element(0x30, joined({element(0x17, Bytes(from.begin(), from.end())), element(0x17, Bytes(to.begin(), to.end()))}));
  const Bytes key = element(0x30, joined({element(0x30, element(0x06, algorithm_of_key)), bits}));
  const Bytes tbs = element(0x30, joined({element(0xA0, element(0x02, {2})), element(0x02, {1}), signature, name, validity, name, key}));
  return element(0x30, joined({tbs, signature, bits}));
}

}  // namespace

TEST_CASE("keyring: a bundle of many certificates, and as many files") {
  const support::TemporaryDirectory one, many;
  one.write("vendor.pem", bundle(kMany));
  for (std::size_t i = 0; i < kMany; ++i) many.write(spdm::cat("vendor", i, ".pem"), pki::pem(anchor(i)));
  const Keyring together = read(one), apart = read(many);
  CHECK(together.problems().empty());
  CHECK(apart.problems().empty());
  REQUIRE(together.entries().size() == kMany);
  REQUIRE(apart.entries().size() == kMany);
  for (std::size_t i = 0; i < kMany; ++i) {
    const Entry& entry = together.entries()[i];
    REQUIRE(spdm::equal(entry.der(), anchor(i)));
    REQUIRE(entry.anchor);
    REQUIRE(entry.info().subject == spdm::cat("CN=anchor ", std::to_string(10'000 + i).substr(1)));
    REQUIRE(together.find(entry.sha256()) == &entry);
    const Entry* const other = apart.find(entry.sha256());
    REQUIRE(other != nullptr);
    REQUIRE(other->names == std::vector<std::string>{spdm::cat("vendor", i, ".pem")});
  }
  CHECK(together.find(std::string(64, '0')) == nullptr);
}

TEST_CASE("keyring: a copy shares its certificates and finds them") {
  Keyring copy;
  {
    const support::TemporaryDirectory directory;
    directory.write("vendor.pem", bundle(3));
    const Keyring keyring = read(directory);
    copy = keyring;
    CHECK(copy.entries()[1].der().data() == keyring.entries()[1].der().data());
    CHECK(&copy.entries()[1].info() == &keyring.entries()[1].info());
  }
  CHECK(copy.find(copy.entries()[2].sha256()) == &copy.entries()[2]);
}

TEST_CASE("keyring: duplicates among many are told, each once") {
  const support::TemporaryDirectory directory;
  directory.write("a.pem", bundle(kMany));
  directory.write("anchors/b.pem", pki::pem(anchor(7)));
  directory.write("c.pem", bundle(kMany) + pki::pem(anchor(kMany)));
  const Keyring keyring = read(directory);
  CHECK(keyring.entries().size() == kMany + 1);
  CHECK(keyring.problems().size() == kMany + 1);
  const std::string first = (directory.path() / "a.pem").string();
  for (const spdm::certstore::Problem& problem : keyring.problems()) {
    REQUIRE(problem.duplicate);
    REQUIRE(problem.why == spdm::cat("the same certificate as in ", first));
  }
  CHECK(keyring.entries()[7].names == std::vector<std::string>{"a.pem", "c.pem", "anchors/b.pem"});
  CHECK(keyring.entries()[kMany].file == (directory.path() / "c.pem").string());
}

TEST_CASE("keyring: one certificate among many that is none is told, and its file does not count") {
  const support::TemporaryDirectory directory;
  Bytes broken = anchor(1);
  broken[1] ^= 1;  // the length of the whole
  directory.write("bad.pem", bundle(20) + pki::pem(broken) + bundle(20));
  directory.write("good.pem", bundle(20));
  const Keyring keyring = read(directory);
  CHECK(keyring.entries().size() == 20);
  REQUIRE(keyring.problems().size() == 1);
  CHECK(keyring.problems()[0].file == (directory.path() / "bad.pem").string());
  CHECK(contains(keyring.problems()[0].why, "certificate 21"));
  CHECK(contains(keyring.problems()[0].why, "not a certificate"));
}

TEST_CASE("keyring: a scope is of its own certificates among many") {
  Owned owned;
  for (std::size_t i = 0; i < 20; ++i) {
    owned.directory.write(spdm::cat("other", i, ".pem"), pki::pem(anchor(i)));
    owned.directory.write(spdm::cat("other", i, ".yaml"), "version: 1\nvouches-for: [{vendor: \"1af4\"}]\n");
  }
  CHECK(owned.keyring().problems().empty());
  CHECK(owned.validated().trust == Trust::trusted);
  owned.directory.write("vendor.yaml", "version: 1\nvouches-for: [{vendor: \"1af4\"}]\n");
  CHECK(ids(owned.validated()) == "scope-mismatch");
}

TEST_CASE("trust: an anchor that is not the first with its name") {
  const pki::Key other = pki::Key::make("EC", "P-384");
  Setup setup;
  setup.trusted = {namesake(7), namesake(8, other), pki::sample().root.der, namesake(9)};
  for (std::size_t i = 0; i < 20; ++i) setup.trusted.push_back(anchor(i));
  CHECK(ids(validated(setup)) == "");
  CHECK(contains(validated(setup).anchor_file, "trusted3.der"));
  setup.certificates.erase(setup.certificates.begin());  // it is found by RootHash
  for (const char* hash : {"SHA-256", "SHA-384", "SHA-512"}) {
    setup.hash = hash;
    CHECK(ids(validated(setup)) == "");
    CHECK(contains(validated(setup).anchor_file, "trusted3.der"));
  }
}

TEST_CASE("trust: of many namesakes the first is told, and whether its key is another one") {
  const pki::Key other = pki::Key::make("EC", "P-384");
  Setup setup;
  setup.trusted = {anchor(1), namesake(8, other), namesake(7)};
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "not-trusted");
  CHECK(contains(result.findings[0].why, "trusted2.der has the same name but is another certificate, with another key"));
}

TEST_CASE("trust: a chain without RootHash finds the issuer among its namesakes by the signature") {
  std::vector<Bytes> trusted = {namesake(8, pki::Key::make("EC", "P-384")), anchor(1), pki::sample().root.der};
  const Bytes chain = joined({pki::sample().intermediate.der, pki::sample().leaf.der});
  const spdm::certstore::Validator validator(keyring_of(trusted), Setup().options);
  spdm::certstore::ChainInput input;
  input.chain = chain;
  input.is_bare = true;
  input.hash = &sha();
  input.asym = spdm::find_asym("ECDSA-P384");
  const ChainResult result = validator.validate(input);
  CHECK(ids(result) == "");
  CHECK(contains(result.anchor_file, "trusted3.der"));
}

TEST_CASE("lookup: names that are written in another way are the same") {
  const Bytes printable = with_tag(anchor(2), "anchor 0002", 0x13), capitals = [] {
    Bytes out = anchor(2);
    const std::string from = "anchor";
    for (auto at = out.begin(); (at = std::search(at, out.end(), from.begin(), from.end())) != out.end(); ++at) *at = 'A';
    return out;
  }();
  const Keyring keyring = keyring_of({anchor(1), printable, anchor(2), capitals, anchor(3)});
  const Lookup lookup(keyring);
  const auto certificate = spdm::certstore::parse_x509(keyring.entries()[2].der());
  const std::vector<const Entry*> found = lookup.with_subject(X509_get_subject_name(certificate.get()));
  CHECK(found == std::vector<const Entry*>{&keyring.entries()[1], &keyring.entries()[2], &keyring.entries()[3]});
  CHECK(lookup.by_hash(sha(), spdm::crypto::hash(sha(), printable)) == &keyring.entries()[1]);
  CHECK(lookup.by_hash(sha(), Bytes(48)) == nullptr);
}

TEST_CASE("keyring: an issuer that is written in another way than the subject is the same name") {
  Bytes mixed = anchor(2);  // the subject alone as PrintableString
  const std::string name = "anchor 0002";
  const auto last = std::find_end(mixed.begin(), mixed.end(), name.begin(), name.end());
  *(last - 2) = 0x13;
  const Keyring keyring = keyring_of({mixed});
  CHECK(keyring.entries()[0].anchor);
  const Keyring below = keyring_of({pki::sample().intermediate.der});
  CHECK_FALSE(below.entries()[0].anchor);
}

TEST_CASE("outline: of the certificates that are usual, and where issuer and subject lie") {
  for (const Bytes& der : pki::sample().all()) {
    const auto outline = outline_of(der);
    REQUIRE(outline);
    const auto certificate = spdm::certstore::parse_x509(der);
    std::uint8_t* name = nullptr;
    const int size = i2d_X509_NAME(X509_get_subject_name(certificate.get()), &name);
    CHECK(spdm::equal(outline->subject, {name, static_cast<std::size_t>(size)}));
    OPENSSL_free(name);
  }
  CHECK_FALSE(outline_of({}));
  CHECK_FALSE(outline_of(Bytes{0x30, 0x00}));
  CHECK_FALSE(outline_of(with_tag(anchor(1), "anchor 0001", 0x1E)));  // a BMPString of odd size
}

// What OpenSSL does not decode has no key that could have signed: without this any device could name it as its root, and leave it out.
TEST_CASE("trust: a certificate that is DER and that OpenSSL does not decode vouches for nobody") {
  const Bytes usual = odd_root({0x2A, 0x03}, Bytes(20, 'r'));
  CHECK(outline_of(usual));
  CHECK(spdm::certstore::parse_x509(usual) != nullptr);
  for (const Bytes& der : {odd_root(Bytes(600, 0x03), Bytes(20, 'r')), odd_root({0x2A, 0x03}, Bytes((1U << 20U) + 1, 'r'))}) {
    CHECK(spdm::certstore::parse_x509(der) == nullptr);
    CHECK_FALSE(outline_of(der));
    CHECK_THROWS_AS(keyring_of({der}), spdm::Error);
    const support::TemporaryDirectory directory;
    directory.write("anchors/odd.pem", pki::pem(der));
    directory.write("odd.pem", pki::pem(der));
    CHECK(read(directory).empty());
    CHECK(read(directory).problems().size() == 2);
  }
  Setup setup;  // one that is decoded, and has signed nothing
  setup.certificates.erase(setup.certificates.begin());
  setup.root = usual;
  setup.trusted = {usual};
  CHECK(validated(setup).trust == Trust::untrusted);
}

// OpenSSL is not asked about what has an outline.
TEST_CASE("outline: a certificate that is broken anywhere has none, or OpenSSL decodes it") {
  std::size_t outlines = 0, refused = 0;
  for (const Bytes& good : {pki::sample().leaf.der, anchor(1)})
    for (std::size_t at = 0; at < good.size(); ++at)
      for (const unsigned change : {0x01U, 0x05U, 0x20U, 0x80U, 0xFFU}) {
        Bytes der = good;
        der[at] = static_cast<std::uint8_t>(der[at] ^ change);
        if (!outline_of(der)) {
          ++refused;
          continue;
        }
        ++outlines;
        CAPTURE(at);
        REQUIRE(spdm::certstore::parse_x509(der) != nullptr);
      }
  CHECK(outlines > 500);
  CHECK(refused > 500);
}
