// Each fault does what its name says, at the occurrences it was told.
#include "core/responder/fixture.h"

using namespace spdm;
using namespace spdm::test;

namespace {

Peer with_fault(std::string_view on, std::string_view action, std::uint32_t first = 1, std::uint32_t times = 0,
                bool before_signing = false) {
  DeviceProfile device = new_device();
  Fault fault = parse_fault(on, action);
  fault.first = first;
  fault.times = times;
  fault.before_signing = before_signing;
  device.faults = {fault};
  Peer out(device, k12);
  out.connect();
  return out;
}

const Bytes kGetDigests = begin(k12, Code::get_digests).take();

Bytes challenge_bytes() { return Challenge{}.encode(k12); }

}  // namespace

TEST_CASE("faults instead of an answer") {
  Peer busy = with_fault("DIGESTS", "busy", 1, 2);
  CHECK(busy.refused(kGetDigests).code == ErrorCode::busy);
  CHECK(busy.refused(kGetDigests).code == ErrorCode::busy);
  CHECK_FALSE(is_error(busy.send(kGetDigests)));

  Peer named = with_fault("DIGESTS", "error RequestResynch", 2);
  CHECK_FALSE(is_error(named.send(kGetDigests)));
  CHECK(named.refused(kGetDigests).code == ErrorCode::request_resynch);
  CHECK(with_fault("DIGESTS", "error 0xFF").refused(kGetDigests).code == ErrorCode::vendor_defined);

  Peer late = with_fault("CHALLENGE_AUTH", "not-ready 3 4", 1, 2);
  const ResponseNotReady first = late.refused(challenge_bytes()).not_ready(Code::challenge);
  CHECK(first.rdt_exponent == 3);
  CHECK(first.rdtm == 4);
  const auto ask = [&](std::uint8_t token) { return begin(k12, Code::respond_if_ready, 0x83, token).take(); };
  CHECK(late.refused(ask(static_cast<std::uint8_t>(first.token + 1))).code == ErrorCode::invalid_request);
  const ResponseNotReady second = late.refused(ask(first.token)).not_ready(Code::challenge);
  CHECK_FALSE(is_error(late.send(ask(second.token))));
  CHECK(late.refused(ask(second.token)).code == ErrorCode::invalid_request);
}

TEST_CASE("faults of the way") {
  CHECK(with_fault("DIGESTS", "delay 20").responder.respond(kGetDigests).delay == std::chrono::milliseconds(20));
  CHECK(with_fault("DIGESTS", "drop").responder.respond(kGetDigests).action == Reply::Action::silence);
  CHECK(with_fault("DIGESTS", "close").responder.respond(kGetDigests).action == Reply::Action::close);
}

TEST_CASE("faults of the bytes") {
  const std::size_t whole = 4 + 2 * 32;
  Peer plain(new_device(), k12);
  plain.connect();
  CHECK(plain.send(kGetDigests).size() == whole);
  CHECK(with_fault("DIGESTS", "truncate 5").send(kGetDigests).size() == 5);
  CHECK(with_fault("any", "truncate -1", 4).send(kGetDigests).size() == whole - 1);
  CHECK(with_fault("DIGESTS", "append 0000").send(kGetDigests).size() == whole + 2);
  CHECK(with_fault("DIGESTS", "flip 3.2").send(kGetDigests).at(3) == (3 ^ 4));
  CHECK(with_fault("DIGESTS", "set 2 ABCD").send(kGetDigests).at(2) == 0xAB);
  CHECK(with_fault("DIGESTS", "set -1 00").send(kGetDigests).back() == 0);
  CHECK(with_fault("DIGESTS", "set 1000 00").send(kGetDigests).size() == whole);
  CHECK(with_fault("DIGESTS", "version 0x11").send(kGetDigests).at(0) == 0x11);
  CHECK(with_fault("DIGESTS", "code 0x02").send(kGetDigests).at(1) == 2);
  CHECK(with_fault("CHALLENGE_AUTH", "wrong-slot").send(challenge_bytes()).at(2) == 1);

  Peer replays = with_fault("CHALLENGE_AUTH", "replay", 2);
  const Bytes earlier = replays.send(challenge_bytes());
  CHECK(replays.send(challenge_bytes()) == earlier);
  Peer old = with_fault("CHALLENGE_AUTH", "old-signature", 2);
  const Bytes one = old.send(challenge_bytes()), two = old.send(challenge_bytes());
  CHECK(one != two);
  CHECK(equal(View(one).last(64), View(two).last(64)));
}

TEST_CASE("faults of signatures") {
  DeviceProfile device = new_device();
  const auto verifies = [&](std::string_view action, bool before_signing) {
    device.faults = {parse_fault("CHALLENGE_AUTH", action)};
    device.faults[0].before_signing = before_signing;
    Peer peer(device, k12);
    peer.connect();
    peer.last = peer.send(challenge_bytes());
    return peer.verifies(peer.vca, challenge_bytes(), kChallengeAuthContext, *device.slots[0].key);
  };
  CHECK(verifies("delay 0", false));
  CHECK_FALSE(verifies("bad-signature", false));
  CHECK_FALSE(verifies("stale-nonce", false));
  CHECK_FALSE(verifies("flip 10", false));
  CHECK(verifies("flip 10", true));  // signed afterwards
  CHECK(verifies("wrong-slot", true));
}

TEST_CASE("faults of chunks") {
  DeviceProfile device = new_device();
  device.faults = {parse_fault("CHUNK_RESPONSE", "wrong-handle")};
  Peer peer(device, k12);
  peer.mine.data_transfer_size = 64;
  peer.connect();
  const std::uint8_t handle = peer.refused(challenge_bytes()).large_response_handle();
  CHECK(peer.send(ChunkGet{handle, 0}.encode(k12)).at(3) == (handle ^ 0x55));
}

TEST_CASE("faults that are written wrongly") {
  const std::array actions{"",      "explode",  "busy 1",   "truncate",      "truncate x", "flip 1.8",
                           "set 1", "set x 00", "append 0", "error Nothing", "error"};
  for (const char* action : actions) {
    CAPTURE(action);
    CHECK_THROWS_AS(parse_fault("DIGESTS", action), Error);
  }
  CHECK_THROWS_AS(parse_fault("GET_DIGESTS", "busy"), Error);
  CHECK_THROWS_AS(parse_fault("", "busy"), Error);
}
