// What goes on in a session of the emulated device: where requests are allowed, keys that are renewed, heartbeats, chunks, signatures.
#include "core/responder/session_fixture.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/mel.h"

using namespace spdm;
using namespace spdm::test;

namespace {

Bytes header(Code code, std::uint8_t version = k13) { return begin(version, code).take(); }

Bytes key_update(KeyOperation operation, std::uint8_t tag = 1) { return KeyUpdate{operation, tag}.encode(k13); }

}  // namespace

TEST_CASE("Q18 where a request is allowed") {
  DeviceProfile device = session_device();
  device.sessions->heartbeat_period = 30;
  device.sessions->key_updates = KeyUpdates::both;
  SessionPeer peer(device, k13);
  peer.connect();

  SUBCASE("outside sessions") {
    for (const Code code : {Code::finish, Code::psk_finish, Code::heartbeat, Code::key_update, Code::end_session}) {
      CAPTURE(name(code));
      CHECK(peer.refused(header(code)).code == ErrorCode::session_required);
    }
    CHECK(peer.refused(header(Code::get_encapsulated_request)).code == ErrorCode::no_pending_requests);
    CHECK(peer.refused(header(Code::deliver_encapsulated_response)).code == ErrorCode::invalid_request);
  }
  SUBCASE("in a handshake") {
    peer.exchange_keys();
    for (const Code code :
         {Code::get_version, Code::get_capabilities, Code::negotiate_algorithms, Code::get_digests, Code::get_certificate, Code::challenge,
          Code::get_measurements, Code::key_exchange, Code::psk_exchange, Code::psk_finish, Code::heartbeat, Code::key_update,
          Code::end_session, Code::get_endpoint_info, Code::get_measurement_extension_log, Code::vendor_defined_request}) {
      CAPTURE(name(code));
      const Bytes request = header(code, code == Code::get_version ? k10 : k13);
      CHECK(peer.refused_inside(request).code == ErrorCode::unexpected_request);
    }
    peer.finish();  // none of them has harmed it
  }
  SUBCASE("in an established session") {
    peer.exchange_keys();
    peer.finish();
    for (const Code code : {Code::get_version, Code::get_capabilities, Code::negotiate_algorithms, Code::challenge, Code::key_exchange,
                            Code::psk_exchange, Code::finish, Code::psk_finish}) {
      CAPTURE(name(code));
      const Bytes request = header(code, code == Code::get_version ? k10 : k13);
      CHECK(peer.refused_inside(request).code == ErrorCode::unexpected_request);
    }
    CHECK(peer.heartbeat());
    CHECK(peer.refused_inside(Bytes(3)).code == ErrorCode::invalid_request);
    CHECK(peer.refused_inside(header(Code::heartbeat, k12)).code == ErrorCode::version_mismatch);
    CHECK(peer.refused_inside(header(Code::get_csr)).code == ErrorCode::unsupported_request);
  }
}

TEST_CASE("in 1.1 a request that only sessions have is answered Unspecified") {
  SessionPeer peer(session_device(), k11);
  peer.connect();
  CHECK(peer.refused(header(Code::end_session, k11)).code == ErrorCode::unspecified);
  CHECK(peer.refused(header(Code::get_encapsulated_request, k11)).code == ErrorCode::unsupported_request);  // ENCAP_CAP of both
}

TEST_CASE("what both sides must announce") {
  DeviceProfile device = session_device();
  device.sessions->heartbeat_period = 30;
  const auto refused = [&](std::uint32_t without, Code code) {
    SessionPeer peer(device, k13);
    peer.mine.flags &= ~without;
    peer.open_psk_session();
    return peer.refused_inside(header(code)).code;
  };
  CHECK(refused(cap::hbeat, Code::heartbeat) == ErrorCode::unsupported_request);
  CHECK(refused(cap::key_upd, Code::key_update) == ErrorCode::unsupported_request);
  SessionPeer peer(device, k13);
  peer.mine.flags &= ~(cap::key_ex | cap::psk | cap::encrypt | cap::mac | cap::hbeat | cap::key_upd);
  peer.connect();
  CHECK(peer.refused(header(Code::key_exchange)).code == ErrorCode::unsupported_request);
  CHECK(peer.refused(header(Code::psk_exchange)).code == ErrorCode::unsupported_request);
}

TEST_CASE("Q19 a record that cannot be opened ends the session, and that is said under its key") {
  for (const bool established : {false, true}) {
    CAPTURE(established);
    SessionPeer peer(session_device());
    peer.connect();
    peer.exchange_keys();
    if (established) peer.finish();
    Bytes record = peer.session->seal(Direction::request, begin(k12, Code::get_digests).take());
    record.back() ^= 1;
    const Reply reply = peer.send_record(record);
    REQUIRE(reply.secured);
    const Bytes answer = peer.session->open(Direction::response, reply.bytes);
    Reader reader(answer, "ERROR");
    CHECK(ErrorResponse::decode(reader).code == ErrorCode::decrypt_error);
    CHECK(peer.refused_outside(peer.session->seal(Direction::request, begin(k12, Code::get_digests).take())) == ErrorCode::invalid_session);
  }
}

TEST_CASE("Q20 records that are not of a session") {
  SessionPeer peer(session_device());
  peer.open_session();
  CHECK(peer.refused_outside({}) == ErrorCode::invalid_session);
  CHECK(peer.refused_outside(Bytes(3)) == ErrorCode::invalid_session);
  CHECK(peer.refused_outside(Bytes(64)) == ErrorCode::invalid_session);
  // A record that comes twice is not the next one.
  const Bytes record = peer.session->seal(Direction::request, begin(k12, Code::get_digests).take());
  CHECK(peer.send_record(record).secured);
  CHECK(peer.send_record(record).secured);  // DecryptError
  CHECK(peer.refused_outside(record) == ErrorCode::invalid_session);
}

TEST_CASE("the limit of records that a requester sets") {
  SessionPeer peer(session_device());
  peer.connect();
  KeyExchange request = peer.key_exchange_request();
  // Two elements: versions, and 2^2 records a key (DSP0277 1.3).
  request.opaque = unhex("02000000 0000 0500 01 01 01 0013 000000 0000 0300 01 02 02 00", "opaque data");
  peer.exchange_keys(request);
  peer.finish();
  for (int i = 0; i < 4; ++i) CHECK(peer.inside(begin(k12, Code::get_digests).take()).at(1) == 0x01);
  CHECK(peer.refused_outside(peer.session->seal(Direction::request, begin(k12, Code::get_digests).take())) == ErrorCode::invalid_session);
}

TEST_CASE("KEY_UPDATE of one key and of both") {
  SessionPeer peer(session_device(), k13);
  peer.open_session();
  SecuredSession& session = *peer.session;
  const auto ask = [&](KeyOperation operation, std::uint8_t tag) {
    CHECK(peer.inside(key_update(operation, tag)) == KeyUpdate{operation, tag}.encode_ack(k13));
  };
  for (const std::uint8_t tag : {std::uint8_t{1}, std::uint8_t{2}}) {
    ask(KeyOperation::update_key, tag);
    session.update(Direction::request);
    CHECK(peer.inside(header(Code::get_digests)).at(1) == 0x01);  // as the reference, it does not insist on VerifyNewKey first
    ask(KeyOperation::verify_new_key, tag);                       // equal tags are no error
    session.confirm(Direction::request);
  }
  const Reply reply = peer.send_record(session.seal(Direction::request, key_update(KeyOperation::update_all_keys)));
  session.update(Direction::request);
  session.update(Direction::response);
  CHECK(session.open(Direction::response, reply.bytes) == KeyUpdate{KeyOperation::update_all_keys, 1}.encode_ack(k13));
  ask(KeyOperation::verify_new_key, 9);
  session.confirm(Direction::request);
  session.confirm(Direction::response);
  CHECK(peer.inside(header(Code::get_digests)).at(1) == 0x01);
}

TEST_CASE("Q21 KEY_UPDATE that is refused changes nothing") {
  SessionPeer peer(session_device(), k13);
  peer.open_session();
  CHECK(peer.refused_inside(key_update(KeyOperation::verify_new_key)).code == ErrorCode::invalid_request);
  CHECK(peer.refused_inside(key_update(KeyOperation{4})).code == ErrorCode::invalid_request);
  CHECK(peer.refused_inside(key_update(KeyOperation{0})).code == ErrorCode::invalid_request);
  CHECK(peer.inside(key_update(KeyOperation::update_key)).at(1) == 0x69);
  peer.session->update(Direction::request);
  CHECK(peer.refused_inside(key_update(KeyOperation::update_key)).code == ErrorCode::invalid_request);
  CHECK(peer.refused_inside(key_update(KeyOperation::update_all_keys)).code == ErrorCode::invalid_request);
  CHECK(peer.inside(key_update(KeyOperation::verify_new_key)).at(1) == 0x69);
  // What comes under the old key is not opened any more.
  peer.session->revert(Direction::request);
  const Reply reply = peer.send_record(peer.session->seal(Direction::request, header(Code::get_digests)));
  CHECK(is_error(peer.session->open(Direction::response, reply.bytes)));
}

TEST_CASE("Q22 a session that is silent for twice its heartbeat period is gone") {
  DeviceProfile device = session_device();
  device.sessions->heartbeat_period = 10;
  SessionPeer peer(device, k13);
  SteadyTime now{};
  peer.responder.use_clock([&] { return now; });
  peer.connect();
  CHECK(peer.exchange_keys().heartbeat_period == 10);
  peer.finish();
  now += std::chrono::seconds(20);
  CHECK(peer.heartbeat());
  now += std::chrono::seconds(20);
  CHECK(peer.inside(header(Code::get_digests)).at(1) == 0x01);  // whatever comes counts
  now += std::chrono::seconds(21);
  CHECK(peer.refused_outside(peer.session->seal(Direction::request, header(Code::heartbeat))) == ErrorCode::invalid_session);

  // Without a period in common nobody counts.
  SessionPeer quiet(device, k13);
  quiet.responder.use_clock([&] { return now; });
  quiet.mine.flags &= ~cap::hbeat;
  quiet.connect();
  CHECK(quiet.exchange_keys().heartbeat_period == 0);
  quiet.finish();
  now += std::chrono::hours(1);
  CHECK(quiet.inside(header(Code::get_digests)).at(1) == 0x01);
}

TEST_CASE("signed messages inside, each session with L1/L2 of its own") {
  for (const std::uint8_t version : session_versions()) {
    CAPTURE(version);
    SessionPeer peer(session_device(), version);
    const crypto::PrivateKey& key = *peer.device.slots[0].key;
    peer.open_session();
    SecuredSession first = std::move(*peer.session);
    peer.exchange_keys();
    peer.finish();
    SecuredSession& second = *peer.session;
    const View a = version >= k12 ? View(peer.vca) : View();
    GetMeasurements one, all;
    one.operation = 1;
    all.signature = true;
    const auto unsigned_in = [&](SecuredSession& session) {
      Bytes out = one.encode(version);
      append(out, peer.inside(session, one.encode(version)));
      return out;
    };
    const auto signed_in = [&](SecuredSession& session, View m) {
      peer.last = peer.inside(session, all.encode(version));
      Bytes before = to_bytes(a);
      append(before, m);
      return peer.verifies(before, all.encode(version), kMeasurementsContext, key);
    };
    const Bytes m = unsigned_in(first);
    (void)unsigned_in(second);
    (void)peer.send(one.encode(version));
    CHECK(signed_in(first, m));
    CHECK(signed_in(first, {}));
    // Any other request in the same session begins it anew; one outside, or in another, does not.
    const Bytes again = unsigned_in(first);
    (void)peer.send(begin(version, Code::get_digests).take());
    (void)peer.inside(second, begin(version, Code::get_digests).take());
    CHECK(signed_in(first, again));
    (void)unsigned_in(first);
    (void)peer.inside(first, begin(version, Code::get_digests).take());
    CHECK(signed_in(first, {}));
  }
}

TEST_CASE("what a session has beside measurements") {
  SessionPeer peer(session_device(), k13);
  peer.open_session();
  GetCertificate certificate;
  certificate.length = 0xFFFF;
  const Bytes chain = peer.get_inside<CertificateResponse>(certificate.encode(k13), certificate, peer.parameters).portion;
  CHECK(chain == peer.identity());
  GetEndpointInfo info;
  info.signature = true;
  (void)peer.get_inside<EndpointInfoResponse>(info.encode(k13), info, peer.parameters);
  CHECK(peer.verifies(peer.vca, info.encode(k13), kEndpointInfoContext, *peer.device.slots[0].key));
  GetMel log;
  log.length = 0xFFFF;
  CHECK(peer.get_inside<MelResponse>(log.encode(k13), log, peer.parameters).portion == encode_log(peer.device.log));
  VendorDefined vendor;
  vendor.standard_id = 3;
  vendor.vendor_id = {0x36, 0x1B};
  vendor.payload = text("echo");
  CHECK(peer.inside(vendor.encode(Code::vendor_defined_request, k13)).at(1) == 0x7E);
}

TEST_CASE("B is of the messages outside of sessions") {
  SessionPeer peer(session_device());
  peer.connect();
  const Challenge challenge;
  (void)peer.get<ChallengeAuth>(challenge.encode(k12), challenge, peer.parameters);  // from now on sessions do not end B
  const Bytes request = begin(k12, Code::get_digests).take();
  Bytes b = peer.vca;
  append(b, request);
  append(b, peer.send(request));
  peer.exchange_keys();
  peer.finish();
  (void)peer.inside(request);
  (void)peer.get<ChallengeAuth>(challenge.encode(k12), challenge, peer.parameters);
  CHECK(peer.verifies(b, challenge.encode(k12), kChallengeAuthContext, *peer.device.slots[0].key));

  // Before a CHALLENGE was answered they do.
  SessionPeer other(session_device());
  other.connect();
  (void)other.send(request);
  other.exchange_keys();
  (void)other.get<ChallengeAuth>(challenge.encode(k12), challenge, other.parameters);
  CHECK(other.verifies(other.vca, challenge.encode(k12), kChallengeAuthContext, *other.device.slots[0].key));
}

TEST_CASE("measurements in sessions only") {
  DeviceProfile device = session_device();
  device.sessions->required = true;
  for (const std::uint8_t version : session_versions()) {
    CAPTURE(version);
    SessionPeer peer(device, version);
    peer.connect();
    const Bytes request = GetMeasurements{}.encode(version);
    CHECK(peer.refused(request).code == (version >= k12 ? ErrorCode::session_required : ErrorCode::unspecified));
    peer.exchange_keys();
    peer.finish();
    CHECK(peer.inside(request).at(1) == 0x60);
  }
}

TEST_CASE("large messages inside go in chunks, each in a record of its own") {
  DeviceProfile device = session_device();
  device.data_transfer_size = 42;
  SessionPeer peer(device, k14);
  peer.mine.data_transfer_size = 42;
  // A requester that knows chunks, around each exchange.
  const auto exchange = [&](View request, auto one) -> Bytes {
    Bytes answer;
    if (request.size() <= 42) answer = one(to_bytes(request));
    for (std::size_t sent = 0, i = 0; request.size() > 42 && sent < request.size(); ++i) {
      const auto sequence = static_cast<std::uint32_t>(i);
      const std::size_t size = std::min(42 - Chunk::header_size(sequence), request.size() - sent);
      const Chunk chunk{sent + size == request.size(), 7, sequence, static_cast<std::uint32_t>(request.size()),
                        to_bytes(request.subspan(sent, size))};
      const Bytes ack = one(chunk.encode(Code::chunk_send, k14));
      answer = ack;
      if (ack.at(1) == 0x05 && chunk.last) answer = to_bytes(View(ack).subspan(ChunkSendAck::header_size(k14)));
      sent += size;
    }
    if (!is_error(answer) || answer.at(2) != 0x0F) return answer;
    ChunkAssembler whole(k14, answer.at(4), 1U << 20);
    for (std::uint32_t i = 0; !whole.complete(); ++i) {
      const Bytes piece = one(ChunkGet{answer.at(4), i}.encode(k14));
      CHECK(piece.size() <= 42);
      Reader reader(piece, "CHUNK_RESPONSE");
      whole.add(Chunk::decode(reader, Code::chunk_response, k14), "CHUNK_RESPONSE");
    }
    return whole.take();
  };
  const auto outside = [&](View request) { return exchange(request, [&](const Bytes& bytes) { return peer.send(bytes); }); };
  const auto inside = [&](View request) { return exchange(request, [&](const Bytes& bytes) { return peer.inside(bytes); }); };

  append(peer.vca, GetVersion{}.encode());
  append(peer.vca, outside(GetVersion{}.encode()));
  const GetCapabilities capabilities{peer.mine, false};
  append(peer.vca, capabilities.encode(k14));
  const Bytes theirs = outside(capabilities.encode(k14));
  append(peer.vca, theirs);
  append(peer.vca, peer.offer.encode(k14));
  const Bytes algorithms = outside(peer.offer.encode(k14));
  append(peer.vca, algorithms);
  Reader first(theirs, "CAPABILITIES"), second(algorithms, "ALGORITHMS");
  const Capabilities responder = CapabilitiesResponse::decode(first, k14, capabilities).capabilities;
  peer.parameters =
      settle(k14, peer.mine, responder, peer.offer, AlgorithmsResponse::decode(second, k14, peer.offer, peer.mine, responder));

  const KeyExchange request = peer.key_exchange_request();
  peer.transcript = SessionTranscript::of_key_exchange(*peer.parameters.hash, peer.vca, {}, peer.identity());
  peer.transcript->append(request.encode(k14));
  const Bytes answer = outside(request.encode(k14));
  Reader reader(answer, "KEY_EXCHANGE_RSP");
  const KeyExchangeResponse response = KeyExchangeResponse::decode(reader, request, peer.parameters);
  peer.transcript->append(View(answer).first(answer.size() - response.verify_data.size()));
  peer.begin_session(SessionKind::key_exchange, session_id(request.session_id, response.session_id),
                     peer.agreement->derive(response.exchange_data));
  peer.check_verify_data(response.verify_data);
  CHECK(peer.verify_data_holds);

  // FINISH goes in chunks, and its answer is still one of the handshake.
  const Bytes finished = inside(peer.finish_request());
  CHECK(finished.at(1) == 0x65);
  peer.transcript->append(finished);
  peer.session->establish(peer.transcript->hash());
  CHECK(inside(begin(k14, Code::get_digests).take()).size() == 4 + 2 * peer.parameters.hash_size());
  // Nothing else may come between the chunks, in the same session.
  const Bytes large = peer.inside(begin(k14, Code::get_digests).take());
  CHECK(large.at(2) == 0x0F);
  CHECK(peer.refused_inside(begin(k14, Code::get_digests).take()).code == ErrorCode::unexpected_request);
  CHECK(peer.inside(ChunkGet{large.at(4), 0}.encode(k14)).at(1) == 0x06);
  CHECK(peer.send(begin(k14, Code::get_digests).take()).at(2) == 0x0F);  // outside is another place
}

TEST_CASE("ResponseNotReady inside is asked for inside") {
  DeviceProfile device = session_device();
  device.faults = {parse_fault("MEASUREMENTS", "not-ready 3 4")};
  device.faults[0].times = 1;
  SessionPeer peer(device, k13);
  peer.open_session();
  const GetMeasurements request;
  const ResponseNotReady wait = peer.refused_inside(request.encode(k13)).not_ready(Code::get_measurements);
  const Bytes ask = begin(k13, Code::respond_if_ready, 0xE0, wait.token).take();
  CHECK(peer.refused(ask).code == ErrorCode::invalid_request);
  CHECK(peer.inside(ask).at(1) == 0x60);
}
