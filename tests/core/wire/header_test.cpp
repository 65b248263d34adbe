#include "core/wire/header.h"

#include "core/wire/decode.h"
#include "core/wire/version.h"

using namespace wire;

namespace {

void refused_code(Code code) {
  const Bytes message{0x12, static_cast<std::uint8_t>(code), 0, 1};
  malformed("expected DIGESTS, got " + name(code), [&] { decode<DigestsResponse>(message, parameters(k12)); });
}

void refused_version(std::uint8_t version) {
  Bytes message(4 + 48, 0);
  message[0] = version, message[1] = 0x01, message[3] = 0x01;
  malformed("SPDMVersion", [&] { decode<DigestsResponse>(message, parameters(k12)); });
}

}  // namespace

TEST_CASE("N1 fewer than four bytes") {
  for (std::size_t size = 0; size < kHeaderSize; ++size) {
    const Bytes message(size, 0x10);
    malformed("SPDM message", [&] { read_header(message); });
  }
}

TEST_CASE("N2 the code is the request's own") { refused_code(Code::get_digests); }

TEST_CASE("N3 the code is that of another message") {
  for (const Code code : {Code::certificate, Code::version, static_cast<Code>(0x42)}) refused_code(code);
}

TEST_CASE("N4 SPDMVersion is not the negotiated one") {
  for (const std::uint8_t version : Octets{0x10, 0x11, 0x13, 0x14}) refused_version(version);
}

TEST_CASE("N5 SPDMVersion is one that nobody offered") {
  for (const std::uint8_t version : Octets{0x00, 0x20, 0xFF}) refused_version(version);
}

TEST_CASE("header: codes and their names") {
  CHECK(name(Code::get_measurement_extension_log) == "GET_MEASUREMENT_EXTENSION_LOG");
  CHECK(name(static_cast<Code>(0x42)) == "code 0x42");
  CHECK(response_to(Code::challenge) == Code::challenge_auth);
  CHECK(response_to(Code::vendor_defined_request) == Code::vendor_defined_response);
  CHECK(is_request(Code::respond_if_ready));
  CHECK_FALSE(is_request(Code::error));
}

TEST_CASE("header: slots as bytes and as nibbles") {
  CHECK(slot_nibble(kProvisionedKey) == 0x0F);
  CHECK(slot_from_nibble(0x0F) == kProvisionedKey);
  for (std::uint8_t slot = 0; slot < kSlots; ++slot) CHECK(slot_from_nibble(slot_nibble(slot)) == slot);
}
