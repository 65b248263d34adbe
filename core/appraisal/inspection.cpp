// Puts the lines together, and says what the device is ready for.
#include "core/appraisal/inspection.h"

#include <algorithm>

#include "core/appraisal/appraiser.h"
#include "core/appraisal/inspector.h"
#include "core/protocol/inspect.h"
#include "core/text.h"

namespace spdm {

namespace {

// TEE-IO asks for these beside what IDE asks for.
constexpr std::array kOnlyTeeIo{InspectionItem::signed_measurements,
                                InspectionItem::measurement_specification,
                                InspectionItem::tee_io,
                                InspectionItem::session_measurements,
                                InspectionItem::tdisp,
                                InspectionItem::interface_state};
// These stand in nobody's way: who holds the device may be who encrypts its link, and a report is there once it is locked.
constexpr std::array kNeverAsked{InspectionItem::no_owner, InspectionItem::interface_report};

template <class List>
bool has(const List& list, InspectionItem item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

CheckStatus sum_of(const std::vector<InspectionLine>& lines, Readiness readiness) {
  CheckStatus out = CheckStatus::pass;
  for (const InspectionLine& line : lines) {
    if (!needs(readiness, line.item)) continue;
    if (line.status == CheckStatus::fail) return CheckStatus::fail;
    if (line.status != CheckStatus::pass) out = CheckStatus::not_run;
  }
  return out;
}

}  // namespace

std::string_view words(Readiness readiness) { return readiness == Readiness::ide ? "IDE" : "TEE-IO"; }

bool needs(Readiness readiness, InspectionItem item) {
  return !has(kNeverAsked, item) && (readiness == Readiness::tee_io || !has(kOnlyTeeIo, item));
}

Inspector::Inspector(const HostView& host, const Analysis& analysis, const std::vector<bool>& covered) : host_(host), covered_(covered) {
  if (analysis.connections.empty()) return;
  connection_ = &analysis.connections.back();
  const auto is_refused = [](const Connection& connection) { return connection.capabilities() && !connection.negotiated(); };
  refused_ = std::any_of(analysis.connections.begin(), analysis.connections.end() - 1, is_refused);
}

Inspection Inspector::run() {
  out_.function = function_of(host_);
  read_answers();
  look_at_capabilities();
  look_at_algorithms();
  look_at_platform();
  look_at_session();
  compare_measurements();
  look_at_ports();
  compare_registers();
  look_at_tdisp();
  out_.ide = sum_of(out_.lines, Readiness::ide);
  out_.tee_io = sum_of(out_.lines, Readiness::tee_io);
  return std::move(out_);
}

// Evidence of an inspection is looked at whoever asks: what contradicts itself fails. That the device is ready has to be asked for.
void Appraiser::inspect() {
  Inspector inspector(evidence_.host, analysis_, covered_);
  Inspection found = inspector.run();
  const std::optional<Readiness> asked = question_.user.readiness;
  const bool has_some = evidence_.host.encryption || !found.ports.empty() || !found.interfaces.empty();
  inspected_ = std::move(found);
  bool lies = false;
  for (Finding& finding : std::move(inspector).findings()) {
    const bool breaks = finding.id == FindingId::protocol_violation;
    for (CheckResult& check : report_.checks)
      if (breaks && check.check == Check::protocol) check = {Check::protocol, CheckStatus::fail, "the responder broke the protocol"};
    lies = lies || !breaks;
    add(std::move(finding));
  }
  if (!asked && !has_some) return;  // unless a rule asks
  report_.inspection = inspected_;
  if (lies) return result(Check::inspection, CheckStatus::fail, "what was inspected contradicts itself");
  if (!asked) return result(Check::inspection, CheckStatus::not_needed, "readiness for PCI encryption is not required");
  judge_readiness(*asked);
}

void Appraiser::judge_readiness(Readiness asked) {
  const std::string what(words(asked));
  const CheckStatus status = report_.inspection->status(asked);
  for (const InspectionLine& line : report_.inspection->lines) {
    if (!needs(asked, line.item) || line.status == CheckStatus::pass) continue;
    if (line.status == CheckStatus::fail)
      add({FindingId::not_ready, std::string(name(line.item)), line.detail, line.remedy});
    else if (status != CheckStatus::fail && !report_.error)  // else it is decided, or the error says why
      add({FindingId::readiness_unknown, std::string(name(line.item)), line.detail, line.remedy});
  }
  if (status != CheckStatus::pass)
    return result(Check::inspection, status,
                  cat(status == CheckStatus::fail ? "not ready for " : "it is not known whether it is ready for ", what));
  if (!is_word_of_device()) {
    const std::string why = "what was read of host and session is only what the collector says";
    add({FindingId::readiness_unknown, "", why, "trust the host that collected: --trust-host"});
    return result(Check::inspection, CheckStatus::not_run, why);
  }
  result(Check::inspection, CheckStatus::pass, cat("ready for ", what));
}

// Nothing of an inspection is signed: whoever was not there has the word of the collector.
bool Appraiser::is_word_of_device() const { return !evidence_.host.is_claimed; }

void Appraiser::demand_readiness() {
  const Readiness asked = *question_.rule.require.ready_for;
  if (!can_weigh_inspection(Demand::ready_for)) return;
  const CheckStatus status = report_.inspection->status(asked);
  for (const InspectionLine& line : report_.inspection->lines)
    if (status != CheckStatus::pass && needs(asked, line.item) && line.status == status) return weigh_line(Demand::ready_for, line);
}

void Appraiser::demand_inspection() {
  if (!can_weigh_inspection(Demand::inspection)) return;
  for (const InspectionItem item : question_.rule.require.inspection) weigh_line(Demand::inspection, report_.inspection->line(item));
}

bool Appraiser::can_weigh_inspection(Demand demand) {
  report_.inspection = inspected_;
  if (is_word_of_device()) return true;
  undecided(demand, "what was inspected is only what the collector says", "trust the host that collected: --trust-host");
  return false;
}

// What nobody needed is not there either: a rule that asks for it is not met.
void Appraiser::weigh_line(Demand demand, const InspectionLine& line) {
  const std::string why = cat(name(line.item), ": ", line.detail);
  if (line.status == CheckStatus::not_run)
    undecided(demand, why, line.remedy);
  else if (line.status != CheckStatus::pass)
    unmet(demand, {FindingId::policy_unmet, "inspection", cat("asked for: ", words(demand, question_), "; ", why), line.remedy});
}

}  // namespace spdm
