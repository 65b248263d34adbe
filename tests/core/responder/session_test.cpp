// Sessions of the emulated device, in every version and with every algorithm: keys, transcripts, records, and their end.
#include "core/responder/session_fixture.h"

using namespace spdm;
using namespace spdm::test;

TEST_CASE("a session by key exchange in every version") {
  for (const std::uint8_t version : session_versions()) {
    for (const bool in_clear : {false, true}) {
      CAPTURE(version);
      CAPTURE(in_clear);
      DeviceProfile device = session_device();
      device.sessions->handshake_in_the_clear = in_clear;
      SessionPeer peer(device, version);
      if (in_clear) peer.mine.flags |= cap::handshake_in_the_clear;
      peer.connect();
      CHECK(peer.parameters.key_exchange->name == "secp384r1");
      CHECK(peer.parameters.aead->name == "AES-256-GCM");
      const KeyExchangeResponse& response = peer.exchange_keys();
      CHECK(response.heartbeat_period == 0);
      CHECK(response.mutual_auth == MutualAuth::none);
      CHECK(decode_secured_selection(response.opaque, peer.parameters, "KEY_EXCHANGE_RSP") == 0x1300);
      CHECK(peer.signature_holds);
      if (!in_clear) CHECK(peer.verify_data_holds);
      peer.verify_data_holds = true;
      peer.finish();
      CHECK(peer.verify_data_holds);
      CHECK(peer.get_inside<DigestsResponse>(begin(version, Code::get_digests).take(), peer.parameters).slots.size() == 2);
      CHECK(peer.inside(EndSession{}.encode(version)) == begin(version, Code::end_session_ack).take());
      CHECK(peer.refused_outside(peer.session->seal(Direction::request, encode_heartbeat(version))) == ErrorCode::invalid_session);
    }
  }
}

TEST_CASE("a session by PSK in every version") {
  for (const std::uint8_t version : session_versions()) {
    for (const bool context : {false, true}) {
      CAPTURE(version);
      CAPTURE(context);
      DeviceProfile device = session_device();
      device.sessions->psk_context = context;
      // It is encrypted, whatever is agreed on for key exchanges.
      device.sessions->handshake_in_the_clear = true;
      SessionPeer peer(device, version);
      peer.mine.flags |= cap::handshake_in_the_clear;
      peer.connect();
      const PskExchangeResponse& response = peer.exchange_psk();
      CHECK(response.context.empty() != context);
      CHECK(peer.verify_data_holds);
      if (context) peer.psk_finish();
      CHECK(peer.get_inside<DigestsResponse>(begin(version, Code::get_digests).take(), peer.parameters).slots.size() == 2);
      CHECK(peer.inside(EndSession{}.encode(version)) == begin(version, Code::end_session_ack).take());
    }
  }
}

TEST_CASE("every key exchange and every AEAD") {
  for (const KeyExchangeAlgorithm& row : key_exchange_algorithms()) {
    if (!crypto::supports(row)) continue;
    CAPTURE(row.name);
    DeviceProfile device = session_device();
    device.sessions->key_exchange = {&row};
    SessionPeer peer(device, k14);
    peer.open_session();
    CHECK(peer.parameters.key_exchange == &row);
    CHECK(peer.signature_holds);
  }
  for (const AeadAlgorithm& row : aead_algorithms()) {
    if ((row.bit & 0x7) == 0) continue;
    for (const bool encrypt : {true, false}) {
      CAPTURE(row.name);
      CAPTURE(encrypt);
      DeviceProfile device = session_device();
      device.sessions->aead = {&row};
      device.sessions->encrypt = encrypt;
      SessionPeer peer(device, k12);
      peer.open_session();
      CHECK(peer.parameters.aead == &row);
      CHECK(peer.parameters.encrypts() == encrypt);
    }
  }
}

TEST_CASE("every binding has records of its own") {
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp}) {
    CAPTURE(name(binding));
    SessionPeer peer(session_device());
    peer.binding = binding;
    peer.responder.carry(binding);
    peer.open_session();
    Bytes record = peer.session->seal(Direction::request, begin(k12, Code::get_digests).take());
    if (binding == Binding::doe) record.resize(record.size() + 3);
    const Reply reply = peer.send_record(record);
    CHECK(reply.secured);
    CHECK(peer.session->open(Direction::response, reply.bytes).at(1) == 0x01);
  }
}

TEST_CASE("the algorithms that a device has for sessions") {
  DeviceProfile device = session_device();
  device.sessions->key_exchange = {find_key_exchange("ffdhe3072"), find_key_exchange("secp256r1")};
  device.sessions->aead = {find_aead("ChaCha20-Poly1305"), find_aead("AES-128-GCM")};
  SessionPeer first(device);
  first.connect();
  CHECK(first.parameters.key_exchange->name == "ffdhe3072");
  CHECK(first.parameters.aead->name == "ChaCha20-Poly1305");
  SessionPeer second(device);
  second.offer.tables = {{AlgType::dhe, find_key_exchange("secp256r1")->bit}, {AlgType::aead, 0x3}, {AlgType::key_schedule, 1}};
  second.connect();
  CHECK(second.parameters.key_exchange->name == "secp256r1");
  CHECK(second.parameters.aead->name == "AES-128-GCM");

  // What both sides announce needs a selection.
  for (const AlgType missing : {AlgType::dhe, AlgType::aead, AlgType::key_schedule}) {
    CAPTURE(static_cast<int>(missing));
    SessionPeer peer(device);
    std::erase_if(peer.offer.tables, [&](const AlgStruct& table) { return table.type == missing; });
    peer.exchange_vca(GetVersion{}.encode());
    peer.exchange_vca(GetCapabilities{peer.mine, false}.encode(k12));
    CHECK(peer.refused(peer.offer.encode(k12)).code == ErrorCode::invalid_request);
  }

  // The block of CAPABILITIES has them, too (1.3+).
  SessionPeer peer(device, k13);
  peer.exchange_vca(GetVersion{}.encode());
  const GetCapabilities capabilities{peer.mine, true};
  const auto response = peer.get<CapabilitiesResponse>(capabilities.encode(k13), k13, capabilities);
  CHECK(equal(View(response.supported_algorithms).subspan(30), unhex("02 20 0a00  03 20 0500  05 20 0100", "tables")));
}

TEST_CASE("without sessions in the profile everything is as before") {
  SessionPeer peer(new_device());
  peer.exchange_vca(GetVersion{}.encode());
  peer.exchange_vca(GetCapabilities{peer.mine, false}.encode(k12));
  peer.exchange_vca(peer.offer.encode(k12));
  CHECK(peer.refused(begin(k12, Code::key_exchange).zeros(200).take()).code == ErrorCode::unsupported_request);
  CHECK(peer.refused(begin(k12, Code::psk_exchange).zeros(200).take()).code == ErrorCode::unsupported_request);
  CHECK(peer.refused_outside(Bytes(64)) == ErrorCode::invalid_session);
  // Flags alone make no sessions.
  DeviceProfile device = new_device();
  device.set_flags = cap::key_ex | cap::psk_with_context | cap::mac | cap::encrypt;
  SessionPeer flags(device);
  flags.exchange_vca(GetVersion{}.encode());
  flags.exchange_vca(GetCapabilities{flags.mine, false}.encode(k12));
  flags.exchange_vca(flags.offer.encode(k12));
  CHECK(flags.refused(begin(k12, Code::key_exchange).zeros(200).take()).code == ErrorCode::invalid_request);
  CHECK(flags.refused(begin(k12, Code::psk_exchange).zeros(200).take()).code == ErrorCode::invalid_request);
}

TEST_CASE("Q24 KEY_EXCHANGE that is refused") {
  SessionPeer peer(session_device(), k13);
  peer.connect();
  const auto refused = [&](auto change) {
    KeyExchange request = peer.key_exchange_request();
    change(request);
    return peer.refused(request.encode(k13)).code;
  };
  CHECK(refused([](KeyExchange& in) { in.slot = 5; }) == ErrorCode::invalid_request);
  CHECK(refused([](KeyExchange& in) { in.slot = kProvisionedKey; }) == ErrorCode::invalid_request);
  CHECK(refused([](KeyExchange& in) { in.exchange_data.back() ^= 1; }) == ErrorCode::invalid_request);  // not on the curve
  CHECK(refused([](KeyExchange& in) { in.exchange_data.resize(20); }) == ErrorCode::invalid_request);
  CHECK(refused([](KeyExchange& in) { in.policy.all_events = true; }) == ErrorCode::invalid_request);
  CHECK(refused([&](KeyExchange& in) { in.opaque = encode_secured_versions(peer.parameters, std::array<std::uint16_t, 1>{0x2000}); }) ==
        ErrorCode::invalid_request);
  // A requester that lists no versions gets no selection.
  KeyExchange silent = peer.key_exchange_request();
  silent.opaque.clear();
  CHECK(peer.exchange_keys(silent).opaque.empty());
  peer.finish();
  CHECK_FALSE(peer.heartbeat());  // HBEAT_CAP needs a period
}

TEST_CASE("the opaque data format that versions of secured messages need") {
  DeviceProfile device = session_device();
  device.opaque_formats = other_params::opaque_fmt0;
  SessionPeer peer(device);
  peer.offer.other_params = other_params::opaque_fmt0 | other_params::opaque_fmt1;
  peer.connect();
  CHECK(peer.refused(peer.key_exchange_request().encode(k12)).code == ErrorCode::invalid_request);
  CHECK(peer.refused(PskExchange{}.encode(k12)).code == ErrorCode::invalid_request);
}

TEST_CASE("the newest version of secured messages that both know") {
  DeviceProfile device = session_device();
  device.sessions->secured_versions = {0x1000, 0x1200};
  SessionPeer peer(device);
  peer.connect();
  CHECK(decode_secured_selection(peer.exchange_keys().opaque, peer.parameters, "KEY_EXCHANGE_RSP") == 0x1200);
}

TEST_CASE("PSK_EXCHANGE by hint") {
  DeviceProfile device = session_device();
  device.sessions->psk.push_back({text("other"), std::make_shared<const SecretBytes>(SecretBytes::take(text("another key")))});
  SessionPeer peer(device);
  peer.connect();
  peer.exchange_psk("");  // the first one
  CHECK(peer.verify_data_holds);
  peer.exchange_psk("other");
  CHECK_FALSE(peer.verify_data_holds);
  PskExchange unknown;
  unknown.hint = text("nobody");
  CHECK(peer.refused(unknown.encode(k12)).code == ErrorCode::invalid_request);
}

TEST_CASE("a measurement summary in both kinds of handshake") {
  SessionPeer peer(session_device());
  peer.connect();
  GetMeasurements all;
  const Bytes record = peer.get<MeasurementsResponse>(all.encode(k12), all, peer.parameters).record;
  KeyExchange request = peer.key_exchange_request();
  request.summary = Summary::all;
  CHECK(peer.exchange_keys(request).summary_hash == crypto::hash(*peer.parameters.hash, record));
  PskExchange psk;
  psk.summary = Summary::all;
  CHECK(peer.get<PskExchangeResponse>(psk.encode(k12), psk, peer.parameters).summary_hash == crypto::hash(*peer.parameters.hash, record));
}

TEST_CASE("Q23 four sessions at once, each with its keys") {
  SessionPeer peer(session_device());
  peer.connect();
  std::vector<SecuredSession> open;
  for (int i = 0; i < 4; ++i) {
    if (i % 2 == 0) {
      peer.exchange_keys();
      peer.finish();
    } else {
      peer.exchange_psk();
      peer.psk_finish();
    }
    open.push_back(std::move(*peer.session));
  }
  CHECK((open[0].id() >> 16) == 0xFFFF);
  CHECK((open[3].id() >> 16) == 0xFFFC);
  CHECK(peer.refused(peer.key_exchange_request().encode(k12)).code == ErrorCode::session_limit_exceeded);
  CHECK(peer.refused(PskExchange{}.encode(k12)).code == ErrorCode::session_limit_exceeded);
  for (SecuredSession& one : open) CHECK(peer.inside(one, begin(k12, Code::get_digests).take()).at(1) == 0x01);
  // The end of one leaves the others, and makes room.
  CHECK(peer.inside(open[1], EndSession{}.encode(k12)).at(1) == 0x6C);
  CHECK(peer.inside(open[0], begin(k12, Code::get_digests).take()).at(1) == 0x01);
  peer.exchange_keys();
  peer.finish();
  // GET_VERSION ends them all.
  peer.connect();
  for (SecuredSession* one : {&open[0], &open[2], &open[3], &*peer.session})
    CHECK(peer.refused_outside(one->seal(Direction::request, begin(k12, Code::get_digests).take())) == ErrorCode::invalid_session);
}

TEST_CASE("a provisioned key opens sessions, too") {
  DeviceProfile device = session_device();
  device.slots = {new_slot(kProvisionedKey)};
  SessionPeer peer(device);
  peer.open_session();
  CHECK(peer.signature_holds);
}

TEST_CASE("a device without signatures has sessions by PSK") {
  DeviceProfile device = session_device();
  device.slots.clear();
  SessionPeer peer(device, k13);
  peer.open_psk_session();
  GetMeasurements all;
  CHECK(peer.get_inside<MeasurementsResponse>(all.encode(k13), all, peer.parameters).blocks.size() == 4);
}
