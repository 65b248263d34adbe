#include "core/wire/psk_exchange.h"

#include "core/text.h"

namespace spdm {

Bytes PskExchange::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::psk_exchange, static_cast<std::uint8_t>(summary), policy.encode(version));
  writer.u16(session_id).u16(hint.size()).u16(context.size()).u16(opaque.size());
  writer.bytes(hint).bytes(context).bytes(opaque);
  return writer.take();
}

PskExchange PskExchange::decode(Reader& reader, const Parameters& parameters) {
  PskExchange out;
  const Header header = expect(reader, Code::psk_exchange, parameters.version);
  out.summary = check_summary(reader, header.param1);
  out.policy = SessionPolicy::decode(header.param2, parameters.version);
  out.session_id = reader.u16("ReqSessionID");
  const std::size_t hint = reader.u16("PSKHintLength");
  const std::size_t context = reader.u16("RequesterContextLength");
  const std::size_t opaque = reader.u16("OpaqueDataLength");
  out.hint = to_bytes(reader.take(hint, "PSKHint"));
  out.context = to_bytes(reader.take(context, "RequesterContext"));
  out.opaque = read_opaque(reader, opaque, parameters);
  return out;
}

Bytes PskExchangeResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::psk_exchange_rsp, heartbeat_period);
  writer.u16(session_id).u16(0).u16(context.size()).u16(opaque.size());
  writer.bytes(summary_hash).bytes(context).bytes(opaque).bytes(verify_data);
  return writer.take();
}

PskExchangeResponse PskExchangeResponse::decode(Reader& reader, const PskExchange& request, const Parameters& parameters) {
  PskExchangeResponse out;
  const Header header = expect(reader, Code::psk_exchange_rsp, parameters.version);
  out.heartbeat_period = check_heartbeat(reader, header.param1, parameters);
  out.session_id = reader.u16("RspSessionID");
  reader.skip(2, "reserved");
  const std::size_t context = reader.u16("ResponderContextLength");
  const std::size_t opaque = reader.u16("OpaqueDataLength");
  const std::uint32_t kind = parameters.responder.flags & cap::psk_mask;
  if (kind == cap::psk && context != 0)  // DSP0274 PSK_EXCHANGE_RSP, N244
    reader.fail("ResponderContextLength", cat(context, ", but the responder announced none (PSK_CAP 01b)"));
  if (kind == cap::psk_with_context && context == 0)  // DSP0274 PSK_EXCHANGE_RSP, N245
    reader.fail("ResponderContextLength", "0, but the responder announced one (PSK_CAP 10b)");
  out.summary_hash = read_summary_hash(reader, request.summary, parameters);
  out.context = to_bytes(reader.take(context, "ResponderContext"));  // DSP0274 PSK_EXCHANGE_RSP, N246
  out.opaque = read_opaque(reader, opaque, parameters);
  out.verify_data = to_bytes(reader.take(parameters.hash_size(), "ResponderVerifyData"));
  return out;
}

Bytes PskFinish::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::psk_finish);
  if (version >= k14) write_opaque(writer, opaque);
  writer.bytes(verify_data);
  return writer.take();
}

PskFinish PskFinish::decode(Reader& reader, const Parameters& parameters) {
  PskFinish out;
  expect(reader, Code::psk_finish, parameters.version);
  if (parameters.version >= k14) out.opaque = read_opaque(reader, parameters);
  out.verify_data = to_bytes(reader.take(parameters.hash_size(), "RequesterVerifyData"));
  return out;
}

Bytes PskFinishResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::psk_finish_rsp);
  if (version >= k14) write_opaque(writer, opaque);
  return writer.take();
}

PskFinishResponse PskFinishResponse::decode(Reader& reader, const Parameters& parameters) {
  PskFinishResponse out;
  expect(reader, Code::psk_finish_rsp, parameters.version);
  if (parameters.version >= k14) out.opaque = read_opaque(reader, parameters);
  return out;
}

}  // namespace spdm
