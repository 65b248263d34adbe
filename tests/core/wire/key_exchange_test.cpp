#include "core/wire/key_exchange.h"

#include "core/text.h"
#include "core/wire/decode.h"
#include "core/wire/secured_versions.h"

using namespace wire;

namespace {

constexpr std::array kSessionVersions{k11, k12, k13, k14};

KeyExchange request(const Parameters& p, Summary summary = Summary::none) {
  KeyExchange out;
  out.summary = summary;
  out.session_id = 0x0102;
  out.exchange_data = Bytes(p.key_exchange->request_size, 0xEE);
  out.opaque = encode_secured_versions(p, kSecuredVersions);
  return out;
}

KeyExchangeResponse response(const Parameters& p) {
  KeyExchangeResponse out;
  out.session_id = 0xFFFE;
  out.exchange_data = Bytes(p.key_exchange->response_size, 0xDD);
  out.opaque = encode_secured_selection(p, 0x1100);
  out.signature = Bytes(64, 0x51);
  out.verify_data = Bytes(48, 0x3D);
  return out;
}

KeyExchangeResponse read(View message, const Parameters& p, Summary summary = Summary::none) {
  return decode<KeyExchangeResponse>(message, request(p, summary), p);
}

constexpr std::size_t kMutAuth = 6, kSlotParam = 7;

Bytes mutual(const Parameters& p, std::uint8_t kind, std::uint8_t slot = 0) {
  Bytes message = response(p).encode(p.version);
  message[kMutAuth] = kind;
  message[kSlotParam] = slot;
  return message;
}

Parameters in_the_clear(std::uint8_t version) {
  Parameters out = session_parameters(version);
  out.requester.flags |= cap::handshake_in_the_clear;
  out.responder.flags |= cap::handshake_in_the_clear;
  return out;
}

}  // namespace

TEST_CASE("key exchange: the layout") {
  const Parameters p = session_parameters(k13);
  KeyExchange ask = request(p, Summary::tcb);
  ask.slot = kProvisionedKey;
  ask.policy = {.survives_update = true, .all_events = true};
  const Bytes message = ask.encode(k13);
  CHECK(message.size() == 40 + 96 + 2 + 20);
  CHECK(hex(View(message).first(8)) == "13e401ff02010300");
  CHECK(hex(View(message).subspan(134, 6)) == "eeee14000100");
}

TEST_CASE("key exchange: SessionPolicy by version") {
  const SessionPolicy all{.survives_update = true, .all_events = true};
  CHECK(all.encode(k11) == 0);
  CHECK(all.encode(k12) == 1);
  CHECK(all.encode(k13) == 3);
  CHECK_FALSE(SessionPolicy::decode(0xFF, k11).survives_update);
  CHECK(SessionPolicy::decode(0xFF, k12).survives_update);
  CHECK_FALSE(SessionPolicy::decode(0xFF, k12).all_events);
  CHECK(SessionPolicy::decode(0xFF, k14).all_events);
  CHECK_FALSE(SessionPolicy::decode(0xFC, k14).survives_update);
}

TEST_CASE("Q10 key exchange: slots and summaries that do not exist") {
  const Parameters p = session_parameters(k12);
  Bytes message = request(p).encode(k12);
  for (const std::uint8_t slot : Octets{8, 15, 254}) {
    message[3] = slot;
    malformed("SlotID", [&] { decode<KeyExchange>(message, p); });
  }
  message[3] = 7;
  message[2] = 2;
  malformed("MeasurementSummaryHashType", [&] { decode<KeyExchange>(message, p); });
}

TEST_CASE("key exchange: without an algorithm its size is not known") {
  Parameters p = session_parameters(k12);
  const Bytes ask = request(p).encode(k12), answer = response(p).encode(k12);
  p.key_exchange = nullptr;
  malformed("ExchangeData", [&] { decode<KeyExchange>(ask, p); });
  malformed("ExchangeData", [&] { decode<KeyExchangeResponse>(answer, KeyExchange{}, p); });
}

TEST_CASE("key exchange: a KEM has a size of its own in each direction") {
  Parameters p = session_parameters(k14);
  p.key_exchange = find_key_exchange("ML-KEM-768");
  CHECK(decode<KeyExchange>(request(p).encode(k14), p).exchange_data.size() == 1184);
  CHECK(read(response(p).encode(k14), p).exchange_data.size() == 1088);
}

TEST_CASE("N220 a heartbeat that one side does not have") {
  for (const std::uint8_t version : kSessionVersions)
    for (const bool ours : {false, true}) {
      Parameters p = session_parameters(version);
      KeyExchangeResponse out = response(p);
      out.heartbeat_period = 1;
      CHECK(read(out.encode(version), p).heartbeat_period == 1);
      (ours ? p.requester : p.responder).flags &= ~cap::hbeat;
      malformed("HeartbeatPeriod", [&] { read(out.encode(version), p); });
      out.heartbeat_period = 0;
      CHECK(read(out.encode(version), p).heartbeat_period == 0);
    }
}

TEST_CASE("N221 values of MutAuthRequested that do not exist") {
  const Parameters p = session_parameters(k13);
  for (const std::uint8_t kind : Octets{3, 5, 6, 7}) malformed("MutAuthRequested", [&] { read(mutual(p, kind), p); });
  CHECK(read(mutual(p, 1), p).mutual_auth == MutualAuth::optimized);
  CHECK(read(mutual(p, 2), p).mutual_auth == MutualAuth::encapsulated);
  CHECK(read(mutual(p, 4), p).mutual_auth == MutualAuth::digests);
  CHECK(read(mutual(p, 0xF8), p).mutual_auth == MutualAuth::none);  // reserved bits
}

TEST_CASE("N222 mutual authentication that was not negotiated") {
  for (const std::uint8_t version : kSessionVersions)
    for (const std::uint8_t kind : Octets{1, 2, 4})
      for (const bool ours : {false, true}) {
        Parameters p = session_parameters(version);
        (ours ? p.requester : p.responder).flags &= ~cap::mut_auth;
        malformed("MutAuthRequested", [&] { read(mutual(p, kind), p); });
        CHECK(read(mutual(p, 0), p).mutual_auth == MutualAuth::none);
      }
}

TEST_CASE("N223 slots that a requester cannot have") {
  Parameters p = session_parameters(k13);
  CHECK(read(mutual(p, 1, 7), p).requester_slot == 7);
  for (const std::uint8_t slot : Octets{8, 14, 15}) malformed("SlotIDParam", [&] { read(mutual(p, 1, slot), p); });
  p.requester.flags = (p.requester.flags & ~cap::cert) | cap::pub_key_id;
  CHECK(read(mutual(p, 1, 15), p).requester_slot == kProvisionedKey);
  for (const std::uint8_t slot : Octets{0, 7, 14}) malformed("SlotIDParam", [&] { read(mutual(p, 1, slot), p); });
}

TEST_CASE("N225 encapsulated requests that cannot be") {
  for (const std::uint8_t version : kSessionVersions)
    for (const std::uint8_t kind : Octets{2, 4}) {
      Parameters p = session_parameters(version);
      p.requester.flags &= ~cap::encap;
      if (version == k12)
        CHECK(read(mutual(p, kind), p).mutual_auth != MutualAuth::none);  // MUT_AUTH_CAP says it alone
      else
        malformed("MutAuthRequested", [&] { read(mutual(p, kind), p); });
      p.requester.flags |= cap::encap | cap::pub_key_id;
      malformed("PUB_KEY_ID_CAP", [&] { read(mutual(p, kind), p); });
      p.assumed = true;  // nobody knows what was announced
      CHECK(read(mutual(p, kind), p).mutual_auth != MutualAuth::none);
    }
}

TEST_CASE("A15 SlotIDParam without MutAuthRequested, or with encapsulated requests") {
  const Parameters p = session_parameters(k12);
  for (const std::uint8_t kind : Octets{0, 2, 4}) CHECK(read(mutual(p, kind, 0x0E), p).requester_slot == 0);
  CHECK(read(mutual(p, 1, 0xF3), p).requester_slot == 3);  // reserved bits
}

TEST_CASE("A25 RspSessionID 0xFFFF") {
  const Parameters p = session_parameters(k12);
  KeyExchangeResponse out = response(p);
  out.session_id = 0xFFFF;
  CHECK(read(out.encode(k12), p).session_id == 0xFFFF);
  CHECK(session_id(0xFFFF, 0xFFFF) == 0xFFFFFFFF);
  CHECK(session_id(0x0102, 0xFFFE) == 0xFFFE0102);
}

TEST_CASE("N228 the summary hash is missing, or nobody asked for it") {
  for (const std::uint8_t version : kSessionVersions) {
    const Parameters p = session_parameters(version);
    KeyExchangeResponse with = response(p);
    with.summary_hash = Bytes(48, 0x5A);
    CHECK(read(with.encode(version), p, Summary::all).summary_hash == Bytes(48, 0x5A));
    CHECK_THROWS_AS(read(response(p).encode(version), p, Summary::all), Error);
    CHECK_THROWS_AS(read(with.encode(version), p), Error);
  }
}

TEST_CASE("N229 opaque data of a key exchange that is too long") {
  for (const std::uint8_t version : kSessionVersions) {
    const Parameters p = session_parameters(version);
    KeyExchangeResponse out = response(p);
    out.opaque = Bytes(1025, 0);
    malformed("OpaqueDataLength", [&] { read(out.encode(version), p); });
    KeyExchange ask = request(p);
    ask.opaque = Bytes(1025, 0);
    malformed("OpaqueDataLength", [&] { decode<KeyExchange>(ask.encode(version), p); });
  }
}

TEST_CASE("N234 ResponderVerifyData although the handshake is in the clear") {
  for (const std::uint8_t version : kSessionVersions) {
    const Parameters p = in_the_clear(version);
    KeyExchangeResponse out = response(p);
    CHECK_THROWS_AS(read(out.encode(version), p), Error);
    out.verify_data.clear();
    CHECK(read(out.encode(version), p).verify_data.empty());
  }
}

TEST_CASE("N235 ResponderVerifyData is missing") {
  for (const std::uint8_t version : kSessionVersions) {
    Parameters p = in_the_clear(version);
    p.requester.flags &= ~cap::handshake_in_the_clear;  // the responder's alone does not count
    KeyExchangeResponse out = response(p);
    CHECK(read(out.encode(version), p).verify_data == Bytes(48, 0x3D));
    out.verify_data.clear();
    malformed("ResponderVerifyData", [&] { read(out.encode(version), p); });
  }
}
