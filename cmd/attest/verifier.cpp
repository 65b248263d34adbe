#include "cmd/attest/verifier.h"

#include <algorithm>

#include "certstore/chains.h"
#include "core/evidence/file.h"

namespace spdm::cmd {

Verifier::Verifier(VerifierSetup setup) : setup_(std::move(setup)), validator_(setup_.keyring, setup_.options) {}

HostView Verifier::view_of(HostView host) const {
  if (!setup_.question.user.identity) return host;
  host.identity = setup_.question.user.identity;
  host.identity_given = true;
  return host;
}

void Verifier::adapt(Wanted& wanted, const HostView& host) const {
  if (!setup_.policy || wanted.measurements != MeasurementMode::none) return;
  const auto rules = rules_of(*setup_.policy, view_of(host), {});
  if (std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return needs_measurements(*rule); }))
    wanted.measurements = MeasurementMode::all;
}

bool Verifier::trusts(const Connection& connection, std::uint8_t slot, const HostView& host) const {
  const HostView view = view_of(host);
  const ChainResult result = validator_.validate(certstore::chain_input(connection, slot, view));
  return result.sound && result.trust == Trust::trusted;
}

Report Verifier::appraise(Evidence evidence, const std::string& source) const {
  Question question = setup_.question;
  question.now = now();
  question.policy = setup_.policy.get();
  return appraise(std::move(evidence), source, std::move(question));
}

Report Verifier::appraise(Evidence evidence, const std::string& source, Question question) const {
  if (evidence.sha256.empty()) evidence.sha256 = evidence_sha256(evidence);
  if (question.references == nullptr) question.references = setup_.references.get();
  if (!setup_.owner_key.empty()) evidence.provisioned_key = setup_.owner_key;
  evidence.host = view_of(std::move(evidence.host));
  evidence.host.is_claimed = !evidence.live && !setup_.trust_host;
  const Analysis analysis = analyze(evidence);
  Report report =
      spdm::appraise(evidence, analysis, certstore::validate_chains(evidence, analysis, validator_, setup_.owner_key), question);
  report.source = source;
  return report;
}

}  // namespace spdm::cmd
