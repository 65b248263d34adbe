#include "core/protocol/detached.h"

#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/cutter.h"
#include "core/text.h"

namespace spdm {

namespace {

// The slot whose key has signed: 1.0 names none, and it is 0.
std::uint8_t signing_slot(const MessageLog& log) {
  for (const Message& message : log) try {
      if (!message.from_requester || message.secured) continue;
      const Header header = read_header(message.bytes);
      Reader reader(message.bytes, "GET_MEASUREMENTS");
      if (header.code != Code::get_measurements || header.version < k11) continue;
      if (const GetMeasurements request = GetMeasurements::decode(reader, header.version); request.signature) return request.slot;
    } catch (const Error&) {  // the analysis tells it
    }
  return 0;
}

std::optional<crypto::PublicKey> leaf_key(const Evidence& evidence) {
  const std::uint8_t slot = signing_slot(evidence.log);
  const ChainBeside* chain = evidence.detached && slot < kSlots ? evidence.detached->chain_of(slot) : nullptr;
  const Bytes spki = slot == kProvisionedKey ? evidence.provisioned_key
                     : chain == nullptr      ? Bytes()
                                             : crypto::leaf_spki(chain->certificates);
  if (spki.empty()) return std::nullopt;
  try {
    return crypto::PublicKey::from_spki(spki);
  } catch (const Error&) {  // the validation of the chain tells it
    return std::nullopt;
  }
}

// Those of the key's own strength come first: a device that signs with P-384 nearly always hashes with SHA-384.
std::vector<const HashAlgorithm*> hashes_for(const AsymAlgorithm& asym, std::uint8_t version) {
  std::vector<const HashAlgorithm*> out;
  for (const HashAlgorithm& row : hash_algorithms())
    if (row.since <= version) out.push_back(&row);
  std::stable_sort(out.begin(), out.end(), [&](const HashAlgorithm* a, const HashAlgorithm* b) {
    const auto distance = [&](const HashAlgorithm* row) {
      return row->strength < asym.strength ? 1000 + asym.strength - row->strength : row->strength - asym.strength;
    };
    return distance(a) < distance(b);
  });
  return out;
}

}  // namespace

namespace {

const Message* first_request(const Evidence& evidence) {
  const auto found = std::find_if(evidence.log.begin(), evidence.log.end(),
                                  [](const Message& message) { return message.from_requester && !message.secured; });
  return found == evidence.log.end() || found->bytes.size() < kHeaderSize ? nullptr : &*found;
}

}  // namespace

bool begins_in_the_middle(const Evidence& evidence) {
  const Message* first = first_request(evidence);
  return first != nullptr && read_header(first->bytes).code != Code::get_version;
}

Connection connection_in_the_middle(const Evidence& evidence) {
  const Message* first = first_request(evidence);
  const std::uint8_t version = first == nullptr ? std::uint8_t{0} : read_header(first->bytes).version;
  if (version < k10 || version > k14) malformed("the first request", "SPDMVersion", cat("0x", hex(version, 2), " is unknown"));
  Parameters parameters = assumed_parameters(version);
  static const Detached kNothing;
  const Detached& detached = evidence.detached ? *evidence.detached : kNothing;
  std::vector<AlgorithmPair> candidates;
  const std::optional<crypto::PublicKey> key = leaf_key(evidence);
  for (const AsymAlgorithm& asym : asym_algorithms()) {
    const bool is_stated = asym.name == detached.asym;
    if (asym.since > parameters.version || (detached.asym.empty() ? !key || !key->fits(asym) : !is_stated)) continue;
    for (const HashAlgorithm* hash : hashes_for(asym, parameters.version))
      if (detached.hash.empty() || detached.hash == hash->name) candidates.push_back({&asym, hash});
  }
  if (!candidates.empty()) {
    parameters.asym = candidates.front().asym;
    parameters.hash = candidates.front().hash;
  }
  const bool stated = !detached.asym.empty() && !detached.hash.empty();
  return Connection(evidence.binding, parameters, stated ? AlgorithmSource::stated : AlgorithmSource::leaf_key, std::move(candidates));
}

}  // namespace spdm
