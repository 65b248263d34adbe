#include <doctest/doctest.h>

#include "validated.h"

using namespace test;

namespace {

ChainResult judge_leaf(const pki::Profile& profile, std::uint8_t version = spdm::k12, spdm::CertModel model = spdm::CertModel::device,
                       std::uint8_t slot = 0) {
  Setup setup = with_leaf(profile);
  setup.version = version;
  setup.model = model;
  setup.slot = slot;
  return validated(setup);
}

pki::Profile with(std::string_view extension, const std::string& value) {
  pki::Profile out = plain_leaf();
  set_extension(out, extension, value);
  return out;
}

// Takes the serial number out of a certificate, or puts another element in its place.
Bytes replace_serial(Bytes der, const Bytes& element) {
  const std::size_t at = 4 + 4 + 5;  // two SEQUENCE headers and [0] version
  REQUIRE(Bytes(der.begin() + 13, der.begin() + 16) == Bytes{0x02, 0x01, 0x03});
  der.erase(der.begin() + at, der.begin() + at + 3);
  der.insert(der.begin() + at, element.begin(), element.end());
  for (const std::size_t header : {0U, 4U}) {
    const std::size_t length = static_cast<std::size_t>(der[header + 2] << 8 | der[header + 3]) - 3 + element.size();
    der[header + 2] = static_cast<std::uint8_t>(length >> 8);
    der[header + 3] = static_cast<std::uint8_t>(length);
  }
  return der;
}

}  // namespace

TEST_CASE("N159 a leaf that could issue certificates, or does not say") {
  CHECK(ids(judge_leaf(with("basicConstraints", "critical,CA:TRUE"))) == "leaf-is-ca");
  const pki::Profile silent = with("basicConstraints", "");
  CHECK(ids(judge_leaf(silent, spdm::k10)) == "");
  CHECK(ids(judge_leaf(silent, spdm::k12)) == "");
  CHECK(ids(judge_leaf(silent, spdm::k13)) == "basic-constraints-missing");
  CHECK(ids(judge_leaf(silent, spdm::k14)) == "basic-constraints-missing");
  CHECK(ids(judge_leaf(silent, spdm::k13, spdm::CertModel::generic, 1)) == "basic-constraints-missing");
  // cA written out as FALSE is not DER, but says the same.
  CHECK(ids(judge_leaf(with("basicConstraints", "critical,DER:30:03:01:01:00"), spdm::k13)) == "");
}

TEST_CASE("N160 keyUsage of the leaf") {
  CHECK(ids(judge_leaf(with("keyUsage", ""))) == "key-usage");
  CHECK(ids(judge_leaf(with("keyUsage", "critical,keyAgreement"))) == "key-usage");
  CHECK(ids(judge_leaf(with("keyUsage", "digitalSignature,keyAgreement"))) == "");
  CHECK(ids(judge_leaf(with("keyUsage", "digitalSignature,keyCertSign"))) == "key-usage");
  CHECK(ids(judge_leaf(with("keyUsage", ""), spdm::k13, spdm::CertModel::generic, 1)) == "");
  CHECK(ids(judge_leaf(with("keyUsage", "keyAgreement"), spdm::k13, spdm::CertModel::generic, 1)) == "key-usage");
  CHECK(ids(judge_leaf(with("keyUsage", "digitalSignature,keyCertSign"), spdm::k13, spdm::CertModel::generic, 1)) == "");
  // Neither slot 0 nor SPDM 1.2 has generic certificates.
  CHECK(ids(judge_leaf(with("keyUsage", ""), spdm::k13, spdm::CertModel::generic, 0)) == "key-usage");
  CHECK(ids(judge_leaf(with("keyUsage", ""), spdm::k12, spdm::CertModel::generic, 1)) == "key-usage");
}

TEST_CASE("N161 extendedKeyUsage of the leaf") {
  const std::string requester = "1.3.6.1.4.1.412.274.4", responder = "1.3.6.1.4.1.412.274.3";
  CHECK(ids(judge_leaf(with("extendedKeyUsage", "critical," + requester))) == "extended-key-usage");
  CHECK(ids(judge_leaf(with("extendedKeyUsage", "critical," + responder))) == "");
  CHECK(ids(judge_leaf(with("extendedKeyUsage", responder + "," + requester))) == "");
}

TEST_CASE("A32 a critical extendedKeyUsage with purposes that are none of SPDM") {
  CHECK(ids(judge_leaf(with("extendedKeyUsage", "critical,serverAuth,clientAuth,OCSPSigning"))) == "");
}

TEST_CASE("N162 hardware identity in the leaf of an AliasCert chain") {
  CHECK(ids(judge_leaf(plain_leaf(), spdm::k12, spdm::CertModel::device)) == "");
  CHECK(ids(judge_leaf(plain_leaf(), spdm::k12, spdm::CertModel::alias)) == "hardware-identity");
  CHECK(ids(judge_leaf(plain_leaf(), spdm::k13, spdm::CertModel::generic, 1)) == "");
  CHECK(ids(judge_leaf(with(pki::kSpdmExtension, ""), spdm::k12, spdm::CertModel::alias)) == "");
  const std::string mutable_only = "DER:30:0E:30:0C:06:0A:2B:06:01:04:01:83:1C:82:12:05";
  CHECK(ids(judge_leaf(with(pki::kSpdmExtension, mutable_only), spdm::k12, spdm::CertModel::alias)) == "");
  const std::string bare = "DER:30:0C:06:0A:2B:06:01:04:01:83:1C:82:12:02";
  CHECK(ids(judge_leaf(with(pki::kSpdmExtension, bare), spdm::k12, spdm::CertModel::alias)) == "hardware-identity");
}

TEST_CASE("N163 a leaf key of another kind than negotiated") {
  Setup setup;
  for (const std::string_view asym : {"ECDSA-P256", "RSASSA-3072", "Ed25519", "ML-DSA-44"}) {
    CAPTURE(asym);
    setup.asym = asym;
    const ChainResult result = validated(setup);
    CHECK(ids(result) == "leaf-key-mismatch");
    CHECK(contains(result.findings[0].why, spdm::cat("EC P-384, negotiated is ", asym)));
    CHECK_FALSE(result.leaf_key.has_value());
  }
  setup = with_leaf(pki::leaf("device", pki::Key::shared(*spdm::find_asym("RSASSA-2048"))));
  setup.asym = "ECDSA-P256";
  CHECK(ids(validated(setup)) == "leaf-key-mismatch");
  setup.asym = "RSASSA-3072";
  CHECK(ids(validated(setup)) == "leaf-key-mismatch");
  setup.asym = "RSAPSS-2048";
  CHECK(ids(validated(setup)) == "");
}

TEST_CASE("N164 version, names and serial number of the leaf") {
  pki::Profile profile = plain_leaf();
  profile.version = 1;
  profile.extensions.clear();  // which only version 3 has
  CHECK(ids(judge_leaf(profile)) == "certificate-version,key-usage");

  profile = plain_leaf();
  profile.subject = "";
  CHECK(ids(judge_leaf(profile)) == "empty-name");
  CHECK(ids(judge_leaf(profile, spdm::k13, spdm::CertModel::generic, 1)) == "");
  CHECK(contains(judge_leaf(profile).findings.at(0).where, "(no name), subject"));

  profile = plain_leaf();
  profile.issuer = "";
  CHECK(contains(ids(judge_leaf(profile)), "issuer-mismatch"));
  CHECK(contains(ids(judge_leaf(profile)), "empty-name"));

  const Bytes good = pki::sample().leaf.der;
  for (const Bytes& element : {Bytes{}, Bytes{0x02, 0x00}}) {
    Setup setup;
    setup.certificates.back() = replace_serial(good, element);
    const ChainResult result = validated(setup);
    CHECK(ids(result) == "certificate-malformed");
    CHECK(result.trust == Trust::untrusted);
  }
}

TEST_CASE("leaf: nobody else vouches for a leaf that signed itself") {
  const pki::Certificate alone = pki::issue(plain_leaf());
  Setup setup;
  setup.certificates = {alone.der};
  setup.root = alone.der;
  setup.trusted = {alone.der};
  CHECK(contains(ids(validated(setup)), "self-signed-leaf"));
  CHECK(validated(setup).trust == Trust::untrusted);
  setup.certificates = {pki::sample().root.der};
  setup.root = pki::sample().root.der;
  setup.trusted = {pki::sample().root.der};
  const ChainResult result = validated(setup);
  CHECK(contains(ids(result), "leaf-is-ca"));
  CHECK(contains(ids(result), "self-signed-leaf"));
}

TEST_CASE("N166 an unknown critical extension") {
  pki::Profile profile = plain_leaf();
  profile.extensions.emplace_back("1.2.3.4", "critical,DER:05:00");
  const ChainResult result = judge_leaf(profile);
  CHECK(ids(result) == "critical-extension");
  CHECK(contains(result.findings[0].where, "extension 1.2.3.4"));
  profile.extensions.emplace_back("1.2.3.5", "critical,DER:05:00");
  CHECK(judge_leaf(profile).findings.size() == 1);  // a long list of them says no more, and takes long
  profile.extensions.pop_back();
  profile.extensions.back().second = "DER:05:00";
  CHECK(ids(judge_leaf(profile)) == "");
  CHECK(ids(judge_leaf(with(pki::kSpdmExtension, std::string("critical,") + pki::kHardwareIdentity))) == "");
}

TEST_CASE("N173 extensions with odd contents") {
  for (const std::string_view value : {"DER:30:0E:30:0C:06:0A:2B", "DER:30:80", "DER:06:03:2A:03:04", "DER:30:03:02:01:00", "DER:05:00",
                                       "DER:30:0E:30:0C:06:0A:2B:06:01:04:01:83:1C:82:12:82", "DER:30:02:06:00", "DER:30:02:30:00"}) {
    CAPTURE(value);
    CHECK(ids(judge_leaf(with(pki::kSpdmExtension, std::string(value)))) == "certificate-malformed");
  }
  std::string huge = "DER:30:81:83:06:81:80";
  for (int i = 0; i < 127; ++i) huge += ":FF";
  CHECK(ids(judge_leaf(with(pki::kSpdmExtension, huge + ":7F"))) == "");  // unknown, so of no account
  CHECK(ids(judge_leaf(with(pki::kSpdmExtension, "DER:30:00"))) == "");
  CHECK(contains(ids(judge_leaf(with("keyUsage", "DER:04:01:00"))), "certificate-malformed"));
  CHECK(contains(ids(judge_leaf(with("basicConstraints", "DER:31:00"))), "certificate-malformed"));
  CHECK(contains(ids(judge_leaf(with("subjectAltName", "DER:30:82:FF"))), "certificate-malformed"));
}
