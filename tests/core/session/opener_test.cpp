// Sessions with a device that keeps to the rules: what is asked, in which order, and what both sides agree on.
#include "core/session/opener.h"

#include "core/crypto/aead.h"
#include "core/session/session_run.h"
#include "core/wire/version.h"

using namespace spdm;

namespace {

constexpr std::size_t kNegotiation = 5;  // GET_VERSION to GET_CERTIFICATE

std::vector<Code> by_key_exchange() { return {Code::key_exchange, Code::finish, Code::get_measurements, Code::end_session}; }

}  // namespace

TEST_CASE("a session by key exchange, in every version that has sessions") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    fake::SessionRun run({.version = version});
    run.collect();
    CHECK(run.asked(kNegotiation) == by_key_exchange());
    CHECK_FALSE(run.was_inside(Code::key_exchange));
    for (const Code code : {Code::finish, Code::get_measurements, Code::end_session}) CHECK(run.was_inside(code));
    CHECK_FALSE(run.device.has_session());
    CHECK(run.is_signed(SignedMessage::key_exchange_rsp));
    CHECK(run.is_signed(SignedMessage::measurements));
    const SessionSeen session = run.seen().sessions().at(0);
    CHECK(session.state == SessionSeen::State::ended);
    CHECK((session.id & 0xFFFF0000) == 0xFFFF0000);
    CHECK((session.id & 0xFFFF) >= 1);
    CHECK((session.id & 0xFFFF) <= 0xFFFE);
    // Both nonces that protect the evidence from being replayed: of KEY_EXCHANGE, and of GET_MEASUREMENTS.
    CHECK(run.evidence.nonces.size() == 2);
    CHECK(run.evidence.nonces.at(0) == session.key_exchange->random);
  }
}

TEST_CASE("a session costs three round trips: KEY_EXCHANGE, FINISH and END_SESSION; and the challenge is spared") {
  fake::SessionRun with, without;
  with.collect();
  without.wanted.in_session = false;
  without.wanted.challenge = false;
  without.collect();
  CHECK(with.device.round_trips == without.device.round_trips + 3);
  CHECK(with.count(Code::challenge) == 0);
}

TEST_CASE("a session with a pre-shared key costs the same; without a ResponderContext nothing is to be finished") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const std::uint32_t kind : {cap::psk, cap::psk_with_context}) {
      fake::SessionRun run({.version = version, .flags = fake::kPlain | fake::kRecords | kind, .psk = Bytes(32, 7)});
      run.options.psk = SecretBytes::take(Bytes(32, 7));
      run.options.psk_hint = {1, 2, 3};
      run.wanted.challenge = false;
      run.collect();
      const std::vector<Code> finished{Code::psk_exchange, Code::psk_finish, Code::get_measurements, Code::end_session};
      const std::vector<Code> unfinished{Code::psk_exchange, Code::get_measurements, Code::end_session};
      CHECK(run.asked(kNegotiation) == (kind == cap::psk ? unfinished : finished));
      CHECK(run.is_signed(SignedMessage::measurements));
      const SessionSeen session = run.seen().sessions().at(0);
      CHECK(session.is_psk());
      CHECK(session.psk_exchange->hint == Bytes{1, 2, 3});
      CHECK(session.psk_exchange->context.size() == 32);
      if (kind == cap::psk_with_context) CHECK(run.was_inside(Code::psk_finish));
    }
}

TEST_CASE("a session with a pre-shared key: a device without certificates") {
  fake::SessionRun run({.flags = fake::kRecords | cap::psk | cap::meas_no_sig, .psk = Bytes(48, 9)});
  run.options.psk = SecretBytes::take(Bytes(48, 9));
  run.collect();
  CHECK(run.asked(3) == std::vector<Code>{Code::psk_exchange, Code::get_measurements, Code::end_session});
}

TEST_CASE("the handshake in the clear: FINISH has no record, and all that follows has") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const Binding binding : {Binding::mctp, Binding::doe}) {
      const std::uint32_t flags = fake::kPlain | fake::kRecords | cap::key_ex | cap::handshake_in_the_clear;
      fake::SessionRun run({.version = version, .flags = flags, .binding = binding});
      run.options.handshake_in_the_clear = true;
      run.collect();
      CHECK(run.asked(kNegotiation) == by_key_exchange());
      CHECK_FALSE(run.was_inside(Code::finish));
      CHECK(run.was_inside(Code::get_measurements));
      CHECK(run.seen().sessions().at(0).key_exchange_response->verify_data.empty());
    }
}

TEST_CASE("the handshake is not in the clear unless both want it") {
  fake::SessionRun run({.flags = fake::kPlain | fake::kRecords | cap::key_ex | cap::handshake_in_the_clear});
  run.collect();
  CHECK(run.was_inside(Code::finish));
}

TEST_CASE("sessions over every binding, encrypted and authenticated only") {
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp})
    for (const bool mac_only : {false, true}) {
      fake::SessionRun run({.binding = binding});
      run.options.mac_only = mac_only;
      run.collect();
      CHECK(run.is_signed(SignedMessage::measurements));
      CHECK(run.device.parameters().encrypts() == !mac_only);
    }
}

TEST_CASE("sessions with every algorithm that the library has") {
  for (const KeyExchangeAlgorithm& row : key_exchange_algorithms()) {
    if (!crypto::supports(row)) continue;
    fake::SessionRun run({.version = k14, .key_exchange = row.name});
    run.options.key_exchange = {&row};
    CAPTURE(row.name);
    run.collect();
    CHECK(run.device.parameters().key_exchange == &row);
  }
  for (const AeadAlgorithm& row : aead_algorithms()) {
    if (!crypto::supports(row)) continue;
    fake::SessionRun run({.aead = row.name, .hash = "SHA-384"});
    run.options.aead = {&row};
    CAPTURE(row.name);
    run.collect();
    CHECK(run.device.parameters().aead == &row);
  }
}

TEST_CASE("a session of a device whose key was provisioned") {
  fake::SessionRun run({.flags = cap::chal | cap::meas_sig | cap::pub_key_id | fake::kRecords | cap::key_ex});
  run.wanted.slot = kProvisionedKey;
  SUBCASE("the key is known") {
    run.evidence.provisioned_key = fake::SessionDevice::public_key();
    run.collect();
    CHECK(run.asked(3) == by_key_exchange());
    CHECK(run.is_signed(SignedMessage::key_exchange_rsp));
  }
  SUBCASE("the key is not known: nothing is sent") {
    expect_error(ErrorId::usage, "public key of the device", [&] { run.collect(); });
    CHECK(run.count(Code::key_exchange) == 0);
  }
}

TEST_CASE("what is asked for in the first message: nonce, summary and policy") {
  fake::SessionRun run({.version = k13, .flags = fake::kPlain | fake::kRecords | cap::key_ex | cap::event});
  Block<32> nonce{};
  nonce.fill(0xAB);
  run.options.nonce = nonce;
  run.options.summary = Summary::all;
  run.options.policy = {.survives_update = true, .all_events = true};
  run.collect();
  const SessionSeen session = run.seen().sessions().at(0);
  CHECK(session.key_exchange->random == nonce);
  CHECK(run.evidence.nonces.at(0) == nonce);
  CHECK(session.key_exchange->summary == Summary::all);
  CHECK(session.summary_hash() == Bytes(32, 0x5A));
  CHECK(session.key_exchange->policy.survives_update);
  CHECK(session.key_exchange->policy.all_events);
}

TEST_CASE("what the device cannot do is not asked for: no summary without measurements, no events without EVENT_CAP") {
  fake::SessionRun run({.version = k13, .flags = cap::cert | cap::chal | fake::kRecords | cap::key_ex});
  run.wanted.measurements = MeasurementMode::none;
  run.options.summary = Summary::all;
  run.options.policy.all_events = true;
  run.collect();
  const SessionSeen session = run.seen().sessions().at(0);
  CHECK(session.key_exchange->summary == Summary::none);
  CHECK_FALSE(session.key_exchange->policy.all_events);
}

TEST_CASE("capabilities: only what is needed") {
  const auto flags = [](SessionOptions options, std::uint8_t version) { return Opener(std::move(options)).capability_flags(version); };
  constexpr std::uint32_t records = cap::mac | cap::hbeat | cap::key_upd;
  CHECK(flags({}, k10) == 0);
  CHECK(flags({}, k11) == (cap::key_ex | cap::encrypt | records));
  SessionOptions clear;
  clear.handshake_in_the_clear = clear.mac_only = true;
  CHECK(flags(std::move(clear), k12) == (cap::key_ex | cap::handshake_in_the_clear | records));
  SessionOptions psk;
  psk.psk = SecretBytes(32);
  psk.handshake_in_the_clear = true;  // which a handshake by PSK never is
  CHECK(flags(std::move(psk), k12) == (cap::psk | cap::encrypt | records));
  SessionOptions identity;
  identity.open = false;
  identity.identity = fake::our_identity();
  identity.multi_key = true;
  constexpr std::uint32_t known = cap::mut_auth | cap::encap | cap::chal;
  CHECK(Opener(std::move(identity)).capability_flags(k12) == (known | cap::cert));
  SessionOptions provisioned;
  provisioned.identity = RequesterIdentity::with_key(fake::our_chain().leaf.key.private_key());
  CHECK(flags(std::move(provisioned), k13) == (known | cap::pub_key_id | cap::key_ex | cap::encrypt | records));
  SessionOptions polling;
  polling.exercise = true;
  CHECK(flags(std::move(polling), k13) == (cap::key_ex | cap::encrypt | records | cap::encap));
}

TEST_CASE("the offer: tables in rising order, none that is empty, none that is not needed") {
  const auto types = [](SessionOptions options, std::uint8_t version) {
    NegotiateAlgorithms offer;
    Opener(std::move(options)).offer(offer, version);
    std::vector<AlgType> out;
    for (const AlgStruct& table : offer.tables) {
      CHECK(table.supported != 0);
      out.push_back(table.type);
    }
    return out;
  };
  using enum AlgType;
  CHECK(types({}, k10).empty());
  CHECK(types({}, k13) == std::vector{dhe, aead, key_schedule});
  SessionOptions identity;
  identity.identity = fake::our_identity();
  CHECK(types(std::move(identity), k12) == std::vector{dhe, aead, req_base_asym, key_schedule});
  SessionOptions psk;
  psk.psk = SecretBytes(32);
  CHECK(types(std::move(psk), k12) == std::vector{aead, key_schedule});
  SessionOptions chosen;
  chosen.key_exchange = {find_key_exchange("secp384r1")};
  chosen.aead = {find_aead("AES-128-GCM")};
  NegotiateAlgorithms offer;
  Opener(std::move(chosen)).offer(offer, k14);
  REQUIRE(offer.tables.size() == 3);
  CHECK(offer.tables[0].supported == find_key_exchange("secp384r1")->bit);
  CHECK(offer.tables[1].supported == find_aead("AES-128-GCM")->bit);
}

TEST_CASE("N236 sessions that one of the two cannot have are not begun") {
  struct Case {
    const char* what;
    std::uint32_t flags;
    std::uint8_t version = k12;
    bool psk = false;
  };
  const Case cases[] = {
      {"SPDM 1.0", fake::kPlain, k10},
      {"KEY_EX_CAP", fake::kPlain},
      {"PSK_CAP", fake::kPlain | fake::kRecords | cap::key_ex, k12, true},
      {"MAC_CAP", fake::kPlain | cap::encrypt | cap::key_ex},
      {"ENCRYPT_CAP", fake::kPlain | cap::mac | cap::key_ex},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    fake::SessionRun run({.version = one.version, .flags = one.flags});
    if (one.psk) run.options.psk = SecretBytes(32);
    run.wanted.challenge = false;
    expect_error(ErrorId::no_spdm, one.what, [&] { run.collect(); });
    CHECK(run.count(Code::key_exchange) + run.count(Code::psk_exchange) == 0);
  }
}

TEST_CASE("N236 no session where OpaqueDataFmt1 was not selected") {
  fake::SessionRun run;
  run.device.tamper = [](Code code, Bytes& answer) {
    if (code == Code::negotiate_algorithms) answer[7] = 0;
  };
  expect_error(ErrorId::no_spdm, "OpaqueDataFmt1", [&] { run.collect(); });
  CHECK(run.count(Code::key_exchange) == 0);
}

TEST_CASE("no session over a transport without secured messages, nor with algorithms that the version does not have") {
  fake::SessionRun run;
  run.device.carries = false;
  expect_error(ErrorId::unsupported, "carries no secured messages", [&] { run.collect(); });
  CHECK(run.count(Code::key_exchange) == 0);
  fake::SessionRun kem;
  kem.options.key_exchange = {find_key_exchange("ML-KEM-768")};
  expect_error(ErrorId::no_spdm, "none of the algorithms", [&] { kem.collect(); });
}

TEST_CASE("a session that is dropped is ended, and what follows is outside again; so it is after the end") {
  for (const bool drop : {false, true}) {
    fake::SessionDevice device;
    Evidence evidence;
    const Opener opener({});
    Requester requester(device, evidence.log, {});
    requester.ask(GetVersion{}.encode());
    GetCapabilities capabilities;
    capabilities.capabilities.flags = opener.capability_flags(k12);
    capabilities.capabilities.data_transfer_size = capabilities.capabilities.max_message_size = requester.data_transfer_size();
    requester.ask(capabilities.encode(k12));
    NegotiateAlgorithms algorithms;
    algorithms.base_asym = find_asym("ECDSA-P384")->bit;
    algorithms.base_hash = find_hash("SHA-256")->bit;
    algorithms.other_params = other_params::opaque_fmt1;
    opener.offer(algorithms, k12);
    requester.ask(algorithms.encode(k12));
    requester.ask(GetCertificate{.slot = 0, .offset = 0, .length = 0xFFFF}.encode(k12));
    std::unique_ptr<OpenSession> session = opener.open(requester, 0, evidence);
    CHECK(device.has_session());
    if (!drop) session->end();
    session.reset();
    CHECK_FALSE(device.has_session());
    CHECK(std::count(device.asked.begin(), device.asked.end(), Code::end_session) == 1);
    requester.ask(begin(k12, Code::get_digests).take());
    CHECK_FALSE(device.asked_inside.back());
  }
}

TEST_CASE("records are kept on request, beside their plain text, and secrets are shown to whoever asks") {
  fake::SessionRun run;
  run.options.keep_records = true;
  std::vector<SessionPhase> phases;
  std::vector<Bytes> secrets;
  run.options.secrets = [&](const SecuredSession& session) {
    phases.push_back(session.phase());
    secrets.push_back(to_bytes(session.secret(Direction::request).secret().view()));
  };
  run.options.exercise = true;
  run.collect();
  const auto records = std::count_if(run.evidence.log.begin(), run.evidence.log.end(), [](const Message& one) { return one.secured; });
  CHECK(records == 2 * std::count(run.device.asked_inside.begin(), run.device.asked_inside.end(), true));
  CHECK(run.is_signed(SignedMessage::measurements));  // a reader is not confused by them
  // Handshake, application, UpdateKey, and UpdateAllKeys: the responder's key, then ours.
  CHECK(phases == std::vector{SessionPhase::handshake, SessionPhase::application, SessionPhase::application, SessionPhase::application,
                              SessionPhase::application});
  CHECK(secrets[1] != secrets[0]);
  CHECK(secrets[2] != secrets[1]);
  CHECK(secrets[3] == secrets[2]);
  CHECK(secrets[4] != secrets[3]);
}

TEST_CASE("without being asked the log has no records") {
  fake::SessionRun run;
  run.collect();
  for (const Message& message : run.evidence.log) CHECK_FALSE(message.secured);
}
