#include "core/wire/finish.h"

#include "core/text.h"
#include "core/wire/decode.h"
#include "core/wire/psk_exchange.h"

using namespace wire;

namespace {

Parameters parameters_of(std::uint8_t version, bool clear) {
  Parameters out = session_parameters(version);
  if (clear) {
    out.requester.flags |= cap::handshake_in_the_clear;
    out.responder.flags |= cap::handshake_in_the_clear;
  }
  return out;
}

}  // namespace

TEST_CASE("finish: the layout") {
  Finish out;
  out.slot = 5;
  out.verify_data = Bytes(48, 0x3D);
  CHECK(hex(View(out.encode(k13)).first(6)) == "13e500003d3d");  // without a signature it is of no slot
  CHECK(hex(View(out.encode(k14)).first(8)) == "14e5000000003d3d");
  out.signature = Bytes(132, 0x51);
  CHECK(hex(View(out.encode(k13)).first(6)) == "13e501055151");
  out.slot = kProvisionedKey;
  CHECK(hex(View(out.encode(k14)).first(8)) == "14e501ff00005151");
  CHECK(hex(FinishResponse{}.encode(k12)) == "12650000");
  CHECK(hex(FinishResponse{}.encode(k14)) == "146500000000");
}

TEST_CASE("finish: a slot without a signature means nothing") {
  Bytes message = Finish{.slot = 0, .opaque = {}, .signature = {}, .verify_data = Bytes(48, 1)}.encode(k12);
  message[3] = 9;
  CHECK(decode<Finish>(message, session_parameters(k12)).slot == 0);
}

TEST_CASE("Q11 a signed FINISH that cannot be") {
  Parameters p = session_parameters(k12);
  const Finish out{.slot = 3, .opaque = {}, .signature = Bytes(132, 0x51), .verify_data = Bytes(48, 1)};
  Bytes message = out.encode(k12);
  CHECK(decode<Finish>(message, p).slot == 3);
  message[3] = 8;
  malformed("SlotID", [&] { decode<Finish>(message, p); });
  message[3] = 3;
  message[2] = 0;  // not signed: its signature is too much
  CHECK_THROWS_AS(decode<Finish>(message, p), Error);
  p.req_asym = nullptr;
  malformed("the requester has no signature algorithm", [&] { decode<Finish>(out.encode(k12), p); });
}

TEST_CASE("finish: FINISH_RSP without the HMAC that confirms a handshake in the clear") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    const Parameters p = parameters_of(version, true);
    const FinishResponse with{.opaque = {}, .verify_data = Bytes(48, 1)};
    CHECK(decode<FinishResponse>(with.encode(version), p).verify_data.size() == 48);
    malformed("ResponderVerifyData", [&] { decode<FinishResponse>(FinishResponse{}.encode(version), p); });
    refused_when_cut(with.encode(version), [&](View cut) { decode<FinishResponse>(cut, p); });
  }
}

TEST_CASE("N239 FINISH_RSP with an HMAC that is not expected") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    const FinishResponse with{.opaque = {}, .verify_data = Bytes(48, 1)};
    CHECK_THROWS_AS(decode<FinishResponse>(with.encode(version), parameters_of(version, false)), Error);
    CHECK(decode<FinishResponse>(FinishResponse{}.encode(version), parameters_of(version, false)).verify_data.empty());
  }
}

TEST_CASE("N240 opaque data of FINISH past the end, or too long") {
  const Parameters p = parameters_of(k14, true);
  Bytes message = FinishResponse{.opaque = Bytes(1025, 0), .verify_data = Bytes(48, 1)}.encode(k14);
  malformed("OpaqueDataLength", [&] { decode<FinishResponse>(message, p); });
  message = FinishResponse{.opaque = {}, .verify_data = Bytes(48, 1)}.encode(k14);
  message[4] = 0xFF;
  malformed("OpaqueData", [&] { decode<FinishResponse>(message, p); });
  message = Finish{.slot = 0, .opaque = Bytes(1025, 0), .signature = {}, .verify_data = Bytes(48, 1)}.encode(k14);
  malformed("OpaqueDataLength", [&] { decode<Finish>(message, p); });
  // Before 1.4 there is none.
  CHECK(FinishResponse{.opaque = Bytes(8, 0), .verify_data = {}}.encode(k13).size() == 4);
}

TEST_CASE("N241 FINISH and PSK_FINISH do not stand for each other") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    const Parameters p = parameters_of(version, false);
    malformed("expected FINISH_RSP", [&] { decode<FinishResponse>(PskFinishResponse{}.encode(version), p); });
    malformed("expected PSK_FINISH_RSP", [&] { decode<PskFinishResponse>(FinishResponse{}.encode(version), p); });
    const Bytes hmac(48, 1);
    malformed("expected PSK_FINISH",
              [&] { decode<PskFinish>(Finish{.slot = 0, .opaque = {}, .signature = {}, .verify_data = hmac}.encode(version), p); });
    malformed("expected FINISH", [&] { decode<Finish>(PskFinish{.opaque = {}, .verify_data = hmac}.encode(version), p); });
  }
}
