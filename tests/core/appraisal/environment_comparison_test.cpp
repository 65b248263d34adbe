// Concise evidence within measurements, and tokens that the device has signed, against reference values for environments.
#include "core/appraisal/environment_comparison.h"

#include <doctest/doctest.h>

#include "core/appraisal/token.h"
#include "core/format/cbor_writer.h"
#include "core/text.h"
#include "support/pki.h"

using namespace spdm;
using Result = Comparison::Result;

namespace {

Bytes h(const std::string& digits) { return unhex(digits, "test"); }

const std::string kDigest(96, 'a');

// 571({0: {0: [[{0: {1: "ACME", 3: 1}}, [{0: KEY, 1: VALUES}]]]}})
Bytes evidence(const std::string& key, const std::string& values) {
  return h("d9023b a1 00 a1 00 81 82 a1 00 a2 01 6441434d45 03 01 81 a2 00 " + key + " 01 " + values);
}

Measurement manifest(const Bytes& value, bool is_signed = true) {
  Measurement out;
  out.block = {0xFD, MeasurementType::manifest, true, value};
  out.is_signed = is_signed;
  return out;
}

ReferenceEnvironment reference(const std::string& element) {
  ReferenceEnvironment out;
  out.claim.vendor = "ACME";
  out.claim.element = element;
  out.source = "refs.yaml:1";
  return out;
}

ReferenceEnvironment with_digest(const std::string& digits, const std::string& algorithm = "SHA-384") {
  ReferenceEnvironment out = reference("fw");
  out.claim.fwids.push_back({algorithm, h(digits)});
  return out;
}

std::vector<EnvironmentResult> compare(const std::vector<ReferenceEnvironment>& references, const std::vector<Measurement>& measurements,
                                       EnvironmentQuestion question = {find_hash("SHA-384"), true, false}) {
  std::vector<const ReferenceEnvironment*> all;
  for (const ReferenceEnvironment& one : references) all.push_back(&one);
  return compare_environments(all, measurements, question);
}

EnvironmentResult only(const std::vector<EnvironmentResult>& results) {
  REQUIRE(results.size() == 1);
  return results.front();
}

const Bytes kEvidence = evidence("626677", "a3 00 a1 00 63322e33 01 05 02 81 82 07 5830" + kDigest);  // "fw": version 2.3, svn 5, a digest

// A token with claims {273: [[10571, h'EVIDENCE']]}, signed with ES384.
Bytes token(const Bytes& evidence, const pki::Key& key, const std::string& header = "a1 01 3822") {
  const Bytes element = cbor::encode_array({cbor::encode_unsigned(10571), cbor::encode_bytes(evidence)});
  const Bytes payload = cbor::MapWriter().add(273, cbor::encode_array({element})).finish();
  const Bytes message = cbor::encode_array(
      {cbor::encode_text("Signature1"), cbor::encode_bytes(h(header)), cbor::encode_bytes({}), cbor::encode_bytes(payload)});
  const HashAlgorithm& hash = *find_hash("SHA-384");
  const Bytes signature = crypto::sign(key.private_key(), *find_asym("ECDSA-P384"), hash, k11, "", crypto::hash(hash, message));
  return cbor::encode_tag(18, cbor::encode_array({cbor::encode_bytes(h(header)), cbor::MapWriter().finish(), cbor::encode_bytes(payload),
                                                  cbor::encode_bytes(signature)}));
}

}  // namespace

TEST_CASE("environments: all that an entry says must hold") {
  const std::vector<Measurement> measured{manifest(kEvidence)};
  const auto result = [&](auto change) {
    ReferenceEnvironment one = reference("fw");
    change(one.claim);
    return only(compare({one}, measured)).comparison.result;
  };
  CHECK(result([](EvidenceClaim& c) { c.version = "2.3"; }) == Result::match);
  CHECK(result([](EvidenceClaim& c) { c.version = "2.4"; }) == Result::mismatch);
  CHECK(result([](EvidenceClaim& c) { c.svn = 5; }) == Result::match);
  CHECK(result([](EvidenceClaim& c) { c.svn = 4; }) == Result::mismatch);
  CHECK(result([](EvidenceClaim& c) { c.min_svn = 5; }) == Result::match);
  CHECK(result([](EvidenceClaim& c) { c.min_svn = 6; }) == Result::mismatch);
  CHECK(result([](EvidenceClaim& c) { c.version = "2.3", c.min_svn = 6; }) == Result::mismatch);
  CHECK(only(compare({with_digest(kDigest)}, measured)).comparison.result == Result::match);
  CHECK(only(compare({with_digest(std::string(96, 'b'))}, measured)).comparison.result == Result::mismatch);
  // Digests by another algorithm say nothing; one by an algorithm that both have decides.
  CHECK(only(compare({with_digest(std::string(64, 'a'), "SHA-256")}, measured)).comparison.result == Result::no_reference);
  ReferenceEnvironment both = with_digest(std::string(64, 'a'), "SHA-256");
  both.claim.fwids.push_back({"SHA-384", h(kDigest)});
  CHECK(only(compare({both}, measured)).comparison.result == Result::match);
  // What the device does not say does not hold.
  CHECK(only(compare({with_digest(kDigest)}, {manifest(evidence("626677", "a1 01 05"))})).comparison.result == Result::mismatch);
}

TEST_CASE("environments: entries about one element are alternatives, and nothing unsigned matches") {
  const std::vector<Measurement> measured{manifest(kEvidence)};
  const EnvironmentResult good = only(compare({with_digest(std::string(96, 'b')), with_digest(kDigest)}, measured));
  CHECK(good.comparison.result == Result::match);
  CHECK(good.comparison.environment == "vendor ACME: fw");
  CHECK(good.comparison.index == 0xFD);
  CHECK_FALSE(good.finding);
  const EnvironmentResult open = only(compare({with_digest(kDigest)}, {manifest(kEvidence, false)}));
  CHECK(open.comparison.result == Result::not_signed);
  REQUIRE(open.finding);
  CHECK(open.finding->id == FindingId::reference_unsigned);
  // Two claims about one element: each is compared.
  const std::vector<EnvironmentResult> two =
      compare({with_digest(kDigest)}, {manifest(kEvidence), manifest(evidence("626677", "a1 02 81 82 07 5830" + std::string(96, 'c')))});
  REQUIRE(two.size() == 2);
  CHECK(two[0].comparison.result == Result::match);
  CHECK(two[1].comparison.result == Result::mismatch);
}

TEST_CASE("environments: which claim an entry is about") {
  const std::vector<Measurement> measured{manifest(kEvidence)};
  const auto is_about = [&](auto change) {
    ReferenceEnvironment one = with_digest(kDigest);
    change(one.claim);
    return only(compare({one}, measured)).comparison.result == Result::match;
  };
  CHECK(is_about([](EvidenceClaim&) {}));  // the evidence may say more of its class
  CHECK(is_about([](EvidenceClaim& c) { c.layer = 1; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.layer = 2; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.vendor = "Other"; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.model = "Disk"; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.type = Bytes{1}; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.index = 0; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.element = "other"; }));
  CHECK_FALSE(is_about([](EvidenceClaim& c) { c.element.reset(); }));
}

TEST_CASE("environments: what is not reported, and what nobody has listed") {
  const std::vector<ReferenceEnvironment> other{reference("other")};
  const HashAlgorithm* hash = find_hash("SHA-384");
  // A device without concise evidence says nothing against a list that is not complete.
  const EnvironmentResult silent = only(compare(other, {}));
  CHECK(silent.comparison.result == Result::not_reported);
  CHECK_FALSE(silent.finding);
  CHECK(only(compare(other, {}, {hash, true, true})).finding->id == FindingId::reference_not_reported);
  CHECK(only(compare(other, {manifest(kEvidence)})).finding->id == FindingId::reference_not_reported);
  CHECK(only(compare(other, {manifest(kEvidence)}, {hash, false, false})).finding->id == FindingId::reference_absent);
  const std::vector<EnvironmentResult> complete =
      compare({with_digest(std::string(96, 'b')), reference("x")}, {manifest(kEvidence)}, {hash, true, true});
  REQUIRE(complete.size() == 2);  // mismatch, and not reported: the claim is known
  const std::vector<EnvironmentResult> unlisted = compare(other, {manifest(kEvidence)}, {hash, true, true});
  REQUIRE(unlisted.size() == 2);
  CHECK(unlisted[1].comparison.result == Result::no_reference);
  CHECK(unlisted[1].finding->id == FindingId::reference_absent);
}

TEST_CASE("environments: spdm-indirect takes the value of a block, and its signature") {
  const std::vector<Measurement> measured{manifest(evidence("626677", "a1 0c a1 00 81 02"))};
  Measurement block;
  block.block = {2, MeasurementType::mutable_firmware, false, h(kDigest)};
  block.is_signed = true;
  CHECK(only(compare({with_digest(kDigest)}, {measured[0], block})).comparison.result == Result::match);
  CHECK(only(compare({with_digest(kDigest)}, {measured[0]})).comparison.result == Result::mismatch);
  block.is_signed = false;
  CHECK(only(compare({with_digest(kDigest)}, {measured[0], block})).comparison.result == Result::not_signed);
  block.is_signed = true;
  block.block.value = h(std::string(96, 'd'));
  CHECK(only(compare({with_digest(kDigest)}, {measured[0], block})).comparison.result == Result::mismatch);
}

TEST_CASE("tokens: the key of the leaf has to sign them") {
  const pki::Key& key = pki::Key::shared(*find_asym("ECDSA-P384"));
  const pki::Key& other = pki::Key::shared(*find_asym("ECDSA-P256"));
  const std::vector<crypto::PublicKey> leaf{key.public_key()}, stranger{other.public_key()};
  Measurement measurement = manifest(token(kEvidence, key));
  const auto check = [&](const std::vector<crypto::PublicKey>& keys, const std::vector<Bytes>& leaves = {}) {
    const std::optional<crypto::Sign1> found = token_of(measurement.block);
    REQUIRE(found);
    return check_token(*found, keys, leaves).signature;
  };
  CHECK(check(leaf) == TokenSignature::good);
  CHECK(check(stranger) == TokenSignature::bad);
  CHECK(check({}) == TokenSignature::not_checked);
  // Its evidence counts only then.
  CHECK(claims_of(measurement).empty());
  measurement.token_signature = TokenSignature::good;
  CHECK(only(compare({with_digest(kDigest)}, {measurement})).comparison.result == Result::match);
  for (const TokenSignature bad : {TokenSignature::bad, TokenSignature::not_checked, TokenSignature::none}) {
    measurement.token_signature = bad;
    CHECK(claims_of(measurement).empty());
  }
  measurement.block.value.back() ^= 1;
  CHECK(check(leaf) == TokenSignature::bad);
  // x5chain: a signer that is not the leaf cannot be verified with it; one that says it is the leaf has to be.
  measurement.block.value = token(kEvidence, key, "a2 01 3822 1821 42beef");
  CHECK(check(stranger) == TokenSignature::not_checked);
  CHECK(check(stranger, {h("beef")}) == TokenSignature::bad);
  CHECK(check(leaf) == TokenSignature::good);
  measurement.block.value = token(kEvidence, key, "a1 01 3902ff");
  CHECK(check(leaf) == TokenSignature::not_checked);  // an algorithm that is not known
  measurement.block.value = token(kEvidence, key, "a2 01 3822 02 81 01");
  CHECK(check(leaf) == TokenSignature::not_checked);  // critical headers
}

TEST_CASE("tokens: what is none") {
  for (const char* value : {"d2 80", "d2 84 40 a0 f6 40", "d2 84 40 a0 41ff", "a0", "84 40 01 40 40", "d2 84 42a100 a0 40 40"})
    CHECK_FALSE(token_of({0xF0, MeasurementType::manifest, true, h(value)}));
  CHECK(token_of({0xF0, MeasurementType::manifest, true, h("d9d9f7 d83d d2 84 40 a0 40 40")}));
  CHECK_FALSE(token_of({0xF0, MeasurementType::mutable_firmware, true, h("d2 84 40 a0 40 40")}));
  CHECK_FALSE(token_of({0xF0, MeasurementType::manifest, false, h("d2 84 40 a0 40 40")}));
}
