#include "core/wire/encapsulated.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

using Ack = EncapsulatedResponseAck;
constexpr std::array kSessionVersions{k11, k12, k13, k14};

Ack read(View message, std::uint8_t version, std::uint8_t delivered) { return decode<Ack>(message, version, delivered); }

Ack next_request(Bytes inner) { return {.payload = Ack::Payload::request, .id = 2, .ack_id = 1, .request = std::move(inner), .slot = 0}; }

}  // namespace

TEST_CASE("encapsulated: the layouts") {
  CHECK(hex(encode_get_encapsulated_request(k12)) == "12ea0000");
  const Bytes inner{k12, 0x81, 0, 0};
  CHECK(hex(EncapsulatedRequest{.id = 1, .request = inner}.encode(k12)) == "126a010012810000");
  CHECK(hex(DeliverEncapsulatedResponse{.id = 1, .response = inner}.encode(k12)) == "12eb010012810000");
  CHECK(hex(next_request(inner).encode(k12)) == "126b02010100000012810000");
  CHECK(hex(next_request(inner).encode(k11)) == "116b020112810000");
}

TEST_CASE("encapsulated: what is inside comes whole, padding included") {
  for (const std::uint8_t version : kSessionVersions) {
    const Bytes inner{version, 0x81, 0, 0, 0, 0};
    const auto asked = decode<EncapsulatedRequest>(EncapsulatedRequest{.id = 3, .request = inner}.encode(version), version);
    CHECK(asked.id == 3);
    CHECK(asked.request == inner);
    const auto delivered =
        decode<DeliverEncapsulatedResponse>(DeliverEncapsulatedResponse{.id = 4, .response = inner}.encode(version), version);
    CHECK(delivered.id == 4);
    CHECK(delivered.response == inner);
    const Ack ack = read(next_request(inner).encode(version), version, 1);
    CHECK(ack.payload == Ack::Payload::request);
    CHECK(ack.id == 2);
    CHECK(ack.request == inner);
  }
}

TEST_CASE("N269 ENCAPSULATED_REQUEST without a whole request") {
  for (const std::uint8_t version : kSessionVersions) {
    const Bytes whole = EncapsulatedRequest{.id = 1, .request = {version, 0x81, 0, 0}}.encode(version);
    refused_when_cut(whole, [&](View cut) { decode<EncapsulatedRequest>(cut, version); });
    malformed("EncapsulatedRequest", [&] { decode<EncapsulatedRequest>(View(whole).first(4), version); });
  }
}

TEST_CASE("Q13 DELIVER_ENCAPSULATED_RESPONSE without a whole response") {
  for (const std::uint8_t version : kSessionVersions) {
    const Bytes whole = DeliverEncapsulatedResponse{.id = 1, .response = {version, 0x01, 0, 0}}.encode(version);
    refused_when_cut(whole, [&](View cut) { decode<DeliverEncapsulatedResponse>(cut, version); });
    malformed("EncapsulatedResponse", [&] { decode<DeliverEncapsulatedResponse>(View(whole).first(7), version); });
  }
}

TEST_CASE("N275 the acknowledgement is of another response") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    const Ack ack{.payload = Ack::Payload::none, .id = 0, .ack_id = 5, .request = {}, .slot = 0};
    CHECK(read(ack.encode(version), version, 5).ack_id == 5);
    malformed("AckRequestID", [&] { read(ack.encode(version), version, 4); });
  }
  CHECK(read(Bytes{k11, 0x6B, 0, 0}, k11, 4).payload == Ack::Payload::none);  // 1.1 does not say which one it acknowledges
}

TEST_CASE("N276 payload types that do not exist") {
  for (const std::uint8_t version : kSessionVersions)
    for (const std::uint8_t type : Octets{3, 4, 255}) {
      Bytes message = Ack{}.encode(version);
      message[3] = type;
      message.resize(message.size() + 4);
      malformed("PayloadType", [&] { read(message, version, 0); });
    }
}

TEST_CASE("N277 payloads that do not fit their type") {
  for (const std::uint8_t version : kSessionVersions) {
    const Bytes request = next_request({version, 0x81, 0, 0}).encode(version);
    refused_when_cut(request, [&](View cut) { read(cut, version, 1); });
    Ack slot{.payload = Ack::Payload::slot, .id = 0, .ack_id = 0, .request = {}, .slot = 7};
    Bytes message = slot.encode(version);
    CHECK(read(message, version, 0).slot == 7);
    refused_when_cut(message, [&](View cut) { read(cut, version, 0); });
    for (const std::uint8_t number : Octets{8, 15, 255}) {
      message.back() = number;
      malformed("SlotID", [&] { read(message, version, 0); });
    }
    message.back() = 0;
    message.push_back(0);
    CHECK_THROWS_AS(read(message, version, 0), Error);
    message = Ack{}.encode(version);
    message.push_back(0);
    CHECK_THROWS_AS(read(message, version, 0), Error);
  }
}

TEST_CASE("A26 a last acknowledgement of payload type 0") {
  for (const std::uint8_t version : kSessionVersions) CHECK(read(Ack{}.encode(version), version, 0).payload == Ack::Payload::none);
}
