// What the evidence shows of sessions.
#include <algorithm>

#include "core/appraisal/appraiser.h"
#include "core/wire/secured_versions.h"

namespace spdm {

namespace {

SessionReport describe(const SessionSeen& seen, const Parameters& parameters) {
  SessionReport out;
  out.id = seen.id;
  out.kind = seen.kind();
  out.state = seen.state;
  out.slot = seen.slot;
  // DSP0274 "PSK_EXCHANGE": the secret is the shared key, and the handshake is never in the clear.
  if (!seen.is_psk() && parameters.key_exchange != nullptr) out.key_exchange = parameters.key_exchange->name;
  out.handshake_in_the_clear = !seen.is_psk() && parameters.handshake_in_the_clear();
  if (parameters.aead != nullptr) out.aead = parameters.aead->name;
  out.encrypted = parameters.encrypts();
  if (seen.secured_version) out.secured_version = secured_version_name(*seen.secured_version);
  out.mutual_auth = seen.mutual_auth();
  out.requester_slot = seen.requester_slot;
  if (seen.requester_slot && parameters.req_asym != nullptr) out.requester_asym = parameters.req_asym->name;
  out.heartbeat_period = seen.heartbeat_period();
  out.heartbeats = seen.heartbeats;
  out.key_updates = seen.key_updates;
  return out;
}

// Of the handshake, and of what keeps a session alive or ends it: no request for its own sake.
bool is_upkeep(Code code) {
  switch (code) {
    case Code::finish:
    case Code::psk_finish:
    case Code::heartbeat:
    case Code::key_update:
    case Code::end_session:
    case Code::get_encapsulated_request:
    case Code::deliver_encapsulated_response:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Appraiser::describe_sessions(const Connection& connection, ConnectionReport& out) const {
  for (const SessionSeen& seen : connection.sessions()) {
    out.sessions.push_back(describe(seen, connection.parameters()));
    out.sessions.back().proven = analysis_.proven_sessions.contains(connection.exchanges()[seen.exchange].log_index);
  }
  for (const Exchange& exchange : connection.exchanges()) {
    if (exchange.inside == 0 || is_upkeep(exchange.request_code())) continue;
    // An id may be used again once its session is over; then the last one that has it is meant, as on the connection.
    const auto session =
        std::find_if(out.sessions.rbegin(), out.sessions.rend(), [&](const SessionReport& one) { return one.id == exchange.inside; });
    if (session != out.sessions.rend()) ++session->requests;
  }
}

// Every measurement that is told of was read inside of a session, and that one was established. Whether messages were inside is seen by
// who holds the keys, and by nobody else.
void Appraiser::demand_session() {
  const ConnectionReport* connection = report_.connection ? &*report_.connection : nullptr;
  if (connection == nullptr || !connection->negotiated)
    return undecided(Demand::session, "what the device can was not seen", "see the findings above");
  const auto fail = [&](std::string_view why, const std::string& remedy) {
    unmet(Demand::session, {FindingId::policy_unmet, "session", cat("asked for: ", words(Demand::session, question_), "; ", why), remedy});
  };
  const std::vector<SessionReport>& sessions = connection->sessions;
  if (std::none_of(sessions.begin(), sessions.end(), [](const SessionReport& session) { return session.is_established(); })) {
    if (!connection->parameters.opens_sessions())
      return fail("the device can open none (KEY_EX_CAP, PSK_CAP)", "ask the vendor, or take the demand out of the rule");
    if (report_.error) return undecided(Demand::session, "none was established before the conversation ended", "see the error");
    return fail("none was opened", "ask it inside one: --in-session");
  }
  const auto outside = static_cast<std::size_t>(std::count_if(report_.measurements.begin(), report_.measurements.end(),
                                                              [](const Measurement& measurement) { return measurement.session == 0; }));
  if (outside != 0)
    return fail(cat(outside, " of ", report_.measurements.size(), " measurements were read outside the session"),
                "read all of them inside one: --in-session");
  // Verify data is seen to be right by who holds the keys. What was exchanged after it shows that it was.
  const auto goes_on = [](const SessionReport& session) {
    return session.state == SessionState::ended || session.requests + session.heartbeats + session.key_updates != 0;
  };
  if (std::none_of(sessions.begin(), sessions.end(), goes_on))
    return undecided(Demand::session, "nothing was exchanged inside it", "see the findings above");
  const auto is_proven = [](const SessionReport& session) { return session.proven; };
  if (evidence_.host.is_claimed && !std::all_of(sessions.begin(), sessions.end(), is_proven))
    undecided(Demand::session, "only the collector says that messages were inside the session",
              "trust the host that collected: --trust-host; or give the secrets that it kept: --session-secrets");
}

}  // namespace spdm
