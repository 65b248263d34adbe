#include <doctest/doctest.h>

#include "core/file_kinds.h"
#include "owned.h"

using namespace test;

TEST_CASE("revocation: a list that revokes nothing of the chain") {
  Owned owned;
  owned.write_crl("intermediate.crl", {.number = 0x1234, .revoked = {{77, 1}}});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "");
  CHECK(result.trust == Trust::trusted);
  REQUIRE(result.crls.size() == 2);  // one for each issuer, the top first
  CHECK(result.crls[0].issuer == "CN=sample root");
  CHECK(result.crls[0].file == "");
  CHECK(result.crls[1].issuer == "CN=sample intermediate");
  CHECK(contains(result.crls[1].file, "intermediate.crl"));
  CHECK(result.crls[1].this_update == "2020-01-01T00:00:00Z");
  CHECK(result.crls[1].next_update == "2029-01-01T00:00:00Z");
  CHECK(result.crls[1].number == "1234");
}

TEST_CASE("revocation: a leaf that is revoked") {
  Owned owned;
  owned.directory.write("x.crl", pki::crl_pem(pki::issue_crl({.revoked = {{3, 1}}}, pki::sample().intermediate)));
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "revoked");
  CHECK(result.trust == Trust::untrusted);
  CHECK(result.sound);
  CHECK_FALSE(result.anchor.has_value());
  const spdm::Finding& why = finding(result, spdm::FindingId::revoked);
  CHECK(contains(why.where, "certificate 3 of 3 (CN=sample device), serialNumber"));
  CHECK(contains(why.why, "serial 03, since 2021-02-03T04:05:06Z, reason keyCompromise"));
  CHECK(contains(why.why, "x.crl"));
}

TEST_CASE("revocation: an intermediate, by a root that is sent and by one that is not") {
  Owned owned;
  owned.write_crl("root.crl", {.revoked = {{2, -1}}}, pki::sample().root);
  CHECK(ids(owned.validated()) == "revoked");
  owned.certificates.erase(owned.certificates.begin());
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "revoked");
  CHECK(result.trust == Trust::untrusted);
  CHECK(result.crls.size() == 2);
  CHECK(contains(result.findings[0].where, "certificate 1 of 2"));
}

TEST_CASE("revocation: nobody knows who issued the topmost certificate") {
  Owned owned;
  std::filesystem::remove(owned.directory.path() / "vendor.pem");
  owned.certificates.erase(owned.certificates.begin());
  owned.write_crl("intermediate.crl", {});
  const ChainResult result = owned.validated();
  REQUIRE(result.crls.size() == 2);
  CHECK(result.crls[0].issuer == "CN=sample root");
  CHECK(result.crls[0].file.empty());
  CHECK(contains(result.crls[1].file, "intermediate.crl"));
}

TEST_CASE("revocation: a list from the future hides no other") {
  Owned owned;
  owned.write_crl("old.crl", {.number = 1, .revoked = {{3, 1}}});
  owned.write_crl("new.crl", {.this_update = "20240101000501Z", .number = 2});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "crl-unusable,revoked");
  CHECK(contains(result.findings[0].why, "it is of 2024-01-01T00:05:01Z, after the time of judging, 2024-01-01T00:00:00Z"));
  owned.write_crl("new.crl", {.this_update = "20240101000500Z", .number = 2});  // clocks differ
  CHECK(ids(owned.validated()) == "");
}

TEST_CASE("revocation: taken off the list again, and lists of strangers") {
  Owned owned;
  owned.write_crl("x.crl", {.revoked = {{3, 8}}});
  const pki::Certificate stranger = pki::issue(pki::root("stranger", pki::Key::make("EC", "P-384")));
  owned.write_crl("y.crl", {.revoked = {{3, 1}}}, stranger);
  CHECK(ids(owned.validated()) == "");
}

TEST_CASE("revocation: a stale list still revokes") {
  Owned owned;
  owned.write_crl("x.crl", {.next_update = "20230101000000Z"});
  const ChainResult stale = owned.validated();
  CHECK(ids(stale) == "crl-stale");
  CHECK(stale.trust == Trust::trusted);
  CHECK(contains(stale.findings[0].why,
                 "of 2020-01-01T00:00:00Z, a newer one was promised for 2023-01-01T00:00:00Z, judged at 2024-01-01T00:00:00Z"));
  owned.at = "20220101000000Z";
  CHECK(ids(owned.validated()) == "");
  owned.at = "20240101000000Z";
  owned.write_crl("x.crl", {.next_update = "20230101000000Z", .revoked = {{3, 4}}});
  CHECK(ids(owned.validated()) == "crl-stale,revoked");
  owned.write_crl("x.crl", {.next_update = ""});
  CHECK(ids(owned.validated()) == "");
}

TEST_CASE("revocation: lists that nobody can rely on leave it undecided") {
  Owned owned;
  const auto why = [&](const pki::CrlProfile& profile, const pki::Certificate& issuer) {
    owned.write_crl("x.crl", profile, issuer);
    const ChainResult result = owned.validated();
    CHECK(ids(result) == "crl-unusable");
    CHECK(result.trust == Trust::not_checked);
    CHECK(result.sound);
    return result.findings.at(0).why;
  };
  const pki::Certificate& issuer = pki::sample().intermediate;
  CHECK(contains(why({.issuer = issuer.subject}, pki::sample().root), "signature does not verify"));
  CHECK(contains(why({.extensions = {{"1.2.3.4", "critical,DER:05:00"}}}, issuer), "extension 1.2.3.4 is critical"));
  CHECK(contains(why({.extensions = {{"2.5.29.27", "critical,DER:02:01:01"}}}, issuer), "delta list"));
  CHECK(contains(why({.extensions = {{"issuingDistributionPoint", "critical,indirectCRL:TRUE"}}}, issuer), "part of what"));

  // Who may not sign lists: the keyUsage of the issuer says so.
  pki::Profile profile = pki::intermediate("sample intermediate", issuer.key);
  set_extension(profile, "keyUsage", "critical,keyCertSign");
  const pki::Certificate other = pki::issue(profile, &pki::sample().root);
  owned.certificates = {pki::sample().root.der, other.der, pki::issue(plain_leaf(), &other).der};
  CHECK(contains(why({}, other), "may not sign revocation lists"));
}

TEST_CASE("revocation: another key of the same name has lists of its own") {
  Owned owned;
  pki::Profile profile = pki::intermediate("sample intermediate", pki::Key::make("EC", "P-384"));
  profile.extensions.emplace_back("subjectKeyIdentifier", "hash");
  const pki::Certificate first = pki::issue(profile, &pki::sample().root);
  profile.key = pki::Key::make("EC", "P-384");
  const pki::Certificate second = pki::issue(profile, &pki::sample().root);
  owned.certificates = {pki::sample().root.der, first.der, pki::issue(plain_leaf(), &first).der};
  owned.write_crl("x.crl", {.revoked = {{3, 1}}, .key_id = true}, second);
  CHECK(ids(owned.validated()) == "");
  owned.write_crl("x.crl", {.revoked = {{3, 1}}, .key_id = true}, first);
  CHECK(ids(owned.validated()) == "revoked");
}

TEST_CASE("revocation: the newest list of an issuer counts") {
  Owned owned;
  owned.write_crl("a.crl", {.this_update = "20200101000000Z", .number = 255, .revoked = {{3, 6}}});
  owned.write_crl("b.crl", {.this_update = "20200101000000Z", .number = 256});
  ChainResult result = owned.validated();
  CHECK(ids(result) == "");
  CHECK(result.crls.at(1).number == "0100");
  owned.write_crl("b.crl", {.this_update = "20200101000001Z", .number = std::nullopt});
  CHECK(ids(owned.validated()) == "");
  owned.write_crl("b.crl", {.this_update = "20190101000000Z", .number = std::nullopt});
  CHECK(ids(owned.validated()) == "revoked");
}

TEST_CASE("revocation: nobody is trusted while a file of lists cannot be read") {
  Owned owned;
  const auto refusal = [&](const std::string& contents) {
    owned.directory.write("x.crl", contents);
    return message_of([&] { (void)owned.validated(); });
  };
  CHECK(contains(refusal("nonsense"), "x.crl: no revocation list in it"));
  CHECK(contains(refusal(pki::pem(pki::sample().root.der)), "x.crl: PEM block 1 is a CERTIFICATE, not a revocation list"));
  CHECK(contains(refusal("0nonsense"), "x.crl: not a revocation list"));
  CHECK(contains(refusal(as_text(pki::issue_crl({}, pki::sample().root)) + "x"), "1 bytes follow"));
  CHECK(contains(refusal(std::string(spdm::limit_of(spdm::FileKind::crl) + 1, '\n')), "larger than"));
  CHECK(contains(refusal(""), "is empty; to mask the name, link it to /dev/null"));
  const std::string two =
      pki::crl_pem(pki::issue_crl({}, pki::sample().root)) + pki::crl_pem(pki::issue_crl({}, pki::sample().intermediate));
  CHECK(refusal(two).empty());
  CHECK(owned.keyring().crls().size() == 2);
}
