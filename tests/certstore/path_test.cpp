#include <doctest/doctest.h>

#include <algorithm>

#include "validated.h"

using namespace test;

namespace {

pki::Key p384() { return pki::Key::make("EC", "P-384"); }

// root, the intermediates given (each issued by the one before), leaf.
Setup chain_of(const pki::Profile& root, const std::vector<pki::Profile>& intermediates, const pki::Profile& leaf = plain_leaf()) {
  pki::Certificate above = pki::issue(root);
  Setup out;
  out.root = above.der;
  out.trusted = {above.der};
  out.certificates = {above.der};
  for (const pki::Profile& profile : intermediates) {
    above = pki::issue(profile, &above);
    out.certificates.push_back(above.der);
  }
  out.certificates.push_back(pki::issue(leaf, &above).der);
  return out;
}

Setup chain_with_intermediate(const pki::Profile& intermediate) { return chain_of(pki::root("root", p384()), {intermediate}); }

}  // namespace

TEST_CASE("N156 not signed by its issuer, in the wrong order, or with a gap") {
  Setup setup;
  setup.certificates[1][setup.certificates[1].size() - 20] ^= 1;  // inside the signature
  ChainResult result = validated(setup);
  CHECK(ids(result) == "certificate-signature");
  CHECK(contains(result.findings[0].where, "certificate 2 of 3 (CN=sample intermediate)"));

  setup = {};
  std::swap(setup.certificates[1], setup.certificates[2]);
  CHECK(contains(ids(validated(setup)), "issuer-mismatch"));
  CHECK(validated(setup).trust == Trust::untrusted);

  setup = {};
  std::swap(setup.certificates[0], setup.certificates[1]);
  CHECK(contains(ids(validated(setup)), "issuer-mismatch"));
  CHECK(validated(setup).trust == Trust::untrusted);

  setup = {};
  setup.certificates.erase(setup.certificates.begin() + 1);
  result = validated(setup);
  CHECK(ids(result) == "issuer-mismatch");
  CHECK(contains(result.findings[0].why, "the issuer is CN=sample intermediate, the certificate before it is CN=sample root"));

  // Every certificate is there, and one that does not belong to the path.
  setup = {};
  setup.certificates.insert(setup.certificates.begin() + 1, pki::issue(pki::intermediate("unrelated", p384()), &pki::sample().root).der);
  CHECK(contains(ids(validated(setup)), "issuer-mismatch"));
  CHECK(validated(setup).trust == Trust::untrusted);
}

TEST_CASE("N156 the leaf is not the last one") {
  Setup setup;
  pki::Profile second = plain_leaf();
  second.serial = 99;
  setup.certificates.push_back(pki::issue(second, &pki::sample().intermediate).der);
  const ChainResult result = validated(setup);
  CHECK(contains(ids(result), "issuer-mismatch"));
  CHECK(result.trust == Trust::untrusted);
}

TEST_CASE("path: a certificate twice") {
  for (const std::size_t which : {0U, 1U, 2U}) {
    Setup setup;
    setup.certificates.insert(setup.certificates.begin() + static_cast<std::ptrdiff_t>(which), pki::sample().all()[which]);
    CHECK(contains(ids(validated(setup)), "chain-malformed"));
    CHECK(validated(setup).trust == Trust::untrusted);
  }
}

TEST_CASE("path: key identifiers that name another issuer") {
  pki::Profile above = pki::intermediate("intermediate", p384()), below = plain_leaf();
  above.extensions.emplace_back("subjectKeyIdentifier", "hash");
  below.extensions.emplace_back("authorityKeyIdentifier", "keyid:always");
  CHECK(ids(validated(chain_of(pki::root("root", p384()), {above}, below))) == "");

  Setup setup = chain_of(pki::root("root", p384()), {above}, below);
  const pki::Certificate root = pki::issue(pki::root("root", p384()));
  pki::Profile other = above;
  other.key = p384();
  setup.certificates[0] = setup.root = root.der;
  setup.certificates[1] = pki::issue(other, &root).der;
  setup.trusted = {root.der};
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "issuer-mismatch");
  CHECK(contains(result.findings[0].where, "authorityKeyIdentifier"));
}

TEST_CASE("N157 a leaf above another leaf") {
  pki::Profile above = pki::leaf("no authority", p384());
  const ChainResult result = validated(chain_with_intermediate(above));
  CHECK(ids(result) == "not-a-ca,key-usage");
  CHECK(contains(result.findings[0].why, "cA is false"));
  CHECK(result.trust == Trust::untrusted);

  above = pki::intermediate("no constraints", p384());
  set_extension(above, "basicConstraints", "");
  CHECK(ids(validated(chain_with_intermediate(above))) == "not-a-ca");  // keyCertSign alone does not make an authority
  above = pki::intermediate("no keyCertSign", p384());
  set_extension(above, "keyUsage", "cRLSign");
  CHECK(ids(validated(chain_with_intermediate(above))) == "key-usage");
  set_extension(above, "keyUsage", "");
  CHECK(ids(validated(chain_with_intermediate(above))) == "");
  above.version = 1;
  above.extensions.clear();
  CHECK(contains(ids(validated(chain_with_intermediate(above))), "not-a-ca"));
}

TEST_CASE("path: an anchor that is no authority") {
  pki::Profile root = pki::root("root", p384());
  set_extension(root, "basicConstraints", "critical,CA:FALSE");
  Setup setup = chain_of(root, {pki::intermediate("intermediate", p384())});
  CHECK(ids(validated(setup)) == "not-a-ca");
  setup.certificates.erase(setup.certificates.begin());  // the same when only the keyring has it
  const ChainResult result = validated(setup);
  CHECK(ids(result) == "not-a-ca");
  CHECK(contains(result.findings[0].where, "anchor "));
}

TEST_CASE("N158 pathLenConstraint violated") {
  pki::Profile root = pki::root("root", p384());
  const std::vector<pki::Profile> two = {pki::intermediate("first", p384()), pki::intermediate("second", p384())};
  for (const int allowed : {0, 1, 2}) {
    CAPTURE(allowed);
    set_extension(root, "basicConstraints", spdm::cat("critical,CA:TRUE,pathlen:", allowed));
    const ChainResult result = validated(chain_of(root, two));
    CHECK(ids(result) == (allowed < 2 ? "path-length" : ""));
    CHECK((result.trust == Trust::trusted) == (allowed == 2));
    CHECK(result.certificates[0].path_length == allowed);
  }
}

TEST_CASE("N165 outside its time") {
  pki::Profile profile = plain_leaf();
  profile.not_before = "20230101000000Z";
  profile.not_after = "20250101000000Z";
  Setup setup = with_leaf(profile);
  const struct {
    std::string at;
    std::string_view findings;
  } cases[] = {{"20221231235959Z", "not-yet-valid"},
               {"20230101000000Z", ""},
               {"20240101000000Z", ""},
               {"20241231235959Z", ""},
               {"20250101000001Z", "expired"}};
  for (const auto& row : cases) {
    CAPTURE(row.at);
    setup.options.at = pki::at(row.at);
    CHECK(ids(validated(setup)) == row.findings);
  }
  setup.options.at = pki::at("20260101000000Z");
  const ChainResult late = validated(setup);
  const spdm::Finding& finding = late.findings[0];
  CHECK(contains(finding.where, "certificate 3 of 3 (CN=sample device), notAfter"));
  CHECK(finding.why == "valid until 2025-01-01T00:00:00Z, judged at 2026-01-01T00:00:00Z");
  CHECK(contains(finding.remedy, "--at"));

  profile.not_before = "20250101000000Z";  // after notAfter
  profile.not_after = "20230101000000Z";
  setup = with_leaf(profile);
  CHECK(ids(validated(setup)) == "not-yet-valid,expired");

  pki::Profile root = pki::root("old root", p384());
  root.not_after = "20230101000000Z";
  setup = chain_of(root, {pki::intermediate("intermediate", p384())});
  CHECK(ids(validated(setup)) == "expired");
  setup.certificates.erase(setup.certificates.begin());
  CHECK(contains(validated(setup).findings.at(0).where, "anchor "));
}

TEST_CASE("path: a certificate that names itself and that another key has signed is one certificate") {
  const pki::Certificate namesake = pki::issue(pki::root("sample device", pki::Key::shared(*spdm::find_asym("RSASSA-2048"))));
  Setup setup;
  setup.certificates = {pki::issue(plain_leaf(), &namesake).der};
  setup.root = setup.certificates.front();
  CHECK(ids(validated(setup)) == "not-trusted,certificate-signature,self-signed-leaf");
}

TEST_CASE("path: every fault is reported, not only the first") {
  pki::Profile root = pki::root("root", p384()), above = pki::intermediate("intermediate", p384()), below = plain_leaf();
  set_extension(root, "basicConstraints", "critical,CA:TRUE,pathlen:0");
  above.not_after = "20210101000000Z";
  below.not_before = "20300101000000Z";
  set_extension(below, "keyUsage", "");
  const ChainResult result = validated(chain_of(root, {above}, below));
  for (const auto id : {spdm::FindingId::path_length, spdm::FindingId::expired, spdm::FindingId::not_yet_valid, spdm::FindingId::key_usage})
    CHECK_NOTHROW(finding(result, id));
}

TEST_CASE("path: name constraints hold") {
  pki::Profile above = pki::intermediate("intermediate", p384()), below = plain_leaf();
  above.extensions.emplace_back("nameConstraints", "critical,permitted;DNS:example.org");
  set_extension(below, "subjectAltName", "DNS:example.com");
  CHECK(ids(validated(chain_of(pki::root("root", p384()), {above}, below))) == "certificate-malformed");
  set_extension(below, "subjectAltName", "DNS:device.example.org");
  CHECK(ids(validated(chain_of(pki::root("root", p384()), {above}, below))) == "");
}

TEST_CASE("path: the algorithms of chain and leaf need not be the same") {
  for (const spdm::AsymAlgorithm& algorithm : spdm::asym_algorithms()) {
    // SLH-DSA takes long to sign with: one set stands for all
    if (algorithm.scheme == spdm::SignatureScheme::slhdsa && algorithm.name != "SLH-DSA-SHA2-128f") continue;
    if (!spdm::crypto::supports(algorithm)) continue;
    CAPTURE(algorithm.name);
    const pki::Key key = pki::Key::shared(algorithm);
    Setup setup = chain_of(pki::root("root", key), {pki::intermediate("intermediate", p384())}, pki::leaf("device", key));
    setup.asym = algorithm.name;
    const ChainResult result = validated(setup);
    CHECK(ids(result) == "");
    CHECK(result.trust == Trust::trusted);
    CHECK(result.leaf_key->fits(algorithm));
  }
}

TEST_CASE("path: SM2 signatures with the customary and with the empty identity") {
  if (!spdm::crypto::supports(*spdm::find_asym("SM2-P256"))) return;
  for (const std::string_view id : {"1234567812345678", ""}) {
    CAPTURE(id);
    pki::Profile root = pki::root("root", pki::Key::make("SM2")), above = pki::intermediate("intermediate", pki::Key::make("SM2")),
                 below = pki::leaf("device", pki::Key::make("SM2"));
    root.sm2_id = above.sm2_id = below.sm2_id = id;
    Setup setup = chain_of(root, {above}, below);
    setup.asym = "SM2-P256";
    setup.hash = "SM3-256";
    CHECK(ids(validated(setup)) == "");
    setup.trusted.clear();  // then the root's own signature is checked, too
    CHECK(ids(validated(setup)) == "keyring-empty");
    setup.certificates[1][setup.certificates[1].size() - 10] ^= 1;
    CHECK(contains(ids(validated(setup)), "certificate-signature"));
  }
}

TEST_CASE("N170 weak signatures and keys in the chain") {
  const pki::Key rsa = pki::Key::shared(*spdm::find_asym("RSASSA-2048"));
  for (const std::string_view digest : {"MD5", "SHA1", "SHA224"}) {
    CAPTURE(digest);
    pki::Profile root = pki::root("root", rsa), above = pki::intermediate("intermediate", p384());
    root.digest = digest;  // what a root signs of itself proves nothing
    CHECK(ids(validated(chain_of(root, {above}))) == "");
    above.digest = digest;
    const ChainResult result = validated(chain_of(root, {above}));
    CHECK(ids(result) == "weak-signature");
    CHECK(contains(result.findings[0].where, "certificate 2 of 3"));
  }
  CHECK(ids(validated(chain_with_intermediate(pki::intermediate("intermediate", pki::Key::make("RSA", "", 1024))))) == "weak-key");
  const ChainResult three = validated(chain_with_intermediate(pki::intermediate("intermediate", pki::Key::rsa(2048, 3))));
  CHECK(ids(three) == "weak-key");
  CHECK(contains(three.findings[0].why, "exponent 3"));
}

TEST_CASE("N171 elliptic curve keys that are no good") {
  const pki::Key spelled_out = p384().with_explicit_parameters();
  ChainResult result = validated(with_leaf(pki::leaf("device", spelled_out)));
  CHECK(contains(ids(result), "bad-key"));
  CHECK_FALSE(result.leaf_key.has_value());
  CHECK(contains(ids(validated(chain_with_intermediate(pki::intermediate("intermediate", spelled_out)))), "bad-key"));

  // The point moved off the curve: its last byte stands at the end of the subjectPublicKeyInfo.
  Setup setup;
  Bytes& leaf = setup.certificates.back();
  const Bytes spki = pki::sample().leaf.key.spki();
  const auto at = std::search(leaf.begin(), leaf.end(), spki.begin(), spki.end());
  REQUIRE(at != leaf.end());
  *(at + static_cast<std::ptrdiff_t>(spki.size()) - 1) ^= 1;
  result = validated(setup);
  CHECK(contains(ids(result), "bad-key"));
  CHECK_FALSE(result.leaf_key.has_value());
  CHECK(result.trust == Trust::untrusted);
}

TEST_CASE("path: algorithms that the library lacks are neither good nor bad") {
  // An ML-DSA key as it looks to a library without ML-DSA: an identifier it has never heard of (last arc 99).
  Setup setup;
  Bytes& leaf = setup.certificates.back();
  const Bytes known = {0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};  // id-ecPublicKey
  const auto at = std::search(leaf.begin(), leaf.end(), known.begin(), known.end());
  REQUIRE(at != leaf.end());
  *(at + 8) = 0x63;
  const ChainResult result = validated(setup);
  const spdm::Finding& what = finding(result, spdm::FindingId::crypto_unsupported);
  CHECK(contains(what.why, "1.2.840.10045.2.99"));
  CHECK(contains(what.remedy, "OpenSSL"));
  CHECK_FALSE(result.sound);
  CHECK(result.trust != Trust::trusted);
  CHECK_FALSE(result.leaf_key.has_value());
}

TEST_CASE("path: a root whose key the library lacks has no bad signature") {
  Setup setup;
  Bytes& root = setup.certificates.front();
  const Bytes known = {0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};  // id-ecPublicKey
  const auto at = std::search(root.begin(), root.end(), known.begin(), known.end());
  REQUIRE(at != root.end());
  *(at + 8) = 0x63;
  setup.root = root;
  CHECK(ids(validated(setup)) == "not-trusted,crypto-unsupported");
}
