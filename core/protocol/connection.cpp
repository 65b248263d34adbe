#include "core/protocol/connection.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

std::string_view name(SignedMessage kind) {
  constexpr std::array names{"CHALLENGE_AUTH", "MEASUREMENTS", "ENDPOINT_INFO", "KEY_EXCHANGE_RSP"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string_view signing_context(SignedMessage kind) {
  constexpr std::array contexts{kChallengeAuthContext, kMeasurementsContext, kEndpointInfoContext, kKeyExchangeContext};
  return contexts.at(static_cast<std::size_t>(kind));
}

// Trims a message to what its decoder has read. What follows may only be the padding of the binding, and never
// enters a transcript (PCIe 6.30.1, N9, N10; DSP0274, N11).
void Connection::trim(Bytes& message, const Reader& reader) {
  // A message of a session ends where its record says.
  const View surplus = reader.rest();
  if (surplus_ != 0) reader.fail("length", cat(surplus_, " bytes before it are not a message"));
  const bool padding = is_padding(inside_ ? Binding::none : binding_, surplus);
  if (!padding && keeps_surplus_)
    surplus_ = surplus.size();
  else if (!padding)
    reader.breaks("length", cat(surplus.size(), " bytes after the end of the message at offset ", reader.offset()));
  message.resize(reader.offset());
}

void Connection::observe(Exchange exchange) {
  tolerance_.begin();
  const Code code = exchange.request_code();
  inside_ = exchange.inside != 0;
  check_place(exchange);
  if (exchange.is_error()) {
    Reader reader(exchange.response, "ERROR");
    errors_.push_back({exchanges_.size(), code, ErrorResponse::decode(reader)});
    exchanges_.push_back(std::move(exchange));
    return;
  }
  switch (code) {
    case Code::get_version:
      observe_version(exchange);
      break;
    case Code::get_capabilities:
      observe_capabilities(exchange);
      break;
    case Code::negotiate_algorithms:
      observe_algorithms(exchange);
      break;
    case Code::get_digests:
      observe_digests(exchange);
      break;
    case Code::get_certificate:
      observe_certificate(exchange);
      break;
    case Code::challenge:
      observe_challenge(exchange);
      break;
    case Code::get_measurements:
      observe_measurements(exchange);
      break;
    case Code::get_endpoint_info:
      observe_endpoint_info(exchange);
      break;
    case Code::get_measurement_extension_log:
      observe_mel(exchange);
      break;
    case Code::vendor_defined_request:
      observe_vendor_defined(exchange);
      break;
    case Code::key_exchange:
    case Code::psk_exchange:
    case Code::finish:
    case Code::psk_finish:
    case Code::heartbeat:
    case Code::key_update:
    case Code::end_session:
      observe_session(exchange);
      break;
    case Code::get_supported_event_types:
      observe_event_types(exchange);
      break;
    case Code::subscribe_event_types:
      observe_subscription(exchange);
      break;
    // Encapsulated requests and provisioning are not decoded. Only their place in the transcripts matters.
    default: {
      if (!is_request(code)) malformed(name(code), "RequestResponseCode", "is not a request");
      const std::string message = name(response_to(code));
      Reader reader(exchange.response, message);
      expect(reader, response_to(code), version());
    }
  }
  exchanges_.push_back(std::move(exchange));
}

Reader Connection::request_reader(const Exchange& exchange, std::string_view message) const { return {exchange.request, message}; }
Reader Connection::response_reader(const Exchange& exchange, std::string_view message) { return {exchange.response, message, &tolerance_}; }

void Connection::observe_version(Exchange& exchange) {
  Reader request = request_reader(exchange, "GET_VERSION");
  expect(request, Code::get_version, k10);
  trim(exchange.request, request);
  Reader reader = response_reader(exchange, "VERSION");
  VersionResponse response = VersionResponse::decode(reader);
  trim(exchange.response, reader);
  Connection next(binding_);  // GET_VERSION resets everything that was negotiated
  next.keeps_surplus_ = keeps_surplus_;
  next.provisioned_key_ = std::move(provisioned_key_);
  next.tolerance_ = std::move(tolerance_);
  *this = std::move(next);
  versions_ = std::move(response);
}

void Connection::observe_capabilities(Exchange& exchange) {
  if (!versions_) malformed("GET_CAPABILITIES", "state", "no VERSION before it");
  // DSP0274 CAPABILITIES, N89: capabilities are exchanged once per connection.
  if (capabilities_) malformed("GET_CAPABILITIES", "state", "sent twice on one connection");
  const std::uint8_t version = read_header(exchange.request).version;
  if (!highest_common(*versions_, std::array{version}))
    malformed("GET_CAPABILITIES", "SPDMVersion", cat("0x", hex(version, 2), " is not in VERSION"));  // DSP0274 VERSION, N5
  if (version < k10 || version > k14) malformed("GET_CAPABILITIES", "SPDMVersion", cat("0x", hex(version, 2), " is unknown"));
  Reader request = request_reader(exchange, "GET_CAPABILITIES");
  get_capabilities_ = GetCapabilities::decode(request, version);
  trim(exchange.request, request);
  Reader reader = response_reader(exchange, "CAPABILITIES");
  CapabilitiesResponse response = CapabilitiesResponse::decode(reader, version, *get_capabilities_);
  trim(exchange.response, reader);
  parameters_.version = version;
  parameters_.requester = get_capabilities_->capabilities;
  parameters_.responder = response.capabilities;
  capabilities_ = std::move(response);
}

void Connection::observe_algorithms(Exchange& exchange) {
  if (!capabilities_) malformed("NEGOTIATE_ALGORITHMS", "state", "no CAPABILITIES before it");
  if (negotiated_) malformed("NEGOTIATE_ALGORITHMS", "state", "sent twice on one connection");
  const std::uint8_t version = parameters_.version;
  Reader request = request_reader(exchange, "NEGOTIATE_ALGORITHMS");
  const NegotiateAlgorithms offer = NegotiateAlgorithms::decode(request, version);
  trim(exchange.request, request);
  Reader reader = response_reader(exchange, "ALGORITHMS");
  AlgorithmsResponse response = AlgorithmsResponse::decode(reader, version, offer, parameters_.requester, parameters_.responder);
  trim(exchange.response, reader);
  parameters_ = settle(version, parameters_.requester, parameters_.responder, offer, response);
  algorithms_ = std::move(response);
  negotiated_ = true;
}

void Connection::observe_digests(Exchange& exchange) {
  Reader request = request_reader(exchange, "GET_DIGESTS");
  expect(request, Code::get_digests, version());
  trim(exchange.request, request);
  if (!parameters_.responder.has(cap::cert)) malformed("DIGESTS", "state", "the responder has no CERT_CAP");  // DSP0274 DIGESTS, N132
  Reader reader = response_reader(exchange, "DIGESTS");
  digests_ = DigestsResponse::decode(reader, parameters_);
  trim(exchange.response, reader);
}

void Connection::observe_certificate(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "GET_CERTIFICATE");
  const GetCertificate request = GetCertificate::decode(request_bytes, version());
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "CERTIFICATE");
  const CertificateResponse response = CertificateResponse::decode(reader, request, parameters_);
  trim(exchange.response, reader);
  const SlotDigest* digest = digests_ ? digests_->find(request.slot) : nullptr;
  // DSP0274 CERTIFICATE, N145: a slot has one certificate model, and DIGESTS has told it.
  if (parameters_.multi_key_responder && digest != nullptr && static_cast<std::uint8_t>(digest->model) != response.model)
    reader.breaks("CertModel", cat(response.model, ", DIGESTS says ", static_cast<std::uint8_t>(digest->model)));
  identity_hashes_.erase(request.slot);
  chains_.at(request.slot).add(request, response);
}

void Connection::observe_challenge(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "CHALLENGE");
  const Challenge request = Challenge::decode(request_bytes, version());
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "CHALLENGE_AUTH");
  ChallengeAuth response = ChallengeAuth::decode(reader, request, parameters_);
  trim(exchange.response, reader);
  exchange.signature_size = response.signature.size();
  statements_.push_back({SignedMessage::challenge_auth, exchanges_.size(), request.slot, request.nonce, response.signature});
  challenges_.push_back({exchanges_.size(), request, std::move(response)});
}

void Connection::observe_measurements(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "GET_MEASUREMENTS");
  GetMeasurements request = GetMeasurements::decode(request_bytes, version());
  trim(exchange.request, request_bytes);
  // 1.0 names no slot: it is the one that was challenged last, else 0.
  if (version() == k10) request.slot = challenges_.empty() ? std::uint8_t{0} : challenges_.back().request.slot;
  Reader reader = response_reader(exchange, "MEASUREMENTS");
  MeasurementsResponse response = MeasurementsResponse::decode(reader, request, parameters_);
  trim(exchange.response, reader);
  exchange.signature_size = response.signature.size();
  response.record = {};  // its blocks are kept, and the exchange has its bytes
  if (request.signature)
    statements_.push_back({SignedMessage::measurements, exchanges_.size(), request.slot, request.nonce, response.signature});
  measurements_.push_back({exchanges_.size(), request, std::move(response)});
}

void Connection::observe_endpoint_info(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "GET_ENDPOINT_INFO");
  const GetEndpointInfo request = GetEndpointInfo::decode(request_bytes, version());
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "ENDPOINT_INFO");
  EndpointInfoResponse response = EndpointInfoResponse::decode(reader, request, parameters_);
  trim(exchange.response, reader);
  exchange.signature_size = response.signature.size();
  if (request.signature)
    statements_.push_back({SignedMessage::endpoint_info, exchanges_.size(), request.slot, request.nonce, response.signature});
  endpoint_infos_.push_back({exchanges_.size(), request, std::move(response)});
}

void Connection::observe_mel(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "GET_MEASUREMENT_EXTENSION_LOG");
  const GetMel request = GetMel::decode(request_bytes, version());
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "MEASUREMENT_EXTENSION_LOG");
  const MelResponse response = MelResponse::decode(reader, request, parameters_);
  trim(exchange.response, reader);
  const std::uint64_t total = std::uint64_t{request.offset} + response.portion.size() + response.remainder;
  if (request.offset == 0) {
    mel_.clear();
    mel_total_ = total;
  }
  if (request.offset != mel_.size()) return;  // a requester reads it out of order: it is not put together
  // DSP0274 MEASUREMENT_EXTENSION_LOG, N302: the log may grow while it is read. What counts is the total of the first portion.
  if (total < mel_total_) reader.fail("RemainderLength", cat("the log was ", mel_total_, " bytes, now it is ", total));
  append(mel_, response.portion);
}

void Connection::observe_vendor_defined(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "VENDOR_DEFINED_REQUEST");
  VendorDefined request = VendorDefined::decode_request(request_bytes, version());
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "VENDOR_DEFINED_RESPONSE");
  VendorDefined response = VendorDefined::decode_response(reader, request, parameters_);
  trim(exchange.response, reader);
  vendor_.push_back({exchanges_.size(), std::move(request), std::move(response)});
}

void Connection::observe_event_types(Exchange& exchange) {
  Reader request = request_reader(exchange, "GET_SUPPORTED_EVENT_TYPES");
  expect(request, Code::get_supported_event_types, version());
  trim(exchange.request, request);
  // DSP0274 "Event mechanism", N367: who has none tells of none.
  if (!parameters_.responder.has(cap::event)) malformed("SUPPORTED_EVENT_TYPES", "state", "the responder has no EVENT_CAP");
  Reader reader = response_reader(exchange, "SUPPORTED_EVENT_TYPES");
  SupportedEventTypes types = SupportedEventTypes::decode(reader, version());
  trim(exchange.response, reader);
  event_types_ = std::move(types);
}

// The acknowledgement has nothing but its header (N306).
void Connection::observe_subscription(Exchange& exchange) {
  Reader request_bytes = request_reader(exchange, "SUBSCRIBE_EVENT_TYPES");
  SubscribeEventTypes request = SubscribeEventTypes::decode(request_bytes, version());
  trim(exchange.request, request_bytes);
  Reader reader = response_reader(exchange, "SUBSCRIBE_EVENT_TYPES_ACK");
  expect(reader, Code::subscribe_event_types_ack, version());
  trim(exchange.response, reader);
  if (exchange.inside != 0) session_of(exchange).subscription = std::move(request.groups);
}

Bytes Connection::transcript(const Statement& statement) const {
  switch (statement.kind) {
    case SignedMessage::challenge_auth:
      return m1m2(exchanges_, statement.exchange);
    case SignedMessage::measurements:
      return l1l2(exchanges_, statement.exchange, version());
    case SignedMessage::endpoint_info:
      return il1il2(exchanges_, statement.exchange);
    case SignedMessage::key_exchange_rsp:
      return key_exchange_transcript(statement.exchange);
  }
  return {};
}

}  // namespace spdm
