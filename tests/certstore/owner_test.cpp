#include <doctest/doctest.h>

#include "certstore/fingerprint.h"
#include "owned.h"

using namespace test;
using spdm::cat;

namespace {

std::string of(const Bytes& der) { return spdm::certstore::sha256(der); }
std::string leaf_key() { return of(pki::sample().leaf.key.spki()); }
std::string pin(const std::string& what, const std::string& match = "bdf: \"0000:03:00.0\"") {
  return cat("version: 1\npins:\n  - {match: {", match, "}, ", what, "}\n");
}

}  // namespace

TEST_CASE("scope: whom a root may vouch for") {
  Owned owned;
  owned.directory.write(
      "vendor.yaml",
      "version: 1\nvouches-for: [{vendor: \"1b36\", class: \"0108\"}, {vendor: \"1af4\"}]\nmodels: [DeviceCert]\ncomment: x\n");
  const ChainResult good = owned.validated();
  CHECK(ids(good) == "");
  CHECK(good.trust == Trust::trusted);
  CHECK(contains(good.anchor_scope, "vendor.yaml"));
  CHECK(owned.keyring().entries()[0].scopes.at(0).comment == "x");

  owned.host.identity->vendor = 0x8086;
  const ChainResult other = owned.validated();
  CHECK(ids(other) == "scope-mismatch");
  CHECK(other.trust == Trust::untrusted);
  CHECK(other.sound);
  CHECK_FALSE(other.anchor.has_value());
  CHECK(contains(other.findings[0].why, "CN=sample root vouches for vendor 1b36, class 0108, or vendor 1af4"));
  CHECK(contains(other.findings[0].why, "this is Vendor=8086:Device=0010"));
  CHECK(other.findings[0].why.ends_with(" at 0000:03:00.0"));

  owned.host.identity.reset();
  CHECK(contains(owned.validated().findings.at(0).why, "without a PCI identity"));
  owned.host.identity = identity(0x1af4, 1);
  CHECK(ids(owned.validated()) == "");
  owned.directory.write("vendor.yaml", "version: 1\nmodels: [AliasCert, GenericCert]\n");
  CHECK(contains(owned.validated().findings.at(0).why, "vouches for AliasCert or GenericCert by"));
}

TEST_CASE("scope: the owner's own limit") {
  Owned owned;
  owned.directory.write("vendor.yaml", "version: 1\nnot-after: 2023-06-01\n");
  const ChainResult late = owned.validated();
  CHECK(ids(late) == "entry-expired");
  CHECK(late.trust == Trust::untrusted);
  CHECK(contains(late.findings[0].why, "vouches until 2023-06-01T00:00:00Z, judged at 2024-01-01T00:00:00Z"));
  owned.at = "20230101000000Z";
  CHECK(owned.validated().trust == Trust::trusted);
}

TEST_CASE("scope: critical extensions that nobody knows, and the owner accepts") {
  Owned owned;
  pki::Profile profile = plain_leaf();
  profile.extensions.emplace_back("1.3.6.1.4.1.99999.1", "critical,DER:0500");
  profile.extensions.emplace_back("2.23.133.5.4.8", "critical,DER:3000");
  owned.certificates.back() = pki::issue(profile, &pki::sample().intermediate).der;
  CHECK(ids(owned.validated()) == "critical-extension");
  const auto accept = [&](const char* list) { owned.directory.write("vendor.yaml", cat("version: 1\ncritical-extensions: ", list, "\n")); };
  accept("[1.3.6.1.4.1.99999.1]");
  const ChainResult half = owned.validated();
  CHECK(ids(half) == "extension-accepted,critical-extension");
  CHECK(half.trust == Trust::untrusted);
  CHECK(contains(half.findings[1].where, "extension 2.23.133.5.4.8"));
  accept("[2.23.133.5.4.8, 1.3.6.1.4.1.99999.1]");
  const ChainResult both = owned.validated();
  CHECK(ids(both) == "extension-accepted,extension-accepted");
  CHECK(both.trust == Trust::trusted);
  CHECK(contains(both.findings[0].why, "vendor.yaml accepts it"));

  profile.extensions.emplace_back("1.3.6.1.4.1.99999.1", "DER:0500");
  owned.certificates.back() = pki::issue(profile, &pki::sample().intermediate).der;
  CHECK(contains(ids(owned.validated()), "certificate-malformed"));  // twice
}

TEST_CASE("scope: only the anchor that vouches can accept an extension") {
  Owned owned;
  pki::Profile profile = plain_leaf();
  profile.extensions.emplace_back("1.2.3.4", "critical,DER:0500");
  owned.certificates.back() = pki::issue(profile, &pki::sample().intermediate).der;
  const pki::Certificate other = pki::issue(pki::root("other", pki::Key::shared(*spdm::find_asym("ECDSA-P384"))));
  owned.directory.write("other.pem", pki::pem(other.der));
  owned.directory.write("other.yaml", "version: 1\ncritical-extensions: [1.2.3.4]\n");
  CHECK(ids(owned.validated()) == "critical-extension");
}

TEST_CASE("scope: an extension that is processed cannot be accepted unread") {
  const auto why = [](const std::string& list) -> std::string {
    try {
      spdm::certstore::read_scope("s.yaml", cat("version: 1\ncritical-extensions: ", list, "\n"));
    } catch (const spdm::Error& error) {
      return error.what();
    }
    return {};
  };
  CHECK(why("[1.2.3.4]") == "");
  for (const char* processed :
       {"2.5.29.19", "2.5.29.15", "2.5.29.30", "2.23.133.5.4.1", "1.3.6.1.4.1.11129.2.1.24", "1.3.6.1.4.1.412.274.6"})
    CHECK(contains(why(cat("[", processed, "]")), "is processed, and must be good"));
  for (const char* wrong : {"basicConstraints", "1", "1.2.", "01.2.3", "\"\"", "\"1.2.3 \""})
    CHECK(contains(why(cat("[", wrong, "]")), "invalid object identifier"));
  CHECK(contains(why("[]"), "names no extension"));
  std::string many = "[1.2.3.0";
  for (int i = 1; i < 65; ++i) many += cat(", 1.2.3.", i);
  CHECK(contains(why(many + "]"), "exceeds the limit of 64"));
  CHECK(spdm::certstore::in_words(spdm::certstore::read_scope("s.yaml", "version: 1\ncritical-extensions: [1.2.3.4, 1.2.5]\n")) ==
        "any device; accepts the critical extension 1.2.3.4, 1.2.5");
}

TEST_CASE("scope: one judgement of a chain serves devices within and without") {
  Owned owned;
  owned.directory.write("vendor.yaml", "version: 1\nvouches-for: [{bdf: \"0000:03:*\"}]\n");
  const spdm::certstore::Validator validator(owned.keyring(), {pki::at(owned.at), false});
  const Bytes chain = pki::spdm_chain(sha(), pki::sample().root.der, owned.certificates);
  spdm::HostView elsewhere = owned.host;
  elsewhere.bdf = "0000:04:00.0";
  spdm::certstore::ChainInput input{
      .chain = chain, .version = spdm::k12, .hash = &sha(), .asym = spdm::find_asym("ECDSA-P384"), .digest = {}, .host = &owned.host};
  for (int i = 0; i < 2; ++i) {
    input.host = &owned.host;
    CHECK(validator.validate(input).trust == Trust::trusted);
    input.host = &elsewhere;
    CHECK(validator.validate(input).trust == Trust::untrusted);
    input.host = nullptr;
    CHECK(validator.validate(input).trust == Trust::untrusted);
  }
}

TEST_CASE("scope: one that cannot be read lets nobody vouch") {
  Owned owned;
  owned.directory.write("vendor.yaml", "version: 1\nvouches-for:\n  - {vendr: \"1b36\"}\n");
  const spdm::certstore::Keyring keyring = owned.keyring();
  REQUIRE(keyring.problems().size() == 1);
  CHECK(keyring.problems()[0].place == "3:6");
  CHECK(keyring.problems()[0].why.starts_with("vouches-for[0]: unknown key 'vendr'; allowed: "));
  CHECK_FALSE(keyring.problems()[0].fatal);
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "not-trusted");
  CHECK(contains(result.findings[0].why, "vendor.yaml:3:6"));

  for (const char* contents : {"version: 2\n", "vouches-for: []\nversion: 1\n", "version: 1\nvouches-for: [{}]\n",
                               "version: 1\nmodels: [Alias]\n", "version: 1\nnot-after: tomorrow\n", "[", "version: 1\nversion: 1\n"}) {
    CAPTURE(contents);
    owned.directory.write("vendor.yaml", contents);
    CHECK(owned.validated().trust == Trust::untrusted);
    CHECK(owned.keyring().problems().size() == 1);
  }
  owned.directory.write("vendor.yaml", "version: 1\nvouches-for: []\n");
  CHECK(owned.keyring().problems().at(0).why.starts_with("vouches-for: names no device; leave it out to vouch for any"));
  owned.directory.write("vendor.yaml", "");
  CHECK_FALSE(message_of([&] { (void)owned.validated(); }).empty());
  std::filesystem::remove(owned.directory.path() / "vendor.yaml");
  std::filesystem::create_symlink("/dev/null", owned.directory.path() / "vendor.yaml");  // a mask
  CHECK(owned.validated().trust == Trust::trusted);
}

TEST_CASE("scope: without its certificate it is a problem, not a licence") {
  Owned owned;
  owned.directory.write("vendr.yaml", "version: 1\n");
  owned.directory.write("old.yml", "version: 1\n");
  const spdm::certstore::Keyring keyring = owned.keyring();
  REQUIRE(keyring.problems().size() == 2);
  CHECK(contains(keyring.problems()[0].why, "name it .yaml"));
  CHECK(keyring.problems()[0].fatal);
  CHECK(contains(keyring.problems()[1].why, "no certificate file of this name"));
}

TEST_CASE("scope: a stronger layer narrows the root of a weaker one, and copies are narrowed along") {
  Owned owned;
  const support::TemporaryDirectory etc;
  etc.write("vendor.yaml", "version: 1\nvouches-for: [{vendor: \"1af4\"}]\n");
  owned.directory.write("vendor.yaml", "version: 1\n");
  spdm::certstore::Keyring keyring;
  keyring.add_directory(etc.path());
  CHECK(keyring.problems().size() == 1);  // nothing to limit so far
  keyring.add_directory(owned.directory.path());
  CHECK(keyring.problems().empty());
  REQUIRE(keyring.entries().size() == 1);
  REQUIRE(keyring.entries()[0].scopes.size() == 1);
  CHECK(spdm::certstore::in_words(keyring.entries()[0].scopes[0]) == "vendor 1af4");
  const support::TemporaryDirectory more;
  keyring.add_directory(more.path());
  CHECK(keyring.entries()[0].scopes.size() == 1);

  Owned copies;
  copies.directory.write("copy.pem", pki::pem(pki::sample().root.der));
  copies.directory.write("copy.yaml", "version: 1\nvouches-for: [{vendor: \"1af4\"}]\n");
  CHECK(ids(copies.validated()) == "scope-mismatch");
}

TEST_CASE("deny list: certificates and keys, of the leaf up to an anchor that was not sent") {
  Owned owned;
  const auto judged = [&](const std::string& entry) {
    owned.directory.write("local.deny.yaml", cat("version: 1\ndeny:\n  - {", entry, ", comment: stolen}\n"));
    const ChainResult result = owned.validated();
    CHECK(result.trust == Trust::untrusted);
    CHECK(ids(result) == "denied");
    return result.findings.at(0);
  };
  CHECK(contains(judged("certificate: " + of(pki::sample().leaf.der)).where, "certificate 3 of 3"));
  const spdm::Finding key = judged("key: " + of(pki::sample().intermediate.key.spki()));
  CHECK(contains(key.where, "certificate 2 of 3"));
  CHECK(contains(key.why, "local.deny.yaml:3 denies the key with the SHA-256 fingerprint"));
  CHECK(contains(key.why, ": stolen"));
  owned.certificates.erase(owned.certificates.begin());
  CHECK(contains(judged("certificate: " + of(pki::sample().root.der)).where, "anchor"));
  CHECK(contains(judged("key: " + of(pki::sample().root.key.spki())).where, "anchor"));
  owned.directory.write("local.deny.yaml", cat("version: 1\ndeny: [{key: ", of(pki::sample().leaf.der), "}]\n"));
  CHECK(owned.validated().trust == Trust::trusted);  // the fingerprint of something else
}

TEST_CASE("deny list and pins: nobody is trusted while one of them cannot be read") {
  Owned owned;
  for (const char* file : {"deny.yaml", "x.deny.yaml", "anchors/deny.yaml", "pins/x.yaml"})
    for (const char* contents : {"version: 1\ndeny: [{certificate: 00}]\npins: []\n", "version: 1\n", "- x\n", "version: 1\ndeny: [{}]\n",
                                 "{", "version: 1\npins: [{match: {}, root: 00}]\n"}) {
      CAPTURE(file);
      CAPTURE(contents);
      owned.directory.write(file, contents);
      const std::string why = message_of([&] { (void)owned.validated(); });
      CHECK(contains(why, cat(file, ":")));
      CHECK(owned.keyring().problems().size() == 1);
      std::filesystem::remove(owned.directory.path() / file);
    }
  CHECK(owned.validated().trust == Trust::trusted);
}

TEST_CASE("deny list: a second document is refused, also behind an empty one") {
  const std::string one = "version: 1\ndeny: []\n";
  const auto why = [](const std::string& text) { return message_of([&] { (void)spdm::certstore::read_denials("deny.yaml", text); }); };
  CHECK(why("---\n" + one + "...\n").empty());
  CHECK(why(one + "---\n" + one) == "deny.yaml:3:1: another document: only one is read");
  CHECK(why(one + "---\n---\n" + one) == "deny.yaml:3:1: another document: only one is read");
  CHECK(why("---\n---\n" + one) == "deny.yaml:2:1: another document: only one is read");
  CHECK(contains(why(""), "must be a mapping"));
}

TEST_CASE("pins: the same device as last time") {
  Owned owned;
  const auto judged = [&](const std::string& what, const std::string& kind, bool fits) {
    owned.directory.write("pins/one.yaml", pin(what));
    const ChainResult result = owned.validated();
    CHECK(ids(result) == (fits ? "" : "pin-mismatch"));
    CHECK(result.trust == (fits ? Trust::trusted : Trust::untrusted));
    CHECK(result.pin.has_value() == fits);
    if (fits) {
      CHECK(name(result.pin->kind) == kind);
      CHECK(contains(result.pin->origin, "pins/one.yaml:3"));
    }
    return result;
  };
  judged("leaf-key: " + leaf_key(), "leaf-key", true);
  judged("certificate: " + of(pki::sample().leaf.der), "certificate", true);
  judged("certificate: " + of(pki::sample().intermediate.der), "certificate", true);
  judged("root: " + of(pki::sample().root.der), "root", true);
  CHECK(judged("root: " + of(pki::sample().root.der), "root", true).leaf_key_sha256 == leaf_key());
  const ChainResult other = judged("leaf-key: " + of(pki::sample().leaf.der), "leaf-key", false);
  CHECK(contains(other.findings[0].why, of(pki::sample().leaf.der)));
  CHECK(contains(other.findings[0].why, "the device shows " + leaf_key()));
  judged("root: " + of(pki::sample().leaf.der), "root", false);
  owned.host.bdf = "0000:04:00.0";  // another device: nothing is pinned
  const ChainResult free = owned.validated();
  CHECK(ids(free) == "");
  CHECK_FALSE(free.pin.has_value());
}

TEST_CASE("pins: alternatives of one match, and every match for itself") {
  Owned owned;
  const std::string wrong = of(pki::sample().leaf.der);
  owned.directory.write("pins/a.yaml", pin("leaf-key: " + wrong));
  owned.directory.write("pins/b.yaml", pin("leaf-key: " + leaf_key()));
  CHECK(owned.validated().trust == Trust::trusted);
  owned.directory.write("pins/c.yaml", pin("root: " + wrong, "vendor: \"1b36\""));
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "pin-mismatch");
  CHECK(contains(result.findings[0].why, "c.yaml:3"));
}

TEST_CASE("pins: a keyring that is called pins is a keyring like any other") {
  const support::TemporaryDirectory directory;
  directory.write("pins/vendor.pem", pki::pem(pki::sample().root.der));
  directory.write("pins/vendor.yaml", "version: 1\n");
  directory.write("pins/pins/one.yaml", pin("leaf-key: " + leaf_key()));
  directory.write("pins/pins/other.pem", "not read");
  spdm::certstore::Keyring keyring;
  keyring.add_directory(directory.path() / "pins");
  CHECK(keyring.problems().empty());
  CHECK(keyring.entries().size() == 1);
  CHECK(keyring.pins().size() == 1);
}

TEST_CASE("pins: trust on first use") {
  Owned owned;
  owned.directory.write("vendor.pem", "");
  CHECK(ids(owned.validated()) == "keyring-empty");
  owned.directory.write("pins/one.yaml", pin("leaf-key: " + leaf_key()));
  CHECK(ids(owned.validated()) == "keyring-empty");
  owned.directory.write("pins/one.yaml", pin(cat("leaf-key: ", leaf_key(), ", vouches: true")));
  const ChainResult result = owned.validated();
  CHECK(ids(result) == "pinned");
  CHECK(result.trust == Trust::trusted);
  CHECK_FALSE(result.anchor.has_value());
  CHECK(result.pin->vouches);

  owned.host.bdf = "0000:04:00.0";  // for that device only
  CHECK(ids(owned.validated()) == "keyring-empty");
  owned.host.bdf = "0000:03:00.0";
  owned.certificates.back() = pki::issue(pki::leaf("other device", pki::Key::make("EC", "P-384")), &pki::sample().intermediate).der;
  CHECK(owned.validated().trust == Trust::untrusted);
  owned.directory.write("pins/one.yaml", pin(cat("root: ", of(pki::sample().root.der), ", vouches: true")));
  CHECK(owned.validated().trust == Trust::trusted);

  // Neither a broken chain, nor one that is revoked or denied, is mended by a pin.
  owned.write_crl("x.crl", {.revoked = {{3, 1}}});
  CHECK(ids(owned.validated()) == "revoked,pinned");
  CHECK(owned.validated().trust == Trust::untrusted);
  std::filesystem::remove(owned.directory.path() / "x.crl");
  owned.at = "20180101000000Z";
  CHECK(owned.validated().trust == Trust::untrusted);
}

TEST_CASE("pins and deny list: a provisioned key") {
  Owned owned;
  const Bytes key = pki::sample().leaf.key.spki();
  const auto judged = [&](bool from_owner) {
    return spdm::certstore::Validator(owned.keyring(), {pki::at(owned.at), false}).validate_key(key, from_owner, owned.host);
  };
  CHECK(judged(true).trust == Trust::trusted);
  CHECK(ids(judged(false)) == "not-trusted");
  owned.directory.write("pins/one.yaml", pin(cat("leaf-key: ", of(key), ", vouches: true")));
  CHECK(ids(judged(false)) == "pinned");
  owned.directory.write("pins/one.yaml", pin("root: " + of(key)));
  CHECK(ids(judged(true)) == "pin-mismatch");
  std::filesystem::remove(owned.directory.path() / "pins/one.yaml");
  owned.directory.write("deny.yaml", cat("version: 1\ndeny: [{key: ", of(key), "}]\n"));
  CHECK(ids(judged(true)) == "denied");
  CHECK(judged(true).trust == Trust::untrusted);
}

TEST_CASE("trust: a chain that is cross-signed, under either of its roots") {
  const pki::Certificate other = pki::issue(pki::root("other root", pki::Key::make("EC", "P-384")));
  const pki::Certificate crossed = pki::issue(pki::intermediate("sample intermediate", pki::sample().intermediate.key), &other);
  for (const bool by_other : {false, true}) {
    CAPTURE(by_other);
    Setup setup;
    setup.trusted = {other.der};
    if (by_other) {
      setup.certificates[0] = setup.root = other.der;
      setup.certificates[1] = crossed.der;
    }
    CHECK((validated(setup).trust == Trust::trusted) == by_other);
  }
}

TEST_CASE("scope: what only the collector says does not bring a device within") {
  Owned owned;
  owned.directory.write("vendor.yaml", "version: 1\nvouches-for: [{bdf: \"0000:03:*\"}]\n");
  owned.host.is_claimed = true;
  const ChainResult claimed = owned.validated();
  CHECK(ids(claimed) == "claim-decides-trust");
  CHECK(claimed.trust == Trust::not_checked);
  CHECK(contains(claimed.findings[0].why, "bdf 0000:03:00.0"));
  owned.host.bdf = "0000:04:00.0";
  CHECK(ids(owned.validated()) == "scope-mismatch");  // a failure stays one
  owned.host.bdf.reset();
  CHECK(owned.validated().trust == Trust::untrusted);
  // What the chain proves counts, whatever the host says.
  owned.directory.write("vendor.yaml", cat("version: 1\nvouches-for: [{bdf: \"0000:03:*\"}, {leaf-key: ", leaf_key(), "}]\n"));
  CHECK(ids(owned.validated()) == "");
  CHECK(owned.validated().trust == Trust::trusted);
}

TEST_CASE("scope: a device of another collector is called by all that its certificate names") {
  Owned owned;
  owned.host.is_claimed = true;
  pki::Profile profile = plain_leaf();
  const std::string first = "Vendor=1b36:Device=0010:CC=010802:REV=02", second = "Vendor=1b36:Device=0011:CC=010802:REV=02";
  set_extension(profile, "subjectAltName", cat("otherName:2.23.147;UTF8:", first, ",otherName:2.23.147;UTF8:", second));
  owned.certificates.back() = pki::issue(profile, &pki::sample().intermediate).der;
  owned.directory.write("vendor.yaml", "version: 1\nvouches-for: [{vendor: \"8086\"}]\n");
  CHECK(contains(finding(owned.validated(), spdm::FindingId::scope_mismatch).why, cat("its certificate names ", first, ", ", second)));
}

TEST_CASE("pins: what only the collector says neither escapes a pin nor fits one") {
  Owned owned;
  owned.host.is_claimed = true;
  const std::string other(64, '0');
  owned.directory.write("pins/a.yaml", pin("leaf-key: " + other, "bdf: \"0000:04:00.0\""));
  const ChainResult escaped = owned.validated();
  CHECK(ids(escaped) == "claim-decides-trust");
  CHECK(escaped.trust == Trust::not_checked);
  CHECK(contains(escaped.findings[0].why, "pins/a.yaml:3 pins another leaf-key"));
  // A pin with the same key agrees; that it is about this device is still only said.
  owned.directory.write("pins/a.yaml", pin("leaf-key: " + leaf_key(), "bdf: \"0000:04:00.0\""));
  CHECK(ids(owned.validated()) == "");
  CHECK_FALSE(owned.validated().pin.has_value());
  owned.directory.write("pins/a.yaml", pin("leaf-key: " + leaf_key()));
  CHECK(ids(owned.validated()) == "");
  CHECK(owned.validated().pin->is_claimed);
  owned.directory.write("pins/a.yaml", pin("leaf-key: " + other));
  CHECK(ids(owned.validated()) == "pin-mismatch");
  // It vouches only for a device that is known.
  owned.directory.write("vendor.pem", "");
  owned.directory.write("pins/a.yaml", pin(cat("leaf-key: ", leaf_key(), ", vouches: true")));
  CHECK(owned.validated().trust == Trust::not_checked);
  CHECK(contains(ids(owned.validated()), "claim-decides-trust"));
  owned.directory.write("pins/a.yaml", pin(cat("leaf-key: ", leaf_key(), ", vouches: true"), cat("leaf-key: ", leaf_key())));
  CHECK(owned.validated().trust == Trust::trusted);
}

TEST_CASE("pins: the version that a device has spoken") {
  Owned owned;
  owned.directory.write("pins/a.yaml", pin(cat("leaf-key: ", leaf_key(), ", min-version: \"1.2\"")));
  CHECK(owned.validated().pin->min_version == spdm::k12);
  owned.directory.write("pins/a.yaml", pin(cat("leaf-key: ", leaf_key(), ", min-version: 7")));
  CHECK_THROWS_AS(owned.validated(), spdm::Error);
}
