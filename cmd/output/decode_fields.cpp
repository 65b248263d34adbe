#include "cmd/output/decode_fields.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "cmd/output/decoders.h"
#include "cmd/output/pci_fields.h"
#include "core/appraisal/measurement.h"
#include "core/error.h"
#include "core/text.h"
#include "core/wire/certificate.h"
#include "core/wire/chunk.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/error_response.h"
#include "core/wire/measurements.h"
#include "core/wire/mel.h"
#include "core/wire/pci_vendor.h"
#include "core/wire/vendor_defined.h"
#include "core/wire/version.h"

namespace spdm::cmd {

namespace {

std::string_view changed_name(ContentChanged changed) {
  return changed == ContentChanged::changed ? "changed" : changed == ContentChanged::unchanged ? "unchanged" : "not-detected";
}

Json capability_fields(const Capabilities& in, std::uint8_t version) {
  Json out{{"ct_exponent", in.ct_exponent}, {"flags", quantity(in.flags, 8)}, {"names", flag_names(in.flags)}};
  if (version >= k12) {
    out["data_transfer_size"] = in.data_transfer_size;
    out["max_spdm_message_size"] = in.max_message_size;
  }
  return out;
}

Json get_version(DecodeInput& in) {
  expect(in.reader, Code::get_version, k10);
  return Json::object();
}

Json version(DecodeInput& in) {
  Json versions = Json::array();
  for (const std::uint16_t entry : VersionResponse::decode(in.reader).entries)
    versions.push_back(cat(entry >> 12, ".", entry >> 8 & 15, ".", entry >> 4 & 15, (entry & 15) != 0 ? cat(" alpha ", entry & 15) : ""));
  return Json{{"versions", versions}};
}

Json get_capabilities(DecodeInput& in) {
  const GetCapabilities request = GetCapabilities::decode(in.reader, in.version());
  Json out = in.version() >= k11 ? capability_fields(request.capabilities, in.version()) : Json::object();
  if (in.version() >= k13) out["supported_algorithms_wanted"] = request.want_algorithms;
  return out;
}

Json capabilities(DecodeInput& in) {
  const auto request = request_of<GetCapabilities>(in, [&] { return GetCapabilities{.capabilities = {}, .want_algorithms = true}; });
  const CapabilitiesResponse response = CapabilitiesResponse::decode(in.reader, in.version(), request);
  Json out = capability_fields(response.capabilities, in.version());
  if (!response.supported_algorithms.empty()) out["supported_algorithms"] = hex(response.supported_algorithms);
  return out;
}

Json get_digests(DecodeInput& in) {
  expect(in.reader, Code::get_digests, in.version());
  return Json::object();
}

Json digests(DecodeInput& in) {
  const DigestsResponse response = DigestsResponse::decode(in.reader, in.parameters());
  Json out{{"supported_slots", quantity(response.supported_slots, 2)}, {"provisioned_slots", quantity(response.provisioned_slots, 2)}};
  out["digests"] = Json::array();
  for (const SlotDigest& digest : response.slots) {
    Json slot{{"slot", digest.slot}, {"digest", hex(digest.digest)}};
    if (in.parameters().multi_key_responder) {
      slot["key_pair_id"] = digest.key_pair_id;
      slot["model"] = name(digest.model);
      slot["key_usage"] = quantity(digest.key_usage, 4);
    }
    out["digests"].push_back(std::move(slot));
  }
  return out;
}

Json get_certificate(DecodeInput& in) {
  const GetCertificate request = GetCertificate::decode(in.reader, in.version());
  Json out{{"slot", request.slot}, {"offset", request.offset}, {"length", request.length}};
  if (request.large) out["large"] = true;
  if (request.slot_size_requested) out["slot_size_requested"] = true;
  return out;
}

Json certificate(DecodeInput& in) {
  const auto request = request_of<GetCertificate>(in, [&] {
    const bool large = in.version() >= k14 && (in.header.param1 & 0x80) != 0;
    return GetCertificate{.slot = static_cast<std::uint8_t>(in.header.param1 & 0x0F),
                          .large = large,
                          .slot_size_requested = false,
                          .offset = 0,
                          .length = large ? kMaxCertificateChain : 0xFFFF};
  });
  const CertificateResponse response = CertificateResponse::decode(in.reader, request, in.parameters());
  Json out{{"slot", response.slot}, {"portion_length", response.portion.size()}, {"remainder", response.remainder}};
  if (response.model != 0) out["model"] = response.model;
  out["portion"] = hex(response.portion);
  return out;
}

Json challenge(DecodeInput& in) {
  const Challenge request = Challenge::decode(in.reader, in.version());
  Json out{{"slot", slot_text(request.slot)}, {"summary", summary_name(request.summary)}, {"nonce", hex(request.nonce)}};
  if (in.version() >= k13) out["context"] = hex(request.context);
  return out;
}

Json challenge_auth(DecodeInput& in) {
  const auto request = request_of<Challenge>(in, [&] {
    return Challenge{.slot = slot_from_nibble(slot_nibble(in.header.param1)), .summary = Summary::none, .nonce = {}, .context = {}};
  });
  const ChallengeAuth response = ChallengeAuth::decode(in.reader, request, in.parameters());
  Json out{{"slot", slot_text(response.slot)}, {"slot_mask", quantity(response.slot_mask, 2)}};
  if (response.basic_mut_auth) out["basic_mutual_authentication"] = true;
  out["cert_chain_hash"] = hex(response.cert_chain_hash);
  out["nonce"] = hex(response.nonce);
  if (!response.summary_hash.empty()) out["measurement_summary_hash"] = hex(response.summary_hash);
  if (!response.opaque.empty()) out["opaque"] = opaque_fields(response.opaque, "CHALLENGE_AUTH");
  if (in.version() >= k13) out["context"] = hex(response.context);
  out["signature"] = hex(response.signature);
  return out;
}

Json get_measurements(DecodeInput& in) {
  const GetMeasurements request = GetMeasurements::decode(in.reader, in.version());
  Json out;
  out["operation"] = request.operation == kAllMeasurements    ? std::string("all")
                     : request.operation == kMeasurementCount ? std::string("count")
                                                              : cat("index ", request.operation);
  out["signature_wanted"] = request.signature;
  if (request.raw_bit_stream) out["raw_bit_stream"] = true;
  if (request.new_measurement) out["new_measurement"] = true;
  if (request.signature) {
    if (in.version() >= k11) out["slot"] = slot_text(request.slot);
    out["nonce"] = hex(request.nonce);
  }
  if (in.version() >= k13) out["context"] = hex(request.context);
  return out;
}

Json measurements(DecodeInput& in) {
  const auto request = request_of<GetMeasurements>(in, [&] {
    GetMeasurements guess;
    guess.slot = slot_from_nibble(slot_nibble(in.header.param2));
    return guess;
  });
  MeasurementsResponse response = MeasurementsResponse::decode(in.reader, request, in.parameters());
  // Without an algorithm nobody knows where the signature ends: it is the last field.
  if (request.signature && in.parameters().asym == nullptr)
    response.signature = to_bytes(in.reader.take(in.reader.remaining(), "Signature"));
  Json out;
  if (request.operation == kMeasurementCount) out["count"] = response.count;
  out["blocks"] = Json::array();
  std::vector<Finding> findings;
  ReadableRoom room;
  for (const MeasurementBlock& block : response.blocks) {
    const Measurement decoded = decode_measurement(block, in.version(), findings, room);
    Json json{{"index", block.index}, {"type", name(block.type)}, {"form", block.raw ? "raw" : "digest"}};
    if (decoded.security_version) json["security_version"] = *decoded.security_version;
    if (decoded.text) json["text"] = *decoded.text;
    if (decoded.device_mode) {
      json["operational_state"] = operational_names(decoded.device_mode->operational_state);
      json["device_state"] = device_mode_names(decoded.device_mode->device_state);
    }
    for (const Finding& finding : findings)
      if (finding.id == FindingId::budget_reached) json["why"] = finding.why;
    findings.clear();
    json["value"] = hex(block.value);
    out["blocks"].push_back(std::move(json));
  }
  if (request.signature && in.version() >= k11) out["slot"] = slot_text(response.slot);
  if (request.signature && in.version() >= k12) out["content_changed"] = changed_name(response.content_changed);
  out["nonce"] = hex(response.nonce);
  if (!response.opaque.empty()) out["opaque"] = opaque_fields(response.opaque, "MEASUREMENTS");
  if (in.version() >= k13) out["context"] = hex(response.context);
  if (!response.signature.empty()) out["signature"] = hex(response.signature);
  return out;
}

Json get_mel(DecodeInput& in) {
  const GetMel request = GetMel::decode(in.reader, in.version());
  return Json{{"offset", request.offset}, {"length", request.length}};
}

Json mel(DecodeInput& in) {
  const auto request = request_of<GetMel>(in, [] { return GetMel{.offset = 0, .length = kMaxExtensionLog}; });
  const MelResponse response = MelResponse::decode(in.reader, request, in.parameters());
  return Json{{"portion_length", response.portion.size()}, {"remainder", response.remainder}, {"portion", hex(response.portion)}};
}

Json get_endpoint_info(DecodeInput& in) {
  const GetEndpointInfo request = GetEndpointInfo::decode(in.reader, in.version());
  Json out{{"subcode", request.subcode}, {"signature_wanted", request.signature}};
  if (request.signature) {
    out["slot"] = slot_text(request.slot);
    out["nonce"] = hex(request.nonce);
  }
  return out;
}

Json endpoint_info(DecodeInput& in) {
  const auto request = request_of<GetEndpointInfo>(in, [] { return GetEndpointInfo{}; });
  const EndpointInfoResponse response = EndpointInfoResponse::decode(in.reader, request, in.parameters());
  Json out{{"info", hex(response.info)}};
  if (request.signature) {
    out["slot"] = slot_text(response.slot);
    out["nonce"] = hex(response.nonce);
    out["signature"] = hex(response.signature);
  }
  return out;
}

Json vendor_fields(const VendorDefined& in) {
  Json out{{"standard", registry_name(static_cast<std::uint8_t>(std::min<unsigned>(in.standard_id, 0xFF)))},
           {"standard_id", in.standard_id},
           {"vendor_id", hex(in.vendor_id)}};
  if (is_cxl(in)) out["vendor"] = "CXL";
  out["payload"] = hex(in.payload);
  return out;
}

Json vendor_request(DecodeInput& in) {
  const VendorDefined request = VendorDefined::decode_request(in.reader, in.version());
  Json out = vendor_fields(request);
  add_pci_message(out, request, nullptr, true);
  return out;
}

Json vendor_response(DecodeInput& in) {
  // Without its request, a response is held to its own registry and vendor.
  Reader own(in.message, "VENDOR_DEFINED_RESPONSE");
  VendorDefined request;
  if (in.context.request) {
    Reader reader(*in.context.request, "VENDOR_DEFINED_REQUEST");
    request = VendorDefined::decode_request(reader, in.version());
  } else {
    own.skip(kHeaderSize, "header");
    request.large = in.version() >= k14 && (in.header.param1 & 0x80) != 0;
    request.standard_id = own.u16("StandardID");
    request.vendor_id = to_bytes(own.take(own.u8("Len"), "VendorID"));
  }
  const VendorDefined response = VendorDefined::decode_response(in.reader, request, in.parameters());
  Json out = vendor_fields(response);
  add_pci_message(out, response, in.context.request ? &request : nullptr, false);
  return out;
}

Json chunk_fields(const Chunk& chunk) {
  Json out{{"handle", chunk.handle}, {"sequence", chunk.sequence}, {"last", chunk.last}};
  if (chunk.sequence == 0) out["large_message_size"] = chunk.large_message_size;
  out["size"] = chunk.data.size();
  out["data"] = hex(chunk.data);
  return out;
}

Json chunk_send(DecodeInput& in) { return chunk_fields(Chunk::decode(in.reader, Code::chunk_send, in.version())); }
Json chunk_response(DecodeInput& in) { return chunk_fields(Chunk::decode(in.reader, Code::chunk_response, in.version())); }

Json chunk_get(DecodeInput& in) {
  const ChunkGet request = ChunkGet::decode(in.reader, in.version());
  return Json{{"handle", request.handle}, {"sequence", request.sequence}};
}

Json chunk_send_ack(DecodeInput& in) {
  if (!in.context.request) in.reader.fail("state", "cannot be read without its CHUNK_SEND");
  Reader reader(*in.context.request, "CHUNK_SEND");
  const ChunkSendAck ack = ChunkSendAck::decode(in.reader, Chunk::decode(reader, Code::chunk_send, in.version()), in.version());
  Json out{{"handle", ack.handle}, {"sequence", ack.sequence}, {"early_error", ack.early_error}};
  if (!ack.response.empty()) out["response"] = hex(ack.response);
  return out;
}

Json respond_if_ready(DecodeInput& in) {
  expect(in.reader, Code::respond_if_ready, in.version());
  return Json{{"request", name(static_cast<Code>(in.header.param1))}, {"token", in.header.param2}};
}

Json error(DecodeInput& in) {
  const ErrorResponse response = ErrorResponse::decode(in.reader);
  Json out{
      {"error", describe(response)}, {"code", quantity(static_cast<std::uint8_t>(response.code), 2)}, {"data", quantity(response.data, 2)}};
  if (!response.extended.empty()) out["extended"] = hex(response.extended);
  return out;
}

struct Row {
  Code code;
  bool negotiated;  // its layout depends on the algorithms
  Json (*decode)(DecodeInput&);
};

constexpr std::array kRows{
    Row{Code::get_version, false, get_version},
    Row{Code::version, false, version},
    Row{Code::get_capabilities, false, get_capabilities},
    Row{Code::capabilities, false, capabilities},
    Row{Code::negotiate_algorithms, false, decoders::negotiate_algorithms},
    Row{Code::algorithms, false, decoders::algorithms},
    Row{Code::get_digests, false, get_digests},
    Row{Code::digests, true, digests},
    Row{Code::get_certificate, false, get_certificate},
    Row{Code::certificate, false, certificate},
    Row{Code::challenge, false, challenge},
    Row{Code::challenge_auth, true, challenge_auth},
    Row{Code::get_measurements, false, get_measurements},
    Row{Code::measurements, true, measurements},
    Row{Code::get_measurement_extension_log, false, get_mel},
    Row{Code::measurement_extension_log, false, mel},
    Row{Code::get_endpoint_info, false, get_endpoint_info},
    Row{Code::endpoint_info, false, endpoint_info},
    Row{Code::vendor_defined_request, false, vendor_request},
    Row{Code::vendor_defined_response, false, vendor_response},
    Row{Code::chunk_send, false, chunk_send},
    Row{Code::chunk_send_ack, false, chunk_send_ack},
    Row{Code::chunk_get, false, chunk_get},
    Row{Code::chunk_response, false, chunk_response},
    Row{Code::respond_if_ready, false, respond_if_ready},
    Row{Code::key_exchange, false, decoders::key_exchange},
    Row{Code::key_exchange_rsp, true, decoders::key_exchange_rsp},
    Row{Code::finish, true, decoders::finish},
    Row{Code::finish_rsp, true, decoders::finish_rsp},
    Row{Code::psk_exchange, false, decoders::psk_exchange},
    Row{Code::psk_exchange_rsp, true, decoders::psk_exchange_rsp},
    Row{Code::psk_finish, true, decoders::psk_finish},
    Row{Code::psk_finish_rsp, true, decoders::psk_finish_rsp},
    Row{Code::heartbeat, false, decoders::header_only},
    Row{Code::heartbeat_ack, false, decoders::header_only},
    Row{Code::key_update, false, decoders::key_update},
    Row{Code::key_update_ack, false, decoders::key_update_ack},
    Row{Code::end_session, false, decoders::end_session},
    Row{Code::end_session_ack, false, decoders::header_only},
    Row{Code::get_encapsulated_request, false, decoders::header_only},
    Row{Code::encapsulated_request, false, decoders::encapsulated_request},
    Row{Code::deliver_encapsulated_response, false, decoders::deliver_encapsulated_response},
    Row{Code::encapsulated_response_ack, false, decoders::encapsulated_response_ack},
    Row{Code::get_supported_event_types, false, decoders::header_only},
    Row{Code::supported_event_types, false, decoders::supported_event_types},
    Row{Code::subscribe_event_types, false, decoders::subscribe_event_types},
    Row{Code::subscribe_event_types_ack, false, decoders::header_only},
    Row{Code::send_event, false, decoders::send_event},
    Row{Code::event_ack, false, decoders::header_only},
    Row{Code::error, false, error},
};

}  // namespace

std::optional<Fields> decode_fields(View message, const DecodeContext& context) {
  const Header header = read_header(message);
  for (const Row& row : kRows) {
    if (row.code != header.code) continue;
    const std::string title = name(row.code);  // outlives the reader
    DecodeInput in{message, header, context, Reader(message, title, is_request(row.code) ? nullptr : context.tolerance)};
    if (row.negotiated && context.parameters.hash == nullptr && !(context.parameters.assumed && row.code == Code::measurements))
      malformed(title, "state", "its layout depends on the negotiated algorithms: give --hash and --asym");
    Json fields = row.decode(in);
    return Fields{std::move(fields), in.reader.offset() - in.trailing};
  }
  return std::nullopt;
}

}  // namespace spdm::cmd
