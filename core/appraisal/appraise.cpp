#include "core/appraisal/appraiser.h"

#include <algorithm>
#include <set>

#include "core/appraisal/told_sessions.h"
#include "core/appraisal/verdict.h"
#include "core/evidence/budget.h"
#include "core/text.h"

namespace spdm {

namespace {

// DSP0274 CAPABILITIES, N19: before 1.2 nobody announces how much it takes. Earlier versions broke off there, with the answer in their
// evidence. What would have come after it is judged as in any recording that ends.
bool broke_off_for_its_size(const Evidence& evidence, const Analysis& analysis) {
  constexpr std::size_t kTaken = 4600;  // by those versions
  if (evidence.live || !evidence.error || evidence.error->id != ErrorId::peer || analysis.connections.empty() || evidence.log.empty())
    return false;
  const Connection& connection = analysis.connections.back();
  const Bytes& last = evidence.log.back().bytes;
  const bool is_kept = !connection.exchanges().empty() && connection.exchanges().back().log_index + 2 == evidence.log.size();
  return connection.version() < k12 && is_kept && !is_error(last) && last.size() > kTaken;
}

// What earlier versions called a breach of the protocol, where the device only had no algorithm in common.
bool had_none_in_common(const Evidence& evidence, const Analysis& analysis) {
  return evidence.error && evidence.error->id == ErrorId::peer &&
         std::any_of(analysis.findings.begin(), analysis.findings.end(),
                     [](const Finding& finding) { return finding.id == FindingId::no_common_algorithm; });
}

}  // namespace

std::string slot_name(std::uint8_t slot) { return slot == kProvisionedKey ? "provisioned key" : cat("slot ", slot); }

Report Appraiser::run() {
  describe_evidence();
  check_protocol();
  check_collection();
  check_signatures();
  describe_slots();
  check_chains();
  read_measurements();
  inspect();
  report_.all_measured = has_all_measurements();
  report_.proven = proven();

  const Rules rules = question_.policy == nullptr ? Rules() : rules_of(*question_.policy, evidence_.host, report_.proven);
  const std::vector<ValueSets> sets = value_sets();
  findings_ = report_.findings.size();
  checks_ = report_.checks.size();
  if (!rules.empty()) {
    ask(*rules.front(), question_);
    narrow_sharing(rules);
  }
  values_ = sets.front();
  decide();
  weigh_claims(rules, sets);
  bound_findings();
  conclude(report_, question_.user.depth);
  tell_policy();
  return std::move(report_);
}

const ChainResult* Appraiser::find_chain(std::size_t connection, std::uint8_t slot) const {
  const auto it = std::find_if(chains_.begin(), chains_.end(),
                               [&](const ChainResult& chain) { return chain.connection == connection && chain.slot == slot; });
  return it == chains_.end() ? nullptr : &*it;
}

bool Appraiser::is_used(std::size_t connection, std::uint8_t slot) const {
  return std::any_of(used_.begin(), used_.end(), [&](const Used& used) { return used.connection == connection && used.slot == slot; });
}

// The chains that count for the verdict: those of the slots whose keys have signed. If nothing was signed: every chain
// that was read; or the one that a challenge would have gone to, which is the first that is trusted, else the first.
std::vector<const ChainResult*> Appraiser::counted_chains() const {
  std::vector<const ChainResult*> out;
  for (const ChainResult& chain : chains_)
    if (used_.empty() || is_used(chain.connection, chain.slot)) out.push_back(&chain);
  if (!question_.user.one_slot || !used_.empty() || out.empty()) return out;
  const auto trusted = [](const ChainResult* chain) { return chain->sound && chain->trust == Trust::trusted; };
  const auto chosen = std::find_if(out.begin(), out.end(), trusted);
  return {chosen == out.end() ? out.front() : *chosen};
}

// Keeps the first findings, and the first of each kind: so the verdict stays what it is. That others were left out is told.
void Appraiser::bound_findings() {
  std::vector<Finding>& all = report_.findings;
  if (all.size() <= kMaxFindings) return;
  std::set<FindingId> seen;
  std::size_t kept = 0;
  const std::size_t before = all.size();
  std::erase_if(all, [&](const Finding& finding) {
    const bool keeps = kept < kMaxFindings || !seen.contains(finding.id);
    seen.insert(finding.id);
    if (keeps) ++kept;
    return !keeps;
  });
  if (all.size() == before) return;
  add({FindingId::budget_reached, "", cat("there are ", before, " findings; the last ", before - all.size(), " are not shown"),
       "begin with those that are shown"});
}

void Appraiser::describe_evidence() {
  report_.host = evidence_.host;
  report_.time = evidence_.time;
  report_.collector = evidence_.collector;
  report_.evidence_sha256 = evidence_.sha256;
  report_.binding = evidence_.binding;
  report_.collection = evidence_.collection;
  report_.error = evidence_.error;
  if (had_none_in_common(evidence_, analysis_)) report_.error->id = ErrorId::no_spdm;
  if (broke_off_for_its_size(evidence_, analysis_)) report_.error.reset();
  report_.connections = analysis_.connections.size();
  const ToldSessions told(evidence_.log);
  for (const Message& message : evidence_.log) {
    if (told.hold_record(message)) continue;  // counted once, as plain text
    ++report_.messages;
    report_.bytes += message.bytes.size();
    if (message.from_requester) ++report_.round_trips;
  }
  if (const Connection* connection = last_connection()) {
    ConnectionReport& out = report_.connection.emplace();
    out.parameters = connection->parameters();
    out.negotiated = connection->negotiated();
    out.algorithm_source = connection->algorithm_source();
    describe_sessions(*connection, out);
    if (connection->capabilities()) describe_support(connection->capabilities()->supported(), out);
    if (connection->versions())
      for (const std::uint16_t entry : connection->versions()->entries)
        out.offered_versions.push_back(
            cat(entry >> 12, ".", entry >> 8 & 15, ".", entry >> 4 & 15, (entry & 15) != 0 ? cat(" alpha ", entry & 15) : ""));
  }
}

void Appraiser::describe_support(const std::optional<SupportedAlgorithms>& supported, ConnectionReport& out) {
  if (!supported) return;
  for (const AsymAlgorithm& row : asym_algorithms())
    if (((row.pqc ? supported->pqc_asym : supported->base_asym) & row.bit) != 0) out.supported_asym.push_back(row.name);
  for (const HashAlgorithm& row : hash_algorithms())
    if ((supported->base_hash & row.bit) != 0) out.supported_hash.push_back(row.name);
}

void Appraiser::describe_slots() {
  const Connection* connection = last_connection();
  if (connection == nullptr) return;
  const std::size_t last = analysis_.connections.size() - 1;
  for (std::uint8_t slot = 0; slot < kSlots; ++slot) {
    const SlotDigest* digest = connection->digests() ? connection->digests()->find(slot) : nullptr;
    const ChainResult* chain = find_chain(last, slot);
    if (digest == nullptr && chain == nullptr && !is_used(last, slot)) continue;
    SlotReport& out = report_.slots.emplace_back();
    out.slot = slot;
    out.provisioned = digest != nullptr || chain != nullptr;
    out.used = is_used(last, slot);
    if (digest != nullptr) {
      out.digest = digest->digest;
      out.key_pair_id = digest->key_pair_id;
      out.key_usage = digest->key_usage;
    }
    if (chain != nullptr) out.chain = *chain;
    out.chain_bytes = connection->chain(slot).chain();
    if (const ChainBeside* beside = evidence_.detached ? evidence_.detached->chain_of(slot) : nullptr;
        beside && out.chain_bytes.empty() && chain)
      out.chain_bytes = beside->certificates;
  }
  if (const ChainResult* provisioned = find_chain(last, kProvisionedKey)) {
    SlotReport& out = report_.slots.emplace_back();
    out.slot = kProvisionedKey;
    out.used = is_used(last, kProvisionedKey);
    out.chain = *provisioned;
  }
}

void Appraiser::check_protocol() {
  bool broken = false;
  for (const Finding& finding : analysis_.findings) {
    broken = broken || finding.severity() == Severity::failure;
    add(finding);
  }
  const bool interrupted = report_.error.has_value();
  if (evidence_.error && !interrupted)
    add({FindingId::capture_incomplete, cat("message ", evidence_.log.size()),
         cat("the collector stopped here: ", evidence_.error->message),
         "SPDM before 1.2 has no such limit: ask the device again with this version"});
  report_.tolerates = question_.user.tolerance.names();
  const bool tolerant = !report_.tolerates.empty();
  if (tolerant)
    add({FindingId::tolerant_run, "", "this run continues when protocol rules are broken (--tolerate): no device passes",
         "this is for lab use: judge the device without --tolerate"});
  if (analysis_.connections.empty() || interrupted)
    result(Check::protocol, broken ? CheckStatus::fail : CheckStatus::not_run,
           interrupted ? evidence_.error->message : "no SPDM connection in the evidence");
  else if (tolerant && !broken)
    result(Check::protocol, CheckStatus::not_run, "no rule was broken, in a run that tolerates some");
  else
    result(Check::protocol, broken ? CheckStatus::fail : CheckStatus::pass,
           broken ? "the responder broke the protocol" : cat(report_.round_trips, " requests, every answer in order"));
}

// Who has collected the evidence, where the verifier has keys of hosts. Without a signature that is known the evidence is judged by what
// the device has signed; with one that is wrong somebody has tampered with it, and it is no evidence of that host.
void Appraiser::check_collection() {
  if (!evidence_.collection || evidence_.collection->signature == CollectionSignature::not_checked) return;
  const CollectionCheck& found = *evidence_.collection;
  switch (found.signature) {
    case CollectionSignature::good:
      return result(Check::collection, CheckStatus::pass, cat("signed by the host ", found.host, ", with the key of ", found.key));
    case CollectionSignature::wrong:
      add({FindingId::collection_signature_wrong, "signature of the host", found.why,
           "get the evidence from the host itself; if the host has a new key, put that into --host-keys DIR"});
      return result(Check::collection, CheckStatus::fail, found.why);
    case CollectionSignature::unknown_key:
      add({FindingId::collection_key_unknown, "signature of the host", found.why,
           "put the public key of the host into --host-keys DIR as NAME.pem, over a trusted channel"});
      break;
    default:
      add({FindingId::collection_unsigned, "", found.why, "have the host sign what it collects: spdmctl collect --sign-key KEY"});
  }
  result(Check::collection, CheckStatus::not_needed, found.why);
}

Report appraise(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question) {
  return Appraiser(evidence, analysis, chains, question).run();
}

}  // namespace spdm
