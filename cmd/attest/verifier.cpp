#include "cmd/attest/verifier.h"

#include <algorithm>

#include "certstore/chains.h"
#include "cmd/attest/name_target.h"
#include "cmd/host/secret_file.h"
#include "core/evidence/file.h"
#include "core/session/opened_evidence.h"
#include "core/session/opener.h"

namespace spdm::cmd {

Verifier::Verifier(VerifierSetup setup) : setup_(std::move(setup)), validator_(std::move(setup_.keyring), setup_.options) {
  if (setup_.policy && asks_for_sessions(*setup_.policy)) forbid_core_dumps();
}

HostView Verifier::view_of(HostView host) const {
  if (!setup_.question.user.identity) return host;
  host.identity = setup_.question.user.identity;
  host.identity_given = true;
  return host;
}

bool Verifier::asks_for_session(const HostView& host) const {
  return any_rule(host, [](const Requirement& require) { return require.session || require.inspects(); });
}

bool Verifier::asks_for_inspection(const HostView& host) const {
  return any_rule(host, [](const Requirement& require) { return require.inspects(); });
}

bool Verifier::any_rule(const HostView& host, bool (*asks)(const Requirement& require)) const {
  if (!setup_.policy || !asks_for_sessions(*setup_.policy)) return false;
  const auto rules = rules_of(*setup_.policy, view_of(host), {});
  return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return asks(rule->require); });
}

void Verifier::adapt(Wanted& wanted, const HostView& host) const {
  if (asks_for_inspection(host)) want_inspection(wanted);
  if (!wanted.in_session && asks_for_session(host)) {
    if (!wanted.session) {
      SessionOptions options;
      options.summary = wanted.summary;
      options.nonce = wanted.nonce;
      wanted.session = std::make_shared<const Opener>(std::move(options));
    }
    wanted.in_session = true;
  }
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

void Verifier::add_chain(Evidence& evidence) const {
  if (setup_.chain.empty() || evidence.live) return;
  if (!evidence.detached) evidence.detached.emplace();
  if (evidence.detached->chains.empty()) evidence.detached->chains.push_back({std::nullopt, setup_.chain});
}

void Verifier::check_collection(Evidence& evidence) const {
  if (evidence.sha256.empty()) evidence.sha256 = evidence_sha256(evidence);
  if (evidence.live || evidence.collection) return;
  if (setup_.host_keys)
    evidence.collection = setup_.host_keys->check(evidence);
  else if (!evidence.signature.empty())
    evidence.collection = CollectionCheck{};
}

bool Verifier::trusts_host(const Evidence& evidence) const {
  if (evidence.live) return true;
  if (setup_.trust_host) return !setup_.host_keys || evidence.is_signed();
  return setup_.policy && evidence.is_signed() && spdm::trusts_host(*setup_.policy, evidence.collection->host);
}

Report Verifier::appraise(Evidence evidence, const std::string& source) const {
  Question question = setup_.question;
  question.now = now();
  question.policy = setup_.policy.get();
  return appraise(std::move(evidence), source, std::move(question));
}

Report Verifier::appraise(Evidence evidence, const std::string& source, Question question) const {
  check_collection(evidence);
  if (question.references == nullptr) question.references = setup_.references.get();
  if (!setup_.owner_key.empty()) evidence.provisioned_key = setup_.owner_key;
  add_chain(evidence);
  evidence.host = view_of(std::move(evidence.host));
  evidence.host.is_claimed = !trusts_host(evidence);
  OpenedSessions sessions;
  if (setup_.session_secrets && !evidence.live) sessions = open_sessions(evidence, *setup_.session_secrets, question.user.tolerance);
  Analysis analysis = analyze(evidence, question.user.tolerance);
  analysis.session_findings = std::move(sessions.findings);
  analysis.proven_sessions = std::move(sessions.proven);
  Report report =
      spdm::appraise(evidence, analysis, certstore::validate_chains(evidence, analysis, validator_, setup_.owner_key), question);
  report.source = source;
  const auto name_it = [&](std::vector<Finding>& findings) {
    for (Finding& finding : findings) finding.remedy = name_target(std::move(finding.remedy), source, evidence.live);
  };
  name_it(report.findings);
  for (SlotReport& slot : report.slots)
    if (slot.chain) name_it(slot.chain->findings);
  return report;
}

}  // namespace spdm::cmd
