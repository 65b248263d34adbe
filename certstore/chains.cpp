#include "certstore/chains.h"

#include <algorithm>

#include "core/error.h"

namespace certstore {

using namespace spdm;

namespace {

// From 1.3 on a multi-key connection names the model of each slot; else one flag speaks for all of them.
std::string_view model_of(const Connection& connection, const SlotDigest* digest) {
  if (connection.parameters().multi_key_responder && digest != nullptr && digest->model != CertModel::none) return name(digest->model);
  return connection.parameters().responder.has(cap::alias_cert) ? "AliasCert" : "DeviceCert";
}

bool uses_provisioned_key(const Connection& connection) {
  const std::vector<Statement>& statements = connection.statements();
  return std::any_of(statements.begin(), statements.end(), [](const Statement& statement) { return statement.slot == kProvisionedKey; });
}

ChainResult provisioned(std::size_t connection, View key, bool from_owner) {
  ChainResult out;
  out.connection = connection;
  out.slot = kProvisionedKey;
  out.model = "provisioned key";
  try {
    out.leaf_key = crypto::PublicKey::from_spki(key);
    out.sound = true;
  } catch (const Error& error) {
    out.findings.push_back({FindingId::bad_key, "slot 255, provisioned key", error.what(), "give a DER or PEM SubjectPublicKeyInfo"});
  }
  out.trust = out.sound && from_owner ? Trust::trusted : Trust::untrusted;
  if (!from_owner)
    out.findings.push_back({FindingId::not_trusted, "slot 255, provisioned key", "the key comes from the recording, not from its owner",
                            "give the key of the device with --provisioned-key FILE"});
  return out;
}

}  // namespace

ChainInput chain_input(const Connection& connection, std::uint8_t slot) {
  const SlotDigest* digest = connection.digests() ? connection.digests()->find(slot) : nullptr;
  return {.slot = slot,
          .chain = connection.chain(slot).chain(),
          .version = connection.version(),
          .hash = connection.parameters().hash,
          .asym = connection.parameters().asym,
          .model = model_of(connection, digest),
          .digest = digest == nullptr ? View() : View(digest->digest)};
}

std::vector<ChainResult> validate_chains(const Evidence& evidence, const Analysis& analysis, const Validator& validator, View owner_key) {
  const View key = owner_key.empty() ? View(evidence.provisioned_key) : owner_key;
  std::vector<ChainResult> out;
  for (std::size_t i = 0; i < analysis.connections.size(); ++i) {
    const Connection& connection = analysis.connections[i];
    if (connection.parameters().hash == nullptr || connection.parameters().asym == nullptr) continue;
    for (std::uint8_t slot = 0; slot < kSlots; ++slot) {
      if (!connection.chain(slot).complete()) continue;
      out.push_back(validator.validate(chain_input(connection, slot)));
      out.back().connection = i;
    }
    if (!key.empty() && uses_provisioned_key(connection)) out.push_back(provisioned(i, key, !owner_key.empty()));
  }
  return out;
}

}  // namespace certstore
