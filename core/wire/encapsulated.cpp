#include "core/wire/encapsulated.h"

#include "core/text.h"
#include "core/wire/digests.h"

namespace spdm {

namespace {

// It has no length of its own: all that follows, the padding of the binding included.
Bytes read_inner(Reader& reader, std::string_view field) {
  if (reader.remaining() < kHeaderSize)  // DSP0274 ENCAPSULATED_REQUEST, N269; ENCAPSULATED_RESPONSE_ACK, N277
    reader.fail(field, cat(reader.remaining(), " bytes, a message has at least ", kHeaderSize));
  return to_bytes(reader.take(reader.remaining(), field));
}

}  // namespace

Bytes encode_get_encapsulated_request(std::uint8_t version) { return begin(version, Code::get_encapsulated_request).take(); }

Bytes EncapsulatedRequest::encode(std::uint8_t version) const {
  return begin(version, Code::encapsulated_request, id).bytes(request).take();
}

EncapsulatedRequest EncapsulatedRequest::decode(Reader& reader, std::uint8_t version) {
  EncapsulatedRequest out;
  out.id = expect(reader, Code::encapsulated_request, version).param1;
  out.request = read_inner(reader, "EncapsulatedRequest");
  return out;
}

Bytes DeliverEncapsulatedResponse::encode(std::uint8_t version) const {
  return begin(version, Code::deliver_encapsulated_response, id).bytes(response).take();
}

DeliverEncapsulatedResponse DeliverEncapsulatedResponse::decode(Reader& reader, std::uint8_t version) {
  DeliverEncapsulatedResponse out;
  out.id = expect(reader, Code::deliver_encapsulated_response, version).param1;
  out.response = read_inner(reader, "EncapsulatedResponse");  // Q13
  return out;
}

Bytes EncapsulatedResponseAck::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::encapsulated_response_ack, id, static_cast<std::uint8_t>(payload));
  if (version >= k12) writer.u8(ack_id).zeros(3);
  if (payload == Payload::request) writer.bytes(request);
  if (payload == Payload::slot) writer.u8(slot);
  return writer.take();
}

EncapsulatedResponseAck EncapsulatedResponseAck::decode(Reader& reader, std::uint8_t version, std::uint8_t delivered) {
  EncapsulatedResponseAck out;
  const Header header = expect(reader, Code::encapsulated_response_ack, version);
  out.id = header.param1;
  out.payload = static_cast<Payload>(header.param2);
  if (out.payload > Payload::slot)  // DSP0274 ENCAPSULATED_RESPONSE_ACK, N276
    reader.fail("PayloadType", cat(header.param2, ", 0 to 2 are defined"));
  if (version >= k12) {
    out.ack_id = reader.u8("AckRequestID");
    // DSP0274 ENCAPSULATED_RESPONSE_ACK, N275
    if (out.ack_id != delivered) reader.fail("AckRequestID", cat(out.ack_id, ", delivered was the response to ", delivered));
    reader.skip(3, "reserved");
  }
  if (out.payload == Payload::request) out.request = read_inner(reader, "EncapsulatedRequest");
  if (out.payload == Payload::slot) {
    out.slot = reader.u8("SlotID");
    if (out.slot >= kSlots) reader.fail("SlotID", cat(out.slot, ", slots are 0 to 7"));  // DSP0274 ENCAPSULATED_RESPONSE_ACK, N277
  }
  return out;
}

}  // namespace spdm
