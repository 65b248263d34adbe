// The decoders of messages. Input: which message, what was negotiated (ten bytes), the request behind its length, and the
// response.
#include <array>

#include "core/wire/certificate.h"
#include "core/wire/chunk.h"
#include "core/wire/encapsulated.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/error_response.h"
#include "core/wire/events.h"
#include "core/wire/finish.h"
#include "core/wire/measurements.h"
#include "core/wire/mel.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"
#include "core/wire/vendor_defined.h"
#include "core/wire/version.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

struct Input {
  Parameters parameters;
  View request, response;

  std::uint8_t version() const { return parameters.version; }
};

// What was decoded can be encoded, and that can be decoded again.
template <class Request>
Request request(const Input& in) {
  Reader reader(in.request, "request");
  const Request out = Request::decode(reader, in.version());
  const Bytes again = out.encode(in.version());
  Reader second(again, "request, encoded again");
  fuzz::require(Request::decode(second, in.version()).encode(in.version()) == again);
  return out;
}

template <class Request, class Response>
void pair(const Input& in) {
  Reader reader(in.response, "response");
  Response::decode(reader, request<Request>(in), in.parameters);
}

void version(const Input& in) {
  Reader reader(in.response, "VERSION");
  const VersionResponse response = VersionResponse::decode(reader);
  constexpr std::array ours{k10, k11, k12, k13, k14};
  highest_common(response, ours);
}

void capabilities(const Input& in) {
  Reader reader(in.response, "CAPABILITIES");
  flag_names(CapabilitiesResponse::decode(reader, in.version(), request<GetCapabilities>(in)).capabilities.flags);
}

void algorithms(const Input& in) {
  Reader reader(in.response, "ALGORITHMS");
  const auto offer = request<NegotiateAlgorithms>(in);
  const Parameters& p = in.parameters;
  const auto selection = AlgorithmsResponse::decode(reader, in.version(), offer, p.requester, p.responder);
  settle(in.version(), p.requester, p.responder, offer, selection);
}

void digests(const Input& in) {
  Reader reader(in.response, "DIGESTS");
  DigestsResponse::decode(reader, in.parameters);
}

void error(const Input& in) {
  Reader reader(in.response, "ERROR");
  const ErrorResponse response = ErrorResponse::decode(reader);
  describe(response);
  if (response.code == ErrorCode::response_not_ready) response.not_ready(Code::challenge);
  if (response.code == ErrorCode::large_response) response.large_response_handle();
}

void chunks(const Input& in) {
  ChunkAssembler assembler(in.version(), 1, 4096);
  for (View rest = in.response; !assembler.complete();) {
    Reader reader(rest, "CHUNK_RESPONSE");
    assembler.add(Chunk::decode(reader, Code::chunk_response, in.version()), "CHUNK_RESPONSE");
    rest = reader.rest();
  }
}

void chunk_send_ack(const Input& in) {
  Reader reader(in.request, "CHUNK_SEND");
  const Chunk sent = Chunk::decode(reader, Code::chunk_send, in.version());
  Reader second(in.response, "CHUNK_SEND_ACK");
  ChunkSendAck::decode(second, sent, in.version());
  Reader third(in.response, "CHUNK_GET");
  ChunkGet::decode(third, in.version());
}

void vendor_defined(const Input& in) {
  Reader reader(in.request, "VENDOR_DEFINED_REQUEST");
  const VendorDefined sent = VendorDefined::decode_request(reader, in.version());
  Reader second(in.response, "VENDOR_DEFINED_RESPONSE");
  VendorDefined::decode_response(second, sent, in.parameters);
}

// Asking again after ResponseNotReady: the request names the one that waits, and the error must, too.
void respond_if_ready(const Input& in) {
  Reader reader(in.request, "RESPOND_IF_READY");
  const Header header = expect(reader, Code::respond_if_ready, in.version());
  Reader second(in.response, "ERROR");
  const ResponseNotReady wait = ErrorResponse::decode(second).not_ready(static_cast<Code>(header.param1));
  fuzz::require(wait.request == static_cast<Code>(header.param1));
}

// Those of sessions. What was negotiated for them follows from the flags.
Input in_a_session(Input in) {
  Parameters& p = in.parameters;
  p.requester.flags = p.responder.flags;
  p.key_exchange = &fuzz::pick(key_exchange_algorithms(), static_cast<std::uint8_t>(p.responder.flags >> 24));
  p.req_asym = p.asym;
  return in;
}

template <class Message, class... Args>
Message same_again(View bytes, const Parameters& p, const Args&... args) {
  Reader reader(bytes, "message");
  const Message out = Message::decode(reader, args...);
  const Bytes again = out.encode(p.version);
  Reader second(again, "message, encoded again");
  fuzz::require(Message::decode(second, args...).encode(p.version) == again);
  return out;
}

template <class Request, class Response>
void exchange(const Input& outside) {
  const Input in = in_a_session(outside);
  const Parameters& p = in.parameters;
  const auto sent = same_again<Request>(in.request, p, p);
  const auto got = same_again<Response>(in.response, p, sent, p);
  decode_secured_versions(sent.opaque, p, "request");
  decode_secured_selection(got.opaque, p, "response");
  decode_aead_limit(got.opaque, p, "response");
}

template <class Request, class Response>
void finish(const Input& outside) {
  const Input in = in_a_session(outside);
  same_again<Request>(in.request, in.parameters, in.parameters);
  same_again<Response>(in.response, in.parameters, in.parameters);
}

void key_update(const Input& in) {
  Reader reader(in.response, "KEY_UPDATE_ACK");
  same_again<KeyUpdate>(in.request, in.parameters, in.version()).check_ack(reader, in.version());
}

void encapsulated(const Input& in) {
  const Parameters& p = in.parameters;
  const std::uint8_t id = same_again<DeliverEncapsulatedResponse>(in.request, p, p.version).id;
  same_again<EncapsulatedResponseAck>(in.response, p, p.version, id);
}

// What a device says it can tell of, what is subscribed to, and what it tells.
void event_types(const Input& in) {
  same_again<SupportedEventTypes>(in.response, in.parameters, in.version());
  request<SubscribeEventTypes>(in);
}

void send_event(const Input& in) {
  for (const Event& event : same_again<SendEvent>(in.response, in.parameters, in.version()).events) {
    fuzz::require(bits_of(event.detail).size() <= 256);
    if (event.is(EventType::event_lost)) EventLost::decode(event.detail);
  }
}

// What is inside of messages.
void structures(const Input& in) {
  const auto quietly = [](auto read) { fuzz::run(read); };
  quietly([&] { read_mel(in.response); });
  quietly([&] { read_device_classes(in.response); });
  quietly([&] { read_elements(in.response, "opaque data"); });
}

constexpr std::array kMessages{&version,
                               &capabilities,
                               &algorithms,
                               &digests,
                               &pair<GetCertificate, CertificateResponse>,
                               &pair<Challenge, ChallengeAuth>,
                               &pair<GetMeasurements, MeasurementsResponse>,
                               &pair<GetEndpointInfo, EndpointInfoResponse>,
                               &pair<GetMel, MelResponse>,
                               &error,
                               &chunks,
                               &chunk_send_ack,
                               &vendor_defined,
                               &structures,
                               &respond_if_ready,
                               &exchange<KeyExchange, KeyExchangeResponse>,
                               &exchange<PskExchange, PskExchangeResponse>,
                               &finish<Finish, FinishResponse>,
                               &finish<PskFinish, PskFinishResponse>,
                               &key_update,
                               &encapsulated,
                               &event_types,
                               &send_event};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    const auto message = fuzz::pick(kMessages, reader.u8("message"));
    Input in;
    Parameters& p = in.parameters;
    constexpr std::array versions{k10, k11, k12, k13, k14};
    p.version = fuzz::pick(versions, reader.u8("version"));
    p.asym = &fuzz::pick(asym_algorithms(), reader.u8("asym"));
    p.hash = &fuzz::pick(hash_algorithms(), reader.u8("hash"));
    p.measurement_hash = p.hash;
    p.measurement_specification = kDmtfMeasurementSpecification;
    p.mel_specification = kDmtfMelSpecification;
    p.requester.flags = cap::chunk | cap::large_resp;
    p.responder.flags = reader.u32("flags");
    const std::uint8_t options = reader.u8("options");
    p.opaque_format = options & 3;
    p.multi_key_responder = (options & 4) != 0;
    p.measurement_raw_only = (options & 8) != 0;
    in.request = reader.take(reader.u8("request size"), "request");
    in.response = reader.rest();
    message(in);
  });
}
