// Chains that lie beside the messages: certificates alone, without Length and RootHash.
#include <doctest/doctest.h>

#include "certstore/chains.h"
#include "certstore/validated.h"
#include "core/wire/measurements.h"

using namespace spdm;
using test::joined;

namespace {

// What a report of SPDM 1.1 holds, with a signature that nobody looks at here.
Evidence report(std::uint8_t slot, std::vector<ChainBeside> chains) {
  GetMeasurements request;
  request.signature = true;
  request.slot = slot;
  MeasurementsResponse response;
  response.slot = slot;
  response.record = encode_block({.index = 1, .type = MeasurementType::mutable_firmware, .raw = false, .value = Bytes(48, 7)});
  response.signature = Bytes(96, 5);
  Evidence out;
  out.log = {{true, false, request.encode(k11)}, {false, false, response.encode(k11, 1)}};
  out.detached = Detached{.format = "report", .asym = {}, .hash = {}, .chains = std::move(chains)};
  return out;
}

std::vector<ChainResult> validated(const Evidence& evidence, const std::vector<Bytes>& trusted = {pki::sample().root.der}) {
  const certstore::Validator validator(test::keyring_of(trusted), {pki::at("20240101000000Z"), false});
  return certstore::validate_chains(evidence, analyze(evidence), validator);
}

const std::vector<Bytes>& sample() {
  static const std::vector<Bytes> out = pki::sample().all();
  return out;
}

}  // namespace

TEST_CASE("beside: a chain is trusted by its certificates alone, with its root and without") {
  for (const bool with_root : {true, false}) {
    const std::vector<Bytes> sent(sample().begin() + (with_root ? 0 : 1), sample().end());
    const std::vector<ChainResult> chains = validated(report(0, {{std::nullopt, joined(sent)}}));
    REQUIRE(chains.size() == 1);
    CHECK(test::ids(chains.front()).empty());
    CHECK(chains.front().trust == Trust::trusted);
    CHECK(chains.front().leaf_key.has_value());
  }
}

TEST_CASE("beside: without its root, a namesake with another key does not vouch for it") {
  const pki::Certificate namesake = pki::issue(pki::root("sample root", pki::Key::make("EC", "P-384")));
  pki::Profile same = pki::root("x", namesake.key);
  same.subject = pki::sample().root.subject;
  const std::vector<Bytes> sent(sample().begin() + 1, sample().end());
  const std::vector<ChainResult> chains = validated(report(0, {{std::nullopt, joined(sent)}}), {pki::issue(same).der});
  REQUIRE(chains.size() == 1);
  CHECK(chains.front().trust == Trust::untrusted);
  CHECK(test::ids(chains.front()).find("not-trusted") != std::string::npos);
}

TEST_CASE("beside: a chain without a slot is that of the slot that has signed; one with a slot is of no other") {
  for (const std::uint8_t slot : {std::uint8_t{0}, std::uint8_t{3}}) {
    const std::vector<ChainResult> chains = validated(report(slot, {{std::nullopt, joined(sample())}}));
    REQUIRE(chains.size() == 1);
    CHECK(chains.front().slot == slot);
  }
  CHECK(validated(report(3, {{std::uint8_t{1}, joined(sample())}})).empty());  // no key, so no algorithm either
  const std::vector<ChainResult> both = validated(report(3, {{std::uint8_t{1}, joined(sample())}, {std::uint8_t{3}, joined(sample())}}));
  REQUIRE(both.size() == 2);
  CHECK(both[0].slot == 1);
  CHECK(both[1].slot == 3);
}

TEST_CASE("beside: the leaf tells a Device Certificate from an alias") {
  pki::Profile alias = test::plain_leaf();
  test::set_extension(alias, pki::kSpdmExtension, "");
  std::vector<Bytes> other = sample();
  other.back() = pki::issue(alias, &pki::sample().intermediate).der;
  CHECK(validated(report(0, {{std::nullopt, joined(sample())}})).front().model == CertModel::device);
  CHECK(validated(report(0, {{std::nullopt, joined(other)}})).front().model == CertModel::alias);
}

TEST_CASE("beside: broken chains fail") {
  Bytes torn = joined(sample());
  torn.pop_back();
  CHECK(validated(report(0, {{std::nullopt, torn}})).empty());
  Evidence stated = report(0, {{std::nullopt, torn}});
  stated.detached->asym = "ECDSA-P384";
  stated.detached->hash = "SHA-384";
  const std::vector<ChainResult> chains = validated(stated);
  REQUIRE(chains.size() == 1);
  CHECK(chains.front().trust == Trust::untrusted);
  CHECK(test::ids(chains.front()) == "chain-malformed");
}
