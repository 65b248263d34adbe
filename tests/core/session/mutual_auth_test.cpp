// The device asks who we are: before, during and after the handshake.
#include "core/session/encapsulated.h"
#include "core/session/session_run.h"

using namespace spdm;

namespace {

constexpr std::uint32_t kFlags = fake::kPlain | fake::kRecords | fake::kMutual | cap::key_ex;

Bytes get_digests(std::uint8_t version) { return begin(version, Code::get_digests).take(); }

Bytes get_certificate(std::uint8_t version, std::uint32_t offset = 0, std::uint32_t length = 0xFFFF, std::uint8_t slot = 0) {
  return GetCertificate{.slot = slot, .large = false, .slot_size_requested = false, .offset = offset, .length = length}.encode(version);
}

Bytes challenge(std::uint8_t version, std::uint8_t slot = 0) {
  Challenge out;
  out.slot = slot;
  out.nonce.fill(0x77);
  out.context.fill(0x66);
  return out.encode(version);
}

ErrorCode error_of(const Bytes& answer) { return is_error(answer) ? static_cast<ErrorCode>(answer[2]) : ErrorCode{}; }

// Asks one thing during the handshake, and returns what it was answered.
Bytes ask_once(Bytes question, std::uint8_t version = k12) {
  fake::SessionRun run({.version = version, .flags = kFlags, .mutual_auth = MutualAuth::encapsulated});
  run.options.identity = fake::our_identity();
  run.device.requester_identity = fake::our_spdm_chain();
  run.device.to_ask = {std::move(question)};
  run.collect();
  return run.device.answers.at(0);
}

}  // namespace

TEST_CASE("mutual authentication: encapsulated requests, implied digests, and none, inside and in the clear") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const MutualAuth kind : {MutualAuth::encapsulated, MutualAuth::digests, MutualAuth::optimized})
      for (const bool clear : {false, true}) {
        CAPTURE(name(kind));
        const std::uint32_t flags = kFlags | (clear ? cap::handshake_in_the_clear : 0);
        fake::SessionRun run({.version = version, .flags = flags, .mutual_auth = kind, .binding = Binding::doe});
        run.options.identity = fake::our_identity();
        run.options.handshake_in_the_clear = clear;
        if (kind == MutualAuth::optimized)
          run.device.requester_identity = fake::our_spdm_chain();
        else
          run.device.to_ask = {get_digests(version), get_certificate(version)};
        run.wanted.challenge = false;
        run.collect();
        CHECK(run.count(Code::get_encapsulated_request) == (kind == MutualAuth::encapsulated ? 1 : 0));
        CHECK(run.count(Code::deliver_encapsulated_response) == (kind == MutualAuth::optimized ? 0 : 2));
        CHECK(run.device.requester_identity == fake::our_spdm_chain());
        CHECK(run.seen().sessions().at(0).requester_slot == 0);
        if (kind != MutualAuth::optimized) CHECK(run.was_inside(Code::deliver_encapsulated_response) == !clear);
        CHECK(run.is_signed(SignedMessage::measurements));
      }
}

TEST_CASE("mutual authentication: our chain in portions, as small as the device takes them") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::encapsulated});
  run.options.identity = fake::our_identity();
  const std::size_t size = fake::our_spdm_chain().size();
  run.device.to_ask = {get_digests(k12)};
  for (std::size_t offset = 0; offset < size; offset += 100)
    run.device.to_ask.push_back(get_certificate(k12, static_cast<std::uint32_t>(offset), 100));
  run.collect();
  CHECK(run.device.requester_identity == fake::our_spdm_chain());
}

TEST_CASE("mutual authentication: a portion is no larger than what the device takes in one piece") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::encapsulated, .room = 400});
  run.options.identity = fake::our_identity();
  run.options.handshake_in_the_clear = false;
  run.device.requester_identity = fake::our_spdm_chain();
  run.device.to_ask = {get_certificate(k12)};
  run.collect();
  CHECK(run.device.answers.at(0).size() == 400 - 4);
  for (const Bytes& request : run.device.requests) CHECK(request.size() <= 400);
}

TEST_CASE("mutual authentication: multi-key connections have our DIGESTS in the transcript, with its arrays") {
  for (const MutualAuth kind : {MutualAuth::encapsulated, MutualAuth::digests}) {
    fake::SessionRun run({.version = k13, .flags = kFlags, .mutual_auth = kind, .multi_key = true});
    run.options.identity = fake::our_identity();
    run.options.multi_key = true;
    run.device.to_ask = {get_digests(k13), get_certificate(k13)};
    run.collect();
    const Bytes& digests = run.device.answers.at(0);
    CHECK(digests.size() == 4 + 32 + 1 + 1 + 2);
    CHECK(run.device.answers.at(1)[3] == static_cast<std::uint8_t>(CertModel::device));
  }
}

TEST_CASE("mutual authentication: DIGESTS that were not asked for first are no part of the transcript") {
  fake::SessionRun run({.version = k13, .flags = kFlags, .mutual_auth = MutualAuth::encapsulated, .multi_key = true});
  run.options.identity = fake::our_identity();
  run.options.multi_key = true;
  run.device.to_ask = {get_certificate(k13), get_digests(k13)};
  run.collect();
  CHECK(run.device.requester_identity == fake::our_spdm_chain());
}

TEST_CASE("mutual authentication: with a key that was provisioned") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::optimized, .requester_slot = kProvisionedKey});
  run.options.identity = RequesterIdentity::with_key(fake::our_chain().leaf.key.private_key());
  run.device.requester_identity = fake::our_chain().leaf.key.spki();
  run.collect();
  CHECK(run.seen().sessions().at(0).requester_slot == kProvisionedKey);
}

TEST_CASE("A26 the flow ends without a slot: it is 0") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::encapsulated});
  run.options.identity = fake::our_identity();
  run.device.to_ask = {get_digests(k12), get_certificate(k12)};
  run.device.names_slot = false;
  run.collect();
  CHECK(run.seen().sessions().at(0).requester_slot == 0);
}

TEST_CASE("N223 the device wants a slot that we do not have") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::optimized, .requester_slot = 1});
  run.options.identity = fake::our_identity();
  expect_error(ErrorId::peer, "the device wants our slot 1", [&] { run.collect(); });
  CHECK(run.count(Code::finish) == 0);
}

TEST_CASE("basic mutual authentication: CHALLENGE_AUTH asks, and the device knows us by our own") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    fake::SessionRun run({.version = version, .flags = fake::kPlain | fake::kMutual, .binding = Binding::doe});
    run.wanted.in_session = false;
    run.options.open = false;
    run.options.identity = fake::our_identity();
    run.device.requester_identity = fake::our_spdm_chain();
    run.device.to_ask = {get_digests(version), get_certificate(version), challenge(version)};
    run.collect();
    CHECK(run.device.requester_is_known);
    CHECK(run.asked(5) == std::vector<Code>{Code::challenge, Code::get_encapsulated_request, Code::deliver_encapsulated_response,
                                            Code::deliver_encapsulated_response, Code::deliver_encapsulated_response,
                                            Code::get_measurements});
    CHECK(run.is_signed(SignedMessage::challenge_auth));
  }
}

TEST_CASE("N279 CHALLENGE_AUTH asks who we are, where no encapsulated flow is possible") {
  fake::SessionRun run({.version = k13, .flags = fake::kPlain | cap::mut_auth});
  run.wanted.in_session = false;
  run.options.open = false;
  run.options.identity = fake::our_identity();
  run.device.to_ask = {get_digests(k13)};
  expect_error(ErrorId::peer, "CHALLENGE_AUTH: BasicMutAuthReq", [&] { run.collect(); });
  CHECK(run.count(Code::get_encapsulated_request) == 0);
}

TEST_CASE("N280 nothing is asked although mutual authentication was requested: the handshake fails") {
  fake::SessionRun run({.version = k13, .flags = kFlags, .mutual_auth = MutualAuth::encapsulated});
  run.options.identity = fake::our_identity();
  expect_error(ErrorId::peer, "GET_ENCAPSULATED_REQUEST: the responder answered ERROR NoPendingRequests", [&] { run.collect(); });
  CHECK(run.count(Code::finish) == 0);
}

TEST_CASE("N278 encapsulated requests without end are answered no more at some time") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::encapsulated});
  run.options.identity = fake::our_identity();
  run.device.to_ask = {get_digests(k12), get_digests(k12)};
  run.device.asks_without_end = true;
  expect_error(ErrorId::peer, "1024 requests without an end", [&] { run.collect(); });
  CHECK(run.count(Code::deliver_encapsulated_response) == 1024);
  CHECK(run.count(Code::finish) == 0);
}

TEST_CASE("N277 what follows the last acknowledgement is refused") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::encapsulated});
  run.options.identity = fake::our_identity();
  run.device.to_ask = {get_digests(k12)};
  run.device.tamper = [](Code code, Bytes& answer) {
    if (code == Code::deliver_encapsulated_response) answer.push_back(0);
  };
  expect_error(ErrorId::peer, "ENCAPSULATED_RESPONSE_ACK: length", [&] { run.collect(); });
}

TEST_CASE("N270 an encapsulated request of another version") {
  for (const std::uint8_t version : {k10, k11, k13, std::uint8_t{0}})
    CHECK(error_of(ask_once(get_digests(version))) == ErrorCode::version_mismatch);
}

TEST_CASE("N271 encapsulated GET_CERTIFICATE for a slot that holds nothing") {
  CHECK(error_of(ask_once(get_certificate(k12, 0, 0xFFFF, 1))) == ErrorCode::invalid_request);
}

TEST_CASE("N272 encapsulated GET_CERTIFICATE past the end, and for nothing") {
  const auto size = static_cast<std::uint32_t>(fake::our_spdm_chain().size());
  CHECK(error_of(ask_once(get_certificate(k12, size))) == ErrorCode::invalid_request);
  CHECK(error_of(ask_once(get_certificate(k12, 0, 0))) == ErrorCode::invalid_request);
  CHECK_FALSE(is_error(ask_once(get_certificate(k12, size - 1))));
}

TEST_CASE("N273 encapsulated requests that do not belong into a handshake") {
  CHECK(error_of(ask_once(challenge(k12))) == ErrorCode::unexpected_request);
  CHECK(error_of(ask_once(KeyUpdate{.operation = KeyOperation::update_key, .tag = 1}.encode(k12))) == ErrorCode::unexpected_request);
}

TEST_CASE("N274 encapsulated requests that nobody asks a requester") {
  for (const Code code : {Code::get_version, Code::get_measurements, Code::key_exchange, Code::get_encapsulated_request, Code::end_session,
                          Code::chunk_send, Code::vendor_defined_request, Code::digests, Code::error})
    CHECK(error_of(ask_once(begin(k12, code).take())) == ErrorCode::unexpected_request);
}

TEST_CASE("encapsulated requests that are cut, or too long") {
  Bytes longer = get_digests(k12);
  longer.push_back(0);
  CHECK(error_of(ask_once(longer)) == ErrorCode::invalid_request);
  Bytes cut = get_certificate(k12);
  cut.pop_back();
  CHECK(error_of(ask_once(cut)) == ErrorCode::invalid_request);
}

TEST_CASE("an encapsulated request may be padded outside of a session, where the binding pads, and with zeros") {
  for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::uint32_t flags = kFlags | cap::handshake_in_the_clear;
    fake::SessionRun run({.flags = flags, .mutual_auth = MutualAuth::encapsulated, .binding = Binding::doe});
    run.options.identity = fake::our_identity();
    run.options.handshake_in_the_clear = true;
    run.device.requester_identity = fake::our_spdm_chain();
    Bytes padded = get_digests(k12);
    padded.insert(padded.end(), 3, byte);
    run.device.to_ask = {padded};
    run.device.pads = false;
    run.collect();
    CHECK(is_error(run.device.answers.at(0)) == (byte != 0));
  }
}

TEST_CASE("an encapsulated request is not padded inside of a session, whatever the binding does outside") {
  fake::SessionRun run({.flags = kFlags, .mutual_auth = MutualAuth::encapsulated, .binding = Binding::doe});
  run.options.identity = fake::our_identity();
  run.device.requester_identity = fake::our_spdm_chain();
  Bytes padded = get_digests(k12);
  padded.resize(padded.size() + 3);
  run.device.to_ask = {padded};
  run.collect();
  CHECK(error_of(run.device.answers.at(0)) == ErrorCode::invalid_request);
}

TEST_CASE("nothing to ask is only an answer to whether there is something: later it ends the session's work") {
  fake::SessionRun run({.flags = kFlags});
  run.options.exercise = true;
  run.options.identity = fake::our_identity();
  run.wanted.challenge = false;
  run.device.to_ask = {get_digests(k12), get_digests(k12)};
  run.device.tamper = [](Code code, Bytes& answer) {
    if (code == Code::deliver_encapsulated_response)
      answer = ErrorResponse{.version = k12, .code = ErrorCode::unexpected_request, .data = 0, .extended = {}}.encode();
  };
  expect_error(ErrorId::peer, "DELIVER_ENCAPSULATED_RESPONSE: the responder answered ERROR UnexpectedRequest", [&] { run.collect(); });
}

TEST_CASE("who we are is not told without an identity, nor certificates of a key without any") {
  fake::SessionRun run({.version = k13, .flags = kFlags | cap::encap});
  run.options.exercise = true;
  run.device.to_ask = {get_digests(k13), get_certificate(k13)};
  run.collect();
  CHECK(error_of(run.device.answers.at(0)) == ErrorCode::unsupported_request);
  CHECK(run.device.answers.at(0)[3] == static_cast<std::uint8_t>(Code::get_digests));
  CHECK(error_of(run.device.answers.at(1)) == ErrorCode::unsupported_request);
}

TEST_CASE("an established session: the device asks, and renews its own key") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    fake::SessionRun run({.version = version, .flags = kFlags});
    run.options.exercise = true;
    run.options.identity = fake::our_identity();
    run.wanted.challenge = false;
    run.device.to_ask = {get_digests(version), KeyUpdate{.operation = KeyOperation::update_key, .tag = 1}.encode(version),
                         KeyUpdate{.operation = KeyOperation::verify_new_key, .tag = 2}.encode(version), challenge(version)};
    unsigned told = 0;
    run.options.secrets = [&](const SecuredSession&) { ++told; };
    run.collect();
    CHECK(run.device.answers.at(1) == KeyUpdate{.operation = KeyOperation::update_key, .tag = 1}.encode_ack(version));
    CHECK(run.device.answers.at(2) == KeyUpdate{.operation = KeyOperation::verify_new_key, .tag = 2}.encode_ack(version));
    CHECK(error_of(run.device.answers.at(3)) == ErrorCode::unexpected_request);
    CHECK(told == 6);
    CHECK(run.is_signed(SignedMessage::measurements));
  }
}

TEST_CASE("an encapsulated KEY_UPDATE before the last one is verified changes no key") {
  fake::SessionRun run({.flags = kFlags});
  run.options.exercise = true;
  run.options.identity = fake::our_identity();
  run.wanted.challenge = false;
  const Bytes again = KeyUpdate{.operation = KeyOperation::update_key, .tag = 2}.encode(k12);
  run.device.to_ask = {KeyUpdate{.operation = KeyOperation::update_key, .tag = 1}.encode(k12), again,
                       KeyUpdate{.operation = KeyOperation::verify_new_key, .tag = 3}.encode(k12)};
  run.collect();
  CHECK_FALSE(is_error(run.device.answers.at(0)));
  CHECK(error_of(run.device.answers.at(1)) == ErrorCode::invalid_request);
  CHECK_FALSE(is_error(run.device.answers.at(2)));
}

TEST_CASE("an encapsulated KEY_UPDATE that makes no sense changes no key") {
  const auto update = [](KeyOperation operation) { return KeyUpdate{.operation = operation, .tag = 1}.encode(k12); };
  for (const Bytes& question : {update(KeyOperation::update_all_keys), update(KeyOperation::verify_new_key), update(KeyOperation{9})}) {
    fake::SessionRun run({.flags = kFlags});
    run.options.exercise = true;
    run.options.identity = fake::our_identity();
    run.wanted.challenge = false;
    run.device.to_ask = {question};
    run.collect();
    CHECK(error_of(run.device.answers.at(0)) == ErrorCode::invalid_request);
    CHECK(run.count(Code::end_session) == 1);
  }
}
