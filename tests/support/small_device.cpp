#include "support/small_device.h"

#include <algorithm>

#include "core/wire/chunk.h"
#include "core/wire/opaque.h"
#include "core/wire/version.h"

namespace fake {

using namespace spdm;

namespace {

std::vector<MeasurementBlock> usual_blocks(const HashAlgorithm* hash) {
  const std::size_t size = hash == nullptr ? 32 : hash->size;
  return {{1, MeasurementType::immutable_rom, hash == nullptr, Bytes(size, 0x11)},
          {2, MeasurementType::mutable_firmware, hash == nullptr, Bytes(size, 0x22)},
          {7, MeasurementType::security_version, true, {3, 0, 0, 0, 0, 0, 0, 0}}};
}

bool nulls_b(Code code) { return code == Code::get_measurements || code == Code::get_measurement_extension_log; }

}  // namespace

Device::Device(Profile profile) : profile_(std::move(profile)), key_(pki::Key::shared(*find_asym(profile_.asym))) {
  blocks = profile_.blocks.empty() ? usual_blocks(find_hash(profile_.measurement_hash)) : profile_.blocks;
}

Bytes Device::chain(std::uint8_t slot) const {
  Writer out;
  out.u32(profile_.chain_size)
      .bytes(Bytes(hash().size, 0xA0))
      .bytes(Bytes(profile_.chain_size - 4 - hash().size, static_cast<std::uint8_t>(slot + 1)));
  return out.take();
}

ChainResult Device::good_chain(std::uint8_t slot, std::size_t connection) const {
  ChainResult out;
  out.connection = connection;
  out.slot = slot;
  out.model = CertModel::device;
  out.certificates.emplace_back().subject = "CN=device";
  out.trust = Trust::trusted;
  out.sound = true;
  out.leaf_key = public_key();
  return out;
}

Bytes Device::sign(std::string_view context, View transcript) const {
  return crypto::sign(key_.private_key(), asym(), hash(), version_, context, crypto::hash(hash(), transcript));
}

std::size_t Device::room_out() const {
  const std::size_t theirs = version_ >= k12 && requester_.data_transfer_size != 0 ? requester_.data_transfer_size : 0x20000;
  return std::min(theirs, version_ >= k12 ? profile_.send_limit : 0x20000);
}

Bytes Device::error(ErrorCode code, Bytes extended) {
  const bool keeps = code == ErrorCode::large_response || code == ErrorCode::response_not_ready;
  if (!keeps) m_.clear();
  return ErrorResponse{.version = version_, .code = code, .data = 0, .extended = std::move(extended)}.encode();
}

Bytes Device::answer(View message) {
  const Code code = read_header(message).code;
  if (intercept)
    if (std::optional<Bytes> instead = intercept(code, message)) return std::move(*instead);
  return serve(message);
}

Bytes Device::serve(View message) {
  const Code code = read_header(message).code;
  if (code == Code::chunk_send) return receive_chunk(message);
  if (code == Code::chunk_get) return send_chunk(message);
  return deliver(handle(to_bytes(message)));
}

Bytes Device::deliver(Bytes response) {
  if (response.size() <= room_out()) return response;
  if (!chunking()) return error(ErrorCode::response_too_large, Writer().u32(response.size()).take());
  large_response_ = std::move(response);
  large_sent_ = 0;
  return error(ErrorCode::large_response, {++handle_});
}

Bytes Device::receive_chunk(View message) {
  Reader reader(message, "CHUNK_SEND");
  const Chunk chunk = Chunk::decode(reader, Code::chunk_send, version_);
  if (chunk.sequence == 0) large_request_.clear();
  append(large_request_, chunk.data);
  ChunkSendAck ack{.early_error = false, .handle = chunk.handle, .sequence = chunk.sequence, .response = {}};
  if (chunk.last) {
    ack.response = handle(large_request_);
    if (ack.encode(version_).size() > room_out()) {
      large_response_ = std::move(ack.response);
      large_sent_ = 0;
      return error(ErrorCode::large_response, {++handle_});
    }
  }
  return ack.encode(version_);
}

Bytes Device::send_chunk(View message) {
  Reader reader(message, "CHUNK_GET");
  const ChunkGet get = ChunkGet::decode(reader, version_);
  const std::size_t room = room_out() - Chunk::header_size(get.sequence);
  const View left = View(large_response_).subspan(large_sent_);
  const View piece = left.first(std::min(room, left.size()));
  large_sent_ += piece.size();
  const Chunk chunk{.last = piece.size() == left.size(),
                    .handle = get.handle,
                    .sequence = get.sequence,
                    .large_message_size = static_cast<std::uint32_t>(large_response_.size()),
                    .data = to_bytes(piece)};
  return chunk.encode(Code::chunk_response, version_);
}

// This function alone holds the rules for resetting the transcripts.
Bytes Device::handle(const Bytes& request) {
  const Code code = read_header(request).code;
  if (code == Code::get_version) {
    a_.clear(), b_.clear(), m_.clear();
    authenticated_ = false;
  }
  if (code == Code::get_digests) b_.clear();
  if (nulls_b(code) && !authenticated_) b_.clear();
  if (code != Code::get_measurements) m_.clear();
  Bytes response = respond(request);
  const bool error = is_error(response);
  if (!error && (code == Code::get_version || code == Code::get_capabilities || code == Code::negotiate_algorithms)) {
    append(a_, request);
    append(a_, response);
  }
  if (!error && (code == Code::get_digests || code == Code::get_certificate)) {
    append(b_, request);
    append(b_, response);
  }
  if (tamper) tamper(code, response);
  return response;
}

Bytes Device::respond(const Bytes& request) {
  switch (read_header(request).code) {
    case Code::get_version: {
      version_ = k10;
      VersionResponse out;
      for (const std::uint8_t version : profile_.versions) out.entries.push_back(static_cast<std::uint16_t>(version << 8));
      return out.encode();
    }
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
    case Code::get_endpoint_info:
      return endpoint_info(request);
    case Code::get_measurement_extension_log:
      return extension_log(request);
    default:
      return error(ErrorCode::unsupported_request);
  }
}

Bytes Device::capabilities(const Bytes& request) {
  version_ = request.front();
  Reader reader(request, "GET_CAPABILITIES");
  requester_ = GetCapabilities::decode(reader, version_).capabilities;
  CapabilitiesResponse out;
  const bool chunks = profile_.chunks && version_ >= k12;
  out.capabilities.flags = profile_.flags | (chunks ? cap::chunk : 0);
  out.capabilities.ct_exponent = 12;
  out.capabilities.data_transfer_size = profile_.room;
  out.capabilities.max_message_size = chunks ? profile_.max_message : profile_.room;
  return out.encode(version_);
}

Bytes Device::algorithms(const Bytes& request) {
  Reader reader(request, "NEGOTIATE_ALGORITHMS");
  const NegotiateAlgorithms offer = NegotiateAlgorithms::decode(reader, version_);
  AlgorithmsResponse out;
  (asym().pqc ? out.pqc_asym : out.base_asym) = asym().bit;
  out.base_hash = hash().bit;
  if ((profile_.flags & cap::meas_mask) != 0) {
    const HashAlgorithm* measurement_hash = find_hash(profile_.measurement_hash);
    out.measurement_specification = offer.measurement_specification;
    out.measurement_hash = measurement_hash == nullptr ? kRawOnly : measurement_hash->bit << 1;
  }
  if ((profile_.flags & cap::mel) != 0) out.mel_specification = offer.mel_specification;
  out.other_params = opaque_format_ = offer.other_params & other_params::opaque_fmt1;
  return out.encode(version_);
}

Bytes Device::digests() const {
  Parameters parameters;
  parameters.version = version_;
  DigestsResponse out;
  out.supported_slots = out.provisioned_slots = profile_.slots;
  for (std::uint8_t slot = 0; slot < kSlots; ++slot)
    if ((profile_.slots >> slot & 1) != 0) {
      out.slots.emplace_back().slot = slot;
      out.slots.back().digest = crypto::hash(hash(), chain(slot));
    }
  return out.encode(parameters);
}

Bytes Device::certificate(const Bytes& request) {
  Reader reader(request, "GET_CERTIFICATE");
  const GetCertificate in = GetCertificate::decode(reader, version_);
  const Bytes whole = chain(in.slot);
  if ((profile_.slots >> in.slot & 1) == 0 || in.offset >= whole.size()) return error(ErrorCode::invalid_request);
  const View left = View(whole).subspan(in.offset);
  const std::size_t header = in.large ? 16 : 8;
  std::size_t size = std::min<std::size_t>({left.size(), in.length, profile_.portion});
  if (!chunking()) size = std::min(size, room_out() - header);
  CertificateResponse out;
  out.slot = in.slot;
  out.large = in.large;
  out.portion = to_bytes(left.first(size));
  out.remainder = static_cast<std::uint32_t>(left.size() - size);
  return out.encode(version_);
}

// Signs `before`, the request and the response, and puts the signature at its end.
Bytes Device::signed_with(std::string_view context, const Bytes& before, const Bytes& request, Bytes unsigned_response) {
  Bytes transcript = before;
  append(transcript, request);
  append(transcript, unsigned_response);
  append(unsigned_response, signer ? signer(context, transcript) : sign(context, transcript));
  return unsigned_response;
}

Bytes Device::challenge(const Bytes& request) {
  Reader reader(request, "CHALLENGE");
  const Challenge in = Challenge::decode(reader, version_);
  ChallengeAuth out;
  out.slot = in.slot;
  out.slot_mask = in.slot == kProvisionedKey ? 0 : profile_.slots;
  out.cert_chain_hash = crypto::hash(hash(), !named_chain.empty()         ? named_chain
                                             : in.slot == kProvisionedKey ? key_.spki()
                                                                          : chain(in.slot));
  out.nonce.fill(0xD0);
  Bytes record;
  for (const MeasurementBlock& block : blocks) append(record, encode_block(block));
  if (in.summary != Summary::none && (profile_.flags & cap::meas_mask) != 0) out.summary_hash = crypto::hash(hash(), record);
  out.opaque = profile_.opaque;
  out.context = in.context;
  Bytes before = a_;
  append(before, b_);
  Bytes response = signed_with(kChallengeAuthContext, before, request, out.encode(version_));
  b_.clear();
  authenticated_ = true;
  return response;
}

Bytes Device::measurements(const Bytes& request) {
  Reader reader(request, "GET_MEASUREMENTS");
  const GetMeasurements in = GetMeasurements::decode(reader, version_);
  MeasurementsResponse out;
  std::uint8_t count = 0;
  for (const MeasurementBlock& block : blocks) {
    if (in.operation != kAllMeasurements && in.operation != block.index) continue;
    append(out.record, encode_block(block));
    ++count;
  }
  if (in.operation == kMeasurementCount)
    out.count = static_cast<std::uint8_t>(blocks.size());
  else if (count == 0)
    return error(ErrorCode::invalid_request);
  out.nonce.fill(0xE0);
  out.context = in.context;
  if (!in.signature) {
    Bytes response = out.encode(version_, count);
    append(m_, request);
    append(m_, response);
    return response;
  }
  out.slot = in.slot;
  out.content_changed = profile_.changed;
  out.opaque = profile_.opaque;
  out.signature.resize(asym().signature_size);
  Bytes response = out.encode(version_, count);
  response.resize(response.size() - out.signature.size());
  Bytes before = version_ >= k12 ? a_ : Bytes{};
  append(before, m_);
  m_.clear();
  return signed_with(kMeasurementsContext, before, request, std::move(response));
}

Bytes Device::endpoint_info(const Bytes& request) {
  Reader reader(request, "GET_ENDPOINT_INFO");
  const GetEndpointInfo in = GetEndpointInfo::decode(reader, version_);
  EndpointInfoResponse out;
  out.info = {1, 0, 0, 0, 7, 0, 0, 1, 3, 0x12, 0x34, 0x56};
  if (!in.signature) return out.encode(version_);
  out.slot = in.slot;
  out.nonce.fill(0xF0);
  out.signature.resize(asym().signature_size);
  Bytes response = out.encode(version_);
  response.resize(response.size() - out.signature.size());
  return signed_with(kEndpointInfoContext, a_, request, std::move(response));
}

Bytes Device::extension_log(const Bytes& request) {
  Reader reader(request, "GET_MEASUREMENT_EXTENSION_LOG");
  const GetMel in = GetMel::decode(reader, version_);
  if (in.offset >= profile_.mel.size()) return error(ErrorCode::invalid_request);
  const View left = View(profile_.mel).subspan(in.offset);
  const View piece = left.first(std::min<std::size_t>({left.size(), in.length, profile_.portion}));
  MelResponse out;
  out.portion = to_bytes(piece);
  out.remainder = static_cast<std::uint32_t>(left.size() - piece.size());
  return out.encode(version_);
}

}  // namespace fake
