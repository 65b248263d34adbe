// Who has signed what a vendor publishes.
#include "certstore/signer.h"

#include <doctest/doctest.h>

#include "certstore/validated.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/pki.h"

using namespace spdm;
using test::joined;

namespace {

std::string subject_of(const std::vector<Bytes>& trusted, const std::vector<Bytes>& carried = {}) {
  return certstore::find_signer(joined(trusted), carried, "signer.pem").subject;
}

void refuse(const std::string& why, const std::vector<Bytes>& trusted, const std::vector<Bytes>& carried = {}) {
  expect_error(ErrorId::bad_input, why, [&] { subject_of(trusted, carried); });
}

pki::Certificate issued(const std::string& name, std::vector<std::pair<std::string, std::string>> extensions,
                        const pki::Certificate* issuer) {
  pki::Profile profile;
  profile.subject = cat("CN=", name);
  profile.key = pki::Key::make("EC", "P-256");
  profile.not_after = "20210101000000Z";
  profile.extensions = std::move(extensions);
  return pki::issue(profile, issuer);
}

}  // namespace

TEST_CASE("signer: the last of the certificates that the caller gives") {
  const pki::Chain& chain = pki::sample();
  CHECK(subject_of({chain.leaf.der}).find("CN=") != std::string::npos);
  CHECK(subject_of(chain.all()) == subject_of({chain.leaf.der}));
  CHECK(certstore::find_signer(chain.leaf.der, {}, "x").not_after == "9999-12-31T23:59:59Z");
  CHECK(certstore::find_signer(chain.leaf.der, {}, "x").spki == chain.leaf.key.spki());
  CHECK(certstore::find_signer(chain.root.der, {chain.leaf.der, chain.intermediate.der}, "x").spki == chain.leaf.key.spki());
  refuse("signer.pem: holds no certificate", {});
  refuse("signer.pem: ends in an issuer", {chain.root.der, chain.intermediate.der});
}

TEST_CASE("signer: certificates that the document carries lead to one that is trusted") {
  const pki::Chain& chain = pki::sample();
  const std::string leaf = subject_of({chain.leaf.der});
  CHECK(subject_of({chain.root.der}, {chain.leaf.der, chain.intermediate.der}) == leaf);
  CHECK(subject_of({chain.intermediate.der}, {chain.leaf.der}) == leaf);
  CHECK(subject_of({chain.leaf.der}, {chain.leaf.der}) == leaf);
  refuse("no path leads from CN=", {chain.root.der}, {chain.leaf.der});  // the intermediate is missing
  const pki::Certificate other = issued("other", {{"basicConstraints", "critical,CA:TRUE"}}, nullptr);
  refuse("signer.pem: no path leads from", {other.der}, {chain.leaf.der, chain.intermediate.der, chain.root.der});
  refuse("cannot be read", {chain.root.der}, {Bytes{1, 2, 3}});
}

TEST_CASE("signer: an issuer, or a key for something else, signs no document; the time is told") {
  const pki::Certificate root = issued("root", {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "keyCertSign"}}, nullptr);
  const pki::Certificate issuer = issued("issuer", {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "keyCertSign"}}, &root);
  const pki::Certificate agree = issued("agree", {{"keyUsage", "critical,keyAgreement"}}, &root);
  const pki::Certificate sign = issued("sign", {{"keyUsage", "critical,digitalSignature"}}, &root);
  refuse("ends in an issuer", {root.der}, {issuer.der});
  refuse("may not sign", {root.der}, {agree.der});
  CHECK(subject_of({root.der}, {sign.der}) == "CN=sign");
  CHECK(certstore::find_signer(root.der, {sign.der}, "x").not_after == "2021-01-01T00:00:00Z");
  // A certificate that is no issuer vouches for nobody.
  const pki::Certificate below = issued("below", {}, &sign);
  refuse("no path leads from CN=below", {root.der}, {below.der, sign.der});
}
