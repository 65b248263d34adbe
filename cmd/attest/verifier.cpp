#include "cmd/attest/verifier.h"

#include "certstore/chains.h"
#include "core/evidence/file.h"

namespace spdm::cmd {

Verifier::Verifier(VerifierSetup setup) : setup_(std::move(setup)), validator_(setup_.keyring, setup_.options) {}

Question Verifier::question_for(const HostView& host) const {
  Question out = setup_.question;
  out.now = now();
  if (setup_.policy) ask(*rule_of(*setup_.policy, host), out, setup_.identity_given);
  return out;
}

void Verifier::adapt(Wanted& wanted, const HostView& host) const {
  if (setup_.policy && wanted.measurements == MeasurementMode::none && needs_measurements(*rule_of(*setup_.policy, host)))
    wanted.measurements = MeasurementMode::all;
}

bool Verifier::trusts(const Connection& connection, std::uint8_t slot, const HostView& host) const {
  const ChainResult result = validator_.validate(certstore::chain_input(connection, slot, host));
  return result.sound && result.trust == Trust::trusted;
}

Report Verifier::appraise(Evidence evidence, const std::string& source) const {
  Question question = question_for(evidence.host);
  return appraise(std::move(evidence), source, std::move(question));
}

Report Verifier::appraise(Evidence evidence, const std::string& source, Question question) const {
  if (evidence.sha256.empty()) evidence.sha256 = evidence_sha256(evidence);
  if (question.references == nullptr) question.references = setup_.references.get();
  if (!setup_.owner_key.empty()) evidence.provisioned_key = setup_.owner_key;
  const Analysis analysis = analyze(evidence);
  Report report =
      spdm::appraise(evidence, analysis, certstore::validate_chains(evidence, analysis, validator_, setup_.owner_key), question);
  report.source = source;
  return report;
}

}  // namespace spdm::cmd
