// The anchor is checked wherever it came from: a device decides whether it sends its root.
#include <doctest/doctest.h>

#include <algorithm>

#include "owned.h"
#include "support/reencode.h"

using namespace test;

namespace {

pki::Key p384() { return pki::Key::make("EC", "P-384"); }

// The findings with this root, sent by the device or completed from the keyring. They must be the same.
std::string judged(const pki::Profile& root, const std::string& field) {
  const pki::Certificate top = pki::issue(root), middle = pki::issue(pki::intermediate("middle", p384()), &top);
  Setup setup;
  setup.certificates = {top.der, middle.der, pki::issue(plain_leaf(), &middle).der};
  setup.root = top.der;
  setup.trusted = {top.der};
  const ChainResult sent = validated(setup);
  setup.certificates.erase(setup.certificates.begin());
  const ChainResult completed = validated(setup);
  CHECK(ids(sent) == ids(completed));
  CHECK(sent.trust == completed.trust);
  if (!completed.findings.empty()) {
    CHECK(contains(completed.findings[0].where, "anchor "));
    CHECK(contains(completed.findings[0].where, field));
    CHECK(completed.findings[0].why == sent.findings.at(0).why);
  }
  CHECK((completed.trust == Trust::trusted) == completed.findings.empty());
  CHECK(spdm::certstore::faults_of(top.der).empty() == completed.findings.empty());
  return ids(completed);
}

pki::Profile with_extension(const std::string& name, const std::string& value) {
  pki::Profile out = pki::root("root", p384());
  out.extensions.emplace_back(name, value);
  return out;
}

}  // namespace

TEST_CASE("anchor: its key") {
  CHECK(judged(pki::root("root", p384()), "") == "");
  CHECK(judged(pki::root("root", pki::Key::make("RSA", "", 512)), "subjectPublicKeyInfo") == "weak-key");
  CHECK(judged(pki::root("root", pki::Key::make("RSA", "", 1024)), "subjectPublicKeyInfo") == "weak-key");
  CHECK(judged(pki::root("root", pki::Key::rsa(2048, 3)), "subjectPublicKeyInfo") == "weak-key");
  CHECK(judged(pki::root("root", pki::Key::make("EC", "prime192v1")), "subjectPublicKeyInfo") == "weak-key");
  CHECK(judged(pki::root("root", p384().with_explicit_parameters()), "subjectPublicKeyInfo") == "bad-key");
}

TEST_CASE("anchor: its extensions") {
  CHECK(judged(with_extension("1.2.3.4", "DER:05:00"), "") == "");
  CHECK(judged(with_extension("1.2.3.4", "critical,DER:05:00"), "extension 1.2.3.4") == "critical-extension");
  CHECK(judged(with_extension(pki::kSpdmExtension, "DER:30:01"), "SPDM extension") == "certificate-malformed");
  CHECK(judged(with_extension("2.5.29.14", "DER:30:01"), "extensions") ==
        "certificate-malformed,chain-incomplete");  // subjectKeyIdentifier
}

TEST_CASE("anchor: the same for an intermediate that ends the path") {
  const pki::Certificate top = pki::issue(pki::root("root", p384()));
  const pki::Certificate middle = pki::issue(pki::intermediate("middle", pki::Key::rsa(2048, 3)), &top);
  Setup setup;
  setup.certificates = {pki::issue(plain_leaf(), &middle).der};
  setup.root = middle.der;
  setup.trusted = {middle.der};
  setup.options.partial_chains = true;
  CHECK(ids(validated(setup)) == "weak-key");
}

TEST_CASE("anchor: what is wrong with a certificate, for its owner") {
  using spdm::certstore::faults_of;
  CHECK(faults_of(pki::sample().root.der).empty());
  CHECK(contains(faults_of(pki::issue(pki::root("root", pki::Key::make("RSA", "", 1024))).der).at(0), "RSA 1024 has less than 112 bits"));
  CHECK(contains(faults_of(pki::issue(with_extension("1.2.3.4", "critical,DER:05:00")).der).at(0), "extension 1.2.3.4: it is critical"));
  CHECK(contains(faults_of(reencode::with_long_length(pki::sample().root.der)).at(0), "not in DER"));
  CHECK(faults_of(Bytes{0x30, 0x00}).size() == 1);
}
