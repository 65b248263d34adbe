#include "core/wire/key_exchange.h"

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::uint8_t kSurvivesUpdate = 1, kAllEvents = 2;

// MutAuthRequested, bits 2:0 by MutualAuth.
constexpr std::array<std::uint8_t, 4> kMutAuthRequested{0, 1, 2, 4};

Bytes read_exchange_data(Reader& reader, const Parameters& parameters, bool request) {
  const KeyExchangeAlgorithm* algorithm = parameters.key_exchange;
  if (algorithm == nullptr) reader.fail("ExchangeData", "its size is not known, no key exchange algorithm was negotiated");
  return to_bytes(reader.take(request ? algorithm->request_size : algorithm->response_size, "ExchangeData"));
}

MutualAuth read_mutual_auth(Reader& reader) {
  const std::uint8_t value = reader.u8("MutAuthRequested") & 7;  // the other bits are reserved
  for (const Word<MutualAuth>& row : kMutualAuths)
    if (kMutAuthRequested.at(static_cast<std::size_t>(row.value)) == value) return row.value;
  reader.fail("MutAuthRequested", cat(value, ", 0, 1, 2 and 4 are defined"));  // DSP0274 KEY_EXCHANGE_RSP, N221
}

void check_mutual_auth(const Reader& reader, MutualAuth kind, const Parameters& parameters) {
  if (kind == MutualAuth::none || parameters.assumed) return;
  if (!parameters.both(cap::mut_auth))  // DSP0274 KEY_EXCHANGE_RSP, N222
    reader.fail("MutAuthRequested", "set, but mutual authentication was not negotiated");
  if (kind == MutualAuth::optimized) return;
  if (parameters.requester.has(cap::pub_key_id))  // DSP0274 KEY_EXCHANGE_RSP, N225
    reader.fail("MutAuthRequested", "encapsulated requests, but the responder has the public key of the requester (PUB_KEY_ID_CAP)");
  if (!parameters.encapsulates()) reader.fail("MutAuthRequested", "encapsulated requests, but they were not negotiated");
}

// DSP0274 KEY_EXCHANGE_RSP, N223: a requester with certificates has slots, one whose key was provisioned has that alone.
std::uint8_t read_requester_slot(Reader& reader, MutualAuth kind, const Parameters& parameters) {
  const std::uint8_t slot = slot_from_nibble(slot_nibble(reader.u8("SlotIDParam")));
  if (kind != MutualAuth::optimized) return 0;  // it means nothing there (A15)
  const std::uint32_t needed = slot == kProvisionedKey ? cap::pub_key_id : cap::cert;
  if (slot >= kSlots && slot != kProvisionedKey) reader.fail("SlotIDParam", cat(slot, ", slots are 0 to 7 and 15"));
  if (!parameters.requester.has(needed))
    reader.fail("SlotIDParam", slot == kProvisionedKey ? "15, but no key of the requester was provisioned (PUB_KEY_ID_CAP)"
                                                       : cat(slot, ", but the requester has no certificates (CERT_CAP)"));
  return slot;
}

}  // namespace

std::uint8_t SessionPolicy::encode(std::uint8_t version) const {
  const bool update = version >= k12 && survives_update, events = version >= k13 && all_events;
  return static_cast<std::uint8_t>((update ? kSurvivesUpdate : 0) | (events ? kAllEvents : 0));
}

SessionPolicy SessionPolicy::decode(std::uint8_t byte, std::uint8_t version) {
  return {.survives_update = version >= k12 && (byte & kSurvivesUpdate) != 0, .all_events = version >= k13 && (byte & kAllEvents) != 0};
}

std::uint8_t check_heartbeat(const Reader& reader, std::uint8_t period, const Parameters& parameters) {
  // DSP0274 KEY_EXCHANGE_RSP, N220; PSK_EXCHANGE_RSP, N320
  if (period != 0 && !parameters.both(cap::hbeat)) reader.fail("HeartbeatPeriod", cat(period, ", but not both sides have HBEAT_CAP"));
  return period;
}

Bytes KeyExchange::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::key_exchange, static_cast<std::uint8_t>(summary), slot);
  writer.u16(session_id).u8(policy.encode(version)).u8(0).bytes(random).bytes(exchange_data);
  write_opaque(writer, opaque);
  return writer.take();
}

KeyExchange KeyExchange::decode(Reader& reader, const Parameters& parameters) {
  KeyExchange out;
  const Header header = expect(reader, Code::key_exchange, parameters.version);
  out.summary = check_summary(reader, header.param1);
  out.slot = check_slot(reader, header.param2);
  out.session_id = reader.u16("ReqSessionID");
  out.policy = SessionPolicy::decode(reader.u8("SessionPolicy"), parameters.version);
  reader.skip(1, "reserved");
  out.random = reader.block<32>("RandomData");
  out.exchange_data = read_exchange_data(reader, parameters, true);
  out.opaque = read_opaque(reader, parameters);
  return out;
}

Bytes KeyExchangeResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::key_exchange_rsp, heartbeat_period);
  writer.u16(session_id).u8(kMutAuthRequested.at(static_cast<std::size_t>(mutual_auth)));
  writer.u8(mutual_auth == MutualAuth::optimized ? slot_nibble(requester_slot) : 0);
  writer.bytes(random).bytes(exchange_data).bytes(summary_hash);
  write_opaque(writer, opaque);
  writer.bytes(signature).bytes(verify_data);
  return writer.take();
}

KeyExchangeResponse KeyExchangeResponse::decode(Reader& reader, const KeyExchange& request, const Parameters& parameters) {
  KeyExchangeResponse out;
  const Header header = expect(reader, Code::key_exchange_rsp, parameters.version);
  out.heartbeat_period = check_heartbeat(reader, header.param1, parameters);
  out.session_id = reader.u16("RspSessionID");  // any: 0xFFFF is the first of many a responder (A25)
  out.mutual_auth = read_mutual_auth(reader);
  check_mutual_auth(reader, out.mutual_auth, parameters);
  out.requester_slot = read_requester_slot(reader, out.mutual_auth, parameters);
  out.random = reader.block<32>("RandomData");
  out.exchange_data = read_exchange_data(reader, parameters, false);
  out.summary_hash = read_summary_hash(reader, request.summary, parameters);  // DSP0274 KEY_EXCHANGE_RSP, N228
  out.opaque = read_opaque(reader, parameters);
  out.signature = to_bytes(reader.take(parameters.signature_size(), "Signature"));
  if (!parameters.handshake_in_the_clear())  // DSP0274 KEY_EXCHANGE_RSP, N234, N235
    out.verify_data = to_bytes(reader.take(parameters.hash_size(), "ResponderVerifyData"));
  return out;
}

}  // namespace spdm
