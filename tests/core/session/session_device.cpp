#include "core/session/session_device.h"

#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/session/requester_identity.h"
#include "core/wire/secured_versions.h"
#include "core/wire/version.h"

namespace fake {

using namespace spdm;

namespace {

template <class Message, class... More>
Message read(View bytes, const More&... more) {
  Reader reader(bytes, "request");
  return Message::decode(reader, more...);
}

}  // namespace

Bytes SessionDevice::chain(const HashAlgorithm& hash) { return pki::spdm_chain(hash, pki::sample().root.der, pki::sample().all()); }
Bytes SessionDevice::public_key() { return pki::sample().leaf.key.spki(); }

Bytes SessionDevice::sign(std::string_view context, View transcript) const {
  return crypto::sign(pki::sample().leaf.key.private_key(), asym(), hash(), profile_.version, context, crypto::hash(hash(), transcript));
}

Bytes SessionDevice::error(ErrorCode code) const {
  return ErrorResponse{.version = profile_.version, .code = code, .data = 0, .extended = {}}.encode();
}

Bytes SessionDevice::exchange(View request, Clock::time_point) {
  ++round_trips;
  inside_ = false;
  Bytes answer = handle(to_bytes(request));
  if (profile_.binding == Binding::doe && pads) answer.resize((answer.size() + 3) / 4 * 4);
  if (after_finish_) session_->establish(th_hash());
  after_finish_ = false;
  return answer;
}

SecuredReply SessionDevice::exchange_secured(View record, Clock::time_point) {
  ++round_trips;
  inside_ = true;
  const Bytes request = session_->open(Direction::request, record);
  const Code code = read_header(request).code;
  const Bytes answer = handle(request);
  SecuredReply reply{true, session_->seal(Direction::response, answer)};
  if (after_finish_) session_->establish(th_hash());
  after_finish_ = false;
  // The requester's key becomes new with the acknowledgement.
  if (code == Code::key_update && !is_error(answer) && request[2] != 3) session_->update(Direction::request);
  if (code == Code::end_session) session_->kill();
  if (tamper_record) tamper_record(code, reply);
  return reply;
}

Bytes SessionDevice::handle(const Bytes& request) {
  const Code code = read_header(request).code;
  asked.push_back(code);
  asked_inside.push_back(inside_);
  requests.push_back(request);
  if (instead)
    if (std::optional<Bytes> answer = instead(code)) return *answer;
  Bytes answer = respond(request);
  const bool good = !is_error(answer);
  if (good && (code == Code::get_version || code == Code::get_capabilities || code == Code::negotiate_algorithms)) {
    if (code == Code::get_version) a_.clear();
    append(a_, request);
    append(a_, answer);
  }
  if (good && !inside_ && (code == Code::get_digests || code == Code::get_certificate)) {
    if (code == Code::get_digests) b_.clear();
    append(b_, request);
    append(b_, answer);
  }
  if (tamper) tamper(code, answer);
  return answer;
}

Bytes SessionDevice::respond(const Bytes& request) {
  switch (read_header(request).code) {
    case Code::get_version:
      return VersionResponse{.entries = {static_cast<std::uint16_t>(profile_.version << 8)}}.encode();
    case Code::get_capabilities:
      return capabilities(request);
    case Code::negotiate_algorithms:
      return algorithms(request);
    case Code::get_digests:
      return digests();
    case Code::get_certificate:
      return certificate(request);
    case Code::challenge:
      return challenge(request);
    case Code::get_measurements:
      return measurements(request);
    case Code::key_exchange:
      return key_exchange(request);
    case Code::finish:
      return finish(request);
    case Code::psk_exchange:
      return psk_exchange(request);
    case Code::psk_finish:
      return psk_finish(request);
    case Code::heartbeat:
      return begin(profile_.version, Code::heartbeat_ack).take();
    case Code::key_update:
      return key_update(request);
    case Code::end_session:
      return begin(profile_.version, Code::end_session_ack).take();
    case Code::get_encapsulated_request:
      return next_encapsulated();
    case Code::deliver_encapsulated_response:
      return take_encapsulated(request);
    default:
      return error(ErrorCode::unsupported_request);
  }
}

Bytes SessionDevice::capabilities(const Bytes& request) {
  requester_ = read<GetCapabilities>(request, profile_.version).capabilities;
  CapabilitiesResponse out;
  out.capabilities.flags = profile_.flags;
  out.capabilities.data_transfer_size = out.capabilities.max_message_size = profile_.room;
  return out.encode(profile_.version);
}

Bytes SessionDevice::algorithms(const Bytes& request) {
  const auto offer = read<NegotiateAlgorithms>(request, profile_.version);
  AlgorithmsResponse out;
  out.base_asym = asym().bit;
  out.base_hash = hash().bit;
  if ((profile_.flags & cap::meas_mask) != 0) {
    out.measurement_specification = offer.measurement_specification;
    out.measurement_hash = hash().bit << 1;
  }
  out.other_params = offer.other_params & other_params::opaque_fmt1;
  if (profile_.multi_key) out.other_params |= other_params::multi_key;
  const KeyExchangeAlgorithm& exchange = *find_key_exchange(profile_.key_exchange);
  for (const AlgStruct& table : offer.tables) {
    std::uint16_t selected = 0;
    if (table.type == AlgType::dhe && !exchange.kem) selected = exchange.bit;
    if (table.type == AlgType::kem && exchange.kem) selected = exchange.bit;
    if (table.type == AlgType::aead) selected = find_aead(profile_.aead)->bit;
    if (table.type == AlgType::key_schedule) selected = kSpdmKeySchedule;
    if (table.type == AlgType::req_base_asym) selected = static_cast<std::uint16_t>(table.supported & -table.supported);
    out.tables.push_back({table.type, static_cast<std::uint16_t>(selected & table.supported)});
  }
  CapabilitiesResponse ours;
  ours.capabilities.flags = profile_.flags;
  ours.capabilities.data_transfer_size = ours.capabilities.max_message_size = profile_.room;
  parameters_ = settle(profile_.version, requester_, ours.capabilities, offer, out);
  return out.encode(profile_.version);
}

Bytes SessionDevice::digests() const {
  DigestsResponse out;
  out.supported_slots = out.provisioned_slots = 1;
  out.slots.push_back({.slot = 0, .digest = crypto::hash(hash(), chain(hash()))});
  return out.encode(parameters_);
}

Bytes SessionDevice::certificate(const Bytes& request) const {
  const auto in = read<GetCertificate>(request, profile_.version);
  const Bytes whole = chain(hash());
  CertificateResponse out;
  out.large = in.large;
  out.portion = to_bytes(View(whole).subspan(in.offset, std::min<std::size_t>(in.length, whole.size() - in.offset)));
  out.remainder = static_cast<std::uint32_t>(whole.size() - in.offset - out.portion.size());
  return out.encode(profile_.version);
}

Bytes SessionDevice::challenge(const Bytes& request) {
  const auto in = read<Challenge>(request, profile_.version);
  ChallengeAuth out;
  out.basic_mut_auth = challenged_ = parameters_.both(cap::mut_auth) && !to_ask.empty();
  out.slot_mask = 1;
  out.cert_chain_hash = crypto::hash(hash(), chain(hash()));
  out.context = in.context;
  Bytes transcript = a_;
  append(transcript, b_);
  append(transcript, request);
  append(transcript, out.encode(profile_.version));
  out.signature = sign(kChallengeAuthContext, transcript);
  b_.clear();
  mutual_.clear();
  next_to_ask_ = 0;
  return out.encode(profile_.version);
}

Bytes SessionDevice::measurements(const Bytes& request) {
  const auto in = read<GetMeasurements>(request, profile_.version);
  MeasurementsResponse out;
  out.record = encode_block({1, MeasurementType::mutable_firmware, false, Bytes(hash().size, 0x22)});
  out.slot = in.slot;
  out.context = in.context;
  Bytes transcript = profile_.version >= k12 ? a_ : Bytes{};
  append(transcript, request);
  append(transcript, out.encode(profile_.version, 1));
  if (in.signature) out.signature = sign(kMeasurementsContext, transcript);
  return out.encode(profile_.version, 1);
}

}  // namespace fake
