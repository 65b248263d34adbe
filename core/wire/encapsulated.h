// GET_ENCAPSULATED_REQUEST / ENCAPSULATED_REQUEST and DELIVER_ENCAPSULATED_RESPONSE / ENCAPSULATED_RESPONSE_ACK (DSP0274, the sections
// of these titles): the responder asks the requester something.
#pragma once

#include <optional>

#include "core/wire/negotiate.h"

namespace spdm {

Bytes encode_get_encapsulated_request(std::uint8_t version);

struct EncapsulatedRequest {
  std::uint8_t id = 0;
  Bytes request;  // a whole SPDM message; padding of the binding may still follow

  Bytes encode(std::uint8_t version) const;
  static EncapsulatedRequest decode(Reader& reader, std::uint8_t version);
};

struct DeliverEncapsulatedResponse {
  std::uint8_t id = 0;
  Bytes response;

  Bytes encode(std::uint8_t version) const;
  static DeliverEncapsulatedResponse decode(Reader& reader, std::uint8_t version);
};

struct EncapsulatedResponseAck {
  enum class Payload : std::uint8_t { none = 0, request = 1, slot = 2 };
  Payload payload = Payload::none;
  std::uint8_t id = 0;      // of the next request
  std::uint8_t ack_id = 0;  // 1.2+: of the response that it acknowledges
  Bytes request;            // Payload::request; padding may still follow
  std::uint8_t slot = 0;    // Payload::slot: the requester slot to use in FINISH

  Bytes encode(std::uint8_t version) const;
  // `delivered`: the id of the response that was sent.
  static EncapsulatedResponseAck decode(Reader& reader, std::uint8_t version, std::uint8_t delivered);
};

}  // namespace spdm
