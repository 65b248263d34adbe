// The emulated device asks who the requester is: in each way, and of requesters that are somebody else or lie.
#include "core/crypto/certificates.h"
#include "core/responder/session_fixture.h"

using namespace spdm;
using namespace spdm::test;

namespace {

using Payload = EncapsulatedResponseAck::Payload;

// A requester with certificates of its own, which answers what it is asked.
struct MutualPeer : SessionPeer {
  MutualPeer(DeviceProfile profile, std::uint8_t with_version) : SessionPeer(std::move(profile), with_version) {
    mine.flags |= cap::mut_auth;
  }

  void connect_with_chain() {
    connect();
    REQUIRE(parameters.req_asym != nullptr);
    signer =
        RequesterSide{pki::sample().leaf.key.private_key(), pki::spdm_chain(*parameters.hash, pki::sample().root.der, pki::sample().all())};
  }

  // As the requester sends them: it is the responder there.
  Parameters own() const {
    Parameters out = parameters;
    std::swap(out.requester, out.responder);
    out.multi_key_responder = parameters.multi_key_requester;
    out.asym = parameters.req_asym;
    return out;
  }

  Bytes digests() const {
    DigestsResponse out;
    out.provisioned_slots = out.supported_slots = static_cast<std::uint8_t>(1U << slot);
    out.slots.push_back({slot, crypto::hash(*parameters.hash, signer->chain), 1, CertModel::device, key_usage::key_ex});
    return out.encode(own());
  }
  Bytes certificate(const Bytes& request) const {
    Reader reader(request, "GET_CERTIFICATE");
    const GetCertificate asked = GetCertificate::decode(reader, version);
    CertificateResponse out;
    out.slot = asked.slot;
    if (parameters.multi_key_requester) out.model = static_cast<std::uint8_t>(CertModel::device);
    const std::size_t left = signer->chain.size() - asked.offset, size = std::min<std::size_t>({asked.length, left, 400});
    out.portion = to_bytes(View(signer->chain).subspan(asked.offset, size));
    out.remainder = static_cast<std::uint32_t>(left - size);
    return out.encode(version);
  }
  Bytes challenge_auth(const Bytes& request) {
    Reader reader(request, "CHALLENGE");
    const Challenge asked = Challenge::decode(reader, version);
    ChallengeAuth out;
    out.slot = asked.slot;
    out.slot_mask = static_cast<std::uint8_t>(1U << slot);
    out.cert_chain_hash = crypto::hash(*parameters.hash, signer->chain);
    out.context = asked.context;
    Bytes bytes = out.encode(version);
    append(transcript_inside, request);
    append(transcript_inside, bytes);
    append(bytes, crypto::sign(signer->key, *parameters.req_asym, *parameters.hash, version, kRequesterChallengeAuthContext,
                               crypto::hash(*parameters.hash, transcript_inside)));
    return bytes;
  }
  Bytes answer(const Bytes& request) {
    ++asked;
    const Code code = static_cast<Code>(request.at(1));
    if (bend) {
      if (const Bytes bent = bend(code); !bent.empty()) return bent;
    }
    if (code == Code::challenge) return challenge_auth(request);
    const Bytes out = code == Code::get_digests ? digests() : certificate(request);
    append(transcript_inside, request);
    append(transcript_inside, out);
    if (code == Code::get_digests && parameters.multi_key_requester) encapsulated_digests = out;
    return out;
  }

  // Answers until nothing is asked any more; the last acknowledgement, or ERROR in `last`.
  EncapsulatedResponseAck answer_all(std::uint8_t id, Bytes request, bool in_session) {
    while (true) {
      const Bytes delivered = DeliverEncapsulatedResponse{id, answer(request)}.encode(version);
      last = in_session ? inside(delivered) : send(delivered);
      if (is_error(last)) return {};
      Reader reader(last, "ENCAPSULATED_RESPONSE_ACK");
      EncapsulatedResponseAck ack = EncapsulatedResponseAck::decode(reader, version, id);
      reader.assert_done();
      if (ack.payload != Payload::request) return ack;
      CHECK(ack.id == static_cast<std::uint8_t>(id + 1));
      id = ack.id;
      request = ack.request;
    }
  }
  EncapsulatedResponseAck run(bool in_session) {
    const Bytes get = encode_get_encapsulated_request(version);
    last = in_session ? inside(get) : send(get);
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    Reader reader(last, "ENCAPSULATED_REQUEST");
    const EncapsulatedRequest first = EncapsulatedRequest::decode(reader, version);
    CHECK(first.id == 1);
    return answer_all(first.id, first.request, in_session);
  }

  std::uint8_t slot = 0;
  Bytes transcript_inside;
  unsigned asked = 0;
  std::function<Bytes(Code)> bend;
};

DeviceProfile mutual_device(MutualAuth kind) {
  DeviceProfile out = session_device();
  out.sessions->mutual_auth = kind;
  return out;
}

ErrorCode code_of(const Bytes& error) {
  Reader reader(error, "ERROR");
  return ErrorResponse::decode(reader).code;
}

}  // namespace

TEST_CASE("encapsulated mutual authentication in every version") {
  for (const std::uint8_t version : session_versions()) {
    for (const MutualAuth kind : {MutualAuth::encapsulated, MutualAuth::digests}) {
      for (const bool in_clear : {false, true}) {
        CAPTURE(version);
        CAPTURE(name(kind));
        CAPTURE(in_clear);
        DeviceProfile device = mutual_device(kind);
        device.sessions->requester_slot = 3;
        device.sessions->handshake_in_the_clear = in_clear;
        MutualPeer peer(device, version);
        peer.slot = peer.finish_slot = 3;
        if (in_clear) peer.mine.flags |= cap::handshake_in_the_clear;
        peer.connect_with_chain();
        CHECK(peer.parameters.req_asym->name == "ECDSA-P384");
        CHECK(peer.exchange_keys().mutual_auth == kind);

        // Nothing else is answered before.
        const Bytes get_digests = begin(version, Code::get_digests).take();
        const Bytes early = Finish{3, {}, Bytes(96), Bytes(peer.parameters.hash_size())}.encode(version);
        CHECK(code_of(in_clear ? peer.send(early) : peer.inside(early)) == ErrorCode::request_in_flight);
        if (in_clear) CHECK(peer.refused(get_digests).code == ErrorCode::request_in_flight);

        const auto flow = [&] {
          if (kind == MutualAuth::encapsulated) return peer.run(!in_clear);
          const Bytes get = encode_get_encapsulated_request(version);
          CHECK(code_of(in_clear ? peer.send(get) : peer.inside(get)) == ErrorCode::unexpected_request);
          return peer.answer_all(0, get_digests, !in_clear);
        };
        const EncapsulatedResponseAck ack = flow();
        CHECK(ack.payload == Payload::slot);
        CHECK(ack.slot == 3);
        CHECK(peer.asked > 3);
        peer.finish();
        CHECK(peer.inside(get_digests).at(1) == 0x01);
      }
    }
  }
}

TEST_CASE("a requester with several keys: encapD is in the transcript") {
  MutualPeer peer(mutual_device(MutualAuth::encapsulated), k13);
  peer.mine.flags |= cap::multi_key_only;
  peer.connect_with_chain();
  REQUIRE(peer.parameters.multi_key_requester);
  peer.exchange_keys();
  (void)peer.run(true);
  peer.finish();
}

TEST_CASE("optimized mutual authentication goes by the profile") {
  for (const std::uint8_t version : session_versions()) {
    CAPTURE(version);
    DeviceProfile device = mutual_device(MutualAuth::optimized);
    device.sessions->requester_chain = pki::sample().all();
    device.sessions->requester_slot = 2;
    MutualPeer peer(device, version);
    peer.finish_slot = 2;
    peer.connect_with_chain();
    const KeyExchangeResponse& response = peer.exchange_keys();
    CHECK(response.mutual_auth == MutualAuth::optimized);
    CHECK(response.requester_slot == 2);
    peer.finish();
  }
}

TEST_CASE("a requester whose key the device has") {
  DeviceProfile device = mutual_device(MutualAuth::encapsulated);
  device.sessions->requester_key = pki::sample().leaf.key.spki();
  MutualPeer peer(device, k12);
  peer.mine.flags = (peer.mine.flags & ~cap::cert) | cap::pub_key_id;
  peer.finish_slot = kProvisionedKey;
  peer.connect();
  peer.signer = RequesterSide{pki::sample().leaf.key.private_key(), pki::sample().leaf.key.spki()};
  const KeyExchangeResponse& response = peer.exchange_keys();
  CHECK(response.mutual_auth == MutualAuth::optimized);
  CHECK(response.requester_slot == kProvisionedKey);
  peer.finish();
}

TEST_CASE("a requester that cannot is not asked") {
  SessionPeer peer(mutual_device(MutualAuth::encapsulated));
  peer.connect();
  CHECK(peer.exchange_keys().mutual_auth == MutualAuth::none);
  peer.finish();
  // Without ENCAP_CAP of the requester nothing can be asked (from 1.3 on).
  MutualPeer silent(mutual_device(MutualAuth::encapsulated), k13);
  silent.mine.flags &= ~cap::encap;
  silent.connect();
  CHECK(silent.exchange_keys().mutual_auth == MutualAuth::none);
}

TEST_CASE("Q17 a FINISH that does not prove who the requester is") {
  const auto refused = [](auto change) {
    MutualPeer peer(mutual_device(MutualAuth::encapsulated), k13);
    peer.connect_with_chain();
    peer.exchange_keys();
    (void)peer.run(true);
    change(peer);
    return peer.refused_inside(peer.finish_request()).code;
  };
  CHECK(refused([](MutualPeer& peer) { peer.signer->key = pki::Key::make("EC", "P-384").private_key(); }) == ErrorCode::decrypt_error);
  CHECK(refused([](MutualPeer& peer) { peer.signer->chain.back() ^= 1; }) == ErrorCode::decrypt_error);
  CHECK(refused([](MutualPeer& peer) { peer.finish_slot = 1; }) == ErrorCode::invalid_request);
  CHECK(refused([](MutualPeer& peer) { peer.signer.reset(); }) == ErrorCode::invalid_request);  // without a signature
}

TEST_CASE("Q25 what the requester delivers and is not taken") {
  const auto refused = [](DeviceProfile device, auto bend) {
    MutualPeer peer(std::move(device), k13);
    peer.connect_with_chain();
    peer.exchange_keys();
    peer.bend = [&](Code code) { return bend(peer, code); };
    (void)peer.run(true);
    const ErrorCode out = is_error(peer.last) ? code_of(peer.last) : ErrorCode{};
    // Nobody is known then: no FINISH is good enough.
    CHECK(peer.refused_inside(peer.finish_request()).code == ErrorCode::invalid_request);
    return out;
  };
  const DeviceProfile device = mutual_device(MutualAuth::encapsulated);
  const auto error = [](ErrorCode code) { return ErrorResponse{k13, code, 0, {}}.encode(); };
  CHECK(refused(device, [&](MutualPeer&, Code) { return error(ErrorCode::unexpected_request); }) == ErrorCode::invalid_response_code);
  // The flow ends in good order with ResponseNotReady (DSP0274 "Encapsulated request flows").
  CHECK(refused(device, [&](MutualPeer&, Code) {
          return ErrorResponse{k13, ErrorCode::response_not_ready, 0, {1, 0x81, 1, 2}}.encode();
        }) == ErrorCode{});
  CHECK(refused(device, [](MutualPeer& peer, Code code) { return code == Code::get_certificate ? peer.digests() : Bytes{}; }) ==
        ErrorCode::invalid_response_code);
  CHECK(refused(device, [](MutualPeer& peer, Code code) {  // the slot that is asked for is not there
          peer.slot = 5;
          return code == Code::get_digests ? peer.digests() : Bytes{};
        }) == ErrorCode::invalid_response_code);
  CHECK(refused(device, [](MutualPeer& peer, Code code) {  // another chain than DIGESTS has told
          if (code == Code::get_certificate && peer.asked == 2) peer.signer->chain.back() ^= 1;
          return Bytes{};
        }) == ErrorCode::invalid_response_code);
  CHECK(refused(device, [](MutualPeer& peer, Code) {  // no chain
          peer.signer->chain.assign(200, 0x30);
          return Bytes{};
        }) == ErrorCode::invalid_response_code);
  DeviceProfile strict = device;
  strict.sessions->requester_root = pki::sample().leaf.der;
  CHECK(refused(strict, [](MutualPeer&, Code) { return Bytes{}; }) == ErrorCode::invalid_response_code);
  strict = device;
  strict.sessions->requester_key = pki::Key::make("EC", "P-384").spki();
  CHECK(refused(strict, [](MutualPeer&, Code) { return Bytes{}; }) == ErrorCode::invalid_response_code);
}

TEST_CASE("a root and a key that the profile expects") {
  DeviceProfile device = mutual_device(MutualAuth::encapsulated);
  device.sessions->requester_root = pki::sample().root.der;
  device.sessions->requester_key = pki::sample().leaf.key.spki();
  MutualPeer peer(device, k12);
  peer.connect_with_chain();
  peer.exchange_keys();
  CHECK(peer.run(true).payload == Payload::slot);
  peer.finish();
}

TEST_CASE("Q26 responses that answer nothing") {
  MutualPeer peer(mutual_device(MutualAuth::encapsulated), k12);
  peer.connect_with_chain();
  CHECK(peer.refused(DeliverEncapsulatedResponse{0, peer.digests()}.encode(k12)).code == ErrorCode::unexpected_request);
  peer.exchange_keys();
  CHECK(peer.refused_inside(DeliverEncapsulatedResponse{0, peer.digests()}.encode(k12)).code == ErrorCode::unexpected_request);
  CHECK(peer.inside(encode_get_encapsulated_request(k12)).at(1) == 0x6A);
  CHECK(peer.refused_inside(DeliverEncapsulatedResponse{2, peer.digests()}.encode(k12)).code == ErrorCode::invalid_request);
  CHECK(peer.refused_inside(begin(k12, Code::deliver_encapsulated_response, 1).take()).code == ErrorCode::invalid_request);
  CHECK(peer.inside(DeliverEncapsulatedResponse{1, peer.digests()}.encode(k12)).at(1) == 0x6B);
}

TEST_CASE("basic mutual authentication after CHALLENGE") {
  for (const std::uint8_t version : session_versions()) {
    for (const bool lies : {false, true}) {
      CAPTURE(version);
      CAPTURE(lies);
      DeviceProfile device = session_device();
      device.sessions->basic_mutual_auth = true;
      MutualPeer peer(device, version);
      peer.connect_with_chain();
      if (lies) peer.signer->key = pki::Key::make("EC", "P-384").private_key();
      const Challenge challenge;
      CHECK(peer.get<ChallengeAuth>(challenge.encode(version), challenge, peer.parameters).basic_mut_auth);
      CHECK(peer.refused(GetMeasurements{}.encode(version)).code == ErrorCode::request_in_flight);
      if (version >= k12) peer.transcript_inside = peer.vca;
      const EncapsulatedResponseAck ack = peer.run(false);
      CHECK(is_error(peer.last) == lies);
      CHECK(ack.payload == Payload::none);
      CHECK(peer.send(GetMeasurements{}.encode(version)).at(1) == 0x60);
    }
  }
}

TEST_CASE("the device renews its own key") {
  for (const std::uint8_t version : session_versions()) {
    CAPTURE(version);
    DeviceProfile device = session_device();
    device.sessions->key_updates = KeyUpdates::both;
    SessionPeer peer(device, version);
    peer.open_session();
    const Bytes asked = peer.inside(encode_get_encapsulated_request(version));
    Reader reader(asked, "ENCAPSULATED_REQUEST");
    const EncapsulatedRequest first = EncapsulatedRequest::decode(reader, version);
    Reader inner(first.request, "KEY_UPDATE");
    const KeyUpdate update = KeyUpdate::decode(inner, version);
    CHECK(update.operation == KeyOperation::update_key);
    CHECK(peer.refused_inside(begin(version, Code::get_digests).take()).code == ErrorCode::request_in_flight);

    // The acknowledgement of our acknowledgement is the first under the new key.
    const Bytes delivered = DeliverEncapsulatedResponse{first.id, update.encode_ack(version)}.encode(version);
    const Reply reply = peer.send_record(peer.session->seal(Direction::request, delivered));
    peer.session->update(Direction::response);
    const Bytes acknowledged = peer.session->open(Direction::response, reply.bytes);
    Reader second(acknowledged, "ENCAPSULATED_RESPONSE_ACK");
    const EncapsulatedResponseAck ack = EncapsulatedResponseAck::decode(second, version, first.id);
    Reader verify(ack.request, "KEY_UPDATE");
    const KeyUpdate verified = KeyUpdate::decode(verify, version);
    CHECK(verified.operation == KeyOperation::verify_new_key);
    peer.session->confirm(Direction::response);
    const Bytes last = peer.inside(DeliverEncapsulatedResponse{ack.id, verified.encode_ack(version)}.encode(version));
    Reader third(last, "ENCAPSULATED_RESPONSE_ACK");
    CHECK(EncapsulatedResponseAck::decode(third, version, ack.id).payload == Payload::none);

    // Once in each session.
    CHECK(peer.inside(begin(version, Code::get_digests).take()).at(1) == 0x01);
    const ErrorCode idle = version >= k13 ? ErrorCode::no_pending_requests : ErrorCode::unexpected_request;
    CHECK(peer.refused_inside(encode_get_encapsulated_request(version)).code == idle);
    // And the other direction as before.
    CHECK(peer.inside(KeyUpdate{KeyOperation::update_key, 1}.encode(version)).at(1) == 0x69);
  }
}
