#include <doctest/doctest.h>

#include <algorithm>

#include "core/file_kinds.h"
#include "owned.h"

using namespace test;

namespace {

constexpr int kGood = 0, kRevoked = 1, kUnknown = 2;
constexpr int kKeyCompromise = 1, kHold = 6;
constexpr long kLeaf = 3;  // serial number

using spdm::FindingId;
using spdm::RevocationSource;

}  // namespace

TEST_CASE("OCSP: a good answer is told, and shows that the certificate is not revoked") {
  for (const char* const hash : {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"})
    for (const bool by_key : {false, true}) {
      CAPTURE(hash);
      Owned owned;
      owned.write_ocsp("x.ocsp", {.answers = {{.serial = 77, .status = kRevoked}, {.serial = kLeaf, .hash = hash}}, .by_key = by_key});
      const ChainResult result = owned.validated();
      CHECK(ids(result) == "");
      CHECK(result.trust == Trust::trusted);
      REQUIRE(result.crls.size() == 2);
      CHECK(result.crls[0].file == "");
      CHECK(result.crls[1].source == RevocationSource::ocsp);
      CHECK(result.crls[1].issuer == "CN=sample intermediate");
      CHECK(result.crls[1].serial == "03");
      CHECK(result.crls[1].this_update == "2020-01-01T00:00:00Z");
      CHECK(result.crls[1].next_update == "2029-01-01T00:00:00Z");
    }
}

TEST_CASE("OCSP: revoked, with time, reason and source") {
  Owned owned;
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf,
                                           .status = kRevoked,
                                           .reason = kKeyCompromise,
                                           .extensions = {{"invalidityDate", "DER:18:0F:32:30:32:30:30:36:30:37:30:38:30:39:31:30:5A"}}}}});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "revoked");
  CHECK(result.trust == Trust::untrusted);
  const spdm::Finding& why = finding(result, FindingId::revoked);
  CHECK(contains(why.where, "certificate 3 of 3 (CN=sample device), serialNumber"));
  CHECK(
      contains(why.why, "serial 03, since 2021-02-03T04:05:06Z, invalid since 2020-06-07T08:09:10Z, reason keyCompromise (OCSP response "));
  CHECK(contains(why.why, "x.ocsp"));
  REQUIRE(result.revocations.size() == 1);
  CHECK(result.revocations[0].source == RevocationSource::ocsp);
  CHECK(result.revocations[0].reason == "keyCompromise");
  CHECK(result.revocations[0].invalid_since == "2020-06-07T08:09:10Z");
}

TEST_CASE("OCSP: an intermediate, by a root that is sent and by one that is not") {
  Owned owned;
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = 2, .status = kRevoked}}}, pki::sample().root);
  CHECK(ids(owned.validated()) == "revoked");
  owned.certificates.erase(owned.certificates.begin());
  CHECK(ids(owned.validated()) == "revoked");
}

TEST_CASE("OCSP: on hold is no pass, and what is let go later is good again") {
  Owned owned;
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked, .reason = kHold, .next_update = "20230601000000Z"}}});
  CHECK(ids(owned.validated()) == "ocsp-stale,revoked");
  const pki::OcspStatement newer{.serial = kLeaf, .this_update = "20230101000000Z"};
  owned.write_ocsp("y.ocsp", {.answers = {newer}, .produced_at = "20230101000000Z"});
  CHECK(ids(owned.validated()) == "");
  owned.at = "20230301000000Z";  // the answer that holds it back is in force
  CHECK(ids(owned.validated()) == "revoked");
  // What is revoked for good stays so, whatever a newer answer says.
  owned.at = "20240101000000Z";
  for (const int reason : {-1, kKeyCompromise}) {
    owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked, .reason = reason, .next_update = "20230601000000Z"}}});
    CHECK(ids(owned.validated()) == "revoked");
  }
}

TEST_CASE("OCSP: an answer that knows nothing shows nothing, and takes nothing back") {
  Owned owned;
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kUnknown}}});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "ocsp-unknown");
  CHECK(result.trust == Trust::trusted);
  CHECK(result.crls.at(1).file == "");
  owned.write_ocsp("y.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked, .reason = kHold, .this_update = "20190101000000Z"}}});
  CHECK(contains(ids(owned.validated()), "revoked"));
}

TEST_CASE("OCSP: lists and responses do not outvote each other") {
  Owned owned;
  owned.write_crl("old.crl", {.this_update = "20200101000000Z", .revoked = {{kLeaf, kHold}}});
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .this_update = "20220101000000Z"}}, .produced_at = "20220101000000Z"});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "revoked");
  CHECK(result.revocations.at(0).source == RevocationSource::crl);
  CHECK(contains(result.crls.at(1).file, "x.ocsp"));  // the newer of the two
  owned.write_crl("old.crl", {.this_update = "20230101000000Z"});
  CHECK(contains(owned.validated().crls.at(1).file, "old.crl"));
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked, .reason = kHold}}});
  CHECK(owned.validated().revocations.at(0).source == RevocationSource::ocsp);
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf}}});
  owned.write_crl("old.crl", {});
  CHECK(contains(owned.validated().crls.at(1).file, "old.crl"));  // of the same age: the list, which is about all
}

TEST_CASE("OCSP: a stale answer is told, and still counts") {
  Owned owned;
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .next_update = "20230101000000Z"}}});
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "ocsp-stale");
  CHECK(result.trust == Trust::trusted);
  CHECK(contains(result.findings[0].why, "of 2020-01-01T00:00:00Z, the next one was due on 2023-01-01T00:00:00Z, judged at 2024"));
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .next_update = ""}}});
  CHECK(ids(owned.validated()) == "");
}

TEST_CASE("OCSP: an answer from after the time of judging hides no other, and revokes") {
  Owned owned;
  const auto later = [](int status) {
    return pki::OcspProfile{.answers = {{.serial = kLeaf, .status = status, .this_update = "20250101000000Z"}},
                            .produced_at = "20250101000000Z"};
  };
  owned.write_ocsp("old.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked, .reason = kHold, .next_update = ""}}});
  owned.write_ocsp("new.ocsp", later(kGood));
  CHECK(ids(owned.validated()) == "revoked");
  owned.write_ocsp("old.ocsp", {.answers = {{.serial = kLeaf}}});
  CHECK(contains(owned.validated().crls.at(1).file, "old.ocsp"));
  owned.write_ocsp("new.ocsp", later(kRevoked));
  CHECK(ids(owned.validated()) == "revoked");
}

TEST_CASE("OCSP: answers about others, and of strangers, say nothing") {
  Owned owned;
  const pki::Certificate stranger = pki::issue(pki::root("stranger", pki::Key::make("EC", "P-384")));
  pki::Profile profile = pki::intermediate("sample intermediate", pki::Key::make("EC", "P-384"));
  const pki::Certificate namesake = pki::issue(profile, &pki::sample().root);
  owned.write_ocsp("a.ocsp", {.answers = {{.serial = 4, .status = kRevoked}}});
  owned.write_ocsp("b.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked}}}, stranger);
  owned.write_ocsp("c.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked}}}, namesake);
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "");
  CHECK(result.crls.at(1).file == "");
}

TEST_CASE("OCSP: answers that nobody can rely on leave it undecided") {
  Owned owned;
  const pki::Certificate& issuer = pki::sample().intermediate;
  const auto why = [&](const pki::OcspProfile& profile) {
    owned.write_ocsp("x.ocsp", profile);
    const ChainResult result = owned.validated();
    CHECK(ids(result) == "ocsp-unusable");
    CHECK(result.trust == Trust::not_checked);
    CHECK(result.crls.at(1).file == "");
    return result.findings.at(0).why;
  };
  const pki::OcspStatement good{.serial = kLeaf};
  const auto delegated = [&](const pki::Profile& profile, const pki::Certificate* above) {
    const pki::Certificate responder = pki::issue(profile, above);
    return why({.answers = {good}, .responder = &responder});
  };
  const pki::Profile responder = pki::responder("responder", pki::Key::make("EC", "P-384"));
  constexpr const char* kStranger = "it is not signed by the issuer";
  CHECK(contains(delegated(responder, &pki::sample().root), kStranger));  // the root delegates for itself only
  CHECK(contains(delegated(responder, nullptr), kStranger));
  pki::Profile other = responder;
  set_extension(other, "extendedKeyUsage", "");
  CHECK(contains(delegated(other, &issuer), kStranger));
  set_extension(other, "extendedKeyUsage", "serverAuth");
  CHECK(contains(delegated(other, &issuer), kStranger));
  other = responder;
  other.not_after = "20230101000000Z";
  CHECK(contains(delegated(other, &issuer), "expired on 2023-01-01T00:00:00Z"));
  other.not_after = "20191231000000Z";  // before it signed
  CHECK(contains(delegated(other, &issuer), "it does not verify"));
  other = responder;
  other.not_before = "20210101000000Z";
  CHECK(contains(delegated(other, &issuer), "it does not verify"));

  CHECK(contains(why({.answers = {{.serial = kLeaf, .this_update = "20200101000501Z"}}}), "before the time that it speaks of"));
  CHECK(contains(why({.answers = {{.serial = kLeaf, .next_update = "20191231000000Z"}}}), "its nextUpdate is before its thisUpdate"));
  CHECK(
      contains(why({.answers = {{.serial = kLeaf, .extensions = {{"1.2.3.4", "critical,DER:05:00"}}}}}), "extension 1.2.3.4 is critical"));
  CHECK(contains(why({.answers = {good}, .extensions = {{"1.2.3.4", "critical,DER:05:00"}}}), "extension 1.2.3.4 is critical"));

  // The signature is not that of the issuer.
  owned.directory.write("x.ocsp", as_text([&] {
                          Bytes out = pki::issue_ocsp({.answers = {good}}, issuer);
                          out.back() ^= 1;
                          return out;
                        }()));
  CHECK(ids(owned.validated()) == "ocsp-unusable");
}

TEST_CASE("OCSP: one that is no use for anything else still revokes, where the issuer stands behind it") {
  Owned owned;
  const pki::OcspStatement revoked{.serial = kLeaf, .status = kRevoked, .extensions = {{"1.2.3.4", "critical,DER:05:00"}}};
  owned.write_ocsp("x.ocsp", {.answers = {revoked}});
  CHECK(ids(owned.validated()) == "ocsp-unusable,revoked");
  pki::Profile profile = pki::responder("responder", pki::Key::make("EC", "P-384"));
  profile.not_after = "20230101000000Z";
  const pki::Certificate expired = pki::issue(profile, &pki::sample().intermediate);
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked}}, .responder = &expired});
  CHECK(ids(owned.validated()) == "ocsp-unusable,revoked");
  CHECK(owned.validated().trust == Trust::untrusted);
}

TEST_CASE("OCSP: a responder to whom the issuer has delegated it") {
  Owned owned;
  const pki::Profile profile = pki::responder("responder", pki::Key::make("EC", "P-384"));
  const pki::Certificate responder = pki::issue(profile, &pki::sample().intermediate);
  for (const bool by_key : {false, true}) {
    owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf}}, .responder = &responder, .by_key = by_key});
    CHECK(ids(owned.validated()) == "");
    CHECK(contains(owned.validated().crls.at(1).file, "x.ocsp"));
  }
  // Its certificate must be neither revoked nor denied.
  owned.write_crl("x.crl", {.revoked = {{50, kKeyCompromise}}});
  ChainResult result = owned.validated();
  CHECK(ids(result) == "ocsp-unusable");
  CHECK(contains(result.findings[0].why, "the certificate of its responder is revoked by "));
  owned.write_crl("x.crl", {});
  owned.directory.write("deny.yaml", "version: 1\ndeny:\n  - {key: " + spdm::certstore::describe(responder.der).key_sha256 + "}\n");
  result = owned.validated();
  CHECK(ids(result) == "ocsp-unusable");
  CHECK(contains(result.findings[0].why, "deny.yaml:3 denies its responder"));
}

TEST_CASE("OCSP: an anchor whose issuer nobody knows can be revoked") {
  Owned owned;
  std::filesystem::remove(owned.directory.path() / "vendor.pem");
  owned.directory.write("anchors/middle.pem", pki::pem(pki::sample().intermediate.der));
  owned.certificates.erase(owned.certificates.begin());
  CHECK(owned.validated().trust == Trust::trusted);
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = 2}}}, pki::sample().root);
  CHECK(owned.validated().trust == Trust::trusted);
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = 2, .status = kRevoked}}}, pki::sample().root);
  CHECK(owned.validated().trust == Trust::untrusted);
  CHECK(contains(finding(owned.validated(), FindingId::revoked).why, "who signed the response could not be checked"));
}

TEST_CASE("OCSP: a certificate that was made for the key of the root hides no answer") {
  Owned owned;
  owned.directory.write("anchors/middle.pem", pki::pem(pki::sample().intermediate.der));
  std::filesystem::remove(owned.directory.path() / "vendor.pem");
  const pki::Certificate stranger = pki::issue(pki::root("stranger", pki::Key::make("EC", "P-384")));
  pki::Profile profile = pki::root("sample root", pki::sample().root.key);
  profile.not_after = "20191231000000Z";
  profile.extensions = {{"keyUsage", "digitalSignature"}};
  owned.certificates.front() = pki::issue(profile, &stranger).der;
  owned.zero_root_hash = true;
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = 2, .status = kRevoked}}}, pki::sample().root);
  const ChainResult result = owned.validated();
  CHECK(contains(ids(result), "revoked"));
  CHECK(result.trust == Trust::untrusted);
}

TEST_CASE("OCSP: several responses in a file, and the same twice") {
  Owned owned;
  const Bytes good = pki::issue_ocsp({.answers = {{.serial = kLeaf}, {.serial = kLeaf}}}, pki::sample().intermediate);
  const Bytes other = pki::issue_ocsp({.answers = {{.serial = 2}}}, pki::sample().root);
  owned.directory.write("x.ocsp", pki::ocsp_pem(good) + pki::ocsp_pem(other) + pki::ocsp_pem(good));
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "");
  REQUIRE(result.crls.size() == 2);
  CHECK(result.crls[0].serial == "02");
  CHECK(result.crls[1].serial == "03");
  // Of two that were said at the same time the worse one counts.
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked, .reason = kHold, .next_update = ""},
                                          {.serial = kLeaf, .next_update = ""}}});
  CHECK(ids(owned.validated()) == "revoked");
  const auto held = [](const char* since) {
    return pki::OcspStatement{.serial = kLeaf, .status = kRevoked, .reason = kHold, .next_update = "", .at = since};
  };
  owned.write_ocsp("x.ocsp", {.answers = {held("20210203040506Z"), held("20220203040506Z")}});
  CHECK(owned.validated().revocations.at(0).revoked_at == "2021-02-03T04:05:06Z");  // of two that are alike the first is told
}

TEST_CASE("OCSP: an issuer whose key nobody can read has signed nothing") {
  Owned owned;
  Bytes& issuer = owned.certificates[1];
  const Bytes known = {0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};  // id-ecPublicKey
  const auto at = std::search(issuer.begin(), issuer.end(), known.begin(), known.end());
  REQUIRE(at != issuer.end());
  *(at + 8) = 0x63;  // the last arc is one that nobody has heard of
  owned.write_ocsp("x.ocsp", {.answers = {{.serial = kLeaf, .status = kRevoked}}});
  const ChainResult result = owned.validated();
  CHECK(contains(finding(result, FindingId::ocsp_unusable).why, "it is not signed by the issuer"));
  CHECK(result.revocations.empty());
}

TEST_CASE("OCSP: nobody is trusted while a file of responses cannot be read") {
  Owned owned;
  const auto refusal = [&](const std::string& contents, const char* name = "x.ocsp") {
    owned.directory.write(name, contents);
    const std::string out = message_of([&] { (void)owned.validated(); });
    std::filesystem::remove(owned.directory.path() / name);
    return out;
  };
  const std::string good = as_text(pki::issue_ocsp({.answers = {{.serial = kLeaf}}}, pki::sample().intermediate));
  CHECK(refusal(good).empty());
  CHECK(contains(refusal("nonsense"), "x.ocsp: no OCSP response in it"));
  CHECK(contains(refusal("0nonsense"), "x.ocsp: not an OCSP response"));
  CHECK(contains(refusal(good.substr(0, good.size() - 1)), "x.ocsp: not an OCSP response"));
  CHECK(contains(refusal(good + "x"), "1 bytes follow the OCSP response"));
  CHECK(contains(refusal(pki::pem(pki::sample().root.der)), "PEM block 1 is a CERTIFICATE, not an OCSP response"));
  CHECK(contains(refusal(as_text(pki::issue_ocsp({.answers = {}, .status = 3}, pki::sample().root))),
                 "the responder gave no answer: trylater"));
  CHECK(contains(refusal(as_text(pki::issue_ocsp({}, pki::sample().root))), "speaks of no certificate"));
  CHECK(contains(refusal(as_text(pki::issue_ocsp({.answers = {{.serial = 3, .hash = "MD5"}}}, pki::sample().root))),
                 "by a hash that is not known here: 1.2.840.113549.2.5"));
  CHECK(contains(refusal(std::string(spdm::limit_of(spdm::FileKind::ocsp) + 1, '\n')), "larger than"));
  CHECK(contains(refusal(""), "is empty; to mask the name, link it to /dev/null"));
  // Under a name that is not read, it would silently not count.
  for (const char* const name : {"x.resp", "x.ocsp.txt"})
    CHECK(contains(refusal(good, name), "holds an OCSP response, and is not read: name it NAME.ocsp"));
  for (const char* const name : {"x.der", "x.pem"})
    CHECK(contains(refusal(name[2] == 'd' ? good : pki::ocsp_pem({reinterpret_cast<const std::uint8_t*>(good.data()), good.size()}), name),
                   "holds an OCSP response; put it into a file NAME.ocsp"));
}
