#include "core/wire/error_response.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

ErrorResponse not_ready(Bytes extended) {
  return {.version = k12, .code = ErrorCode::response_not_ready, .data = 0, .extended = std::move(extended)};
}

constexpr auto kDigests = static_cast<std::uint8_t>(Code::get_digests);

}  // namespace

TEST_CASE("N21 reserved error codes are errors all the same") {
  for (unsigned code = 0; code < 256; ++code) {
    const Bytes message{0x12, 0x7F, static_cast<std::uint8_t>(code), 0};
    CHECK(is_error(message));
    const ErrorResponse error = decode<ErrorResponse>(message);
    CHECK(describe(error).find(cat("(0x", hex(code, 2), ")")) != std::string::npos);
  }
  for (const std::uint8_t code : Octets{0x00, 0x13, 0x3F, 0x40, 0xFD, 0xFE})
    CHECK(name(static_cast<ErrorCode>(code)) == "reserved error code");
}

TEST_CASE("N24 ERROR of three bytes") {
  refused_when_cut(Bytes{0x12, 0x7F, 0x03, 0x00}, [](View cut) { decode<ErrorResponse>(cut); });
}

TEST_CASE("N26 ERROR carries another version") {
  const ErrorResponse error = decode<ErrorResponse>(Bytes{0x10, 0x7F, 0x41, 0});
  CHECK(error.version == k10);
  CHECK(error.code == ErrorCode::version_mismatch);
}

TEST_CASE("N28 ResponseNotReady with less than four bytes of data") {
  for (std::size_t size = 0; size < 4; ++size)
    malformed("ResponseNotReady", [&] { not_ready(Bytes(size, kDigests)).not_ready(Code::get_digests); });
}

TEST_CASE("N29 ResponseNotReady about another request") {
  malformed("RequestCode", [] { not_ready({1, 0x82, 0, 2}).not_ready(Code::get_digests); });
}

TEST_CASE("N30 RDTExponent is no shift count") {
  for (const std::uint8_t exponent : Octets{32, 63, 64, 255})
    malformed("RDTExponent", [&] { not_ready({exponent, kDigests, 0, 2}).not_ready(Code::get_digests); });
}

TEST_CASE("N31 RDTM of 0 or 1") {
  for (const std::uint8_t rdtm : Octets{0, 1}) malformed("RDTM", [&] { not_ready({1, kDigests, 0, rdtm}).not_ready(Code::get_digests); });
}

TEST_CASE("error response: the longest ResponseNotReady") {
  const ResponseNotReady good = not_ready({31, kDigests, 9, 255}).not_ready(Code::get_digests);
  CHECK(good.rdt_exponent == 31);
  CHECK(good.token == 9);
  CHECK(good.rdtm == 255);
}

TEST_CASE("N38 LargeResponse without its handle") {
  ErrorResponse error{.version = k12, .code = ErrorCode::large_response, .data = 0, .extended = {}};
  malformed("Handle", [&] { error.large_response_handle(); });
  error.extended = {9};
  CHECK(error.large_response_handle() == 9);
}

TEST_CASE("error response: what is kept and shown") {
  Bytes message{0x12, 0x7F, 0xFF, 3};
  message.resize(4 + 100, 0xEE);
  Reader reader(message, "ERROR");
  CHECK(ErrorResponse::decode(reader).extended.size() == 32);
  CHECK(describe(decode<ErrorResponse>(Bytes{0x12, 0x7F, 0x07, 0x83})) == "UnsupportedRequest (0x07) for CHALLENGE");
  CHECK(describe(decode<ErrorResponse>(Bytes{0x12, 0x7F, 0x07, 0x83}), Code::challenge) == "UnsupportedRequest (0x07)");
  CHECK(describe(decode<ErrorResponse>(Bytes{0x12, 0x7F, 0x0D, 0, 0, 1, 0, 0})) ==
        "ResponseTooLarge (0x0d): the response would have 256 bytes");
  CHECK(describe(decode<ErrorResponse>(Bytes{0x12, 0x7F, 0x0D, 0, 0, 1})) == "ResponseTooLarge (0x0d)");
  CHECK_FALSE(is_error(Bytes{0x12}));
}
