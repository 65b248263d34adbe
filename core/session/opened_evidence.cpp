#include "core/session/opened_evidence.h"

#include "core/evidence/budget.h"
#include "core/session/recorded_sessions.h"
#include "core/text.h"

namespace spdm {

namespace {

Finding contradicted(const std::string& where, std::string why) {
  return {FindingId::session_contradicted, where, std::move(why),
          "the evidence was changed, or the secrets are not those of its sessions: look at it with: spdmctl decode --session-secrets"};
}

}  // namespace

OpenedSessions open_sessions(Evidence& evidence, std::span<const SessionSecret> secrets, const Tolerance& tolerance) {
  OpenedSessions out;
  RecordedSessions sessions(evidence, secrets, tolerance);
  const auto tell = [&](const std::string& where, std::string why) {
    if (out.findings.size() < kMaxFindings) out.findings.push_back(contradicted(where, std::move(why)));
  };
  for (std::size_t i = 0; i < evidence.log.size(); ++i) {
    RecordedMessage message = sessions.next(evidence.log[i], i);
    const std::string where = cat("message ", i + 1);
    if (!message.why.empty()) tell(where, message.why);
    for (const VerifyDataCheck& check : message.checks)
      if (!check.is_good) tell(where, cat(verify_data_name(check.by), " does not match the session secret and the messages before it"));
    if (message.opened && !sessions.is_told(message.opened->inside)) evidence.log[i] = std::move(*message.opened);
  }
  for (std::string& why : sessions.unmatched()) tell("", std::move(why));
  out.proven = sessions.proven();
  return out;
}

}  // namespace spdm
