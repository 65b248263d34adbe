// Which sessions a connection sees, and what it refuses because it is not where it may be.
#include <doctest/doctest.h>

#include "core/crypto/crypto.h"
#include "core/evidence/expect_error.h"
#include "core/protocol/connection.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"

using namespace spdm;

namespace {

constexpr std::uint32_t kUsual = cap::cert | cap::encrypt | cap::mac | cap::key_ex | cap::hbeat | cap::key_upd | cap::encap | cap::mut_auth;
constexpr std::uint16_t kOurs = 0x0101, kTheirs = 0xFFFF;
constexpr std::uint32_t kId = 0xFFFF0101;

// Both sides of a conversation of 1.2 with P-256, SHA-256 and secp256r1, from VERSION to a chain in slot 0.
class Talk {
 public:
  explicit Talk(std::uint32_t both = kUsual | cap::psk, std::uint32_t responder = 0, Binding binding = Binding::none,
                std::uint8_t version = k12)
      : connection(binding), version_(version) {
    const VersionResponse offered{.entries = {static_cast<std::uint16_t>(version << 8)}};
    observe(GetVersion{}.encode(), offered.encode());
    GetCapabilities ours;
    ours.capabilities = {.flags = both, .data_transfer_size = 4096, .max_message_size = 4096};
    CapabilitiesResponse theirs;
    theirs.capabilities = {.flags = (both & ~cap::psk_mask) | (responder != 0 ? responder : both & cap::psk_mask),
                           .data_transfer_size = 4096,
                           .max_message_size = 4096};
    observe(ours.encode(version_), theirs.encode(version_));
    NegotiateAlgorithms offer;
    AlgorithmsResponse chosen;
    offer.measurement_specification = 0;
    offer.base_asym = chosen.base_asym = 0x10;
    offer.base_hash = chosen.base_hash = 1;
    offer.other_params = chosen.other_params = other_params::opaque_fmt1;
    offer.tables =
        chosen.tables = {{AlgType::dhe, 8}, {AlgType::aead, 2}, {AlgType::req_base_asym, 0x10}, {AlgType::key_schedule, kSpdmKeySchedule}};
    observe(offer.encode(version_), chosen.encode(version_));
    const GetCertificate get{.slot = 0, .large = false, .slot_size_requested = false, .offset = 0, .length = 0xFFFF};
    const CertificateResponse response{.slot = 0, .large = false, .model = 0, .remainder = 0, .portion = chain};
    observe(get.encode(version_),
            Writer().bytes(begin(version_, Code::certificate).take()).u16(chain.size()).u16(0).bytes(response.portion).take());
  }

  void observe(const Bytes& request, const Bytes& response, std::uint32_t inside = 0) {
    connection.observe({.request = request, .response = response, .log_index = 0, .signature_size = 0, .inside = inside});
  }

  KeyExchange key_exchange() const {
    KeyExchange out;
    out.session_id = kOurs;
    out.random.fill(7);
    out.exchange_data = Bytes(64, 0xEE);
    out.opaque = encode_secured_versions(connection.parameters(), kSecuredVersions);
    return out;
  }
  KeyExchangeResponse key_exchange_response(MutualAuth mutual = MutualAuth::none) const {
    KeyExchangeResponse out;
    out.session_id = kTheirs;
    out.mutual_auth = mutual;
    out.exchange_data = Bytes(64, 0xDD);
    out.opaque = encode_secured_selection(connection.parameters(), 0x1200);
    out.signature = Bytes(64, 0x51);
    if (!connection.parameters().handshake_in_the_clear()) out.verify_data = Bytes(32, 0x52);
    return out;
  }
  void open(MutualAuth mutual = MutualAuth::none) {
    observe(key_exchange().encode(version_), key_exchange_response(mutual).encode(version_));
  }
  void finish(std::uint32_t inside = kId, Bytes signature = {}) {
    const Finish request{.slot = 0, .opaque = {}, .signature = std::move(signature), .verify_data = Bytes(32, 1)};
    FinishResponse response;
    if (connection.parameters().handshake_in_the_clear()) response.verify_data = Bytes(32, 2);
    observe(request.encode(version_), response.encode(version_), inside);
  }
  void open_psk(Bytes context) {
    PskExchange request;
    request.session_id = kOurs;
    PskExchangeResponse response;
    response.session_id = kTheirs;
    response.context = std::move(context);
    response.verify_data = Bytes(32, 0x52);
    observe(request.encode(version_), response.encode(version_));
  }
  void finish_psk(std::uint32_t inside = kId) {
    observe(PskFinish{.opaque = {}, .verify_data = Bytes(32, 1)}.encode(version_), PskFinishResponse{}.encode(version_), inside);
  }
  void simple(Code code, std::uint32_t inside = kId) {
    observe(begin(version_, code).take(), begin(version_, response_to(code)).take(), inside);
  }
  const SessionSeen& last() const { return connection.sessions().back(); }

  const Bytes chain = Writer().u16(100).u16(0).bytes(Bytes(96, 0xC4)).take();
  Connection connection;

 private:
  const std::uint8_t version_;
};

}  // namespace

TEST_CASE("sessions: a key exchange, from KEY_EXCHANGE to END_SESSION_ACK") {
  Talk talk;
  talk.open();
  REQUIRE(talk.connection.sessions().size() == 1);
  CHECK(talk.last().id == kId);
  CHECK(talk.last().state == SessionSeen::State::handshake);
  CHECK(talk.last().secured_version == 0x1200);
  CHECK_FALSE(talk.last().is_psk());
  talk.finish();
  CHECK(talk.last().state == SessionSeen::State::established);
  CHECK(talk.last().finish == talk.connection.exchanges().size() - 1);
  CHECK_FALSE(talk.last().requester_slot);
  talk.simple(Code::heartbeat);
  const KeyUpdate update{.operation = KeyOperation::update_all_keys, .tag = 9};
  talk.observe(update.encode(k12), update.encode_ack(k12), kId);
  CHECK(talk.last().heartbeats == 1);
  CHECK(talk.last().key_updates == 1);
  talk.simple(Code::end_session);
  CHECK(talk.last().state == SessionSeen::State::ended);
}

TEST_CASE("sessions: KEY_EXCHANGE_RSP signs A, the hash of the chain as it was then, and the exchange") {
  Talk talk;
  talk.open();
  REQUIRE(talk.connection.statements().size() == 1);
  const Statement& statement = talk.connection.statements().back();
  CHECK(statement.kind == SignedMessage::key_exchange_rsp);
  CHECK(signing_context(statement.kind) == "responder-key_exchange_rsp signing");
  CHECK(statement.nonce == talk.key_exchange().random);
  CHECK(statement.signature == Bytes(64, 0x51));
  Bytes expected = vca(talk.connection.exchanges());
  append(expected, crypto::hash(*find_hash("SHA-256"), talk.chain));
  append(expected, talk.key_exchange().encode(k12));
  const Bytes response = talk.key_exchange_response().encode(k12);
  append(expected, View(response).first(response.size() - 64 - 32));
  CHECK(talk.connection.transcript(statement) == expected);

  // Another chain that is read later changes nothing of it.
  Bytes other = talk.chain;
  other.back() ^= 1;
  const GetCertificate get{.slot = 0, .large = false, .slot_size_requested = false, .offset = 0, .length = 0xFFFF};
  talk.observe(get.encode(k12), Writer().bytes(begin(k12, Code::certificate).take()).u16(other.size()).u16(0).bytes(other).take());
  CHECK(talk.connection.chain(0).chain() == other);
  CHECK(talk.connection.transcript(talk.connection.statements().back()) == expected);
}

TEST_CASE("sessions: a provisioned key stands for the chain, and outlives GET_VERSION") {
  Talk talk;
  const Bytes key(91, 0x30);
  talk.connection.provision(key);
  talk.observe(GetVersion{}.encode(), VersionResponse{.entries = {0x1200}}.encode());
  CHECK(equal(talk.connection.session_identity(kProvisionedKey), key));
  CHECK(talk.connection.session_identity(0).empty());
}

TEST_CASE("sessions: by PSK, with and without a context of the responder") {
  Talk with(kUsual | cap::psk, cap::psk_with_context);
  with.open_psk(Bytes(32, 1));
  CHECK(with.last().is_psk());
  CHECK(with.last().state == SessionSeen::State::handshake);
  with.finish_psk();
  CHECK(with.last().state == SessionSeen::State::established);
  CHECK(with.connection.statements().empty());

  Talk without;
  without.open_psk({});
  CHECK(without.last().state == SessionSeen::State::established);  // there is no PSK_FINISH
  expect_error(ErrorId::peer, "PSK_FINISH: session: it is not allowed in a session", [&] { without.finish_psk(); });
}

TEST_CASE("sessions: FINISH and PSK_FINISH finish what is theirs only (CVE-2023-31127)") {
  Talk psk(kUsual | cap::psk, cap::psk_with_context);
  psk.open_psk(Bytes(32, 1));
  expect_error(ErrorId::peer, "FINISH: session: it was opened with PSK_EXCHANGE", [&] { psk.finish(); });
  Talk exchange(kUsual | cap::psk, cap::psk_with_context);
  exchange.open();
  expect_error(ErrorId::peer, "PSK_FINISH: session: it was opened with KEY_EXCHANGE", [&] { exchange.finish_psk(); });
  CHECK(exchange.last().state == SessionSeen::State::handshake);
  exchange.finish();
  expect_error(ErrorId::peer, "FINISH: session: it is not allowed in a session", [&] { exchange.finish(); });  // twice
}

TEST_CASE("sessions: FINISH is signed when KEY_EXCHANGE_RSP asked for it, and only then") {
  Talk talk;
  talk.open();
  expect_error(ErrorId::peer, "a signature, and KEY_EXCHANGE_RSP asked for none", [&] { talk.finish(kId, Bytes(64, 3)); });
  Talk mutual;
  mutual.open(MutualAuth::encapsulated);
  expect_error(ErrorId::peer, "no signature, and KEY_EXCHANGE_RSP asked for one", [&] { mutual.finish(); });
  mutual.finish(kId, Bytes(64, 3));
  CHECK(mutual.last().requester_slot == 0);
}

TEST_CASE("sessions: a handshake in the clear is finished outside, another inside") {
  Talk clear(kUsual | cap::handshake_in_the_clear);
  clear.open();
  clear.finish(0);
  CHECK(clear.last().state == SessionSeen::State::established);
  CHECK(clear.connection.exchanges()[clear.last().exchange].signature_size == 64);

  Talk talk;
  talk.open();
  expect_error(ErrorId::peer, "FINISH: session: it is allowed only in a session", [&] { talk.finish(0); });
  Talk none(kUsual | cap::handshake_in_the_clear);
  expect_error(ErrorId::peer, "FINISH: session: no handshake is in progress", [&] { none.finish(0); });
}

TEST_CASE("sessions: each request has its place") {
  const Code inside_only[] = {Code::heartbeat, Code::key_update, Code::end_session, Code::send_event};
  const Code outside_only[] = {Code::get_version, Code::get_capabilities, Code::negotiate_algorithms,
                               Code::challenge,   Code::key_exchange,     Code::psk_exchange};
  Talk talk;
  for (const Code code : inside_only) {
    CAPTURE(name(code));
    expect_error(ErrorId::peer, "it is allowed only in a session", [&] { talk.simple(code, 0); });
    expect_error(ErrorId::peer, "0xffff0101 was not opened", [&] { talk.simple(code); });
  }
  talk.open();
  for (const Code code : {Code::heartbeat, Code::get_digests, Code::get_measurements, Code::challenge, Code::vendor_defined_request}) {
    CAPTURE(name(code));
    expect_error(ErrorId::peer, "not allowed before the handshake is finished", [&] { talk.simple(code); });
  }
  talk.simple(Code::get_encapsulated_request);  // mutual authentication
  talk.finish();
  for (const Code code : outside_only) {
    CAPTURE(name(code));
    expect_error(ErrorId::peer, "it is not allowed in a session", [&] { talk.simple(code); });
  }
  expect_error(ErrorId::peer, "0xffff0102 was not opened", [&] { talk.simple(Code::heartbeat, kId + 1); });
  talk.simple(Code::end_session);
  expect_error(ErrorId::peer, "has ended", [&] { talk.simple(Code::heartbeat); });
}

TEST_CASE("N219 the id of a session that goes on is not given again") {
  Talk talk;
  talk.open();
  talk.open();  // of the first nothing was seen inside: it may have ended unseen
  talk.finish();
  expect_error(ErrorId::peer, "0xffff0101 is the id of a session that has not ended", [&] { talk.open(); });
  CHECK(talk.connection.statements().size() == talk.connection.sessions().size());
  talk.simple(Code::end_session);
  talk.open();
  CHECK(talk.last().state == SessionSeen::State::handshake);

  Talk psk(kUsual | cap::psk, cap::psk);
  psk.open_psk({});
  psk.simple(Code::heartbeat);
  expect_error(ErrorId::peer, "PSK_EXCHANGE_RSP: RspSessionID", [&] { psk.open_psk({}); });
}

TEST_CASE("sessions: none is opened by what was not negotiated") {
  Talk no_exchange(cap::cert | cap::chal | cap::encrypt | cap::mac | cap::psk);
  expect_error(ErrorId::peer, "KEY_EXCHANGE: state: no key exchange was negotiated", [&] { no_exchange.open(); });
  Talk no_psk(kUsual);
  expect_error(ErrorId::peer, "PSK_EXCHANGE: state: no shared key was negotiated", [&] { no_psk.open_psk({}); });
}

TEST_CASE("sessions: a request out of place that the responder has refused breaks no rule") {
  Talk talk;
  const Bytes refused{0x12, 0x7F, 0x0B, 0};
  for (const Code code : {Code::end_session, Code::heartbeat, Code::finish, Code::psk_finish}) {
    CAPTURE(name(code));
    talk.observe(begin(k12, code).take(), refused);
  }
  CHECK(talk.connection.errors().size() == 4);
  expect_error(ErrorId::peer, "was not opened", [&] { talk.observe(begin(k12, Code::get_digests).take(), refused, kId); });
}

TEST_CASE("sessions: messages inside have no padding") {
  Talk talk(kUsual, 0, Binding::doe);
  talk.open();
  talk.finish();
  const Bytes request = begin(k12, Code::get_digests).take(), unpadded{0x12, 0x01, 0, 1}, digest(32, 0xD1);
  Bytes response = unpadded;
  append(response, digest);
  talk.observe(request, response, kId);
  append(response, Bytes(3));
  talk.observe(request, response);
  CHECK(talk.connection.exchanges().back().response.size() == 36);
  expect_error(ErrorId::peer, "3 bytes after the end", [&] { talk.observe(request, response, kId); });
}

TEST_CASE("sessions: KEY_UPDATE_ACK must echo, an ERROR changes nothing") {
  Talk talk;
  talk.open();
  talk.finish();
  const KeyUpdate update{.operation = KeyOperation::update_key, .tag = 1}, other{.operation = KeyOperation::update_key, .tag = 2};
  expect_error(ErrorId::peer, "KEY_UPDATE_ACK", [&] { talk.observe(update.encode(k12), other.encode_ack(k12), kId); });
  CHECK(talk.last().key_updates == 0);
  talk.observe(begin(k12, Code::end_session).take(), {0x12, 0x7F, 0x05, 0}, kId);
  CHECK(talk.last().state == SessionSeen::State::established);
}

TEST_CASE("events: what was listed, and what was subscribed to") {
  constexpr std::uint32_t flags = kUsual | cap::event;
  EventGroup group;
  group.types = {1, 2};
  const Bytes ask = encode_get_supported_event_types(k13), subscribe = SubscribeEventTypes{{group}}.encode(k13);
  const Bytes list = SupportedEventTypes{{group}}.encode(k13), acknowledged = begin(k13, Code::subscribe_event_types_ack).take();
  Talk talk(flags, 0, Binding::none, k13);
  expect_error(ErrorId::peer, "it is allowed only in a session", [&] { talk.observe(ask, list); });
  talk.open();
  talk.finish();
  CHECK_FALSE(talk.connection.event_types());
  talk.observe(ask, list, kId);
  CHECK(talk.connection.event_types()->has(EventType::measurement_changed));
  talk.observe(subscribe, acknowledged, kId);
  REQUIRE(talk.last().subscription.size() == 1);
  CHECK(talk.last().subscription[0].types == group.types);
  talk.observe(SubscribeEventTypes{}.encode(k13), acknowledged, kId);
  CHECK(talk.last().subscription.empty());

  SUBCASE("N305 SUPPORTED_EVENT_TYPES with bytes behind the list") {
    Bytes longer = list;
    longer.push_back(0);
    expect_error(ErrorId::peer, "SUPPORTED_EVENT_TYPES: length", [&] { talk.observe(ask, longer, kId); });
  }
  SUBCASE("N306 SUBSCRIBE_EVENT_TYPES_ACK with more bytes, or another code") {
    Bytes longer = acknowledged;
    longer.push_back(0);
    expect_error(ErrorId::peer, "SUBSCRIBE_EVENT_TYPES_ACK: length", [&] { talk.observe(subscribe, longer, kId); });
    expect_error(ErrorId::peer, "RequestResponseCode",
                 [&] { talk.observe(subscribe, begin(k13, Code::supported_event_types).take(), kId); });
    CHECK(talk.last().subscription.empty());
  }
}

TEST_CASE("N367 SUPPORTED_EVENT_TYPES of a device without EVENT_CAP") {
  EventGroup group;
  group.types = {2};
  Talk talk(kUsual, 0, Binding::none, k13);
  talk.open();
  talk.finish();
  expect_error(ErrorId::peer, "SUPPORTED_EVENT_TYPES: state",
               [&] { talk.observe(encode_get_supported_event_types(k13), SupportedEventTypes{{group}}.encode(k13), kId); });
}
