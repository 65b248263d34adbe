// A device can write its certificates in other ways without the key of an issuer. What is denied stays denied, and what DER does not
// allow is refused.
#include <doctest/doctest.h>

#include "certstore/fingerprint.h"
#include "owned.h"
#include "support/reencode.h"

using namespace test;
using spdm::cat;

namespace {

std::string of(const Bytes& bytes) { return spdm::certstore::sha256(bytes); }
std::string tbs_of(const Bytes& der) { return of(reencode::parts_of(der).tbs); }

void deny(const Owned& owned, const std::string& entry) {
  owned.directory.write("deny.yaml", cat("version: 1\ndeny:\n  - {", entry, "}\n"));
}

}  // namespace

TEST_CASE("deny list: a certificate with the other good signature is the same certificate") {
  for (const std::size_t which : {1U, 2U}) {
    CAPTURE(which);
    Owned owned;
    const Bytes genuine = owned.certificates[which];
    const Bytes key = which == 1 ? pki::sample().intermediate.key.spki() : pki::sample().leaf.key.spki();
    owned.certificates[which] = reencode::with_other_s(genuine);
    REQUIRE(owned.certificates[which] != genuine);
    CHECK(ids(owned.validated()) == "");  // high s and low s are both legal
    CHECK(owned.validated().trust == Trust::trusted);

    deny(owned, "certificate: " + of(genuine));  // another fingerprint: that entry never saw it
    CHECK(owned.validated().trust == Trust::trusted);
    for (const std::string& entry : {"tbs: " + tbs_of(genuine), "key: " + of(key)}) {
      CAPTURE(entry);
      deny(owned, entry);
      const ChainResult result = owned.validated();
      CHECK(ids(result) == "denied");
      CHECK(result.trust == Trust::untrusted);
      CHECK(contains(result.findings[0].where, cat("certificate ", which + 1, " of 3")));
    }
  }
}

TEST_CASE("deny list: the signed part of the leaf, of an intermediate, and of an anchor that was not sent") {
  Owned owned;
  const auto judged = [&](const Bytes& der) {
    deny(owned, cat("tbs: ", tbs_of(der), ", comment: lost"));
    const ChainResult result = owned.validated();
    CHECK(ids(result) == "denied");
    return result.findings.at(0);
  };
  CHECK(contains(judged(pki::sample().leaf.der).where, "certificate 3 of 3"));
  CHECK(contains(judged(pki::sample().intermediate.der).why,
                 "deny.yaml:3 denies the certificate with the SHA-256 fingerprint of its signed part"));
  owned.certificates.erase(owned.certificates.begin());
  CHECK(contains(judged(pki::sample().root.der).where, cat("anchor ", (owned.directory.path() / "vendor.pem").string())));
}

TEST_CASE("deny list: an issuer that only the keyring has, above an anchor") {
  Owned owned;
  owned.directory.write("anchors/middle.pem", pki::pem(pki::sample().intermediate.der));
  owned.certificates = {pki::sample().leaf.der};
  owned.root = pki::sample().intermediate.der;
  CHECK(owned.validated().trust == Trust::trusted);
  deny(owned, "key: " + of(pki::sample().root.key.spki()));
  CHECK(ids(owned.validated()) == "denied");
  CHECK(contains(owned.validated().findings[0].where, "issuer "));
}

TEST_CASE("deny list: what an entry may say") {
  const auto why = [](const std::string& entry) {
    return message_of([&] { (void)spdm::certstore::read_denials("deny.yaml", cat("version: 1\ndeny: [{", entry, "}]\n")); });
  };
  const std::string digits(64, 'a');
  CHECK(why("tbs: " + digits).empty());
  CHECK(contains(why(cat("tbs: ", digits, ", key: ", digits)), "only one of tbs, certificate and key may be there"));
  CHECK(contains(why("comment: x"), "one of tbs, certificate and key must be there"));
  CHECK(contains(why("tbs: 00"), "not a SHA-256 fingerprint"));
}

TEST_CASE("encoding: what DER does not allow around the signed part is refused") {
  const auto judged = [](std::size_t which, const Bytes& der) {
    Owned owned;
    owned.certificates[which] = der;
    const ChainResult result = owned.validated();
    CHECK(contains(ids(result), "certificate-not-der"));
    CHECK(result.trust == Trust::untrusted);
    CHECK_FALSE(result.sound);
    const spdm::Finding& why = finding(result, spdm::FindingId::certificate_not_der);
    CHECK(contains(why.where, cat("certificate ", which + 1, " of 3")));
    return why.why;
  };
  for (const std::size_t which : {1U, 2U}) {
    CAPTURE(which);
    const Bytes genuine = pki::sample().all()[which];
    CHECK(contains(judged(which, reencode::with_long_length(genuine)), "in more bytes than it needs"));

    reencode::Parts parts = reencode::parts_of(genuine);  // an AlgorithmIdentifier with NULL as its parameters
    parts.algorithm = reencode::element(0x30, reencode::joined(Bytes(parts.algorithm.begin() + 2, parts.algorithm.end()), {0x05, 0x00}));
    CHECK(contains(judged(which, reencode::assemble(parts)), "not written as in the part that is signed"));

    const Bytes signature = reencode::signature_of(genuine), pair(signature.begin() + 1, signature.end());
    const Bytes numbers(pair.begin() + (pair[1] == 0x81 ? 3 : 2), pair.end());
    const auto with_numbers = [&](const Bytes& other) {
      return reencode::with_signature(genuine, 0x03, reencode::joined({0}, reencode::element(0x30, other)));
    };
    // r with a zero byte more, r negative, a third number, bytes behind the pair, the pair in a long length
    Bytes padded = numbers;
    ++padded[1];
    padded.insert(padded.begin() + 2, 0);
    CHECK(contains(judged(which, with_numbers(padded)), "not a pair of numbers in DER"));
    Bytes negative = numbers;
    negative[2] = 0x80;
    CHECK(contains(judged(which, with_numbers(negative)), "not a pair of numbers in DER"));
    CHECK(contains(judged(which, with_numbers(reencode::joined(numbers, {0x02, 0x01, 0x01}))), "not a pair of numbers in DER"));
    CHECK(contains(judged(which, reencode::with_signature(genuine, 0x03, reencode::joined(signature, {0x00}))),
                   "not a pair of numbers in DER"));
    const Bytes length{0, 0x30, 0x82, 0, static_cast<std::uint8_t>(numbers.size())};
    CHECK(contains(judged(which, reencode::with_signature(genuine, 0x03, reencode::joined(length, numbers))),
                   "not a pair of numbers in DER"));

    CHECK(contains(judged(which, reencode::with_signature(genuine, 0x23, reencode::element(0x03, signature))),
                   "not a BIT STRING of whole bytes"));
    Bytes unused = signature;
    unused[0] = 1;
    CHECK(contains(judged(which, reencode::with_signature(genuine, 0x03, unused)), "not a BIT STRING of whole bytes"));

    parts = reencode::parts_of(genuine);
    parts.signature = reencode::joined(parts.signature, {0x05, 0x00});
    Owned trailing;
    trailing.certificates[which] = reencode::assemble(parts);
    CHECK(trailing.validated().trust == Trust::untrusted);
    CHECK(ids(trailing.validated()) == "certificate-malformed");  // OpenSSL does not even read it
  }
}

TEST_CASE("encoding: pins, scopes and roots go by all bytes, and are no way out") {
  Owned owned;
  const Bytes root = owned.certificates[0];
  owned.certificates[0] = reencode::with_other_s(root);
  CHECK(owned.validated().trust == Trust::untrusted);  // not the root that the owner added, and RootHash is not its hash

  Owned pinned;
  pinned.directory.write("pins/one.yaml",
                         cat("version: 1\npins:\n  - {match: {bdf: \"0000:03:00.0\"}, certificate: ", of(pki::sample().leaf.der), "}\n"));
  CHECK(pinned.validated().trust == Trust::trusted);
  pinned.certificates[2] = reencode::with_other_s(pinned.certificates[2]);
  CHECK(ids(pinned.validated()) == "pin-mismatch");

  Owned scoped;  // the anchor is the one of the keyring, and so is its scope
  scoped.directory.write("vendor.yaml", "version: 1\nvouches-for: [{vendor: \"8086\"}]\n");
  scoped.certificates[1] = reencode::with_other_s(scoped.certificates[1]);
  CHECK(ids(scoped.validated()) == "scope-mismatch");
}

TEST_CASE("encoding: other algorithms than those of two numbers") {
  const pki::Key rsa = pki::Key::shared(*spdm::find_asym("RSASSA-2048"));
  const pki::Certificate root = pki::issue(pki::root("root", rsa)), middle = pki::issue(pki::intermediate("middle", rsa), &root);
  Setup setup;
  setup.certificates = {root.der, middle.der, pki::issue(plain_leaf(), &middle).der};
  setup.root = root.der;
  setup.trusted = {root.der};
  CHECK(ids(validated(setup)) == "");
  setup.certificates[1] = reencode::with_long_length(middle.der);
  CHECK(contains(ids(validated(setup)), "certificate-not-der"));
}

TEST_CASE("describe: the fingerprints of the signed part and of the key") {
  const spdm::CertificateInfo info = spdm::certstore::describe(pki::sample().leaf.der);
  CHECK(info.tbs_sha256 == tbs_of(pki::sample().leaf.der));
  CHECK(info.key_sha256 == of(pki::sample().leaf.key.spki()));
  const spdm::CertificateInfo other = spdm::certstore::describe(reencode::with_other_s(pki::sample().leaf.der));
  CHECK(other.tbs_sha256 == info.tbs_sha256);
  CHECK(other.sha256 != info.sha256);
  const spdm::CertificateInfo none = spdm::certstore::describe(Bytes{0x30, 0x00});
  CHECK(none.tbs_sha256.empty());
  CHECK(none.key_sha256.empty());
  const Bytes body(info.der.begin() + 4, info.der.end());
  const spdm::CertificateInfo endless = spdm::certstore::describe(reencode::joined(reencode::joined({0x30, 0x80}, body), {0, 0}));
  CHECK(endless.subject == info.subject);  // OpenSSL reads it, and it is not DER
  CHECK(endless.tbs_sha256.empty());
}
