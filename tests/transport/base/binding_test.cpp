#include "transport/base/binding.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

Bytes h(std::string_view digits) { return unhex(digits, "test"); }

void refused(Binding binding, std::string_view packed, const std::string& why) {
  CAPTURE(packed);
  expect_error(ErrorId::peer, why, [&] { unwrap(binding, h(packed)); });
}

}  // namespace

TEST_CASE("wrap: the bytes on the wire of each binding") {
  const Bytes version = h("10840000");
  CHECK(hex(wrap(Binding::none, version)) == "10840000");
  CHECK(hex(wrap(Binding::mctp, version)) == "0510840000");
  CHECK(hex(wrap(Binding::mctp, version, true)) == "0610840000");
  CHECK(hex(wrap(Binding::doe, version)) == "010001000300000010840000");
  CHECK(hex(wrap(Binding::doe, version, true)) == "010002000300000010840000");
  CHECK(hex(wrap(Binding::tcp, version)) == "0600010510840000");
  CHECK(hex(wrap(Binding::tcp, version, true)) == "0600010610840000");
  CHECK(hex(wrap(Binding::doe, h("1084000001"))) == "01000100040000001084000001000000");  // padded to dwords
}

TEST_CASE("wrap and unwrap are inverse; DOE keeps its padding") {
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp})
    for (std::size_t size = 1; size < 10; ++size)
      for (const bool secured : {false, true}) {
        if (secured && binding == Binding::none) continue;
        const Bytes message(size, 0xA5);
        const Unwrapped out = unwrap(binding, wrap(binding, message, secured));
        CHECK(out.secured == secured);
        REQUIRE(out.message.size() >= size);
        CHECK(out.message.size() - size <= padding_allowed(binding));
        CHECK(equal(View(out.message).first(size), message));
      }
}

TEST_CASE("the largest message of each binding fits, one byte more does not") {
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp}) {
    const Bytes message(max_message(binding), 1);
    CHECK(unwrap(binding, wrap(binding, message)).message == message);
    expect_error(ErrorId::internal, "carries", [&] { wrap(binding, Bytes(max_message(binding) + 1)); });
  }
  // 2^18 dwords are written as zero (PCIe r6.x 6.30.1).
  CHECK(hex(View(wrap(Binding::doe, Bytes(max_message(Binding::doe)))).first(8)) == "0100010000000000");
}

TEST_CASE("N309 DOE: length 0, 1, other than what came, reserved bits, other vendor, other type") {
  refused(Binding::doe, "010001000000000010040000", "says 1048576 bytes, 12 came");
  refused(Binding::doe, "010001000100000010040000", "1 dword is less than the header");
  refused(Binding::doe, "010001000400000010040000", "says 16 bytes, 12 came");
  refused(Binding::doe, "0100010003000000100400000000", "says 12 bytes, 14 came");
  refused(Binding::doe, "010001000300040010040000", "reserved bits");
  refused(Binding::doe, "010001010300000010040000", "reserved byte");
  refused(Binding::doe, "DE1101000300000010040000", "vendor: 0x11de");
  refused(Binding::doe, "010003000300000010040000", "type: 0x03");
  refused(Binding::doe, "010000000300000001000001", "type: 0x00");  // a discovery answer
  refused(Binding::doe, "0100010002000000", "no message follows");
  refused(Binding::doe, "01000100020000", "length: needs 4 bytes");
  refused(Binding::doe, "", "vendor");
}

TEST_CASE("N312 MCTP: integrity check bit, other type, empty body") {
  refused(Binding::mctp, "8510040000", "integrity check bit");
  refused(Binding::mctp, "0110040000", "message type: 0x01");
  refused(Binding::mctp, "05", "no message follows");
  refused(Binding::mctp, "", "message type");
  CHECK(unwrap(Binding::mctp, h("0600")).secured);  // the link refuses it, see emu_test.cpp
}

TEST_CASE("N313 TCP: version 2, length 0 to 2, unknown type, length that is not what came") {
  refused(Binding::tcp, "0600020510040000", "version: 2");
  refused(Binding::tcp, "0000010510040000", "length: 0");
  refused(Binding::tcp, "0100010510040000", "length: 1");
  refused(Binding::tcp, "02000105", "length: 2");
  refused(Binding::tcp, "0600010710040000", "message type: 0x07");
  refused(Binding::tcp, "FFFF010510040000", "says 65533 bytes of message, 4 came");
  refused(Binding::tcp, "0500010510040000", "says 3 bytes of message, 4 came");
  refused(Binding::tcp, "060001", "message type");
}

TEST_CASE("TCP: what the other message types of DSP0287 mean to a requester") {
  const auto says = [](std::string_view packed, ErrorId id, const std::string& why) {
    expect_error(id, why, [&] { unwrap(Binding::tcp, h(packed)); });
  };
  says("000001BF", ErrorId::no_spdm, "role");
  says("020001BF", ErrorId::no_spdm, "role");
  says("000001C0", ErrorId::peer, "too large");
  says("000001C1", ErrorId::no_spdm, "does not support");
  says("000001C2", ErrorId::no_spdm, "cannot be a requester");
  says("000001C3", ErrorId::no_spdm, "cannot be a responder");
  says("000001C4", ErrorId::peer, "reserved error (0xc4");
  says("000001FF", ErrorId::peer, "reserved error (0xff");
}

TEST_CASE("none: an empty message is refused") { refused(Binding::none, "", "is empty"); }

TEST_CASE("short strings of bytes are taken or refused, never worse") {
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp})
    for (int a = 0; a < 256; a += 5)
      for (int b = 0; b < 256; ++b) {
        const Bytes packed{static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b), 1, static_cast<std::uint8_t>(b)};
        try {
          const Unwrapped out = unwrap(binding, packed);
          CHECK(!out.message.empty());
        } catch (const Error&) {
        }
      }
}
