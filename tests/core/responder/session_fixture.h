// A requester that opens sessions with the emulated device, step by step: each can be left out or done wrong.
#pragma once

#include "core/crypto/key_agreement.h"
#include "core/responder/fixture.h"
#include "core/wire/encapsulated.h"

namespace spdm::test {

inline constexpr std::string_view kPskHint = "hint", kPskKey = "a key that both have";

// The device of fixture.h, with sessions of both kinds.
inline DeviceProfile session_device() {
  DeviceProfile out = new_device();
  for (DeviceSlot& slot : out.slots) slot.key_usage |= key_usage::key_ex;
  out.sessions.emplace();
  out.sessions->psk.push_back({text(kPskHint), std::make_shared<const SecretBytes>(SecretBytes::take(text(kPskKey)))});
  return out;
}

// What the requester shows in mutual authentication.
struct RequesterSide {
  crypto::PrivateKey key;
  Bytes chain;  // as SPDM has it
};

struct SessionPeer : Peer {
  explicit SessionPeer(DeviceProfile profile, std::uint8_t with_version = k12) : Peer(profile, with_version), device(std::move(profile)) {
    mine.flags |= cap::key_ex | cap::psk | cap::encrypt | cap::mac | cap::hbeat | cap::key_upd | cap::encap;
    std::uint16_t kem = 0;
    for (const KeyExchangeAlgorithm& row : key_exchange_algorithms())
      if (row.kem && crypto::supports(row)) kem = static_cast<std::uint16_t>(kem | row.bit);
    offer.tables = {{AlgType::dhe, 0x3F}, {AlgType::aead, 0x7}, {AlgType::req_base_asym, 0x1FF}, {AlgType::key_schedule, 1}};
    if (version >= k14 && kem != 0) offer.tables.push_back({AlgType::kem, kem});
  }

  // The slot's chain, which the session is bound to; it is built as the device does.
  Bytes identity() const {
    const DeviceSlot& slot = device.slots.at(slot_index);
    return slot.id == kProvisionedKey ? slot.key->public_spki() : build_chain(slot, *parameters.hash);
  }

  KeyExchange key_exchange_request() {
    agreement.emplace(*parameters.key_exchange);
    KeyExchange out;
    out.slot = device.slots.at(slot_index).id;
    out.session_id = ++last_id;
    out.random.fill(0x77);
    out.exchange_data = agreement->public_value();
    out.opaque = encode_secured_versions(parameters, kSecuredVersions);
    return out;
  }

  // KEY_EXCHANGE, with all that its response proves.
  const KeyExchangeResponse& exchange_keys() { return exchange_keys(key_exchange_request()); }
  const KeyExchangeResponse& exchange_keys(const KeyExchange& request) {
    const Bytes bytes = request.encode(version);
    key_response = get<KeyExchangeResponse>(bytes, request, parameters);
    transcript = SessionTranscript::of_key_exchange(*parameters.hash, vca, digests_message, identity());
    transcript->append(bytes);
    const std::size_t behind = key_response.signature.size() + key_response.verify_data.size();
    transcript->append(View(last).first(last.size() - behind));
    const auto key = crypto::PublicKey::from_spki(device.slots.at(slot_index).key->public_spki());
    signature_holds =
        crypto::verify(key, *parameters.asym, *parameters.hash, version, kKeyExchangeContext, transcript->hash(), key_response.signature);
    transcript->append(key_response.signature);
    const std::uint32_t id = session_id(request.session_id, key_response.session_id);
    begin_session(SessionKind::key_exchange, id, agreement->derive(key_response.exchange_data));
    if (!parameters.handshake_in_the_clear()) check_verify_data(key_response.verify_data);
    return key_response;
  }

  const PskExchangeResponse& exchange_psk(std::string_view hint = kPskHint) {
    PskExchange request;
    request.session_id = ++last_id;
    request.hint = text(hint);
    request.context = Bytes(32, 0x55);
    request.opaque = encode_secured_versions(parameters, kSecuredVersions);
    const Bytes bytes = request.encode(version);
    psk_response = get<PskExchangeResponse>(bytes, request, parameters);
    transcript = SessionTranscript::of_psk(*parameters.hash, vca);
    transcript->append(bytes);
    transcript->append(View(last).first(last.size() - psk_response.verify_data.size()));
    const std::uint32_t id = session_id(request.session_id, psk_response.session_id);
    begin_session(SessionKind::psk, id, SecretBytes::take(text(kPskKey)));
    check_verify_data(psk_response.verify_data);
    if (psk_response.context.empty()) session->establish(transcript->hash());
    return psk_response;
  }

  void begin_session(SessionKind kind, std::uint32_t id, const SecretBytes& secret) {
    const SessionSuite suite{version, parameters.hash, parameters.aead};
    const RecordShape shape{binding, id, parameters.encrypts(), parameters.aead};
    KeySchedule schedule = kind == SessionKind::psk ? KeySchedule::from_psk(suite, secret) : KeySchedule::from_key_exchange(suite, secret);
    session.emplace(kind, suite, shape, std::move(schedule), transcript->hash());
  }

  void check_verify_data(const Bytes& verify_data) {
    verify_data_holds = verify_data == session->verify_data(Direction::response, transcript->hash());
    transcript->append(verify_data);
  }

  // FINISH as it has to be; the transcript has it then.
  Bytes finish_request() {
    Finish out;
    if (signer) {
      transcript->append_requester(encapsulated_digests, signer->chain);
      out.slot = finish_slot;
      out.signature = Bytes(parameters.req_asym->signature_size);  // for the flag in the header
      Bytes head = out.encode(version);
      head.resize(head.size() - out.signature.size());
      transcript->append(head);
      out.signature = crypto::sign(signer->key, *parameters.req_asym, *parameters.hash, version, kFinishContext, transcript->hash());
      transcript->append(out.signature);
    } else {
      transcript->append(out.encode(version));
    }
    out.verify_data = session->verify_data(Direction::request, transcript->hash());
    transcript->append(out.verify_data);
    return out.encode(version);
  }

  void finish() {
    const Bytes request = finish_request();
    const bool in_clear = parameters.handshake_in_the_clear();
    last = in_clear ? send(request) : inside(request);
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    Reader reader(last, "FINISH_RSP");
    const FinishResponse response = FinishResponse::decode(reader, parameters);
    reader.assert_done();
    transcript->append(View(last).first(last.size() - response.verify_data.size()));
    if (in_clear) check_verify_data(response.verify_data);
    session->establish(transcript->hash());
  }

  Bytes psk_finish_request() {
    PskFinish out;
    transcript->append(out.encode(version));
    out.verify_data = session->verify_data(Direction::request, transcript->hash());
    transcript->append(out.verify_data);
    return out.encode(version);
  }

  void psk_finish() {
    last = inside(psk_finish_request());
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    Reader reader(last, "PSK_FINISH_RSP");
    (void)PskFinishResponse::decode(reader, parameters);
    reader.assert_done();
    transcript->append(last);
    session->establish(transcript->hash());
  }

  void open_session() {
    connect();
    exchange_keys();
    finish();
  }
  void open_psk_session() {
    connect();
    exchange_psk();
    psk_finish();
  }

  Reply send_record(View record) { return responder.respond_secured(record); }
  // One exchange inside.
  Bytes inside(View request) { return inside(*session, request); }
  Bytes inside(SecuredSession& of, View request) {
    const Reply reply = send_record(of.seal(Direction::request, request));
    CHECK(reply.action == Reply::Action::answer);
    REQUIRE_MESSAGE(reply.secured, "a plain answer");
    return of.open(Direction::response, reply.bytes);
  }
  ErrorResponse refused_inside(View request) {
    const Bytes answer = inside(request);
    REQUIRE(is_error(answer));
    Reader reader(answer, "ERROR");
    return ErrorResponse::decode(reader);
  }
  template <class Response, class... Context>
  Response get_inside(View request, const Context&... context) {
    last = inside(request);
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    Reader reader(last, "response");
    Response out = Response::decode(reader, context...);
    reader.assert_done();
    return out;
  }
  // What a record is answered with where the session is gone.
  ErrorCode refused_outside(View record) {
    const Reply reply = send_record(record);
    REQUIRE_FALSE(reply.secured);
    REQUIRE(is_error(reply.bytes));
    Reader reader(reply.bytes, "ERROR");
    return ErrorResponse::decode(reader).code;
  }

  bool heartbeat() { return inside(encode_heartbeat(version)) == begin(version, Code::heartbeat_ack).take(); }

  DeviceProfile device;
  std::size_t slot_index = 0;
  Binding binding = Binding::none;
  std::uint16_t last_id = 0;
  Bytes digests_message, encapsulated_digests;
  std::optional<RequesterSide> signer;
  std::uint8_t finish_slot = 0;

  std::optional<crypto::KeyAgreement> agreement;
  std::optional<SessionTranscript> transcript;
  std::optional<SecuredSession> session;
  KeyExchangeResponse key_response;
  PskExchangeResponse psk_response;
  bool signature_holds = false, verify_data_holds = false;
};

inline std::vector<std::uint8_t> session_versions() { return {k11, k12, k13, k14}; }

}  // namespace spdm::test
