#include "certstore/validate.h"

#include <algorithm>

#include "certstore/cache.h"
#include "certstore/fingerprint.h"
#include "certstore/validation.h"
#include "core/error.h"
#include "core/wire/header.h"

namespace spdm::certstore {

namespace {

bool chain_failed(const ChainResult& result) {
  return std::any_of(result.findings.begin(), result.findings.end(), [](const Finding& finding) {
    const FindingRow& about = row(finding.id);
    return about.check == Check::chain && about.severity == Severity::failure;
  });
}

ChainResult validate_chain(const ChainInput& input, const Options& options, const Keyring& keyring, const Lookup& lookup,
                           Issuers& issuers) {
  ChainResult result;
  result.slot = input.slot;
  result.model = input.model;
  Validation validation{input, options, keyring, lookup, issuers, result};
  if (check_structure(validation)) {
    find_anchor(validation);
    complete_upwards(validation);
    check_certificates(validation);
    check_path(validation);
    check_leaf(validation);
    check_revocation(validation);
    check_denied(validation);
  }
  const bool failed = chain_failed(result);
  result.sound = !failed && !validation.unsupported;
  result.trust = Trust::untrusted;
  // What this host cannot check is neither trusted nor untrusted.
  if (!failed && validation.unsupported && validation.anchor != nullptr) result.trust = Trust::not_checked;
  if (result.sound && validation.anchor != nullptr) {
    result.trust = Trust::trusted;
    result.anchor = validation.anchor->info();
    result.anchor_file = validation.anchor->file;
    result.anchor_names = validation.anchor->names;
  }
  check_layers(validation);
  return result;
}

// Hashes every input that the result depends on. Keyring and options are fixed for a validator, so they are not in it.
CacheKey key_of(const ChainInput& input) {
  Writer writer;
  writer.u8(input.slot).u8(input.version).u32(input.hash->bit).u8(input.asym->pqc ? 1 : 0).u32(input.asym->bit);
  writer.u8(static_cast<std::uint8_t>(input.model)).u8(input.is_bare ? 1 : 0);
  writer.u32(input.digest.size()).bytes(input.digest).bytes(input.chain);
  const Bytes hash = crypto::hash(*find_hash("SHA-256"), writer.take());
  CacheKey out;
  std::copy(hash.begin(), hash.end(), out.begin());
  return out;
}

}  // namespace

struct Validator::State {
  Keyring keyring;
  Options options;
  Lookup lookup{keyring};
  Issuers issuers{};
  Cache cache{};
};

Validator::Validator(Keyring keyring, Options options) : state_(new State{std::move(keyring), options}) {
  state_->keyring.assert_complete();
}

Validator::~Validator() = default;

ChainResult Validator::validate(const ChainInput& input) const {
  if (input.hash == nullptr || input.asym == nullptr) throw Error(ErrorId::internal, "certificate chain without negotiated algorithms");
  const CacheKey key = key_of(input);
  std::optional<ChainResult> known = state_->cache.find(key, certificates_in(input));
  if (!known) {
    known = validate_chain(input, state_->options, state_->keyring, state_->lookup, state_->issuers);
    const Entry* const anchor = known->anchor ? state_->keyring.find(known->anchor->sha256) : nullptr;
    state_->cache.insert(key, *known, anchor == nullptr ? nullptr : &anchor->info());
  }
  ChainResult result = std::move(*known);
  apply_owner(state_->keyring, state_->options.at, input.host == nullptr ? HostView() : *input.host, result);
  return result;
}

ChainResult Validator::validate_key(View spki, bool from_owner, const HostView& host) const {
  const std::string where = "slot 255, provisioned key";
  ChainResult out;
  out.slot = kProvisionedKey;
  try {
    out.leaf_key = crypto::PublicKey::from_spki(spki);
    out.leaf_key_sha256 = sha256(spki);
    out.sound = true;
  } catch (const Error& error) {
    out.findings.push_back({FindingId::bad_key, where, error.what(), "give a DER or PEM SubjectPublicKeyInfo"});
  }
  out.trust = out.sound && from_owner ? Trust::trusted : Trust::untrusted;
  if (!from_owner)
    out.findings.push_back({FindingId::not_trusted, where, "the key comes from the recording, not from its owner",
                            "give the key of the device with --provisioned-key FILE"});
  if (const Denial* entry = find_denial(state_->keyring.denials(), DenialKind::key, out.leaf_key_sha256))
    out.findings.push_back(denial(*entry, where));
  apply_owner(state_->keyring, state_->options.at, host, out);
  return out;
}

}  // namespace spdm::certstore
