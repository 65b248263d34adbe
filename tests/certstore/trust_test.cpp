#include <doctest/doctest.h>

#include <thread>

#include "validated.h"

using namespace test;

namespace {

Setup without_root() {
  Setup out;
  out.certificates.erase(out.certificates.begin());
  return out;
}

}  // namespace

TEST_CASE("trust: a good chain") {
  const ChainResult result = validated({});
  CHECK(ids(result) == "");
  CHECK(result.trust == Trust::trusted);
  CHECK(result.sound);
  CHECK(result.slot == 0);
  CHECK(result.model == spdm::CertModel::device);
  REQUIRE(result.certificates.size() == 3);
  CHECK(result.certificates[2].subject == "CN=sample device");
  REQUIRE(result.anchor.has_value());
  CHECK(result.anchor->der == pki::sample().root.der);
  CHECK(contains(result.anchor_file, "trusted1.der"));
  CHECK(result.root_fingerprint == spdm::certstore::describe(pki::sample().root.der).sha256);
  CHECK(result.leaf_key->describe() == "EC P-384");
}

TEST_CASE("A6 the root may be left out when the keyring has it") {
  const ChainResult result = validated(without_root());
  CHECK(ids(result) == "");
  CHECK(result.trust == Trust::trusted);
  CHECK(result.certificates.size() == 2);
  CHECK(result.root_fingerprint == spdm::certstore::describe(pki::sample().root.der).sha256);
}

TEST_CASE("trust: a leaf straight under an anchor that was left out") {
  const pki::Certificate root = pki::issue(pki::root("short root", pki::Key::make("EC", "P-384")));
  Setup setup;
  setup.certificates = {pki::issue(plain_leaf(), &root).der};
  setup.root = root.der;
  setup.trusted = {root.der};
  CHECK(ids(validated(setup)) == "");
  CHECK(validated(setup).trust == Trust::trusted);
  setup.trusted = {pki::sample().root.der};
  const ChainResult alone = validated(setup);
  CHECK(ids(alone) == "not-trusted");
  CHECK(alone.sound);
}

TEST_CASE("N152 an anchor that differs from the root in a byte") {
  pki::Profile profile = pki::root("sample root", pki::sample().root.key);  // same name, same key
  profile.serial = 77;
  Setup setup;
  setup.trusted = {pki::issue(profile).der};
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "not-trusted");
  CHECK(contains(result.findings[0].why, "has the same name but is another certificate"));
  CHECK(result.sound);
  CHECK(result.trust == Trust::untrusted);
  CHECK_FALSE(result.anchor.has_value());
  CHECK(result.leaf_key.has_value());
}

TEST_CASE("N153 the root is left out and no anchor has its hash") {
  Setup setup = without_root();
  setup.trusted = {pki::issue(pki::root("another root", pki::Key::make("EC", "P-384"))).der};
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "not-trusted");
  CHECK(result.sound);
  CHECK(result.leaf_key.has_value());
  CHECK(result.root_fingerprint.starts_with("RootHash "));
  CHECK(contains(result.findings[0].remedy, "spdmctl keyring add FILE"));
  CHECK(contains(result.findings[0].remedy, spdm::hex(spdm::crypto::hash(sha(), pki::sample().root.der))));
}

TEST_CASE("N154 the root is left out and the first certificate has another issuer of the same name") {
  const pki::Certificate impostor = pki::issue(pki::root("sample root", pki::Key::make("EC", "P-384")));
  const pki::Certificate below = pki::issue(pki::intermediate("sample intermediate", pki::Key::make("EC", "P-384")), &impostor);
  Setup setup;
  setup.certificates = {below.der, pki::issue(plain_leaf(), &below).der};
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "certificate-signature");
  CHECK(contains(result.findings[0].where, "certificate 1 of 2"));
  CHECK(result.trust == Trust::untrusted);
  CHECK_FALSE(result.anchor.has_value());
}

TEST_CASE("N155 a root that somebody made") {
  Setup setup;
  setup.trusted = {pki::issue(pki::root("another root", pki::Key::make("EC", "P-384"))).der};
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "not-trusted");
  CHECK(result.sound);
  CHECK(result.trust == Trust::untrusted);
  CHECK(contains(result.findings[0].why, spdm::certstore::describe(pki::sample().root.der).sha256));
}

TEST_CASE("trust: a root whose signature on itself is wrong is not even sound, unless the owner vouches for its bytes") {
  // A key of its own kind may have signed it; with any other kind it is plain that it has not signed itself.
  for (const pki::Key& key : {pki::Key::make("EC", "P-384"), pki::Key::shared(*spdm::find_asym("RSASSA-2048"))}) {
    const pki::Certificate other = pki::issue(pki::root("sample root", key));
    pki::Profile profile = pki::root("sample root", pki::sample().root.key);
    profile.not_after = "20250101000000Z";
    const pki::Certificate crossed = pki::issue(profile, &other);
    Setup setup;
    setup.certificates[0] = setup.root = crossed.der;
    CHECK(ids(validated(setup)) == "not-trusted,certificate-signature");
    CHECK_FALSE(validated(setup).sound);
    setup.trusted = {pki::sample().intermediate.der};
    setup.options.partial_chains = true;
    CHECK(contains(ids(validated(setup)), "certificate-signature"));
    setup.trusted = {crossed.der};
    for (const bool sent : {true, false}) {
      if (!sent) setup.certificates.erase(setup.certificates.begin());
      setup.options.at = pki::at("20240101000000Z");
      CHECK(ids(validated(setup)) == "");
      CHECK(validated(setup).trust == Trust::trusted);
      setup.options.at = pki::at("20260101000000Z");
      CHECK(ids(validated(setup)) == "expired");
    }
  }
}

TEST_CASE("trust: an empty keyring says what would be trusted, and how") {
  Setup setup;
  setup.trusted.clear();
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "keyring-empty");
  CHECK(result.sound);
  CHECK(contains(result.findings[0].remedy, spdm::certstore::describe(pki::sample().root.der).sha256));
  CHECK(contains(result.findings[0].remedy, "against the vendor's publication"));
  CHECK(contains(result.findings[0].remedy, "then: spdmctl keyring add FILE"));
}

TEST_CASE("trust: an intermediate ends a path only by option") {
  Setup setup;
  setup.trusted = {pki::sample().intermediate.der};
  CHECK(ids(validated(setup)) == "not-trusted");
  setup.options.partial_chains = true;
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "partial-chain");
  CHECK(result.trust == Trust::trusted);
  CHECK(result.anchor->der == pki::sample().intermediate.der);
  setup.certificates.erase(setup.certificates.begin());
  CHECK(validated(setup).trust == Trust::trusted);
  setup.trusted = {pki::issue(pki::intermediate("sample intermediate", pki::sample().intermediate.key), &pki::sample().root).der};
  CHECK(validated(setup).trust == Trust::untrusted);  // the same name and key are not the same certificate
}

TEST_CASE("trust: ... or from the anchors folder") {
  const support::TemporaryDirectory directory;
  directory.write("anchors/vendor.pem", pki::pem(pki::sample().intermediate.der));
  spdm::certstore::Keyring keyring;
  keyring.add_directory(directory.path());
  const spdm::certstore::Validator validator(keyring, {pki::at("20240101000000Z"), false});
  const Bytes chain = pki::spdm_chain(sha(), pki::sample().root.der, pki::sample().all());
  spdm::certstore::ChainInput input;
  input.chain = chain;
  input.hash = &sha();
  input.asym = spdm::find_asym("ECDSA-P384");
  CHECK(ids(validator.validate(input)) == "partial-chain");
  CHECK(validator.validate(input).trust == Trust::trusted);
}

TEST_CASE("trust: a broken chain is not trusted, whoever vouches for its root") {
  pki::Profile profile = plain_leaf();
  profile.not_after = "20230101000000Z";
  const ChainResult result = validated(with_leaf(profile));
  CHECK(result.trust == Trust::untrusted);
  CHECK_FALSE(result.anchor.has_value());
  CHECK(result.leaf_key.has_value());
}

TEST_CASE("trust: results are remembered per chain, slot and algorithms, also by many threads") {
  const spdm::certstore::Validator validator(keyring_of({pki::sample().root.der}), {pki::at("20240101000000Z"), false});
  const Bytes chain = pki::spdm_chain(sha(), pki::sample().root.der, pki::sample().all());
  spdm::certstore::ChainInput input;
  input.chain = chain;
  input.hash = &sha();
  input.asym = spdm::find_asym("ECDSA-P384");
  const ChainResult first = validator.validate(input), second = validator.validate(input);
  CHECK(first.leaf_key->state == second.leaf_key->state);  // not decoded again
  input.slot = 3;
  CHECK(validator.validate(input).slot == 3);
  input.asym = spdm::find_asym("ECDSA-P256");
  CHECK(ids(validator.validate(input)) == "leaf-key-mismatch");
  input.asym = spdm::find_asym("SLH-DSA-SHA2-192s");  // the same bit, in another field
  REQUIRE(input.asym->bit == spdm::find_asym("ECDSA-P384")->bit);
  CHECK(ids(validator.validate(input)) == "leaf-key-mismatch");
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (int& count : good)
    threads.emplace_back([&, own = input]() mutable {
      own.asym = spdm::find_asym("ECDSA-P384");
      for (int i = 0; i < 40; ++i) {
        own.slot = static_cast<std::uint8_t>(i % 8);
        count += validator.validate(own).trust == Trust::trusted;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == std::vector<int>(4, 40));
}

TEST_CASE("trust: algorithms have to be known") {
  const spdm::certstore::Validator validator(spdm::certstore::Keyring{}, {});
  CHECK_THROWS_AS(validator.validate({}), spdm::Error);
}
