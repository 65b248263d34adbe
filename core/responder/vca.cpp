// GET_VERSION, GET_CAPABILITIES and NEGOTIATE_ALGORITHMS of the responder.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"
#include "core/wire/version.h"

namespace spdm {

namespace {

// Bits that exist for a requester (DSP0274 table "Flag fields definitions for the requester").
std::uint32_t requester_flags(std::uint8_t version) {
  if (version <= k10) return 0;
  std::uint32_t out = 0x0001FFC6;
  if (version >= k12) out |= cap::chunk;
  if (version >= k13) out |= cap::ep_info_mask | cap::event | cap::multi_key_mask;
  if (version >= k14) out |= cap::large_resp;
  return out;
}

// DSP0274 CAPABILITIES, table "Flag fields definitions for the requester": whether flags and sizes are legal (Q1 to
// Q9). A more lenient responder would be a weaker test of our requester than a device is.
bool legal(const Capabilities& in, std::uint8_t version) {
  const auto field = [&](std::uint32_t mask) { return in.flags & mask; };
  const bool key_ex = in.has(cap::key_ex), psk = in.has(cap::psk_mask), cert = in.has(cap::cert), key_id = in.has(cap::pub_key_id);
  const bool v13 = version >= k13;
  const bool proves = in.has(cap::chal | cap::key_ex) || (v13 && field(cap::ep_info_mask) == cap::ep_info_sig);
  if (field(cap::psk_mask) > cap::psk) return false;                      // Q1
  if ((key_ex || psk) && !in.has(cap::mac | cap::encrypt)) return false;  // Q2
  if (!key_ex && !psk) {                                                  // Q2
    if (in.has(cap::mac | cap::encrypt | cap::handshake_in_the_clear | cap::hbeat | cap::key_upd)) return false;
    if (v13 && in.has(cap::event)) return false;
  }
  if (psk && !key_ex && in.has(cap::handshake_in_the_clear)) return false;  // Q3
  if (cert && key_id) return false;                                         // Q4
  if ((cert || key_id) && !proves) return false;                            // Q5
  if (!cert && !key_id) {                                                   // Q6
    if (in.has(cap::chal | cap::mut_auth)) return false;
    if (v13 && field(cap::ep_info_mask) == cap::ep_info_sig) return false;
  }
  if (in.has(cap::mut_auth) && !in.has(cap::key_ex | cap::chal)) return false;  // Q7
  if (version == k11 && in.has(cap::mut_auth) && !in.has(cap::encap)) return false;
  if (version >= k12) {  // Q8
    if (in.data_transfer_size < kMinDataTransferSize || in.data_transfer_size > in.max_message_size) return false;
    if (!in.has(cap::chunk) && in.data_transfer_size != in.max_message_size) return false;
  }
  if (v13) {  // Q9
    if (field(cap::ep_info_mask) == cap::ep_info_mask || field(cap::multi_key_mask) == cap::multi_key_mask) return false;
    if (in.has(cap::multi_key_mask) && (!cert || key_id)) return false;
  }
  return in.ct_exponent <= 31;
}

// The first of our preferences that the requester offers; 0 when there is none.
std::uint32_t first_offered(const std::vector<const HashAlgorithm*>& ours, std::uint32_t offered) {
  const auto it = std::find_if(ours.begin(), ours.end(), [&](const HashAlgorithm* row) { return (row->bit & offered) != 0; });
  return it == ours.end() ? 0 : (*it)->bit;
}

// The largest Length of NEGOTIATE_ALGORITHMS, in bytes.
constexpr std::size_t kMaxLength10 = 64, kMaxLength11 = 128;

}  // namespace

Bytes Responder::version(Reader& reader) {
  const View request = reader.rest().first(kHeaderSize);
  expect(reader, Code::get_version, k10);
  state_ = State::version;
  parameters_ = {};
  authenticated_ = false;
  m1m2_.reset();
  first_digests_.clear();
  sessions_.clear();
  outside_ = {};
  VersionResponse response;
  for (const std::uint8_t version : profile_->versions) response.entries.push_back(static_cast<std::uint16_t>(version << 8));
  vca_ = to_bytes(request);
  Bytes out = response.encode();
  append(vca_, out);
  return out;
}

Bytes Responder::capabilities(Reader& reader) {
  const View message = reader.rest();
  const std::uint8_t version = message[0];
  if (std::find(profile_->versions.begin(), profile_->versions.end(), version) == profile_->versions.end())
    throw Refusal{ErrorCode::version_mismatch};
  parameters_ = {};
  parameters_.version = version;  // from here on ERROR carries it, too
  const GetCapabilities request = GetCapabilities::decode(reader, version);
  if (version >= k11 && !legal(request.capabilities, version)) throw Refusal{ErrorCode::invalid_request};
  // The block makes the answer large: only a requester that takes chunks may ask for it.
  if (request.want_algorithms && !request.capabilities.has(cap::chunk)) throw Refusal{ErrorCode::invalid_request};

  parameters_.requester = request.capabilities;
  parameters_.requester.flags &= requester_flags(version);
  parameters_.responder.flags = profile_->flags(version);
  parameters_.responder.ct_exponent = profile_->ct_exponent;
  parameters_.responder.data_transfer_size = profile_->data_transfer_size;
  parameters_.responder.max_message_size = has(cap::chunk) ? profile_->max_message_size : profile_->data_transfer_size;
  state_ = State::capabilities;

  CapabilitiesResponse response{parameters_.responder, {}};
  if (request.want_algorithms && has(cap::chunk)) response.supported_algorithms = supported_algorithms(version);
  append(vca_, message.first(reader.offset()));
  Bytes out = response.encode(version);
  append(vca_, out);
  return out;
}

// "Supported Algorithms" block (1.3+): everything that could be selected.
Bytes Responder::supported_algorithms(std::uint8_t version) const {
  std::uint32_t base = 0, pqc = 0, hash = 0;
  for (const AsymAlgorithm* row : profile_->usable_asym(version)) (row->pqc ? pqc : base) |= row->bit;
  for (const HashAlgorithm* row : profile_->usable_hash(version)) hash |= row->bit;
  const std::uint8_t multi_key = has(cap::multi_key_mask) ? other_params::multi_key : 0;
  const std::vector<AlgStruct> tables = supported_tables(version);
  constexpr std::size_t kFixed = 30, kTable = 4;
  Writer writer;
  writer.u8(tables.size()).u8(0).u16(kFixed + kTable * tables.size());
  writer.u8(has(cap::meas_mask) ? kDmtfMeasurementSpecification : 0).u8(profile_->opaque_formats | multi_key);
  writer.u32(base).u32(hash).u32(pqc).zeros(8).u8(0).u8(0).u8(0).u8(has(cap::mel) ? kDmtfMelSpecification : 0);
  constexpr std::uint8_t kTwoFixedBytes = 0x20;  // AlgCount
  for (const AlgStruct& table : tables) writer.u8(static_cast<std::uint8_t>(table.type)).u8(kTwoFixedBytes).u16(table.supported);
  return writer.take();
}

Bytes Responder::algorithms(Reader& reader) {
  const std::uint8_t version = version_byte();
  const View message = reader.rest();
  const NegotiateAlgorithms offer = NegotiateAlgorithms::decode(reader, version);
  // A table without a value offers nothing; the decoder has seen to the rest of the tables.
  const bool empty_table =
      std::any_of(offer.tables.begin(), offer.tables.end(), [](const AlgStruct& table) { return table.supported == 0; });
  if (reader.offset() > (version == k10 ? kMaxLength10 : kMaxLength11) || empty_table) throw Refusal{ErrorCode::invalid_request};

  const AlgorithmsResponse response = select(offer);
  parameters_ = settle(version, parameters_.requester, parameters_.responder, offer, response);
  state_ = State::negotiated;
  next_is_first_ = true;
  append(vca_, message.first(reader.offset()));
  Bytes out = response.encode(version);
  append(vca_, out);
  return out;
}

AlgorithmsResponse Responder::select(const NegotiateAlgorithms& offer) const {
  const std::uint8_t version = version_byte();
  AlgorithmsResponse out;
  out.base_hash = first_offered(profile_->usable_hash(version), offer.base_hash);
  // From 1.4 on a requester offers both families and one algorithm of one family is selected: ours in our order.
  for (const AsymAlgorithm* row : profile_->usable_asym(version)) {
    if ((row->bit & (row->pqc ? offer.pqc_asym : offer.base_asym)) == 0) continue;
    (row->pqc ? out.pqc_asym : out.base_asym) = row->bit;
    // SM2 goes with SM3 and nothing else.
    if (row->scheme == SignatureScheme::sm2) out.base_hash = first_offered({find_hash("SM3-256")}, offer.base_hash);
    break;
  }
  const bool signs = has(cap::cert | cap::chal) || (parameters_.responder.flags & cap::meas_mask) == cap::meas_sig;
  if (signs && (out.base_hash == 0 || (out.base_asym == 0 && out.pqc_asym == 0))) throw Refusal{ErrorCode::invalid_request};

  if (has(cap::meas_mask) && (offer.measurement_specification & kDmtfMeasurementSpecification) != 0) {
    out.measurement_specification = kDmtfMeasurementSpecification;
    out.measurement_hash = profile_->measurement_hash_bit(find_hash(out.base_hash));
  }
  if (has(cap::mel) && version >= k13) out.mel_specification = offer.mel_specification & kDmtfMelSpecification;

  const std::uint8_t formats = offer.other_params & profile_->opaque_formats;
  if (version >= k12)
    out.other_params = (formats & other_params::opaque_fmt1) != 0 ? other_params::opaque_fmt1 : formats & other_params::opaque_fmt0;
  if (version >= k13) {
    const std::uint32_t ours = parameters_.responder.flags & cap::multi_key_mask;
    const bool wanted = (offer.other_params & other_params::multi_key) != 0;
    if ((wanted && ours == 0) || (!wanted && ours == cap::multi_key_only)) throw Refusal{ErrorCode::invalid_request};
    // One key of the requester is enough for us: its multi-key mode is selected only when it allows nothing else.
    if ((parameters_.requester.flags & cap::multi_key_mask) == cap::multi_key_only) out.other_params |= other_params::multi_key;
  }
  select_for_sessions(offer, out);
  return out;
}

}  // namespace spdm
