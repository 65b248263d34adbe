#include "core/appraisal/token.h"

#include <algorithm>

#include "core/appraisal/manifest.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

using cbor::Item;
using Kind = Item::Kind;

constexpr std::int64_t kMeasurementsClaim = 273;         // RFC 9711 4.2.16: [content format, content] each
constexpr std::uint64_t kConciseEvidenceFormat = 10571;  // CoAP content format of application/ce+cbor
constexpr std::uint64_t kCwtTag = 61, kSelfDescribedTag = 55799;

const Item& inside(const Item& item) {
  const Item* out = &item;
  while (out->is_tag(kCwtTag) || out->is_tag(kSelfDescribedTag)) out = &out->items.front();
  return *out;
}

std::optional<Item> manifest_of(const MeasurementBlock& block) try { return read_manifest(block); } catch (const Error&) {
  return std::nullopt;  // beyond the limits: told where it is shown
}

bool is_concise(const Item& item) { return item.is_tag(kTocTag) || item.is_tag(kConciseEvidenceTag); }

// One element of the claim: what its bytes hold.
void add_claims(const Item& element, std::vector<EvidenceClaim>& out) {
  if (!element.is(Kind::array) || element.items.size() != 2 || !element.items[1].is(Kind::bytes)) return;
  const Item content = cbor::read(element.items[1].bytes);
  const bool named = element.items[0].is(Kind::unsigned_integer) && element.items[0].number == kConciseEvidenceFormat;
  if (!named && !is_concise(content)) return;
  for (EvidenceClaim& claim : read_concise_evidence(content)) out.push_back(std::move(claim));
}

std::vector<EvidenceClaim> claims_of_token(const crypto::Sign1& token) {
  std::vector<EvidenceClaim> out;
  const Item claims = cbor::read(token.payload);
  const Item* measurements = inside(claims).find(kMeasurementsClaim);
  if (measurements == nullptr || !measurements->is(Kind::array)) return out;
  for (const Item& element : measurements->items) add_claims(element, out);
  return out;
}

}  // namespace

std::optional<crypto::Sign1> token_of(const MeasurementBlock& block) {
  const std::optional<Item> manifest = manifest_of(block);
  if (!manifest) return std::nullopt;
  const Item& item = inside(*manifest);
  const bool bare = item.is(Kind::array) && item.items.size() == 4 && item.items[0].is(Kind::bytes) && item.items[2].is(Kind::bytes);
  if (!item.is_tag(crypto::kSign1Tag) && !bare) return std::nullopt;
  try {
    return crypto::read_sign1(item);
  } catch (const Error&) {
    return std::nullopt;  // whatever its tag says
  }
}

TokenResult check_token(const crypto::Sign1& token, std::span<const crypto::PublicKey> keys, std::span<const Bytes> leaves) {
  if (keys.empty()) return {TokenSignature::not_checked, "no leaf is there whose key it could be verified with"};
  try {
    for (const crypto::PublicKey& key : keys)
      if (crypto::verify(token, key)) return {TokenSignature::good, {}};
    const std::vector<Bytes> named = token.certificates();
    if (!named.empty() && std::find(leaves.begin(), leaves.end(), named.front()) == leaves.end())
      return {TokenSignature::not_checked, "it names a signer of its own (x5chain), who is not the leaf"};
  } catch (const Error& error) {
    return {TokenSignature::not_checked, error.what()};
  }
  return {TokenSignature::bad, cat("its signature (", crypto::algorithm_of(token), ") does not verify with the key of the leaf")};
}

std::vector<EvidenceClaim> claims_of(const Measurement& measurement) try {
  const std::optional<Item> manifest = manifest_of(measurement.block);
  if (!manifest) return {};
  if (is_concise(*manifest)) return read_concise_evidence(*manifest);
  if (measurement.token_signature != TokenSignature::good) return {};
  const std::optional<crypto::Sign1> token = token_of(measurement.block);
  return token ? claims_of_token(*token) : std::vector<EvidenceClaim>();
} catch (const Error&) {
  return {};
}

}  // namespace spdm
