// KEY_EXCHANGE and FINISH of the responder.
#include <algorithm>

#include "core/crypto/key_agreement.h"
#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

namespace {

// The shared secret, and the ExchangeData that lets the requester come to it, too.
struct Agreed {
  SecretBytes secret;
  Bytes exchange_data;
};

Agreed agree(const KeyExchangeAlgorithm& algorithm, View theirs) {
  if (algorithm.kem) {
    crypto::Encapsulated out = crypto::encapsulate(algorithm, theirs);
    return {std::move(out.secret), std::move(out.ciphertext)};
  }
  const crypto::KeyAgreement ours(algorithm);
  return {ours.derive(theirs), ours.public_value()};
}

}  // namespace

Bytes Responder::key_exchange(Reader& reader) {
  const View message = reader.rest();
  check_negotiated_for_sessions();
  if (parameters_.key_exchange == nullptr) throw Refusal{ErrorCode::invalid_request};
  const KeyExchange request = KeyExchange::decode(reader, parameters_);
  const View bytes = message.first(reader.offset());
  const DeviceSlot& slot = signing_slot(request.slot, key_usage::key_ex);
  // EventAllPolicy is for notifiers of events (1.3+).
  if (request.policy.all_events && !has(cap::event)) throw Refusal{ErrorCode::invalid_request};

  KeyExchangeResponse response;
  response.heartbeat_period = heartbeat_period();
  response.mutual_auth = wanted_mutual_auth();
  const SecuredMessages secured = agree_on_secured_messages(request.opaque, reader.message());
  response.opaque = secured.opaque;
  response.summary_hash = summary_hash(request.summary);
  const Bytes random = crypto::random(response.random.size());
  std::copy(random.begin(), random.end(), response.random.begin());
  Agreed agreed = agree(*parameters_.key_exchange, request.exchange_data);
  response.exchange_data = std::move(agreed.exchange_data);
  response.session_id = sessions_.new_id();
  std::optional<KnownRequester> requester;
  if (response.mutual_auth == MutualAuth::optimized) {
    requester = provisioned_requester();
    response.requester_slot = requester->slot;
  }

  SessionTranscript transcript = SessionTranscript::of_key_exchange(*parameters_.hash, vca_, first_digests_, identity(slot));
  Bytes out = response.encode(version_byte());  // up to the signature
  edit_before_signing(struck_, out);
  const Bytes signature = sign_key_exchange(transcript, bytes, out, slot);
  append(out, signature);
  transcript.append(bytes);
  transcript.append(out);
  const std::uint32_t id = session_id(request.session_id, response.session_id);
  Session& session =
      begin_session({new_keys(SessionKind::key_exchange, id, agreed.secret, transcript.hash()), std::move(transcript)}, secured);
  session.mutual_auth = response.mutual_auth;
  session.requester = std::move(requester);
  if (request.policy.all_events) subscribe_to_all(session);

  const bool in_clear = parameters_.handshake_in_the_clear();
  if (!in_clear) {
    const Bytes verify_data = responder_verify_data(session);
    session.transcript.append(verify_data);
    append(out, verify_data);
  }
  if (session.mutual_auth == MutualAuth::encapsulated || session.mutual_auth == MutualAuth::digests)
    begin_flow(in_clear ? outside_ : session.place, ResponderFlow::Purpose::handshake, Code::get_digests, id);
  return out;
}

Bytes Responder::finish(Reader& reader) {
  const View message = reader.rest();
  Session& session = handshake_of(SessionKind::key_exchange);
  const Finish request = Finish::decode(reader, parameters_);
  const View bytes = message.first(reader.offset());
  const bool mutual = session.mutual_auth != MutualAuth::none;
  if (request.signature.empty() == mutual) throw Refusal{ErrorCode::invalid_request};
  if (mutual && (!session.requester || session.requester->slot != request.slot)) throw Refusal{ErrorCode::invalid_request};

  if (mutual) session.transcript.append_requester(session.encapsulated_digests, session.requester->identity);
  session.transcript.append(bytes.first(bytes.size() - request.signature.size() - request.verify_data.size()));
  if (mutual) {
    if (!verifies(*session.requester, kFinishContext, session.transcript.hash(), request.signature)) end_handshake(session);
    session.transcript.append(request.signature);
  }
  confirm(session, request.verify_data);

  Bytes out = FinishResponse{}.encode(version_byte());
  session.transcript.append(out);
  const bool in_clear = parameters_.handshake_in_the_clear();
  if (in_clear) {
    const Bytes verify_data = responder_verify_data(session);
    session.transcript.append(verify_data);
    append(out, verify_data);
  }
  session.th2 = session.transcript.hash();
  if (in_clear) carry_out(session);
  return out;
}

}  // namespace spdm
