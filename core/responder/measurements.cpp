// GET_MEASUREMENTS, the measurement summary and GET_MEASUREMENT_EXTENSION_LOG of the responder.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"
#include "core/wire/mel.h"

namespace spdm {

namespace {

bool in_tcb(const DeviceMeasurement& measurement) { return measurement.tcb.value_or(measurement.type == MeasurementType::immutable_rom); }

}  // namespace

// Whole blocks in index order, as an unsigned GET_MEASUREMENTS without the raw bit returns them, in every version.
Bytes Responder::summary_hash(Summary summary) const {
  if (summary == Summary::none) return {};
  if (!has(cap::meas_mask) || parameters_.measurement_specification == 0) throw Refusal{ErrorCode::invalid_request};
  crypto::Hasher hasher(*parameters_.hash);
  for (const DeviceMeasurement& measurement : profile_->measurements)
    if (summary == Summary::all || in_tcb(measurement))
      hasher.update(encode_block(measured(*profile_, now(measurement), parameters_.measurement_hash, false)));
  return hasher.finish();
}

Bytes Responder::measurements(Reader& reader) {
  const std::uint8_t version = version_byte();
  const View message = reader.rest();
  if (profile_->sessions && profile_->sessions->required && !inside()) throw outside_of_sessions();
  if (parameters_.measurement_specification == 0) throw Refusal{ErrorCode::unexpected_request};
  const GetMeasurements request = GetMeasurements::decode(reader, version);
  if (request.signature && (parameters_.responder.flags & cap::meas_mask) != cap::meas_sig) throw Refusal{ErrorCode::invalid_request};

  MeasurementsResponse response;
  std::uint8_t blocks = 0;
  if (request.operation == kMeasurementCount) response.count = static_cast<std::uint8_t>(profile_->measurements.size());
  // What the requester cannot take anyway is counted and not put together.
  constexpr std::size_t kLongest = std::size_t{1} << 20;  // before 1.2 nobody says what it can take
  const std::size_t room = version >= k12 ? parameters_.requester.max_message_size : kLongest;
  std::size_t record_size = 0;
  for (const DeviceMeasurement& measurement : profile_->measurements) {
    if (request.operation != kAllMeasurements && request.operation != measurement.index) continue;
    const Bytes block = encode_block(measured(*profile_, now(measurement), parameters_.measurement_hash, request.raw_bit_stream));
    record_size += block.size();
    if (record_size <= room) append(response.record, block);
    ++blocks;
  }
  if (request.operation != kMeasurementCount && blocks == 0) throw Refusal{ErrorCode::invalid_request};
  if (record_size > room) {
    if (version < k12) throw Refusal{ErrorCode::unspecified};
    const std::size_t around = MeasurementsResponse{}.encode(version, 0).size() + (request.signature ? parameters_.signature_size() : 0);
    throw Refusal{ErrorCode::response_too_large, 0, Writer().u32(record_size + around).take()};
  }
  const Bytes nonce = crypto::random(response.nonce.size());
  std::copy(nonce.begin(), nonce.end(), response.nonce.begin());
  if (version < k12 || parameters_.opaque_format != 0) response.opaque = profile_->measurements_opaque;
  response.context = request.context;
  if (!request.signature) {
    Bytes out = response.encode(version, blocks);
    append_l1l2(message.first(reader.offset()), out);
    return out;
  }

  const DeviceSlot& found = signing_slot(request.slot, key_usage::measurement);
  Bytes out = response.encode(version, blocks);
  // The encoder writes these two only into a signed message, and the signature comes later.
  if (version >= k11) out[3] = slot_nibble(request.slot);
  if (version >= k12) out[3] = static_cast<std::uint8_t>(out[3] | static_cast<unsigned>(profile_->content_changed) << 4);
  return sign_l1l2(message.first(reader.offset()), std::move(out), found);
}

Bytes Responder::extension_log(Reader& reader) {
  const GetMel request = GetMel::decode(reader, version_byte());
  if (parameters_.mel_specification == 0) throw Refusal{ErrorCode::unexpected_request};
  const Bytes log = encode_log(profile_->log);
  if (request.offset >= log.size()) throw Refusal{ErrorCode::invalid_request};
  std::size_t length = std::min<std::size_t>(request.length, log.size() - request.offset);
  constexpr std::size_t header = 12;
  if (!parameters_.chunking()) length = std::min(length, send_limit() - header);
  MelResponse response;
  response.portion = to_bytes(View(log).subspan(request.offset, length));
  response.remainder = static_cast<std::uint32_t>(log.size() - request.offset - length);
  return response.encode(version_byte());
}

}  // namespace spdm
