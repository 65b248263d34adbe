// Who has signed a piece of evidence, whoever says so; and whose word counts.
#include "cmd/attest/host_keys.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/verifier.h"
#include "core/error.h"
#include "core/evidence/file.h"
#include "core/text.h"
#include "support/pki.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

const pki::Key& key_a() {
  static const pki::Key key = pki::Key::make(*find_asym("ECDSA-P256"));
  return key;
}
const pki::Key& key_b() {
  static const pki::Key key = pki::Key::make(*find_asym("Ed25519"));
  return key;
}

std::string public_pem(const pki::Key& key) {
  return cat("-----BEGIN PUBLIC KEY-----\n", base64(key.spki()), "\n-----END PUBLIC KEY-----\n");
}

Evidence of(const std::string& host) {
  Evidence out;
  out.host.target = "03:00.0";
  out.host.bdf = "0000:03:00.0";
  out.host.hostname = host;
  out.time = "2026-01-31T12:00:00Z";
  out.live = true;  // as the host writes it
  out.nonces = {Block<32>{1, 2, 3}};
  out.log = {{true, false, {0x10, 0x84, 0, 0}}};
  return out;
}

// As a verifier reads what the host has written.
Evidence read(const std::string& line) {
  return read_piece({.name = "x", .what = "x", .bytes = to_bytes(as_bytes(line)), .entry = {}, .error = {}});
}

std::string line(const Evidence& evidence, const std::string& signature) {
  return evidence_line(evidence, FileKind::evidence_line, signature);
}
std::string signed_line(const Evidence& evidence, const pki::Key& key) {
  return line(evidence, sign_collection(evidence, key.private_key()));
}

// A directory with a key for "a" and a certificate for "b".
struct Keys {
  Keys() {
    directory.write("a.pem", public_pem(key_a()));
    directory.write("b.pem", pki::pem(pki::issue(pki::root("CN=whatever", key_b())).der));
    directory.write("README", "whose keys these are");
    keys = std::make_shared<const HostKeys>(directory.path());
  }
  CollectionCheck check(const std::string& written) const { return keys->check(read(written)); }

  support::TemporaryDirectory directory;
  std::shared_ptr<const HostKeys> keys;
};

std::string refusal(const std::string& name, const std::string& contents) {
  support::TemporaryDirectory directory;
  directory.write("a.pem", public_pem(key_a()));
  directory.write(name, contents);
  try {
    const HostKeys keys(directory.path());
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::config);
    CHECK(cat(error.device, error.what()).find("/b.") != std::string::npos);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("evidence is of the host that it names when the key of that host has signed it") {
  const Keys known;
  const CollectionCheck a = known.check(signed_line(of("a"), key_a()));
  CHECK(a.signature == CollectionSignature::good);
  CHECK(a.host == "a");
  CHECK(a.key == (known.directory.path() / "a.pem").string());
  CHECK(known.check(signed_line(of("b"), key_b())).signature == CollectionSignature::good);
}

TEST_CASE("another layout of the file is the same evidence, with the same signature") {
  const Keys known;
  std::string written = signed_line(of("a"), key_a());
  for (std::size_t at = 0; (at = written.find(",\"", at)) != std::string::npos; at += 3) written.insert(at + 1, "\n");
  CHECK(known.check(written).signature == CollectionSignature::good);
}

TEST_CASE("evidence without a signature, and of a host without a key, is nobody's") {
  const Keys known;
  CHECK(known.check(line(of("a"), "")).signature == CollectionSignature::missing);
  const pki::Key stranger = pki::Key::make(*find_asym("ECDSA-P256"));
  CHECK(known.check(signed_line(of("c"), stranger)).signature == CollectionSignature::unknown_key);
  // Where a key is known of the host, that key must have signed.
  CHECK(known.check(signed_line(of("a"), stranger)).signature == CollectionSignature::wrong);
}

TEST_CASE("a host cannot speak for another one, nor can an unnamed one") {
  const Keys known;
  for (const char* const claimed : {"b", "c", "A", "a ", "../a", "a.pem", ""}) {
    CAPTURE(claimed);
    const CollectionCheck found = known.check(signed_line(of(claimed), key_a()));
    CHECK(found.signature == CollectionSignature::wrong);
    CHECK(found.host.empty());
    CHECK(found.why.find("a.pem signed it") != std::string::npos);
  }
  Evidence unnamed = of("a");
  unnamed.host.hostname.reset();
  CHECK(known.check(signed_line(unnamed, key_a())).signature == CollectionSignature::wrong);
}

TEST_CASE("a signature stands at the evidence that it was made for, and at no other") {
  const Keys known;
  const Evidence evidence = of("a");
  const std::string signature = sign_collection(evidence, key_a().private_key());
  const std::vector<std::function<void(Evidence&)>> changes{
      [](Evidence& e) { e.host.target = "04:00.0"; },
      [](Evidence& e) { e.host.bdf = "0000:04:00.0"; },
      [](Evidence& e) { e.host.bdf.reset(); },
      [](Evidence& e) { e.host.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"); },
      [](Evidence& e) { e.host.driver = "nvme"; },
      [](Evidence& e) { e.host.slot = "3"; },
      [](Evidence& e) { e.host.platform.tsm_connected = "tsm0"; },
      [](Evidence& e) { e.time = "2026-01-31T12:00:01Z"; },
      [](Evidence& e) { e.collector = "spdmctl 9"; },
      [](Evidence& e) { e.live = false; },
      [](Evidence& e) { e.binding = Binding::doe; },
      [](Evidence& e) { e.nonces.clear(); },
      [](Evidence& e) { e.provisioned_key = {1}; },
      [](Evidence& e) { e.log.front().bytes.back() ^= 1; },
      [](Evidence& e) { e.log.push_back(e.log.front()); },
      [](Evidence& e) {
        e.error = Interruption{ErrorId::timeout, "x", ""};
      },
  };
  CHECK(known.check(line(evidence, signature)).signature == CollectionSignature::good);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    Evidence other = evidence;
    changes[i](other);
    const CollectionCheck found = known.check(line(other, signature));
    CHECK(found.signature == CollectionSignature::wrong);
    CHECK(found.why.find("signed other evidence") != std::string::npos);
  }
}

TEST_CASE("what the key of a host has signed for another purpose is no signature of evidence") {
  const Keys known;
  const Evidence evidence = of("a");
  const std::string payload = cat(R"({"evidence_sha256":")", evidence_sha256(evidence), R"("})");
  const crypto::PrivateKey key = key_a().private_key();
  const auto result = [&](const std::string& signature) { return known.check(line(evidence, signature)).signature; };
  CHECK(result(crypto::sign_jws(key, "spdmctl-evidence+jws", payload)) == CollectionSignature::good);
  CHECK(result(crypto::sign_jws(key, payload)) == CollectionSignature::wrong);  // a JWT, as of an EAR
  CHECK(result(crypto::sign_jws(key, "JWT", payload)) == CollectionSignature::wrong);
  CHECK(result(crypto::sign_jws(key, "spdmctl-evidence+jws", payload + " ")) == CollectionSignature::wrong);
  CHECK(result(crypto::sign_jws(key, "spdmctl-evidence+jws", "")) == CollectionSignature::wrong);
}

TEST_CASE("live evidence and what is written again carry no signature") {
  const std::string written = signed_line(of("a"), key_a());
  const Evidence evidence = read(written);
  CHECK_FALSE(evidence.signature.empty());
  CHECK(evidence.sha256 == evidence_sha256(of("a")));
  CHECK(evidence_line(evidence, FileKind::evidence).find("signature") == std::string::npos);
}

TEST_CASE("a directory of keys that is not whole is told, and none of it is used") {
  CHECK(refusal("b.pem", "") == "holds no public key and no certificate");
  CHECK(refusal("b.pem", "junk") == "holds no public key and no certificate");
  CHECK(refusal("b.pem", public_pem(key_a()) + public_pem(key_b())) == "holds more than one key or certificate");
  CHECK(refusal("b.pem", key_b().pem()).find("holds a private key") != std::string::npos);
  CHECK(refusal("b.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n") != "none");
  CHECK(refusal("b.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == "holds no public key and no certificate");
  CHECK(refusal("b.pem", public_pem(pki::Key::rsa(2048, 3))).find("exponent 3") != std::string::npos);
  CHECK(refusal("b.pem", public_pem(pki::Key::make("RSA", {}, 1024))) != "none");
  CHECK(refusal("b.pem", public_pem(pki::Key::make(*find_asym("SM2-P256")))) != "none");
  for (const char* const slip : {"b.PEM", "b.crt", "b.pub", "b.der", "b.key", "b.pem.crt"}) {
    CAPTURE(slip);
    CHECK(refusal(slip, public_pem(key_b())) == "is not named NAME.pem and would be ignored");
  }
  CHECK(refusal("b.pem/x", "") != "none");
  support::TemporaryDirectory empty;
  CHECK_THROWS_AS(HostKeys(empty.path()), Error);
  CHECK_THROWS_AS(HostKeys(empty.path() / "missing"), Error);
}

TEST_CASE("a directory of keys that everybody may write says nothing about hosts") {
  const support::TemporaryDirectory directory;
  directory.write("a.pem", public_pem(key_a()));
  CHECK_NOTHROW(HostKeys{directory.path()});
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0777));
  CHECK_THROWS_AS(HostKeys{directory.path()}, Error);
}

TEST_CASE("a name that is masked has no key") {
  const Keys known;
  std::filesystem::remove(known.directory.path() / "b.pem");
  std::filesystem::create_symlink("/dev/null", known.directory.path() / "b.pem");
  CHECK(HostKeys(known.directory.path()).check(read(signed_line(of("b"), key_b()))).signature == CollectionSignature::unknown_key);
}

TEST_CASE("whose word counts") {
  const Keys known;
  const auto policy = std::make_shared<Policy>();
  add_policy_file(*policy, "p.yaml", "version: 1\ntrust-host: [a*, x]\n");
  const Evidence ours = read(signed_line(of("a"), key_a())), theirs = read(signed_line(of("b"), key_b())),
                 unsigned_one = read(line(of("a"), "")), forged = read(signed_line(of("a"), key_b()));
  struct Row {
    bool trust_host, keys, policy;
    std::vector<bool> trusted;  // ours, theirs, unsigned, forged
  };
  for (const Row& row : {Row{false, false, false, {false, false, false, false}}, Row{false, false, true, {false, false, false, false}},
                         Row{false, true, false, {false, false, false, false}}, Row{false, true, true, {true, false, false, false}},
                         Row{true, false, false, {true, true, true, true}}, Row{true, true, false, {true, true, false, false}},
                         Row{true, true, true, {true, true, false, false}}}) {
    CAPTURE(row.trust_host);
    CAPTURE(row.keys);
    CAPTURE(row.policy);
    VerifierSetup setup;
    setup.trust_host = row.trust_host;
    if (row.keys) setup.host_keys = known.keys;
    if (row.policy) setup.policy = policy;
    const Verifier verifier(std::move(setup));
    std::size_t i = 0;
    for (Evidence evidence : {ours, theirs, unsigned_one, forged}) {
      CAPTURE(i);
      verifier.check_collection(evidence);
      CHECK(verifier.trusts_host(evidence) == row.trusted[i++]);
    }
  }
}

TEST_CASE("a policy that trusts every host trusts those that have signed") {
  const Keys known;
  const auto policy = std::make_shared<Policy>();
  add_policy_file(*policy, "p.yaml", "version: 1\ntrust-host: [\"*\"]\n");
  VerifierSetup setup;
  setup.host_keys = known.keys;
  setup.policy = policy;
  const Verifier verifier(std::move(setup));
  const auto trusts = [&](const std::string& written) {
    Evidence evidence = read(written);
    verifier.check_collection(evidence);
    return verifier.trusts_host(evidence);
  };
  CHECK(trusts(signed_line(of("b"), key_b())));
  CHECK_FALSE(trusts(signed_line(of("b"), key_a())));
  CHECK_FALSE(trusts(line(of("b"), "")));
  CHECK_FALSE(trusts(signed_line(of("c"), pki::Key::make(*find_asym("ECDSA-P256")))));
}

TEST_CASE("a report says who has signed, and a wrong signature fails") {
  const Keys known;
  VerifierSetup setup;
  setup.host_keys = known.keys;
  const Verifier verifier(std::move(setup));
  const auto report = [&](const std::string& written) { return verifier.appraise(read(written), "x"); };
  const auto finding = [&](const Report& one) {
    for (const Finding& f : one.findings)
      if (row(f.id).check == Check::collection) return row(f.id).name;
    return std::string_view("none");
  };
  const Report good = report(signed_line(of("a"), key_a()));
  CHECK(good.collection->signature == CollectionSignature::good);
  CHECK(check_of(good, Check::collection)->status == CheckStatus::pass);
  CHECK(finding(good) == "none");
  const Report wrong = report(signed_line(of("b"), key_a()));
  CHECK(wrong.verdict == Verdict::fail);
  CHECK(wrong.exit == Exit::bad_signature);
  CHECK(check_of(wrong, Check::collection)->status == CheckStatus::fail);
  CHECK(finding(wrong) == "collection-signature-wrong");
  const Report unsigned_one = report(line(of("a"), ""));
  CHECK(check_of(unsigned_one, Check::collection)->status == CheckStatus::not_needed);
  CHECK(finding(unsigned_one) == "collection-unsigned");
  CHECK(finding(report(signed_line(of("c"), pki::Key::make(*find_asym("ECDSA-P384"))))) == "collection-key-unknown");

  const Verifier without_keys(VerifierSetup{});
  CHECK(without_keys.appraise(read(signed_line(of("b"), key_a())), "x").collection->signature == CollectionSignature::not_checked);
  CHECK_FALSE(without_keys.appraise(read(line(of("a"), "")), "x").collection);
  CHECK(check_of(without_keys.appraise(read(signed_line(of("b"), key_a())), "x"), Check::collection) == nullptr);
}

TEST_CASE("live evidence is of no other host: nobody looks for a signature") {
  const Keys known;
  VerifierSetup setup;
  setup.host_keys = known.keys;
  const Verifier verifier(std::move(setup));
  const Report report = verifier.appraise(of("a"), "03:00.0");
  CHECK_FALSE(report.collection);
  CHECK(verifier.trusts_host(of("a")));
}
