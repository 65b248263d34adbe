#include "transport/socket/tcp.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "transport/socket/peer.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion{0x10, 0x84, 0, 0};
constexpr std::size_t kRequest = 8;

void refused(std::string_view packed, ErrorId id, const std::string& why) {
  CAPTURE(packed);
  Peer peer(answer(kRequest, unhex(packed, "test")));
  const std::unique_ptr<Link> link = tcp_link(peer.stream());
  expect_error(id, why, [&] { link->exchange(kGetVersion, soon()); });
  expect_error(ErrorId::io, "given up after an earlier error", [&] { link->exchange(kGetVersion, soon()); });
}

}  // namespace

TEST_CASE("an exchange over plain DSP0287") {
  Bytes seen;
  {
    Peer peer([&](Stream& stream) {
      seen = stream.read(kRequest, soon());
      stream.write(unhex("0A000105 1004000000010012", "test"), soon());
    });
    const std::unique_ptr<Link> link = tcp_link(peer.stream());
    CHECK(hex(link->exchange(kGetVersion, soon())) == "1004000000010012");
    CHECK(link->binding() == Binding::tcp);
    CHECK(link->max_receive() == 65533);
  }
  CHECK(hex(seen) == "0600010510840000");
}

TEST_CASE("a secured message over plain DSP0287 is answered with one, or with a plain message") {
  for (const bool secured : {true, false}) {
    Bytes seen;
    {
      Peer peer([&](Stream& stream) {
        seen = stream.read(kRequest, soon());
        stream.write(unhex(secured ? "06000106 01020304" : "06000105 127F0200", "test"), soon());
      });
      const std::unique_ptr<Link> link = tcp_link(peer.stream());
      CHECK(link->carries_sessions());
      const SecuredReply reply = link->exchange_secured(Bytes{9, 8, 7, 6}, soon());
      CHECK(reply.is_secured == secured);
      CHECK(hex(reply.bytes) == (secured ? "01020304" : "127f0200"));
    }
    CHECK(hex(seen) == "0600010609080706");
  }
}

TEST_CASE("N313 TCP: version 2, length 0 or 1, unknown type, length over what came, closed mid message") {
  refused("0600020510040000", ErrorId::peer, "version: 2");
  refused("00000105", ErrorId::peer, "length: 0");
  refused("01000105", ErrorId::peer, "length: 1");
  refused("0600010910040000", ErrorId::peer, "message type: 0x09");
  refused("FFFF010510040000", ErrorId::io, "after 4 of 65533 bytes");
  refused("0600", ErrorId::io, "after 2 of 4 bytes");
  refused("", ErrorId::io, "closed the connection");
  refused("0600010610040000", ErrorId::peer, "secured message answers a plain one");
}

TEST_CASE("the errors and the role inquiry of DSP0287") {
  refused("000001C1", ErrorId::no_spdm, "does not support");
  refused("000001BF", ErrorId::no_spdm, "role");
}

TEST_CASE("silence ends at the deadline") {
  Peer peer(stay_silent);
  const std::unique_ptr<Link> link = tcp_link(peer.stream());
  expect_error(ErrorId::timeout, "did not answer in time", [&] { link->exchange(kGetVersion, in_ms(40)); });
}
