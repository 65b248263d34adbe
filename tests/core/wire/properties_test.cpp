// What holds for every message, shown on one well-formed message of each kind in every version: cut off anywhere it is
// refused, with any bit changed it is read or refused but nothing worse, and read and written again it is the same.
#include "core/text.h"
#include "core/wire/capabilities.h"
#include "core/wire/certificate.h"
#include "core/wire/chunk.h"
#include "core/wire/decode.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/error_response.h"
#include "core/wire/golden.h"
#include "core/wire/measurements.h"
#include "core/wire/mel.h"
#include "core/wire/opaque.h"
#include "core/wire/vendor_defined.h"
#include "core/wire/version.h"

using namespace wire;

namespace {

Bytes opaque_data() { return Writer().u8(1).zeros(3).u8(0).u8(0).u16(3).bytes(filled(3, 1)).zeros(1).take(); }

CapabilitiesResponse capabilities(std::uint8_t version) {
  CapabilitiesResponse out;
  out.capabilities.flags = cap::cert | cap::chal | cap::meas_sig;
  out.capabilities.ct_exponent = 14;
  if (version >= k12) out.capabilities.data_transfer_size = out.capabilities.max_message_size = 4608;
  if (version >= k13)
    out.supported_algorithms = Writer().u8(1).u8(0).u16(34).u8(1).u8(2).u32(0x90).u32(3).zeros(15).u8(1).u32(0x10182003).take();
  return out;
}

NegotiateAlgorithms offer(std::uint8_t version) {
  NegotiateAlgorithms out;
  out.base_asym = 0x90;
  out.base_hash = 3;
  if (version >= k12) out.other_params = other_params::opaque_fmt1;
  if (version >= k11) out.tables = {{AlgType::dhe, 0x18}, {AlgType::aead, 3}};
  if (version >= k13) out.mel_specification = 1;
  if (version >= k14) out.pqc_asym = 1;
  return out;
}

void add_negotiation(std::vector<Golden>& out, std::uint8_t version) {
  out.push_back(
      {"VERSION", VersionResponse{{0x1000, 0x1211, 0x1403}}.encode(), [](View bytes) { return decode<VersionResponse>(bytes).encode(); }});
  GetCapabilities get;
  if (version >= k11) get.capabilities = capabilities(version).capabilities;
  get.want_algorithms = version >= k13;
  out.push_back(request("GET_CAPABILITIES", get, version));
  out.push_back({"CAPABILITIES", capabilities(version).encode(version),
                 [=](View bytes) { return decode<CapabilitiesResponse>(bytes, version, get).encode(version); }});
  out.push_back(request("NEGOTIATE_ALGORITHMS", offer(version), version));
  AlgorithmsResponse selection;
  selection.measurement_specification = 1;
  selection.measurement_hash = 2;
  selection.base_asym = 0x80;
  selection.base_hash = 2;
  if (version >= k12) selection.other_params = other_params::opaque_fmt1;
  if (version >= k11) selection.tables = {{AlgType::dhe, 0x10}, {AlgType::aead, 0}};
  const Capabilities responder = capabilities(version).capabilities;
  out.push_back({"ALGORITHMS", selection.encode(version), [=](View bytes) {
                   return decode<AlgorithmsResponse>(bytes, version, offer(version), Capabilities{}, responder).encode(version);
                 }});
}

void add_identity(std::vector<Golden>& out, const Parameters& p) {
  for (const bool multi : {false, true}) {
    if (multi && p.version < k13) continue;
    Parameters parameters = p;
    parameters.multi_key_responder = multi;
    const std::uint8_t supported = p.version >= k13 ? 0xFF : 0x05;
    DigestsResponse digests{.supported_slots = supported, .provisioned_slots = 0x05, .slots = {}};
    for (const std::uint8_t slot : Octets{0, 2})
      digests.slots.push_back({slot, filled(48, slot), multi ? slot : std::uint8_t{0}, multi ? CertModel::alias : CertModel::none,
                               multi ? key_usage::challenge : std::uint16_t{0}});
    out.push_back({multi ? "DIGESTS of several keys" : "DIGESTS", digests.encode(parameters),
                   [=](View bytes) { return decode<DigestsResponse>(bytes, parameters).encode(parameters); }});
    for (const bool large : {false, true}) {
      if (large && p.version < k14) continue;
      const GetCertificate get{.slot = 2, .large = large, .slot_size_requested = false, .offset = 16, .length = 500};
      out.push_back(request("GET_CERTIFICATE", get, p.version));
      const CertificateResponse certificate{
          .slot = 2, .large = large, .model = multi ? std::uint8_t{1} : std::uint8_t{0}, .remainder = 7, .portion = filled(90, 3)};
      out.push_back(response("CERTIFICATE", certificate, get, parameters));
    }
  }
  for (const std::uint8_t slot : {std::uint8_t{2}, kProvisionedKey}) {
    Challenge challenge{.slot = slot, .summary = Summary::all, .nonce = {}, .context = {}};
    challenge.nonce.fill(0x4E);
    if (p.version >= k13) challenge.context.fill(0xC0);
    out.push_back(request("CHALLENGE", challenge, p.version));
    ChallengeAuth auth;
    auth.slot = slot;
    auth.slot_mask = slot == kProvisionedKey ? 0 : 0x05;
    auth.cert_chain_hash = filled(48, 1);
    auth.nonce.fill(0x9C);
    auth.summary_hash = filled(48, 2);
    auth.opaque = opaque_data();
    auth.context = challenge.context;
    auth.signature = filled(64, 3);
    out.push_back(response("CHALLENGE_AUTH", auth, challenge, p));
  }
}

void add_measurements(std::vector<Golden>& out, const Parameters& p) {
  for (const bool sign : {false, true}) {
    GetMeasurements get;
    get.signature = sign;
    get.raw_bit_stream = p.version >= k12;
    get.new_measurement = p.version >= k13;
    if (sign) get.nonce.fill(0x4E);
    if (sign && p.version >= k11) get.slot = 2;
    if (p.version >= k13) get.context.fill(0xC0);
    out.push_back(request("GET_MEASUREMENTS", get, p.version));
    MeasurementsResponse measurements;
    append(measurements.record, encode_block({1, MeasurementType::mutable_firmware, false, filled(32, 1)}));
    append(measurements.record, encode_block({0xFE, MeasurementType::device_mode, true, filled(16, 2)}));
    measurements.slot = get.slot;
    measurements.nonce.fill(0x9C);
    measurements.opaque = opaque_data();
    measurements.context = get.context;
    if (sign && p.version >= k12) measurements.content_changed = ContentChanged::unchanged;
    if (sign) measurements.signature = filled(64, 3);
    out.push_back({"MEASUREMENTS", measurements.encode(p.version, 2),
                   [=](View bytes) { return decode<MeasurementsResponse>(bytes, get, p).encode(p.version, 2); }});
  }
}

void add_rest(std::vector<Golden>& out, const Parameters& p) {
  const std::uint8_t version = p.version;
  const VendorDefined vendor{.standard_id = 3, .vendor_id = {0x36, 0x1B}, .large = version >= k14, .payload = filled(20, 1)};
  out.push_back({"VENDOR_DEFINED_RESPONSE", vendor.encode(Code::vendor_defined_response, version), [=](View bytes) {
                   Reader reader(bytes, "VENDOR_DEFINED_RESPONSE");
                   const VendorDefined in = VendorDefined::decode_response(reader, vendor, p);
                   reader.assert_done();
                   return in.encode(Code::vendor_defined_response, version);
                 }});
  if (version >= k12)
    for (const std::uint32_t sequence : {0U, 3U}) {
      const Chunk chunk{
          .last = false, .handle = 1, .sequence = sequence, .large_message_size = sequence == 0 ? 100U : 0U, .data = filled(40, 1)};
      out.push_back({"CHUNK_RESPONSE", chunk.encode(Code::chunk_response, version), [=](View bytes) {
                       Reader reader(bytes, "CHUNK_RESPONSE");
                       const Chunk in = Chunk::decode(reader, Code::chunk_response, version);
                       reader.assert_done();
                       return in.encode(Code::chunk_response, version);
                     }});
      out.push_back(request("CHUNK_GET", ChunkGet{.handle = 1, .sequence = sequence}, version));
      out.push_back({"CHUNK_SEND_ACK",
                     ChunkSendAck{.early_error = false, .handle = 1, .sequence = sequence, .response = {}}.encode(version),
                     [=](View bytes) { return decode<ChunkSendAck>(bytes, chunk, version).encode(version); }});
    }
  if (version < k13) return;
  const GetMel get{.offset = 16, .length = 100};
  out.push_back(request("GET_MEASUREMENT_EXTENSION_LOG", get, version));
  out.push_back(response("MEASUREMENT_EXTENSION_LOG", MelResponse{.remainder = 9, .portion = filled(50, 1)}, get, p));
  for (const bool sign : {false, true}) {
    GetEndpointInfo ask;
    ask.signature = sign;
    if (sign) ask.slot = 2;
    out.push_back(request("GET_ENDPOINT_INFO", ask, version));
    EndpointInfoResponse info;
    info.slot = ask.slot;
    if (sign) info.nonce.fill(0x9C);
    info.info = filled(12, 1);
    if (sign) info.signature = filled(64, 3);
    out.push_back(response("ENDPOINT_INFO", info, ask, p));
  }
}

std::vector<Golden> all_messages() {
  std::vector<Golden> out;
  for (const std::uint8_t version : kAllVersions) {
    const std::size_t first = out.size();
    const Parameters p = parameters(version);
    add_negotiation(out, version);
    add_identity(out, p);
    add_measurements(out, p);
    add_rest(out, p);
    if (version >= k11) add_sessions(out, version);
    for (std::size_t i = first; i < out.size(); ++i) out[i].name += cat(" ", version_name(version));
  }
  return out;
}

}  // namespace

TEST_CASE("N6 every message, cut off at every length, is refused") {
  for (const Golden& golden : all_messages()) {
    CAPTURE(golden.name);
    refused_when_cut(golden.message, golden.again);
  }
}

TEST_CASE("every message, read and written again, is the same") {
  for (const Golden& golden : all_messages()) {
    CAPTURE(golden.name);
    CHECK(hex(golden.again(golden.message)) == hex(golden.message));
  }
}

TEST_CASE("every message with any one bit changed is read or refused") {
  std::size_t read = 0, refused = 0;
  for (const Golden& golden : all_messages())
    for (std::size_t bit = 0; bit < 8 * golden.message.size(); ++bit) {
      Bytes message = golden.message;
      message[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      try {
        golden.again(message);
        ++read;
      } catch (const Error& error) {
        if (error.id != ErrorId::peer && error.id != ErrorId::no_spdm) FAIL_CHECK(golden.name, " bit ", bit, ": ", error.what());
        ++refused;
      }
    }
  CHECK(read > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("every message followed by more is refused") {
  for (const Golden& golden : all_messages())
    for (const std::size_t more : {1U, 4U, 100U}) {
      CAPTURE(golden.name);
      Bytes message = golden.message;
      message.resize(message.size() + more);
      CHECK_THROWS_AS(golden.again(message), Error);
    }
}
