#include "transport/socket/emu.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/socket/peer.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

Bytes h(std::string_view digits) { return unhex(digits, "test"); }
const Bytes kGetVersion = h("10840000");
const Bytes kVersion = h("1004000000010012");
constexpr std::size_t kRequestFrame = kFrameHeader + 4;  // GET_VERSION with binding none

// A responder that works: greeting, then the same answer to everything, until CONTINUE.
void serve(Stream& stream, Binding binding, const Bytes& packed) {
  while (const std::optional<Frame> frame = next_frame(stream, binding, soon())) {
    const bool greeting = frame->command == Command::test;
    if (greeting) CHECK(equal(frame->payload, client_hello()));
    const View payload = greeting ? server_hello() : frame->command == Command::normal ? View(packed) : View();
    stream.write(encode_frame(binding, frame->command, payload), soon());
    if (frame->command == Command::keep_going) return;
  }
}

// What a requester makes of `frame` (hex) as answer to GET_VERSION with binding none.
void refused(std::string_view frame, ErrorId id, const std::string& why) {
  CAPTURE(frame);
  Peer peer(answer(kRequestFrame, h(frame)));
  const std::unique_ptr<Link> link = emu_link(peer.stream(), Binding::none, 4600, soon());
  expect_error(id, why, [&] { link->exchange(kGetVersion, soon()); });
  expect_error(ErrorId::io, "given up after an earlier error", [&] { link->exchange(kGetVersion, soon()); });
}

// What a requester makes of a sound frame with this payload (hex).
void payload_refused(Binding binding, std::string_view packed, const std::string& why) {
  Peer peer([&](Stream& stream) { serve(stream, binding, h(packed)); });
  const std::unique_ptr<Link> link = emu_link(peer.stream(), binding, 4600, soon());
  expect_error(ErrorId::peer, why, [&] { link->exchange(kGetVersion, soon()); });
}

}  // namespace

TEST_CASE("a frame is twelve big-endian bytes and the payload") {
  CHECK(hex(encode_frame(Binding::doe, Command::normal, wrap(Binding::doe, kGetVersion))) ==
        "00000001000000020000000c010001000300000010840000");
  CHECK(hex(encode_frame(Binding::none, Command::shutdown, {})) == "0000fffe0000000000000000");
  CHECK(hex(View(encode_frame(Binding::mctp, Command::test, client_hello())).first(12)) == "0000dead000000010000000e");
  CHECK(client_hello().size() == 14);
  CHECK(server_hello().back() == 0);
}

TEST_CASE("greeting, exchanges and farewell with every binding") {
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp}) {
    CAPTURE(name(binding));
    Peer peer([&](Stream& stream) { serve(stream, binding, wrap(binding, kVersion)); });
    const std::unique_ptr<Link> link = emu_link(peer.stream(), binding, 64, soon());
    CHECK(link->exchange(kGetVersion, soon()) == kVersion);
    CHECK(link->exchange(kGetVersion, soon()) == kVersion);
    CHECK(link->binding() == binding);
    CHECK(link->max_receive() == 64);
    CHECK(link->max_send() == max_message(binding));
  }
}

TEST_CASE("a secured message and its answer with every binding that can tell") {
  const Bytes record = h("010002000300aabbcc000000");  // any bytes: the link does not look inside
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp})
    for (const bool secured : {true, false}) {
      CAPTURE(name(binding));
      CAPTURE(secured);
      std::vector<Bytes> seen;
      {
        Peer peer([&](Stream& stream) {
          while (const std::optional<Frame> frame = next_frame(stream, binding, soon())) {
            if (frame->command == Command::normal) seen.push_back(frame->payload);
            const Bytes packed = wrap(binding, kVersion, secured);
            const View payload = frame->command == Command::test     ? server_hello()
                                 : frame->command == Command::normal ? View(packed)
                                                                     : View();
            stream.write(encode_frame(binding, frame->command, payload), soon());
            if (frame->command == Command::keep_going) return;
          }
        });
        const std::unique_ptr<Link> link = emu_link(peer.stream(), binding, 64, soon());
        CHECK(link->carries_sessions());
        const SecuredReply reply = link->exchange_secured(record, soon());
        CHECK(reply.is_secured == secured);
        CHECK(reply.bytes == kVersion);
      }
      CHECK(seen == std::vector<Bytes>{wrap(binding, record, true)});
    }
}

TEST_CASE("binding none carries no secured messages, and sends none") {
  Peer peer([&](Stream& stream) { serve(stream, Binding::none, kVersion); });
  const std::unique_ptr<Link> link = emu_link(peer.stream(), Binding::none, 64, soon());
  CHECK(!link->carries_sessions());
  expect_error(ErrorId::unsupported, "binding none cannot tell", [&] { link->exchange_secured(kGetVersion, soon()); });
  CHECK(link->exchange(kGetVersion, soon()) == kVersion);
}

TEST_CASE("the farewell is CONTINUE, so that the responder serves the next client") {
  bool said = false;
  {
    Peer peer([&](Stream& stream) {
      const Frame frame = read_frame(stream, Binding::none, soon());
      said = frame.command == Command::keep_going && frame.payload.empty();
    });
    emu_link(peer.stream(), Binding::none, 4600, soon());
  }
  CHECK(said);
}

TEST_CASE("a peer that does not answer the farewell holds nobody up") {
  Peer peer(stay_silent);
  std::unique_ptr<Link> link = emu_link(peer.stream(), Binding::none, 4600, soon());
  const auto begin = Clock::now();
  link.reset();
  CHECK(Clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("N315 payload sizes beyond the limit are refused before memory is taken") {
  refused("000000010000000000100001", ErrorId::peer, "payload size: 1048577 is more than 1048576");
  refused("0000000100000000FFFFFFFF", ErrorId::peer, "payload size: 4294967295");
}

TEST_CASE("N315 another transport type") {
  refused("000000010000000200000004 10040000", ErrorId::peer, "transport type: 2 is not that of binding none (0)");
  refused("00000001FFFFFFFF00000004 10040000", ErrorId::peer, "transport type: 4294967295");
}

TEST_CASE("N315 another command in the answer") {
  refused("0000FFFF0000000000000000", ErrorId::peer, "does not know the command");
  refused("0000DEAD0000000000000000", ErrorId::peer, "command: 0xdead answers 0x0001");
  refused("123456780000000000000000", ErrorId::peer, "command");
}

TEST_CASE("N315 an answer that ends early") {
  refused("", ErrorId::io, "closed the connection");
  refused("0000000100", ErrorId::io, "after 5 of 12 bytes");
  refused("000000010000000000000008 1004", ErrorId::io, "after 2 of 8 bytes");
}

TEST_CASE("a sound frame with a payload that is not of the binding") {
  struct Case {
    std::string_view rule;
    Binding binding;
    const char* packed;
    const char* why;
  };
  const Case cases[] = {
      {"N1", Binding::none, "", "is empty"},
      {"N309", Binding::doe, "010001000400000010040000", "says 16 bytes, 12 came"},
      {"N309", Binding::doe, "010002000300000010040000", "secured message answers a plain one"},
      {"N312", Binding::mctp, "0610040000", "secured message answers a plain one"},
      {"N312", Binding::mctp, "8510040000", "integrity check bit"},
      {"N313", Binding::tcp, "0600010610040000", "secured message answers a plain one"},
      {"N313", Binding::tcp, "0600020510040000", "version: 2"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    payload_refused(c.binding, c.packed, c.why);
  }
}

TEST_CASE("silence after the request ends at the deadline") {
  Peer peer(stay_silent);
  const std::unique_ptr<Link> link = emu_link(peer.stream(), Binding::none, 4600, soon());
  const auto begin = Clock::now();
  expect_error(ErrorId::timeout, "did not answer in time", [&] { link->exchange(kGetVersion, in_ms(40)); });
  CHECK(Clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("a late answer is not taken for the answer to the next request") {
  Peer peer([](Stream& stream) {
    stream.read(kRequestFrame, soon());
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    stream.write(encode_frame(Binding::none, Command::normal, kVersion), soon());
    stay_silent(stream);
  });
  const std::unique_ptr<Link> link = emu_link(peer.stream(), Binding::none, 4600, soon());
  expect_error(ErrorId::timeout, "did not answer in time", [&] { link->exchange(kGetVersion, in_ms(20)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(80));
  expect_error(ErrorId::io, "given up", [&] { link->exchange(kGetVersion, soon()); });
}

TEST_CASE("a greeting that is not the emulator's") {
  for (const std::string_view frame : {"0000dead000000010000000000", "0000dead000000010000000548656c6c6f"}) {
    Peer peer(answer(kFrameHeader + 14, h(frame)));
    expect_error(ErrorId::peer, "greeting", [&] { emu_link(peer.stream(), Binding::mctp, 4600, soon()); });
  }
}
