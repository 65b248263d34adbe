// The part of the device that opens sessions and renews their keys.
#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/session/requester_identity.h"
#include "core/session/session_device.h"
#include "core/wire/secured_versions.h"

namespace fake {

using namespace spdm;

namespace {

template <class Message, class... More>
Message read(View bytes, const More&... more) {
  Reader reader(bytes, "request");
  return Message::decode(reader, more...);
}

}  // namespace

Bytes SessionDevice::selection() const {
  if (!selects) return {};
  Bytes out = encode_secured_selection(parameters_, profile_.secured_version);
  if (!profile_.aead_limit) return out;
  // A second element of general opaque data: the limit.
  out[0] = 2;
  append(out, Bytes{0, 0, 3, 0, 1, 2, *profile_.aead_limit, 0});
  return out;
}

void SessionDevice::begin_session(SessionKind kind, std::uint16_t requester_half, KeySchedule schedule) {
  const SessionSuite suite{.version = profile_.version, .hash = parameters_.hash, .aead = parameters_.aead};
  const RecordShape shape{.binding = profile_.binding,
                          .session_id = session_id(requester_half, 0xFFFF),
                          .encrypted = parameters_.encrypts(),
                          .aead = parameters_.aead};
  session_ = std::make_unique<SecuredSession>(kind, suite, shape, std::move(schedule), th_hash());
  if (profile_.aead_limit && *profile_.aead_limit < 64 && !ignores_limit) session_->limit((std::uint64_t{1} << *profile_.aead_limit) - 1);
  established_ = after_finish_ = own_key_is_new_ = false;
  mutual_.clear();
  answers.clear();
  next_to_ask_ = 0;
  encapsulated_id_ = 0;
}

Bytes SessionDevice::key_exchange(const Bytes& request) {
  const auto in = read<KeyExchange>(request, parameters_);
  KeyExchangeResponse out;
  out.heartbeat_period = profile_.heartbeat;
  out.session_id = 0xFFFF;
  out.mutual_auth = profile_.mutual_auth;
  out.requester_slot = profile_.requester_slot;
  out.random.fill(0xD1);
  SecretBytes shared;
  if (parameters_.key_exchange->kem) {
    crypto::Encapsulated made = crypto::encapsulate(*parameters_.key_exchange, in.exchange_data);
    out.exchange_data = made.ciphertext;
    shared = std::move(made.secret);
  } else {
    const crypto::KeyAgreement ours(*parameters_.key_exchange);
    out.exchange_data = ours.public_value();
    shared = ours.derive(in.exchange_data);
  }
  if (bad_exchange_data) out.exchange_data.back() ^= 1;
  if (in.summary != Summary::none) out.summary_hash = Bytes(hash().size, 0x5A);
  out.opaque = selection();

  th_ = a_;
  append(th_, crypto::hash(hash(), in.slot == kProvisionedKey ? public_key() : chain(hash())));
  append(th_, request);
  append(th_, out.encode(profile_.version));
  out.signature = sign(kKeyExchangeContext, th_);
  append(th_, out.signature);
  const SessionSuite suite{.version = profile_.version, .hash = parameters_.hash, .aead = parameters_.aead};
  begin_session(SessionKind::key_exchange, in.session_id, KeySchedule::from_key_exchange(suite, shared));
  if (!in_the_clear()) out.verify_data = session_->verify_data(Direction::response, th_hash());
  append(th_, out.verify_data);
  return out.encode(profile_.version);
}

// The chain that was answered in the encapsulated flow, portion by portion, takes part in the transcript as its hash.
void SessionDevice::learn_requester() {
  if (requester_identity.empty())
    for (const Bytes& answer : answers)
      if (read_header(answer).code == Code::certificate) append(requester_identity, View(answer).subspan(8));
  const bool digests_first = !answers.empty() && read_header(answers.front()).code == Code::digests;
  if (profile_.multi_key && digests_first) append(th_, answers.front());
  append(th_, crypto::hash(hash(), requester_identity));
}

Bytes SessionDevice::finish(const Bytes& request) {
  const auto in = read<Finish>(request, parameters_);
  if (in.signature.empty() != (profile_.mutual_auth == MutualAuth::none)) return error(ErrorCode::invalid_request);
  if (!in.signature.empty()) learn_requester();
  append(th_, View(request).first(request.size() - in.signature.size() - in.verify_data.size()));
  if (!in.signature.empty()) {
    const bool has_chain = in.slot != kProvisionedKey;
    const Bytes key = has_chain ? crypto::leaf_spki(View(requester_identity).subspan(4 + hash().size)) : requester_identity;
    if (!crypto::verify(crypto::PublicKey::from_spki(key), *parameters_.req_asym, hash(), profile_.version, kFinishContext, th_hash(),
                        in.signature))
      return error(ErrorCode::decrypt_error);
  }
  append(th_, in.signature);
  if (in.verify_data != session_->verify_data(Direction::request, th_hash())) return error(ErrorCode::decrypt_error);
  append(th_, in.verify_data);
  FinishResponse out;
  append(th_, out.encode(profile_.version));
  if (in_the_clear()) out.verify_data = session_->verify_data(Direction::response, th_hash());
  append(th_, out.verify_data);
  after_finish_ = established_ = true;
  return out.encode(profile_.version);
}

Bytes SessionDevice::psk_exchange(const Bytes& request) {
  const auto in = read<PskExchange>(request, parameters_);
  PskExchangeResponse out;
  out.heartbeat_period = profile_.heartbeat;
  out.session_id = 0xFFFF;
  if ((profile_.flags & cap::psk_mask) == cap::psk_with_context) out.context = Bytes(32, 0xC0);
  if (in.summary != Summary::none) out.summary_hash = Bytes(hash().size, 0x5A);
  out.opaque = selection();
  th_ = a_;
  append(th_, request);
  append(th_, out.encode(profile_.version));
  const SessionSuite suite{.version = profile_.version, .hash = parameters_.hash, .aead = parameters_.aead};
  begin_session(SessionKind::psk, in.session_id, KeySchedule::from_psk(suite, SecretBytes::take(Bytes(profile_.psk))));
  out.verify_data = session_->verify_data(Direction::response, th_hash());
  append(th_, out.verify_data);
  if (out.context.empty()) after_finish_ = established_ = true;
  return out.encode(profile_.version);
}

Bytes SessionDevice::psk_finish(const Bytes& request) {
  const auto in = read<PskFinish>(request, parameters_);
  append(th_, View(request).first(request.size() - in.verify_data.size()));
  if (in.verify_data != session_->verify_data(Direction::request, th_hash())) return error(ErrorCode::decrypt_error);
  append(th_, in.verify_data);
  const Bytes out = PskFinishResponse{}.encode(profile_.version);
  append(th_, out);
  after_finish_ = established_ = true;
  return out;
}

Bytes SessionDevice::key_update(const Bytes& request) {
  const auto in = read<KeyUpdate>(request, profile_.version);
  if (in.operation == KeyOperation::verify_new_key) session_->confirm(Direction::request);
  if (in.operation == KeyOperation::update_all_keys) {
    session_->update(Direction::response);
    session_->confirm(Direction::response);
  }
  return in.encode_ack(profile_.version);
}

Bytes SessionDevice::next_encapsulated() {
  if (next_to_ask_ == to_ask.size()) return error(profile_.version >= k13 ? ErrorCode::no_pending_requests : ErrorCode::unexpected_request);
  mutual_.clear();
  return EncapsulatedRequest{.id = ++encapsulated_id_, .request = to_ask[next_to_ask_]}.encode(profile_.version);
}

Parameters SessionDevice::mirrored() const {
  Parameters out = parameters_;
  std::swap(out.requester, out.responder);
  std::swap(out.multi_key_requester, out.multi_key_responder);
  out.asym = out.req_asym;
  return out;
}

Bytes SessionDevice::take_encapsulated(const Bytes& request) {
  const auto in = read<DeliverEncapsulatedResponse>(request, profile_.version);
  answers.push_back(in.response);
  const Bytes question = next_to_ask_ < to_ask.size() ? to_ask[next_to_ask_] : Bytes{};
  if (!question.empty() && read_header(question).code == Code::challenge && !is_error(in.response)) {
    const auto auth = read<ChallengeAuth>(in.response, read<Challenge>(question, profile_.version), mirrored());
    Bytes transcript = profile_.version >= k12 ? a_ : Bytes{};
    append(transcript, mutual_);
    append(transcript, question);
    append(transcript, View(in.response).first(in.response.size() - auth.signature.size()));
    const Bytes key = crypto::leaf_spki(View(requester_identity).subspan(4 + hash().size));
    requester_is_known = crypto::verify(crypto::PublicKey::from_spki(key), *parameters_.req_asym, hash(), profile_.version,
                                        kRequesterChallengeAuthContext, crypto::hash(hash(), transcript), auth.signature);
  }
  append(mutual_, question);
  append(mutual_, in.response);
  if (!question.empty() && read_header(question).code == Code::key_update && question[2] == 1 && !is_error(in.response)) {
    session_->update(Direction::response);
    session_->confirm(Direction::response);
  }
  EncapsulatedResponseAck out;
  out.ack_id = in.id;
  if (!asks_without_end) ++next_to_ask_;
  if (next_to_ask_ < to_ask.size()) {
    out.payload = EncapsulatedResponseAck::Payload::request;
    out.id = ++encapsulated_id_;
    out.request = to_ask[next_to_ask_];
  } else if (names_slot && !established_ && !challenged_) {
    out.payload = EncapsulatedResponseAck::Payload::slot;
  }
  challenged_ = challenged_ && next_to_ask_ < to_ask.size();
  return out.encode(profile_.version);
}

}  // namespace fake
