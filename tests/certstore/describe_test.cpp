#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/appraisal/report.h"

#include "validated.h"

using namespace test;

TEST_CASE("describe: what a leaf says") {
  pki::Profile profile = plain_leaf();
  profile.subject = "CN=Gerät, O=ACME";
  profile.serial = 0x1234;
  profile.not_before = "20230102030405Z";
  set_extension(profile, "subjectAltName",
                "otherName:1.3.6.1.4.1.412.274.1;UTF8:ACME:WIDGET:1234567890,"
                "otherName:2.23.147;UTF8:Vendor=1b36:Device=0010:CC=010802:REV=02,"
                "otherName:2.23.147;UTF8:Vendor=1b36:Device=0011:CC=010802:REV=02,DNS:example.org");
  profile.extensions.emplace_back("extendedKeyUsage", "serverAuth,1.3.6.1.4.1.412.274.3,1.2.3.4");
  const Bytes der = pki::issue(profile, &pki::sample().intermediate).der;
  const spdm::CertificateInfo info = spdm::certstore::describe(der);
  CHECK(info.der == der);
  CHECK(info.subject == "O=ACME,CN=Gerät");
  CHECK(info.issuer == "CN=sample intermediate");
  CHECK(info.serial == "1234");
  CHECK(info.not_before == "2023-01-02T03:04:05Z");
  CHECK(info.not_after == "9999-12-31T23:59:59Z");
  CHECK(info.key == "EC P-384");
  CHECK(info.signature_algorithm == "ecdsa-with-SHA256");
  CHECK(info.sha256 == spdm::hex(spdm::crypto::hash(sha("SHA-256"), der)));
  CHECK_FALSE(info.is_ca);
  CHECK_FALSE(info.path_length.has_value());
  CHECK(info.key_usage == std::vector<std::string>{"digitalSignature", "nonRepudiation"});
  CHECK(info.extended_key_usage == std::vector<std::string>{"serverAuth", "responder-auth", "1.2.3.4"});
  CHECK(info.spdm_oids == std::vector<std::string>{"hardware-identity", "responder-auth"});
  CHECK(info.device_info == "ACME:WIDGET:1234567890");
  // N172: what the identity check compares
  CHECK(info.cma_identities ==
        std::vector<std::string>{"Vendor=1b36:Device=0010:CC=010802:REV=02", "Vendor=1b36:Device=0011:CC=010802:REV=02"});
}

TEST_CASE("describe: an identity that nobody can read is not none") {
  pki::Profile profile = plain_leaf();
  set_extension(profile, "subjectAltName", "otherName:2.23.147;IA5:Vendor=1b36:Device=0010:CC=010802:REV=02");
  const spdm::CertificateInfo info = spdm::certstore::describe(pki::issue(profile, &pki::sample().intermediate).der);
  CHECK(info.cma_identities == std::vector<std::string>{"(no UTF8String)"});
}

TEST_CASE("describe: an authority") {
  pki::Profile profile = pki::intermediate("authority", pki::Key::shared(*spdm::find_asym("RSASSA-2048")));
  set_extension(profile, "basicConstraints", "critical,CA:TRUE,pathlen:2");
  const spdm::CertificateInfo info = spdm::certstore::describe(pki::issue(profile, &pki::sample().root).der);
  CHECK(info.is_ca);
  CHECK(info.path_length == 2);
  CHECK(info.key == "RSA 2048");
  CHECK(info.key_usage == std::vector<std::string>{"keyCertSign", "cRLSign"});
}

TEST_CASE("describe: anything else stays empty") {
  const Bytes junk = {0x30, 0x01, 0x00};
  const spdm::CertificateInfo info = spdm::certstore::describe(junk);
  CHECK(info.der == junk);
  CHECK(info.sha256.size() == 64);
  CHECK(info.subject == "");
  CHECK(spdm::certstore::describe(Bytes{}).key == "");
}

TEST_CASE("describe: what a report shows of a hostile certificate is safe") {
  pki::Profile profile = plain_leaf();
  profile.subject = "CN=evil\x1B[2J\xE2\x80\xAE" + std::string(20, 'x');
  profile.not_after = "20210101000000Z";
  const ChainResult result = validated(with_leaf(profile));
  REQUIRE(ids(result) == "expired");
  const std::string shown = spdm::to_json(result.findings[0])["where"];
  CHECK(shown.find("evil") != std::string::npos);
  for (const char c : shown) CHECK((c >= 0x20 && c < 0x7F));
}
