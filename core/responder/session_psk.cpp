// PSK_EXCHANGE and PSK_FINISH of the responder.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

namespace {

// ResponderContext: as long as the longest hash, as that of the reference responder is.
constexpr std::size_t kContextSize = 64;

const SecretBytes& find_psk(const std::vector<DevicePsk>& all, View hint) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const DevicePsk& one) { return hint.empty() || equal(one.hint, hint); });
  if (it == all.end()) throw Refusal{ErrorCode::invalid_request};
  return *it->key;
}

}  // namespace

Bytes Responder::psk_exchange(Reader& reader) {
  const View message = reader.rest();
  check_negotiated_for_sessions();
  const PskExchange request = PskExchange::decode(reader, parameters_);
  const SecretBytes& psk = find_psk(sessions_profile().psk, request.hint);
  if (request.policy.all_events && !has(cap::event)) throw Refusal{ErrorCode::invalid_request};

  const bool with_context = (parameters_.responder.flags & cap::psk_mask) == cap::psk_with_context;
  PskExchangeResponse response;
  response.heartbeat_period = heartbeat_period();
  const SecuredMessages secured = agree_on_secured_messages(request.opaque, reader.message());
  response.opaque = secured.opaque;
  response.summary_hash = summary_hash(request.summary);
  if (with_context) response.context = crypto::random(kContextSize);
  response.session_id = sessions_.new_id();

  SessionTranscript transcript = SessionTranscript::of_psk(*parameters_.hash, vca_);
  Bytes out = response.encode(version_byte());  // up to ResponderVerifyData
  edit_before_signing(struck_, out);
  transcript.append(message.first(reader.offset()));
  transcript.append(out);
  const std::uint32_t id = session_id(request.session_id, response.session_id);
  Session& session = begin_session({new_keys(SessionKind::psk, id, psk, transcript.hash()), std::move(transcript)}, secured);
  if (request.policy.all_events) subscribe_to_all(session);
  const Bytes verify_data = responder_verify_data(session);
  session.transcript.append(verify_data);
  append(out, verify_data);
  // Without ResponderContext there is no PSK_FINISH.
  if (!with_context) session.keys.establish(session.transcript.hash());
  return out;
}

Bytes Responder::psk_finish(Reader& reader) {
  const View message = reader.rest();
  Session& session = handshake_of(SessionKind::psk);
  const PskFinish request = PskFinish::decode(reader, parameters_);
  const View bytes = message.first(reader.offset());
  session.transcript.append(bytes.first(bytes.size() - request.verify_data.size()));
  confirm(session, request.verify_data);
  Bytes out = PskFinishResponse{}.encode(version_byte());
  session.transcript.append(out);
  session.th2 = session.transcript.hash();
  return out;
}

}  // namespace spdm
