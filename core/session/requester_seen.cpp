#include "core/session/requester_seen.h"

#include <utility>

#include "core/wire/encapsulated.h"

namespace spdm {

Parameters of_requester(const Parameters& parameters) {
  Parameters out = parameters;
  std::swap(out.requester, out.responder);
  std::swap(out.multi_key_requester, out.multi_key_responder);
  std::swap(out.asym, out.req_asym);
  return out;
}

void RequesterSeen::begin_handshake(std::uint8_t version, bool implied) {
  asked_ = implied ? std::optional(begin(version, Code::get_digests).take()) : std::nullopt;
  is_first_ = true;
  digests_ = {};
}

void RequesterSeen::observe(const Exchange& exchange, const Parameters& parameters) {
  const Code code = exchange.request_code();
  if (code != Code::get_encapsulated_request && code != Code::deliver_encapsulated_response) return;
  const std::optional<Bytes> asked = std::exchange(asked_, std::nullopt);
  if (exchange.is_error()) return;
  if (code == Code::get_encapsulated_request) {
    Reader reader(exchange.response, "ENCAPSULATED_REQUEST");
    asked_ = EncapsulatedRequest::decode(reader, parameters.version).request;
    return;
  }
  Reader request(exchange.request, "DELIVER_ENCAPSULATED_RESPONSE");
  const DeliverEncapsulatedResponse delivered = DeliverEncapsulatedResponse::decode(request, parameters.version);
  Reader reader(exchange.response, "ENCAPSULATED_RESPONSE_ACK");
  EncapsulatedResponseAck ack = EncapsulatedResponseAck::decode(reader, parameters.version, delivered.id);
  if (asked) {
    asked_ = *asked;
    answer(delivered.response, of_requester(parameters));
  }
  asked_ = ack.payload == EncapsulatedResponseAck::Payload::request ? std::optional(std::move(ack.request)) : std::nullopt;
}

void RequesterSeen::answer(View response, const Parameters& parameters) {
  const bool is_first = std::exchange(is_first_, false);
  if (spdm::is_error(response)) return;
  const Code code = read_header(*asked_).code;
  if (code == Code::get_digests && is_first && parameters.multi_key_responder) {
    // Without the padding of the binding that may follow an encapsulated message.
    Reader reader(response, "DIGESTS");
    DigestsResponse::decode(reader, parameters);
    digests_ = to_bytes(response.first(reader.offset()));
  }
  if (code != Code::get_certificate) return;
  Reader request_reader(*asked_, "GET_CERTIFICATE");
  const GetCertificate request = GetCertificate::decode(request_reader, parameters.version);
  Reader reader(response, "CERTIFICATE");
  chains_.at(request.slot).add(request, CertificateResponse::decode(reader, request, parameters));
}

View RequesterSeen::chain(std::uint8_t slot) const {
  return slot < kSlots && chains_.at(slot).complete() ? View(chains_.at(slot).chain()) : View();
}

}  // namespace spdm
