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
  CHECK(ids(result) == "revoked");
  CHECK(contains(result.crls.at(1).file, "old.crl"));
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
                 "of 2020-01-01T00:00:00Z, the next one was due on 2023-01-01T00:00:00Z, judged at 2024-01-01T00:00:00Z"));
  for (const char* const at : {"20220101000000Z", "20230101000000Z"}) {
    owned.at = at;
    CHECK(ids(owned.validated()) == "");
  }
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

namespace {

// Sends the intermediate and the leaf; the owner has ended the path at the intermediate.
struct Ended : Owned {
  explicit Ended(bool in_anchors) {
    certificates.erase(certificates.begin());
    directory.write(in_anchors ? "anchors/middle.pem" : "middle.pem", pki::pem(pki::sample().intermediate.der));
    partial_chains = !in_anchors;
  }
};

}  // namespace

TEST_CASE("revocation: a list from after the time of judging counts") {
  Owned owned;
  owned.write_crl("new.crl", {.this_update = "20250101000000Z", .number = 2, .revoked = {{3, 1, "20241201000000Z"}}});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "revoked");
  CHECK(result.trust == Trust::untrusted);
  CHECK(contains(result.findings[0].why, "since 2024-12-01T00:00:00Z"));
  owned.write_crl("new.crl", {.this_update = "20250101000000Z", .number = 2, .revoked = {{3, 6}}});  // on hold
  CHECK(ids(owned.validated()) == "revoked");
  owned.write_crl("new.crl", {.this_update = "20250101000000Z", .number = 2});
  CHECK(ids(owned.validated()) == "");
  // What was on hold at the time of judging and was let go later.
  owned.write_crl("old.crl", {.this_update = "20231201000000Z", .number = 1, .revoked = {{3, 6}}});
  CHECK(ids(owned.validated()) == "revoked");
  owned.at = "20250102000000Z";
  CHECK(ids(owned.validated()) == "");
}

TEST_CASE("revocation: a newer list may leave out what has expired, and that is no pardon") {
  Owned owned;
  pki::Profile profile = plain_leaf();
  profile.not_after = "20240601000000Z";
  owned.certificates.back() = pki::issue(profile, &pki::sample().intermediate).der;
  owned.write_crl("old.crl", {.this_update = "20240301000000Z", .number = 1, .revoked = {{3, 1}}});
  owned.write_crl("new.crl", {.this_update = "20240501000000Z", .number = 2});
  CHECK(ids(owned.validated()) == "");  // it was taken off the list while it was valid
  owned.write_crl("new.crl", {.this_update = "20240701000000Z", .number = 2});
  CHECK(ids(owned.validated()) == "revoked");
  owned.write_crl("old.crl", {.this_update = "20240301000000Z", .number = 1});
  CHECK(ids(owned.validated()) == "");
  owned.write_crl("new.crl", {.this_update = "20240701000000Z", .number = 2, .revoked = {{3, 1}}});
  CHECK(ids(owned.validated()) == "revoked");
}

TEST_CASE("revocation: when, from when on, and why") {
  Owned owned;
  owned.write_crl("x.crl", {.revoked = {{3, 1, "20210203040506Z", "20200607080910Z"}}});
  const ChainResult result = owned.validated();
  CHECK(contains(finding(result, spdm::FindingId::revoked).why,
                 "serial 03, since 2021-02-03T04:05:06Z, invalid since 2020-06-07T08:09:10Z, reason keyCompromise ("));
  REQUIRE(result.revocations.size() == 1);
  const spdm::Revocation& told = result.revocations[0];
  CHECK(told.subject == "CN=sample device");
  CHECK(told.issuer == "CN=sample intermediate");
  CHECK(told.serial == "03");
  CHECK(contains(told.file, "x.crl"));
  CHECK(told.revoked_at == "2021-02-03T04:05:06Z");
  CHECK(told.invalid_since == "2020-06-07T08:09:10Z");
  CHECK(told.reason == "keyCompromise");
}

TEST_CASE("revocation: an intermediate that is the anchor") {
  for (const bool in_anchors : {true, false})
    for (const bool sent : {true, false})
      for (const bool root_known : {true, false}) {
        CAPTURE(in_anchors);
        CAPTURE(sent);
        CAPTURE(root_known);
        Ended owned(in_anchors);
        if (sent) owned.certificates.insert(owned.certificates.begin(), pki::sample().root.der);
        if (!root_known) std::filesystem::remove(owned.directory.path() / "vendor.pem");
        CHECK(owned.validated().trust == Trust::trusted);
        owned.write_crl("root.crl", {.revoked = {{77, 1}}}, pki::sample().root);
        CHECK(owned.validated().trust == Trust::trusted);
        owned.write_crl("root.crl", {.revoked = {{2, 1}}}, pki::sample().root);
        const ChainResult result = owned.validated();
        CHECK(contains(ids(result), "revoked"));
        CHECK(result.trust == Trust::untrusted);
        CHECK(contains(finding(result, spdm::FindingId::revoked).where, "(CN=sample intermediate)"));
      }
}

TEST_CASE("revocation: an intermediate that the device takes for its root and leaves out") {
  Ended owned(true);
  owned.certificates = {pki::sample().leaf.der};
  owned.root = pki::sample().intermediate.der;
  CHECK(owned.validated().trust == Trust::trusted);
  owned.write_crl("root.crl", {.revoked = {{2, 6}}}, pki::sample().root);
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "revoked");
  CHECK(result.trust == Trust::untrusted);
  CHECK(contains(result.findings[0].where, "anchor "));
  CHECK(contains(result.findings[0].why, "reason certificateHold"));
}

TEST_CASE("revocation: RootHash is that of the root that the keyring knows, or nobody is trusted") {
  for (const bool in_anchors : {true, false}) {
    CAPTURE(in_anchors);
    Ended owned(in_anchors);
    owned.zero_root_hash = true;
    const ChainResult result = owned.validated();
    CHECK(contains(ids(result), "root-hash-mismatch"));
    CHECK(result.trust == Trust::untrusted);
    CHECK_FALSE(result.sound);
    REQUIRE(result.completed.size() == 1);
    CHECK(result.completed[0].subject == "CN=sample root");
    CHECK(contains(result.completed[0].file, "vendor.pem"));
    std::filesystem::remove(owned.directory.path() / "vendor.pem");  // nobody knows the root
    CHECK(ids(owned.validated()) == "partial-chain");
    CHECK(owned.validated().trust == Trust::trusted);
    owned.write_crl("root.crl", {.revoked = {{2, -1}}}, pki::sample().root);
    CHECK(owned.validated().trust == Trust::untrusted);
  }
}

TEST_CASE("revocation: a certificate that was made for the key of the root hides no list") {
  Ended owned(true);
  owned.write_crl("root.crl", {.revoked = {{2, 1}}, .key_id = true}, [] {
    pki::Profile profile = pki::root("sample root", pki::sample().root.key);
    profile.extensions.emplace_back("subjectKeyIdentifier", "hash");
    return pki::issue(profile);
  }());
  const pki::Certificate stranger = pki::issue(pki::root("stranger", pki::Key::make("EC", "P-384")));
  pki::Profile profile = pki::root("sample root", pki::sample().root.key);
  profile.extensions.emplace_back("subjectKeyIdentifier", "DER:04:04:01:02:03:04");
  profile.extensions.emplace_back("keyUsage", "keyCertSign");
  owned.certificates.insert(owned.certificates.begin(), pki::issue(profile, &stranger).der);
  owned.zero_root_hash = true;
  const ChainResult result = owned.validated();
  CHECK(contains(ids(result), "revoked"));
  CHECK(result.trust == Trust::untrusted);
}

TEST_CASE("revocation: a list of the same name for another key says nothing of an anchor whose issuer is not known") {
  Ended owned(true);
  std::filesystem::remove(owned.directory.path() / "vendor.pem");
  pki::Profile above = pki::root("sample root", pki::Key::make("EC", "P-384"));
  above.extensions.emplace_back("subjectKeyIdentifier", "hash");
  const pki::Certificate root = pki::issue(above);
  above.key = pki::Key::make("EC", "P-384");
  const pki::Certificate other = pki::issue(above);
  pki::Profile profile = pki::intermediate("sample intermediate", pki::sample().intermediate.key);
  profile.extensions.emplace_back("authorityKeyIdentifier", "keyid:always");
  const pki::Certificate middle = pki::issue(profile, &root);
  owned.certificates[0] = middle.der;
  owned.directory.write("anchors/middle.pem", pki::pem(middle.der));
  owned.write_crl("root.crl", {.revoked = {{2, 1}}, .key_id = true}, other);
  CHECK(owned.validated().trust == Trust::trusted);
  owned.write_crl("root.crl", {.revoked = {{2, 1}}, .key_id = true}, root);
  CHECK(owned.validated().trust == Trust::untrusted);
  CHECK(contains(finding(owned.validated(), spdm::FindingId::revoked).why, "who signed the list could not be checked"));
}

TEST_CASE("revocation: a root that lists itself, sent or not") {
  for (const bool sent : {true, false}) {
    Owned owned;
    if (!sent) owned.certificates.erase(owned.certificates.begin());
    owned.write_crl("root.crl", {.revoked = {{1, 2}}}, pki::sample().root);
    const ChainResult result = owned.validated();
    CHECK(ids(result) == "revoked");
    CHECK(contains(result.findings[0].why, "reason cACompromise"));
    CHECK_FALSE(contains(result.findings[0].why, "who signed the list could not be checked"));
    CHECK(result.crls.size() == 2);
  }
}

TEST_CASE("revocation: a list that is no use but for what it revokes") {
  Owned owned;
  owned.write_crl("x.crl", {.revoked = {{3, 1}}, .extensions = {{"1.2.3.4", "critical,DER:05:00"}}});
  CHECK(ids(owned.validated()) == "crl-unusable,revoked");
  CHECK(owned.validated().trust == Trust::untrusted);
  owned.write_crl("x.crl", {.revoked = {{3, 1}}, .issuer = pki::sample().intermediate.subject}, pki::sample().root);  // a forgery
  CHECK(ids(owned.validated()) == "crl-unusable");
}

TEST_CASE("revocation: the issuers above an anchor, as far as the keyring goes") {
  const pki::Certificate& root = pki::sample().root;
  const pki::Certificate first = pki::issue(pki::intermediate("first", pki::Key::make("EC", "P-384")), &root);
  const pki::Certificate second = pki::issue(pki::intermediate("second", pki::Key::make("EC", "P-384")), &first);
  Owned owned;
  owned.directory.write("first.pem", pki::pem(first.der));
  owned.directory.write("anchors/second.pem", pki::pem(second.der));
  owned.certificates = {second.der, pki::issue(plain_leaf(), &second).der};
  owned.root = first.der;
  const ChainResult result = owned.validated();
  CHECK(result.trust == Trust::trusted);
  REQUIRE(result.completed.size() == 2);
  CHECK(result.completed[0].subject == "CN=sample root");
  CHECK(result.completed[1].subject == "CN=first");
  CHECK(result.crls.size() == 1);  // above the anchor only lists that are there are told
  owned.write_crl("first.crl", {}, first);
  CHECK(owned.validated().crls.size() == 2);
  owned.write_crl("root.crl", {.revoked = {{2, 1}}}, root);
  CHECK(contains(finding(owned.validated(), spdm::FindingId::revoked).where, "issuer "));
  CHECK(owned.validated().trust == Trust::untrusted);
}
