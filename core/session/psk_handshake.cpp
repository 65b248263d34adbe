// PSK_EXCHANGE and PSK_FINISH (DSP0274, the sections of these titles), in the order of the specification.
#include <algorithm>

#include "core/error.h"
#include "core/evidence/session_transcript.h"
#include "core/evidence/transcript.h"
#include "core/session/handshake.h"
#include "core/wire/secured_versions.h"

namespace spdm {

namespace {

// RequesterContext is as fresh as a nonce, and no shorter.
constexpr std::size_t kLeastContext = 32;

void finish(Requester& requester, ActiveSession& session, SessionTranscript& transcript) {
  const Parameters& parameters = requester.connection().parameters();
  PskFinish request;
  request.verify_data.resize(parameters.hash_size());
  const Bytes empty = request.encode(parameters.version);
  transcript.append(View(empty).first(empty.size() - request.verify_data.size()));
  request.verify_data = session.session().verify_data(Direction::request, transcript.hash());
  transcript.append(request.verify_data);
  // A handshake by PSK is never in the clear.
  session.enter();
  requester.ask(request.encode(parameters.version));
  transcript.append(requester.connection().exchanges().back().response);
}

}  // namespace

std::unique_ptr<ActiveSession> open_by_psk(Requester& requester, const SessionOptions& options) {
  const Connection& connection = requester.connection();
  const Parameters& parameters = connection.parameters();
  PskExchange request;
  request.summary = summary_of(options, parameters);
  request.policy = policy_of(options, parameters);
  request.session_id = fresh_session_id();
  request.hint = options.psk_hint;
  request.context = crypto::random(std::max(kLeastContext, parameters.hash_size()));
  request.opaque = encode_secured_versions(parameters, kSecuredVersions);
  requester.ask(request.encode(parameters.version));

  const SessionSeen& seen = opened(requester, "PSK_EXCHANGE_RSP");
  const PskExchangeResponse& response = *seen.psk_exchange_response;
  const Exchange& exchange = connection.exchanges().at(seen.exchange);
  SessionTranscript transcript = SessionTranscript::of_psk(*parameters.hash, vca(connection.exchanges()));
  transcript.append(exchange.request);
  transcript.append(View(exchange.response).first(exchange.response.size() - response.verify_data.size()));
  const Bytes th1 = transcript.hash();
  keep_secret(requester, options, seen, options.psk);
  std::unique_ptr<ActiveSession> session =
      begin_session(requester, options, seen, KeySchedule::from_psk(suite_of(parameters), options.psk), th1);
  check_verify_data(response.verify_data, session->session().verify_data(Direction::response, th1), "PSK_EXCHANGE_RSP");
  transcript.append(response.verify_data);

  const std::uint8_t heartbeat_period = response.heartbeat_period;
  // Without a ResponderContext there is nothing that we would have to confirm.
  if (!response.context.empty()) finish(requester, *session, transcript);
  session->establish(transcript.hash(), heartbeat_period);
  return session;
}

}  // namespace spdm
