// GET_ENCAPSULATED_REQUEST and DELIVER_ENCAPSULATED_RESPONSE of the responder: what it asks the requester, one request after the other.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"
#include "core/wire/encapsulated.h"

namespace spdm {

namespace {

using Purpose = ResponderFlow::Purpose;

constexpr std::uint8_t kUpdateTag = 1, kVerifyTag = 2;

// What stands around a portion of a chain: the headers of DELIVER_ENCAPSULATED_RESPONSE and CERTIFICATE.
constexpr std::uint32_t kAroundPortion = 4 + 8, kMaxPortion = 0x4000;

}  // namespace

void Responder::begin_flow(Place& place, Purpose purpose, Code first, std::uint32_t session) {
  ResponderFlow flow;
  flow.purpose = purpose;
  flow.session = session;
  flow.next = first;
  // DSP0274 KEY_EXCHANGE_RSP, MutAuthRequested 4: GET_DIGESTS is not sent, and is asked for all the same.
  if (purpose == Purpose::handshake && wanted_mutual_auth() == MutualAuth::digests) {
    ask(flow);
    flow.id = 0;
  }
  place.flow = std::move(flow);
}

// Makes the next request; the first has number 1.
void Responder::ask(ResponderFlow& flow) {
  const std::uint8_t version = version_byte();
  const std::uint8_t slot = parameters_.requester.has(cap::cert) ? sessions_profile().requester_slot : kProvisionedKey;
  switch (flow.next) {
    case Code::get_certificate:
      flow.get_certificate = {};
      flow.get_certificate.slot = slot;
      flow.get_certificate.offset = flow.chain.size();
      flow.get_certificate.length = std::min(profile_->data_transfer_size - kAroundPortion, kMaxPortion);
      flow.request = flow.get_certificate.encode(version);
      break;
    case Code::challenge: {
      flow.challenge = {};
      flow.challenge.slot = slot;
      const Bytes random = crypto::random(flow.challenge.nonce.size());
      std::copy(random.begin(), random.end(), flow.challenge.nonce.begin());
      flow.request = flow.challenge.encode(version);
      break;
    }
    case Code::key_update:
      flow.request = flow.update.encode(version);
      break;
    case Code::send_event:
      flow.request = next_events();
      break;
    default:
      flow.request = begin(version, Code::get_digests).take();
      break;
  }
  ++flow.id;
  flow.waiting = true;
}

Bytes Responder::encapsulated_request(Reader& reader) {
  expect(reader, Code::get_encapsulated_request, version_byte());
  if (!parameters_.encapsulates()) throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(Code::get_encapsulated_request)};
  std::optional<ResponderFlow>& flow = here().flow;
  const bool updates = inside() && !session_->in_handshake() && sessions_profile().key_updates == KeyUpdates::both &&
                       parameters_.both(cap::key_upd) && !session_->has_asked_for_update && !session_->update;
  if (!flow && updates) {
    session_->has_asked_for_update = true;
    begin_flow(here(), Purpose::key_update, Code::key_update);
    flow->update = {KeyOperation::update_key, kUpdateTag};
  }
  if (inside() && !session_->subscription.empty()) let_time_pass();
  if (!flow && has_events()) begin_flow(here(), Purpose::events, Code::send_event);
  if (!flow) throw Refusal{version_byte() >= k13 ? ErrorCode::no_pending_requests : ErrorCode::unexpected_request};
  // Where the first request is implied, the requester delivers at once.
  if (flow->waiting) throw Refusal{ErrorCode::unexpected_request};
  ask(*flow);
  return EncapsulatedRequest{flow->id, flow->request}.encode(version_byte());
}

Bytes Responder::encapsulated_response_ack(Reader& reader) {
  const std::uint8_t version = version_byte();
  if (!parameters_.encapsulates())
    throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(Code::deliver_encapsulated_response)};
  const DeliverEncapsulatedResponse delivered = DeliverEncapsulatedResponse::decode(reader, version);
  std::optional<ResponderFlow>& flow = here().flow;
  if (!flow || !flow->waiting) throw Refusal{ErrorCode::unexpected_request};
  if (delivered.id != flow->id) throw Refusal{ErrorCode::invalid_request};

  EncapsulatedResponseAck ack;
  ack.ack_id = delivered.id;
  bool goes_on = true;
  if (find_fault(struck_, FaultKind::ask_again) != nullptr) {
    flow->next = Code::get_digests;
  } else {
    try {
      goes_on = take(*flow, delivered.response);
    } catch (const Error&) {
      flow.reset();
      throw Refusal{ErrorCode::invalid_response_code};
    }
  }
  if (goes_on) {
    ask(*flow);
    ack.payload = EncapsulatedResponseAck::Payload::request;
    ack.id = flow->id;
    ack.request = flow->request;
  } else {
    const Session* session = flow->purpose == Purpose::handshake ? sessions_.find(flow->session) : nullptr;
    if (session != nullptr && session->requester) {
      ack.payload = EncapsulatedResponseAck::Payload::slot;
      ack.slot = session->requester->slot;
    }
    flow.reset();
  }
  return ack.encode(version);
}

bool Responder::take(ResponderFlow& flow, View response) {
  Reader reader(response, "encapsulated response");
  if (is_error(response)) {
    // ResponseNotReady ends the flow in good order, every other ERROR does not.
    const ErrorResponse error = ErrorResponse::decode(reader);
    if (error.code == ErrorCode::response_not_ready) return false;
    reader.fail("ErrorCode", describe(error));
  }
  const Code answered = flow.next;
  switch (answered) {
    case Code::get_digests:
      take_digests(flow, reader);
      flow.next = Code::get_certificate;
      break;
    case Code::get_certificate:
      take_certificate(flow, reader);
      if (flow.chain.complete()) flow.next = Code::challenge;
      break;
    case Code::challenge:
      take_challenge_auth(flow, reader);
      break;
    case Code::send_event:
      take_event_ack(reader);
      return has_events();
    default:
      flow.update.check_ack(reader, version_byte());
      break;
  }
  const View message = response.first(reader.offset());  // padding of the binding is no part of it
  append(flow.m1m2, flow.request);
  append(flow.m1m2, message);
  if (answered == Code::get_digests) flow.digests = to_bytes(message);

  if (flow.purpose == Purpose::key_update) {
    if (flow.update.operation == KeyOperation::verify_new_key) {
      session_->keys.confirm(Direction::response);
      return false;
    }
    // DSP0274 KEY_UPDATE: the acknowledgement that carries VerifyNewKey is the first message under the new key.
    session_->keys.update(Direction::response);
    flow.update = {KeyOperation::verify_new_key, kVerifyTag};
    return true;
  }
  if (flow.purpose == Purpose::basic_mutual_auth) return answered != Code::challenge;
  if (!flow.chain.complete()) return true;
  Session* session = sessions_.find(flow.session);
  if (session == nullptr) return false;
  session->requester = identify(flow.get_certificate.slot, flow.chain.chain(), flow.digest);
  if (parameters_.multi_key_requester) session->encapsulated_digests = flow.digests;
  return false;
}

void Responder::take_digests(ResponderFlow& flow, Reader& reader) {
  const DigestsResponse response = DigestsResponse::decode(reader, requester_parameters());
  const SlotDigest* found = response.find(sessions_profile().requester_slot);
  if (found == nullptr) reader.fail("ProvisionedSlotMask", "the slot that is asked for is empty");
  flow.digest = found->digest;
}

void Responder::take_certificate(ResponderFlow& flow, Reader& reader) {
  const CertificateResponse response = CertificateResponse::decode(reader, flow.get_certificate, requester_parameters());
  flow.chain.add(flow.get_certificate, response);
}

// Basic mutual authentication. M1/M2 of the requester begins with A from 1.2 on.
void Responder::take_challenge_auth(ResponderFlow& flow, Reader& reader) {
  const View message = reader.rest();
  const ChallengeAuth response = ChallengeAuth::decode(reader, flow.challenge, requester_parameters());
  const KnownRequester requester =
      parameters_.requester.has(cap::cert) ? identify(flow.challenge.slot, flow.chain.chain(), flow.digest) : provisioned_requester();
  if (response.cert_chain_hash != crypto::hash(*parameters_.hash, requester.identity)) reader.fail("CertChainHash", "of another chain");
  Bytes transcript = version_byte() >= k12 ? vca_ : Bytes{};
  append(transcript, flow.m1m2);
  append(transcript, flow.request);
  append(transcript, message.first(reader.offset() - response.signature.size()));
  if (!verifies(requester, kRequesterChallengeAuthContext, crypto::hash(*parameters_.hash, transcript), response.signature))
    reader.fail("Signature", "it does not verify");
}

}  // namespace spdm
