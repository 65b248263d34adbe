#include "certstore/chains.h"

#include <algorithm>

#include "certstore/x509.h"
#include "core/crypto/certificates.h"

namespace spdm::certstore {

namespace {

// On a multi-key connection (1.3+) DIGESTS names the model of each slot. Otherwise ALIAS_CERT_CAP decides for all
// slots.
CertModel model_of(const Connection& connection, const SlotDigest* digest) {
  if (connection.parameters().multi_key_responder && digest != nullptr && digest->model != CertModel::none) return digest->model;
  return connection.parameters().responder.has(cap::alias_cert) ? CertModel::alias : CertModel::device;
}

bool uses_provisioned_key(const Connection& connection) {
  const std::vector<Statement>& statements = connection.statements();
  return std::any_of(statements.begin(), statements.end(), [](const Statement& statement) { return statement.slot == kProvisionedKey; });
}

// The chain of a slot that nobody has read on the connection: of a slot that the collector names, or that has signed.
const ChainBeside* chain_beside(const Evidence& evidence, const Connection& connection, std::uint8_t slot) {
  if (!evidence.detached) return nullptr;
  const ChainBeside* chain = evidence.detached->chain_of(slot);
  if (chain == nullptr || chain->slot) return chain;
  const std::vector<Statement>& statements = connection.statements();
  const bool has_signed = std::any_of(statements.begin(), statements.end(), [&](const Statement& one) { return one.slot == slot; });
  return has_signed || (statements.empty() && slot == 0) ? chain : nullptr;
}

}  // namespace

ChainInput chain_input(const Connection& connection, std::uint8_t slot, const HostView& host) {
  const SlotDigest* digest = connection.digests() ? connection.digests()->find(slot) : nullptr;
  return {.slot = slot,
          .chain = connection.chain(slot).chain(),
          .version = connection.version(),
          .hash = connection.parameters().hash,
          .asym = connection.parameters().asym,
          .model = model_of(connection, digest),
          .digest = digest == nullptr ? View() : View(digest->digest),
          .host = &host};
}

namespace {

// Where nobody has seen ALIAS_CERT_CAP, the leaf tells: one with the hardware identity is a Device Certificate (DSP0274 "X.509
// certificate").
CertModel model_of(View certificates) {
  const View leaf = crypto::leaf_certificate(certificates);
  const bool is_device = !leaf.empty() && has(describe(leaf).spdm_oids, SpdmOid::hardware_identity);
  return is_device ? CertModel::device : CertModel::alias;
}

}  // namespace

std::optional<ChainInput> chain_input(const Evidence& evidence, const Connection& connection, std::uint8_t slot) {
  ChainInput out = chain_input(connection, slot, evidence.host);
  if (connection.chain(slot).complete()) return out;
  const ChainBeside* beside = chain_beside(evidence, connection, slot);
  if (beside == nullptr) return std::nullopt;
  out.chain = beside->certificates;
  out.is_bare = true;
  if (connection.parameters().assumed) out.model = model_of(beside->certificates);
  return out;
}

std::vector<ChainResult> validate_chains(const Evidence& evidence, const Analysis& analysis, const Validator& validator, View owner_key) {
  const View key = owner_key.empty() ? View(evidence.provisioned_key) : owner_key;
  std::vector<ChainResult> out;
  for (std::size_t i = 0; i < analysis.connections.size(); ++i) {
    const Connection& connection = analysis.connections[i];
    if (connection.parameters().hash == nullptr || connection.parameters().asym == nullptr) continue;
    for (std::uint8_t slot = 0; slot < kSlots; ++slot) {
      const std::optional<ChainInput> input = chain_input(evidence, connection, slot);
      if (!input) continue;
      out.push_back(validator.validate(*input));
      out.back().connection = i;
    }
    // The owner's key speaks also where nobody asked for a signature, and no chain was read.
    const bool looked_at = !owner_key.empty() && connection.statements().empty() &&
                           std::none_of(out.begin(), out.end(), [&](const ChainResult& chain) { return chain.connection == i; });
    if (key.empty() || (!uses_provisioned_key(connection) && !looked_at)) continue;
    out.push_back(validator.validate_key(key, !owner_key.empty(), evidence.host));
    out.back().connection = i;
  }
  return out;
}

}  // namespace spdm::certstore
