#include "cmd/output/state_text.h"

#include "core/text.h"

namespace spdm::cmd {

std::string subject_of(const DeviceState& state) {
  if (!state.drive.empty()) return printable(state.drive);
  return state.bdf.empty() ? cat("rule '", printable(state.rule), "'") : printable(state.bdf);
}

std::string sentence_of(const DeviceState& state) {
  std::string actions;
  for (const GateStep action : state.actions) actions += cat(actions.empty() ? " (" : ", ", name(action));
  return cat(name(state.decision), ": ", printable(state.reason), actions, actions.empty() ? "" : ")");
}

std::string state_text(const DeviceState& state, bool conditional) {
  const bool would = conditional && state.decision != Decision::absent && state.decision != Decision::audited;
  std::string out = cat(subject_of(state), "  ", would ? "would be " : "", sentence_of(state), "\n");
  for (const std::string& trouble : state.trouble) out += cat("    ", printable(trouble), "\n");
  return out;
}

}  // namespace spdm::cmd
