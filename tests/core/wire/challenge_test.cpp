#include "core/wire/challenge.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

Challenge request(std::uint8_t slot = 0, Summary summary = Summary::none) {
  Challenge out{.slot = slot, .summary = summary, .nonce = {}, .context = {}};
  out.context.fill(0x77);
  return out;
}

ChallengeAuth response(std::uint8_t slot = 0, bool summary = false) {
  ChallengeAuth out;
  out.slot = slot;
  out.slot_mask = slot == kProvisionedKey ? std::uint8_t{0} : static_cast<std::uint8_t>(1 << slot);
  out.cert_chain_hash = Bytes(48, 0xCC);
  if (summary) out.summary_hash = Bytes(48, 0x5A);
  out.context.fill(0x77);
  out.signature = Bytes(64, 0x51);
  return out;
}

ChallengeAuth read(View message, const Challenge& request, const Parameters& parameters) {
  return decode<ChallengeAuth>(message, request, parameters);
}

// OpaqueDataLength in a response without a summary hash.
constexpr std::size_t kOpaqueLength = 4 + 48 + 32;

// Only where both sides have MUT_AUTH_CAP may the responder ask for it.
void mutual_authentication(std::uint8_t version) {
  ChallengeAuth out = response();
  out.basic_mut_auth = true;
  Parameters p = parameters(version);
  malformed("BasicMutAuthReq", [&] { read(out.encode(version), request(), p); });
  p.responder.flags |= cap::mut_auth;
  malformed("BasicMutAuthReq", [&] { read(out.encode(version), request(), p); });
  p.requester.flags |= cap::mut_auth;
  CHECK(read(out.encode(version), request(), p).basic_mut_auth);
}

}  // namespace

TEST_CASE("N174 the answer is about another slot") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = response().encode(version);
    message[2] = 1;
    malformed("SlotID", [&] { read(message, request(), parameters(version)); });
  }
  Bytes upper = response().encode(k10);
  upper[2] = 0x10;
  malformed("SlotID", [&] { read(upper, request(), parameters(k10)); });
  upper = response().encode(k12);
  upper[2] = 0x70;  // reserved bits
  CHECK(read(upper, request(), parameters(k12)).slot == 0);
}

TEST_CASE("N175 the slot is not in the mask") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = response().encode(version);
    message[3] = 0xFE;
    malformed("SlotMask", [&] { read(message, request(), parameters(version)); });
  }
}

TEST_CASE("N176 the provisioned key was asked for") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    CHECK(read(response(kProvisionedKey).encode(version), request(kProvisionedKey), parameters(version)).slot == kProvisionedKey);
    for (const std::uint8_t slot : Octets{0, 7, 14}) {
      Bytes message = response(kProvisionedKey).encode(version);
      message[2] = slot;
      malformed("SlotID", [&] { read(message, request(kProvisionedKey), parameters(version)); });
    }
  }
}

TEST_CASE("N178 BasicMutAuthReq in 1.1 although it was not negotiated") { mutual_authentication(k11); }

TEST_CASE("N179 BasicMutAuthReq from 1.2 on although it was not negotiated") {
  for (const std::uint8_t version : {k12, k13, k14}) mutual_authentication(version);
}

TEST_CASE("N180 opaque data of more than 1024 bytes") {
  for (const std::uint8_t version : kAllVersions)
    for (const std::size_t length : {1025U, 0xFFFFU}) {
      Bytes message = response().encode(version);
      message[kOpaqueLength] = static_cast<std::uint8_t>(length);
      message[kOpaqueLength + 1] = static_cast<std::uint8_t>(length >> 8);
      message.resize(message.size() + length);
      malformed("OpaqueDataLength", [&] { read(message, request(), parameters(version)); });
    }
}

TEST_CASE("N181 opaque data that ends after the message") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = response().encode(version);
    message[kOpaqueLength + 1] = 1;
    malformed("OpaqueData", [&] { read(message, request(), parameters(version)); });
  }
}

TEST_CASE("N182 opaque data although no format was negotiated") {
  ChallengeAuth out = response();
  out.opaque = {1, 0, 0, 0, 0, 0, 0, 0};
  Parameters p = parameters(k12);
  p.opaque_format = 0;
  malformed("no opaque data format", [&] { read(out.encode(k12), request(), p); });
  CHECK(read(out.encode(k12), request(), parameters(k12)).opaque.size() == 8);
  p.version = k11;
  CHECK(read(out.encode(k11), request(), p).opaque.size() == 8);  // free form there
}

TEST_CASE("N183 RequesterContext is another one") {
  for (const std::uint8_t version : {k13, k14}) {
    ChallengeAuth out = response();
    out.context[7] ^= 1;
    malformed("RequesterContext", [&] { read(out.encode(version), request(), parameters(version)); });
  }
}

TEST_CASE("N184 the signature is absent or cut off") {
  for (const std::uint8_t version : kAllVersions) {
    const Bytes whole = response().encode(version);
    refused_when_cut(whole, [&](View cut) { read(cut, request(), parameters(version)); });
    malformed("Signature", [&] { read(View(whole).first(whole.size() - 64), request(), parameters(version)); });
    malformed("Signature", [&] { read(View(whole).first(whole.size() - 63), request(), parameters(version)); });
  }
}

TEST_CASE("N190 the summary hash is missing, or nobody asked for it") {
  for (const std::uint8_t version : kAllVersions) {
    const Challenge with = request(0, Summary::all);
    CHECK(read(response(0, true).encode(version), with, parameters(version)).summary_hash == Bytes(48, 0x5A));
    CHECK_THROWS_AS(read(response().encode(version), with, parameters(version)), Error);
    CHECK_THROWS_AS(read(response(0, true).encode(version), request(), parameters(version)), Error);
    Parameters silent = parameters(version);  // a responder without MEAS_CAP sends none
    silent.responder.flags &= ~cap::meas_mask;
    CHECK(read(response().encode(version), with, silent).summary_hash.empty());
  }
}

TEST_CASE("A14 several slots in the mask") {
  for (const std::uint8_t mask : Octets{0x03, 0x07, 0x13, 0xFF}) {
    ChallengeAuth out = response();
    out.slot_mask = mask;
    CHECK(read(out.encode(k12), request(), parameters(k12)).slot_mask == mask);
  }
}

TEST_CASE("challenge: requests that cannot be") {
  Bytes message = request().encode(k12);
  message[2] = 8;
  malformed("SlotID", [&] { decode<Challenge>(message, k12); });
  message[2] = 0;
  message[3] = 2;
  malformed("MeasurementSummaryHashType", [&] { decode<Challenge>(message, k12); });
}
