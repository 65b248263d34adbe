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

// certificatePolicies with this policy.
const std::string kNoPolicy, kFirst = "DER:30:06:30:04:06:02:2A:03", kSecond = "DER:30:06:30:04:06:02:2A:04",
                             kAny = "DER:30:08:30:06:06:04:55:1D:20:00";

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

TEST_CASE("policies: constraints are processed, in the anchor, too") {
  const auto chain = [](const std::string& root_says, const std::string& middle_says, const std::string& middle_policy,
                        const std::string& leaf_policy) {
    pki::Profile root = pki::root("root", p384()), middle = pki::intermediate("middle", p384()), leaf = plain_leaf();
    const auto add = [](pki::Profile& profile, const std::string& name, const std::string& value) {
      if (!value.empty()) profile.extensions.emplace_back(name, value);
    };
    add(root, "policyConstraints", root_says);
    add(middle, "policyConstraints", middle_says);
    add(middle, "certificatePolicies", middle_policy);
    add(leaf, "certificatePolicies", leaf_policy);
    const pki::Certificate top = pki::issue(root), above = pki::issue(middle, &top);
    Setup setup;
    setup.certificates = {top.der, above.der, pki::issue(leaf, &above).der};
    setup.root = top.der;
    setup.trusted = {top.der};
    const ChainResult sent = validated(setup);
    setup.certificates.erase(setup.certificates.begin());
    CHECK(ids(validated(setup)) == ids(sent));
    CHECK((sent.trust == Trust::trusted) == sent.findings.empty());
    return ids(sent);
  };
  const std::string explicit_policy = "critical,requireExplicitPolicy:0";
  CHECK(chain("", "", "", "") == "");
  for (const bool by_root : {true, false}) {
    CAPTURE(by_root);
    const std::string root = by_root ? explicit_policy : "", middle = by_root ? "" : explicit_policy;
    CHECK(chain(root, middle, "", "") == "certificate-policy");
    CHECK(chain(root, middle, kFirst, kNoPolicy) == "certificate-policy");
    CHECK(chain(root, middle, kFirst, kSecond) == "certificate-policy");
    CHECK(chain(root, middle, kFirst, kFirst) == "");
    CHECK(chain(root, middle, kAny, kFirst) == "");  // anyPolicy
  }
  CHECK(chain("critical,requireExplicitPolicy:2", "", "", "") == "certificate-policy");
  CHECK(chain("", "critical,inhibitPolicyMapping:0", "", "") == "certificate-policy");
  CHECK(chain("critical,requireExplicitPolicy:3", "", "", "") == "");  // the path is shorter
}

TEST_CASE("policies: anyPolicy may be inhibited") {
  for (const bool by_root : {true, false}) {
    CAPTURE(by_root);
    pki::Profile root = pki::root("root", p384()), middle = pki::intermediate("middle", p384()), leaf = plain_leaf();
    (by_root ? root : middle).extensions.emplace_back("inhibitAnyPolicy", "critical,0");
    root.extensions.emplace_back("policyConstraints", "critical,requireExplicitPolicy:0");
    middle.extensions.emplace_back("certificatePolicies", kFirst);
    leaf.extensions.emplace_back("certificatePolicies", kAny);
    const pki::Certificate top = pki::issue(root), above = pki::issue(middle, &top);
    Setup setup;
    setup.certificates = {top.der, above.der, pki::issue(leaf, &above).der};
    setup.root = top.der;
    setup.trusted = {top.der};
    CHECK(ids(validated(setup)) == "certificate-policy");
  }
}
