// Handshakes that go wrong: each is refused, and no session comes of it.
#include "core/responder/session_fixture.h"

using namespace spdm;
using namespace spdm::test;

namespace {

Bytes finish_with(const Bytes& verify_data) {
  Finish out;
  out.verify_data = verify_data;
  return out.encode(k12);
}

bool is_dead(SessionPeer& peer) {
  return peer.refused_outside(peer.session->seal(Direction::request, encode_heartbeat(peer.version))) == ErrorCode::invalid_session;
}

}  // namespace

TEST_CASE("Q16 wrong RequesterVerifyData is DecryptError, and the end of the session") {
  SessionPeer peer(session_device());
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.refused_inside(finish_with(Bytes(peer.parameters.hash_size()))).code == ErrorCode::decrypt_error);
  CHECK(is_dead(peer));
  peer.exchange_psk();
  PskFinish wrong;
  wrong.verify_data = Bytes(peer.parameters.hash_size());
  CHECK(peer.refused_inside(wrong.encode(k12)).code == ErrorCode::decrypt_error);
  CHECK(is_dead(peer));
}

TEST_CASE("Q16 the same for a handshake in the clear") {
  DeviceProfile device = session_device();
  device.sessions->handshake_in_the_clear = true;
  SessionPeer peer(device);
  peer.mine.flags |= cap::handshake_in_the_clear;
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.refused(finish_with(Bytes(peer.parameters.hash_size()))).code == ErrorCode::decrypt_error);
  CHECK(peer.refused(peer.finish_request()).code == ErrorCode::session_required);  // no handshake is left
  CHECK(is_dead(peer));
}

TEST_CASE("Q14 no FINISH ends a handshake by PSK, and no PSK_FINISH a key exchange (CVE-2023-31127)") {
  SessionPeer peer(session_device());
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.refused_inside(PskFinish{{}, Bytes(32)}.encode(k12)).code == ErrorCode::unexpected_request);
  peer.finish();
  peer.exchange_psk();
  CHECK(peer.refused_inside(finish_with(Bytes(32))).code == ErrorCode::unexpected_request);
  peer.psk_finish();

  // In the clear FINISH names no session: it must not end that by PSK, either.
  DeviceProfile device = session_device();
  device.sessions->handshake_in_the_clear = true;
  SessionPeer clear(device);
  clear.mine.flags |= cap::handshake_in_the_clear;
  clear.connect();
  clear.exchange_psk();
  CHECK(clear.refused(finish_with(Bytes(32))).code == ErrorCode::session_required);
  clear.psk_finish();
}

TEST_CASE("Q15 FINISH twice, early, and in the wrong place") {
  SessionPeer peer(session_device());
  peer.connect();
  CHECK(peer.refused(finish_with(Bytes(32))).code == ErrorCode::session_required);
  peer.exchange_keys();
  CHECK(peer.refused(finish_with(Bytes(32))).code == ErrorCode::session_required);
  peer.finish();
  CHECK(peer.refused_inside(finish_with(Bytes(32))).code == ErrorCode::unexpected_request);
  CHECK(peer.inside(begin(k12, Code::get_digests).take()).at(1) == 0x01);

  DeviceProfile device = session_device();
  device.sessions->handshake_in_the_clear = true;
  SessionPeer clear(device);
  clear.mine.flags |= cap::handshake_in_the_clear;
  clear.connect();
  clear.exchange_keys();
  CHECK(clear.refused_inside(finish_with(Bytes(32))).code == ErrorCode::unexpected_request);
  clear.finish();
  CHECK(clear.refused(finish_with(Bytes(32))).code == ErrorCode::session_required);
}

TEST_CASE("FINISH that is malformed leaves the handshake as it was") {
  SessionPeer peer(session_device(), k14);
  peer.connect();
  peer.exchange_keys();
  CHECK(peer.refused_inside(begin(k14, Code::finish).take()).code == ErrorCode::invalid_request);
  CHECK(peer.refused_inside(begin(k14, Code::finish).u16(2000).zeros(2100).take()).code == ErrorCode::invalid_request);
  // A signature that nobody has asked for.
  CHECK(peer.refused_inside(begin(k14, Code::finish, 1).zeros(600).take()).code == ErrorCode::invalid_request);
  peer.finish();
}

TEST_CASE("opaque data of FINISH and PSK_FINISH is part of the transcript (1.4)") {
  SessionPeer peer(session_device(), k14);
  peer.connect();
  peer.exchange_psk();
  PskFinish request;
  request.opaque = encode_secured_versions(peer.parameters, kSecuredVersions);
  peer.transcript->append(request.encode(k14));
  request.verify_data = peer.session->verify_data(Direction::request, peer.transcript->hash());
  CHECK(peer.inside(request.encode(k14)).at(1) == 0x67);
}

TEST_CASE("the transcript has D only where GET_DIGESTS comes right after ALGORITHMS") {
  DeviceProfile device = session_device();
  DeviceSlot third = new_slot(4);
  third.multi_key_only = true;
  third.key_usage = key_usage::key_ex;
  device.slots.push_back(third);
  device.slots[1].key_usage = key_usage::challenge;
  const Bytes request = begin(k13, Code::get_digests).take();
  const auto connected = [&] {
    SessionPeer peer(device, k13);
    peer.offer.other_params |= other_params::multi_key;
    peer.connect();
    REQUIRE(peer.parameters.multi_key_responder);
    return peer;
  };
  SessionPeer first = connected();
  first.digests_message = first.send(request);
  (void)first.send(request);  // a second one changes nothing
  first.exchange_keys();
  CHECK(first.signature_holds);
  first.finish();

  SessionPeer late = connected();
  (void)late.send(VendorDefined{3, {0x36, 0x1B}, false, {}}.encode(Code::vendor_defined_request, k13));
  (void)late.send(request);
  late.exchange_keys();
  CHECK(late.signature_holds);
  // No slot whose key is not for that, and one that is there on such connections only.
  late.slot_index = 1;
  CHECK(late.refused(late.key_exchange_request().encode(k13)).code == ErrorCode::invalid_request);
  late.slot_index = 2;
  late.exchange_keys();
  CHECK(late.signature_holds);

  device.faults = {parse_fault("DIGESTS", "busy")};
  device.faults[0].times = 1;
  SessionPeer again = connected();
  CHECK(again.refused(request).code == ErrorCode::busy);
  again.digests_message = again.send(request);
  again.exchange_keys();
  CHECK(again.signature_holds);
}
