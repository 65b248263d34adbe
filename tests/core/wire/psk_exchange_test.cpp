#include "core/wire/psk_exchange.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

constexpr std::array kSessionVersions{k11, k12, k13, k14};

PskExchangeResponse response(std::size_t context = 64) {
  PskExchangeResponse out;
  out.session_id = 0xFFFE;
  out.context = Bytes(context, 0xC0);
  out.verify_data = Bytes(48, 0x3D);
  return out;
}

PskExchangeResponse read(View message, const Parameters& p, Summary summary = Summary::none) {
  PskExchange request;
  request.summary = summary;
  return decode<PskExchangeResponse>(message, request, p);
}

Parameters without_context(std::uint8_t version) {
  Parameters out = session_parameters(version);
  out.responder.flags = (out.responder.flags & ~cap::psk_mask) | cap::psk;
  return out;
}

}  // namespace

TEST_CASE("psk exchange: the layout") {
  PskExchange ask;
  ask.summary = Summary::all;
  ask.policy.survives_update = true;
  ask.session_id = 0x0102;
  ask.hint = Bytes(3, 0xAA);
  ask.context = Bytes(2, 0xBB);
  CHECK(hex(ask.encode(k12)) == "12e6ff010201030002000000aaaaaabbbb");
  CHECK(ask.encode(k11)[3] == 0);
  PskExchangeResponse out = response(2);
  out.summary_hash = Bytes(1, 0x5A);
  out.verify_data = Bytes(1, 0x3D);
  CHECK(hex(out.encode(k12)) == "12660000feff0000020000005ac0c03d");  // the summary stands before the context
}

TEST_CASE("Q10 PSK exchange: summaries that do not exist") {
  const Parameters p = session_parameters(k12);
  Bytes message = PskExchange{}.encode(k12);
  CHECK(decode<PskExchange>(message, p).summary == Summary::none);
  message[2] = 2;
  malformed("MeasurementSummaryHashType", [&] { decode<PskExchange>(message, p); });
}

TEST_CASE("N320 PSK exchange: a heartbeat that one side does not have") {
  for (const std::uint8_t version : kSessionVersions)
    for (const bool ours : {false, true}) {
      Parameters p = session_parameters(version);
      PskExchangeResponse out = response();
      out.heartbeat_period = 200;
      CHECK(read(out.encode(version), p).heartbeat_period == 200);
      (ours ? p.requester : p.responder).flags &= ~cap::hbeat;
      malformed("HeartbeatPeriod", [&] { read(out.encode(version), p); });
    }
}

TEST_CASE("N244 a ResponderContext that was not announced") {
  for (const std::uint8_t version : kSessionVersions) {
    malformed("ResponderContextLength", [&] { read(response(1).encode(version), without_context(version)); });
    CHECK(read(response(0).encode(version), without_context(version)).context.empty());
  }
}

TEST_CASE("N245 no ResponderContext although one was announced") {
  for (const std::uint8_t version : kSessionVersions) {
    malformed("ResponderContextLength", [&] { read(response(0).encode(version), session_parameters(version)); });
    CHECK(read(response(64).encode(version), session_parameters(version)).context.size() == 64);
  }
}

TEST_CASE("PSK exchange: where nobody knows what was announced, either is taken") {
  Parameters p = session_parameters(k12);
  p.responder.flags |= cap::psk_mask;
  CHECK(read(response(0).encode(k12), p).context.empty());
  CHECK(read(response(1).encode(k12), p).context.size() == 1);
}

TEST_CASE("N246 lengths of context and opaque data past the end") {
  for (const std::uint8_t version : kSessionVersions)
    for (const std::size_t at : {8U, 9U, 10U, 11U}) {
      const Parameters p = session_parameters(version);
      Bytes message = response().encode(version);
      message[at] = 0xFF;
      CHECK_THROWS_AS(read(message, p), Error);
      message[8] = message[9] = message[10] = message[11] = 0xFF;
      CHECK_THROWS_AS(read(message, p), Error);
      Bytes request =
          PskExchange{.summary = {}, .policy = {}, .session_id = 1, .hint = Bytes(4, 1), .context = Bytes(32, 2), .opaque = {}}.encode(
              version);
      request[at - 2] = 0xFF;
      CHECK_THROWS_AS(decode<PskExchange>(request, p), Error);
    }
}

TEST_CASE("N248 the summary hash is missing, or nobody asked for it") {
  for (const std::uint8_t version : kSessionVersions) {
    const Parameters p = session_parameters(version);
    PskExchangeResponse with = response();
    with.summary_hash = Bytes(48, 0x5A);
    CHECK(read(with.encode(version), p, Summary::tcb).summary_hash == Bytes(48, 0x5A));
    CHECK_THROWS_AS(read(with.encode(version), p), Error);
    CHECK_THROWS_AS(read(response().encode(version), p, Summary::tcb), Error);
  }
}

TEST_CASE("PSK exchange: ResponderVerifyData is there in the clear, too") {
  Parameters p = session_parameters(k12);
  p.requester.flags |= cap::handshake_in_the_clear;
  p.responder.flags |= cap::handshake_in_the_clear;
  CHECK(read(response().encode(k12), p).verify_data.size() == 48);
}

TEST_CASE("N249 opaque data of a PSK session that is too long") {
  const Parameters p = session_parameters(k14);
  malformed("OpaqueDataLength", [&] { decode<PskFinishResponse>(PskFinishResponse{.opaque = Bytes(1025, 0)}.encode(k14), p); });
  malformed("OpaqueDataLength",
            [&] { decode<PskFinish>(PskFinish{.opaque = Bytes(1025, 0), .verify_data = Bytes(48, 1)}.encode(k14), p); });
  for (const std::uint8_t version : kSessionVersions) {
    PskExchangeResponse out = response();
    out.opaque = Bytes(1025, 0);
    malformed("OpaqueDataLength", [&] { read(out.encode(version), session_parameters(version)); });
  }
  CHECK(PskFinishResponse{.opaque = Bytes(8, 0)}.encode(k13).size() == 4);  // before 1.4 there is none
}
