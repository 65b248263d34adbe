// Faults of sessions: each does what its name says, and the requester that looks for it can see it.
#include "core/responder/session_fixture.h"

using namespace spdm;
using namespace spdm::test;

namespace {

const Bytes kGetDigests = begin(k12, Code::get_digests).take();

DeviceProfile faulty(std::string_view on, std::string_view action, std::uint32_t first = 1, std::uint32_t times = 0) {
  DeviceProfile out = session_device();
  Fault fault = parse_fault(on, action);
  fault.first = first;
  fault.times = times;
  out.faults = {fault};
  return out;
}

// An open session in which the answer to GET_DIGESTS has the fault.
SessionPeer with_record_fault(std::string_view action, std::uint32_t first = 1) {
  SessionPeer out(faulty("DIGESTS", action, first, 1));
  out.open_session();
  return out;
}

Reply answer(SessionPeer& peer) { return peer.send_record(peer.session->seal(Direction::request, kGetDigests)); }

bool opens(SessionPeer& peer, const Reply& reply) { return peer.session->try_open(Direction::response, reply.bytes).has_value(); }

}  // namespace

TEST_CASE("faults of records") {
  SessionPeer good = with_record_fault("delay 0");
  CHECK(opens(good, answer(good)));

  SessionPeer tag = with_record_fault("bad-tag");
  CHECK_FALSE(opens(tag, answer(tag)));
  SessionPeer skips = with_record_fault("skip-number");
  const Reply skipped = answer(skips);
  CHECK_FALSE(opens(skips, skipped));
  (void)skips.session->seal(Direction::response, {});  // one number on it fits
  CHECK(opens(skips, skipped));
  SessionPeer repeats = with_record_fault("repeat-record", 2);
  const Reply one = answer(repeats), two = answer(repeats);
  CHECK(one.bytes == two.bytes);
  SessionPeer cuts = with_record_fault("cut-record -5");
  const std::size_t cut = answer(cuts).bytes.size(), whole = answer(cuts).bytes.size();
  CHECK(cut == whole - 5);
  SessionPeer other = with_record_fault("other-session");
  CHECK(record_session_id(answer(other).bytes) != other.session->id());
}

TEST_CASE("faults of the place of an answer") {
  SessionPeer clear = with_record_fault("in-clear");
  const Reply plain = answer(clear);
  CHECK_FALSE(plain.secured);
  CHECK(plain.bytes.at(1) == 0x01);
  CHECK(opens(clear, answer(clear)));  // the session goes on

  SessionPeer drops = with_record_fault("drop-session");
  const Reply gone = answer(drops);
  CHECK_FALSE(gone.secured);
  CHECK(is_error(gone.bytes));
  CHECK_FALSE(answer(drops).secured);
}

TEST_CASE("a fault of a response that is reassembled strikes its record, too") {
  DeviceProfile device = faulty("FINISH_RSP", "bad-tag");
  SessionPeer peer(device);
  peer.connect();
  peer.exchange_keys();
  const Reply reply = peer.send_record(peer.session->seal(Direction::request, peer.finish_request()));
  CHECK_FALSE(opens(peer, reply));
}

TEST_CASE("wrong verify data, and all that follows goes by it") {
  SessionPeer peer(faulty("KEY_EXCHANGE_RSP", "bad-verify-data"));
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.signature_holds);
  CHECK_FALSE(peer.verify_data_holds);
  peer.finish();  // who does not look, sees nothing else
  CHECK(peer.inside(kGetDigests).at(1) == 0x01);

  SessionPeer psk(faulty("PSK_EXCHANGE_RSP", "bad-verify-data"));
  psk.connect();
  psk.exchange_psk();
  CHECK_FALSE(psk.verify_data_holds);
  psk.psk_finish();

  DeviceProfile device = faulty("FINISH_RSP", "bad-verify-data");
  device.sessions->handshake_in_the_clear = true;
  SessionPeer clear(device);
  clear.mine.flags |= cap::handshake_in_the_clear;
  clear.connect();
  clear.exchange_keys();
  clear.verify_data_holds = true;
  clear.finish();
  CHECK_FALSE(clear.verify_data_holds);
  CHECK(clear.inside(kGetDigests).at(1) == 0x01);
}

TEST_CASE("wrong signatures of KEY_EXCHANGE_RSP, and all that follows goes by them") {
  for (const char* action : {"bad-signature", "stale-nonce", "old-signature"}) {
    CAPTURE(action);
    SessionPeer peer(faulty("KEY_EXCHANGE_RSP", action, 2));
    peer.connect();
    peer.exchange_keys();
    CHECK(peer.signature_holds);
    peer.finish();
    const Bytes earlier = peer.key_response.signature;
    peer.exchange_keys();
    CHECK_FALSE(peer.signature_holds);
    CHECK(peer.verify_data_holds);
    CHECK((peer.key_response.signature == earlier) == (action == std::string_view("old-signature")));
    peer.finish();
  }
}

TEST_CASE("a change before the signature of KEY_EXCHANGE_RSP is signed") {
  DeviceProfile device = faulty("KEY_EXCHANGE_RSP", "set 3 55");
  device.faults[0].before_signing = true;
  SessionPeer peer(device);
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.last.at(3) == 0x55);
  CHECK(peer.signature_holds);
  CHECK(peer.verify_data_holds);
}

TEST_CASE("KEY_UPDATE out of step") {
  const Bytes all = KeyUpdate{KeyOperation::update_all_keys, 1}.encode(k12), one = KeyUpdate{KeyOperation::update_key, 1}.encode(k12);
  SessionPeer keeps(faulty("KEY_UPDATE_ACK", "keep-keys"));
  keeps.open_session();
  CHECK(keeps.inside(one).at(1) == 0x69);
  keeps.session->update(Direction::request);
  const Reply lost = keeps.send_record(keeps.session->seal(Direction::request, kGetDigests));
  CHECK(is_error(keeps.session->open(Direction::response, lost.bytes)));  // DecryptError

  SessionPeer late(faulty("KEY_UPDATE_ACK", "old-key", 1, 1));
  late.open_session();
  CHECK(late.inside(all).at(1) == 0x69);  // not under the new key
  late.session->update(Direction::request);
  late.session->update(Direction::response);
  CHECK(late.inside(KeyUpdate{KeyOperation::verify_new_key, 2}.encode(k12)).at(1) == 0x69);
}

TEST_CASE("encapsulated requests without end") {
  DeviceProfile device = faulty("ENCAPSULATED_RESPONSE_ACK", "ask-again");
  device.sessions->mutual_auth = MutualAuth::encapsulated;
  SessionPeer peer(device);
  peer.mine.flags |= cap::mut_auth;
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.inside(encode_get_encapsulated_request(k12)).at(1) == 0x6A);
  for (unsigned i = 1; i < 300; ++i) {
    const auto id = static_cast<std::uint8_t>(i);
    const Bytes answer = peer.inside(DeliverEncapsulatedResponse{id, Bytes(4, 0x12)}.encode(k12));
    Reader reader(answer, "ENCAPSULATED_RESPONSE_ACK");
    REQUIRE(EncapsulatedResponseAck::decode(reader, k12, id).payload == EncapsulatedResponseAck::Payload::request);
  }
}
