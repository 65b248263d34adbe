#include "certstore/validate.h"

#include <algorithm>

#include "certstore/cache.h"
#include "certstore/judgement.h"
#include "core/error.h"

namespace certstore {

namespace {

using spdm::ChainResult;
using spdm::Trust;

bool chain_failed(const ChainResult& result) {
  return std::any_of(result.findings.begin(), result.findings.end(), [](const spdm::Finding& finding) {
    const spdm::FindingRow& row = spdm::row(finding.id);
    return row.check == spdm::Check::chain && row.severity == spdm::Severity::failure;
  });
}

ChainResult judge(const ChainInput& input, const Options& options, const std::vector<Entry>& keyring) {
  ChainResult result;
  result.slot = input.slot;
  result.model = input.model;
  Judgement judgement{input, options, keyring, result};
  if (check_structure(judgement)) {
    find_anchor(judgement);
    check_certificates(judgement);
    check_path(judgement);
    check_leaf(judgement);
  }
  const bool failed = chain_failed(result);
  result.sound = !failed && !judgement.unsupported;
  result.trust = Trust::untrusted;
  // What this host cannot judge is neither good nor bad.
  if (!failed && judgement.unsupported && judgement.anchor != nullptr) result.trust = Trust::not_checked;
  if (result.sound && judgement.anchor != nullptr) {
    result.trust = Trust::trusted;
    result.anchor = judgement.anchor->info;
    result.anchor_file = judgement.anchor->file;
  }
  return result;
}

// Every input that the result depends on, beside keyring and options, which are the validator's own.
CacheKey key_of(const ChainInput& input) {
  spdm::Writer writer;
  writer.u8(input.slot).u8(input.version).u32(input.hash->bit).u8(input.asym->pqc ? 1 : 0).u32(input.asym->bit);
  writer.u32(input.model.size()).bytes({reinterpret_cast<const std::uint8_t*>(input.model.data()), input.model.size()});
  writer.u32(input.digest.size()).bytes(input.digest).bytes(input.chain);
  const spdm::Bytes hash = spdm::crypto::hash(*spdm::find_hash("SHA-256"), writer.take());
  CacheKey out;
  std::copy(hash.begin(), hash.end(), out.begin());
  return out;
}

}  // namespace

struct Validator::State {
  std::vector<Entry> keyring;
  Options options;
  Cache cache;
};

Validator::Validator(const Keyring& keyring, Options options) : state_(std::make_unique<State>()) {
  state_->keyring = keyring.entries();
  state_->options = options;
}

Validator::~Validator() = default;

ChainResult Validator::validate(const ChainInput& input) const {
  if (input.hash == nullptr || input.asym == nullptr)
    throw spdm::Error(spdm::ErrorId::internal, "certificate chain without negotiated algorithms");
  const CacheKey key = key_of(input);
  if (const Cache::Result known = state_->cache.find(key)) return *known;
  auto result = std::make_shared<const ChainResult>(judge(input, state_->options, state_->keyring));
  state_->cache.insert(key, result);
  return *result;
}

}  // namespace certstore
