// Handshakes with a device that breaks the rules: no session comes of it, and nothing is sent in one.
#include "core/session/session_run.h"

using namespace spdm;

namespace {

// The device answers to `code` with something else than it should; the run must end with that error, and without a session.
struct Broken {
  explicit Broken(fake::SessionProfile profile = {}) : run(std::move(profile)) {}

  void change(Code code, std::function<void(Bytes& answer)> how) {
    run.device.tamper = [code, how](Code asked, Bytes& answer) {
      if (asked == code) how(answer);
    };
  }
  void expect(const std::string& what, ErrorId id = ErrorId::peer) {
    expect_error(id, what, [&] { run.collect(); });
    CHECK(run.count(Code::get_measurements) == 0);
    CHECK(run.count(Code::end_session) == 0);
  }

  fake::SessionRun run;
};

fake::SessionProfile in_the_clear() { return {.flags = fake::kPlain | fake::kRecords | cap::key_ex | cap::handshake_in_the_clear}; }
fake::SessionProfile by_psk() { return {.flags = fake::kPlain | fake::kRecords | cap::psk_with_context, .psk = Bytes(32, 7)}; }

constexpr std::size_t kHash = 32, kSignature = 96;

Bytes error(ErrorCode code, std::uint8_t version = k12) {
  return ErrorResponse{.version = version, .code = code, .data = 0, .extended = {}}.encode();
}

}  // namespace

TEST_CASE("N232 KEY_EXCHANGE_RSP with a wrong signature: no key is derived, and nothing is finished") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    Broken broken({.version = version});
    SUBCASE("the signature is another one") {
      broken.change(Code::key_exchange, [](Bytes& answer) { answer[answer.size() - kHash - kSignature] ^= 1; });
    }
    SUBCASE("it is over another message") {
      broken.change(Code::key_exchange, [](Bytes& answer) { answer[8] ^= 1; });
    }
    bool derived = false;
    broken.run.options.secrets = [&](const SecuredSession&) { derived = true; };
    broken.expect("KEY_EXCHANGE_RSP: Signature");
    CHECK_FALSE(derived);
    CHECK(broken.run.count(Code::finish) == 0);
  }
}

TEST_CASE("N232 KEY_EXCHANGE_RSP signed with another key than that of the slot") {
  Broken broken({.flags = cap::chal | cap::meas_sig | cap::pub_key_id | fake::kRecords | cap::key_ex});
  broken.run.wanted.slot = kProvisionedKey;
  broken.run.evidence.provisioned_key = pki::Key::make("EC", "P-384").spki();
  broken.expect("KEY_EXCHANGE_RSP: Signature");
}

TEST_CASE("a slot whose leaf has no key that can be read opens no session") {
  Broken broken;
  broken.change(Code::get_certificate, [](Bytes& answer) { std::fill(answer.begin() + 8 + 36, answer.end(), std::uint8_t{0x30}); });
  broken.expect("the leaf certificate has no key that can be read");
  CHECK(broken.run.count(Code::finish) == 0);
}

TEST_CASE("N233 KEY_EXCHANGE_RSP with wrong verify data") {
  Broken broken;
  broken.change(Code::key_exchange, [](Bytes& answer) { answer.back() ^= 1; });
  broken.expect("KEY_EXCHANGE_RSP: ResponderVerifyData");
  CHECK(broken.run.count(Code::finish) == 0);
}

TEST_CASE("N226 an exchange value that is no point of the curve") {
  Broken broken;
  // Signed as it is: only the value is wrong.
  broken.run.device.bad_exchange_data = true;
  broken.expect("secp256r1");
  CHECK(broken.run.count(Code::finish) == 0);
}

TEST_CASE("N229 KEY_EXCHANGE_RSP must select one of our versions of secured messages") {
  SUBCASE("one that was not offered") {
    Broken broken({.secured_version = 0x1400});
    broken.expect("version 1.4 of secured messages");
  }
  SUBCASE("none") {
    Broken broken;
    broken.run.device.selects = false;
    broken.expect("no version of secured messages");
  }
}

TEST_CASE("PSK_EXCHANGE_RSP must select one of our versions of secured messages") {
  fake::SessionProfile profile = by_psk();
  profile.secured_version = 0x0900;
  Broken broken(profile);
  broken.run.options.psk = SecretBytes::take(Bytes(32, 7));
  broken.run.wanted.challenge = false;
  broken.expect("PSK_EXCHANGE_RSP: OpaqueData: version 0.9");
}

TEST_CASE("N237 FINISH_RSP outside of the session, where it must be inside") {
  Broken broken;
  broken.run.device.tamper_record = [](Code code, SecuredReply& reply) {
    if (code == Code::finish) reply = {false, FinishResponse{}.encode(k12)};
  };
  broken.expect("FINISH: answered outside the session, with FINISH_RSP");
}

TEST_CASE("N238 FINISH_RSP with wrong verify data, or half of it") {
  SUBCASE("wrong") {
    Broken broken(in_the_clear());
    broken.run.options.handshake_in_the_clear = true;
    broken.change(Code::finish, [](Bytes& answer) { answer.back() ^= 1; });
    broken.expect("FINISH_RSP: ResponderVerifyData");
  }
  SUBCASE("half") {
    Broken broken(in_the_clear());
    broken.run.options.handshake_in_the_clear = true;
    broken.change(Code::finish, [](Bytes& answer) { answer.resize(answer.size() - kHash / 2); });
    broken.expect("FINISH_RSP: ResponderVerifyData");
  }
}

TEST_CASE("N239 FINISH_RSP with verify data that nobody expects") {
  Broken broken;
  broken.change(Code::finish, [](Bytes& answer) { answer.resize(answer.size() + kHash); });
  broken.expect("FINISH_RSP: length");
}

TEST_CASE("N241 what finishes the one handshake finishes not the other (CVE-2023-31127)") {
  SUBCASE("PSK_FINISH_RSP to FINISH") {
    Broken broken;
    broken.change(Code::finish, [](Bytes& answer) { answer = PskFinishResponse{}.encode(k12); });
    broken.expect("expected FINISH_RSP, got PSK_FINISH_RSP");
  }
  SUBCASE("FINISH_RSP to PSK_FINISH") {
    Broken broken(by_psk());
    broken.run.options.psk = SecretBytes::take(Bytes(32, 7));
    broken.run.wanted.challenge = false;
    broken.change(Code::psk_finish, [](Bytes& answer) { answer = FinishResponse{}.encode(k12); });
    broken.expect("expected PSK_FINISH_RSP, got FINISH_RSP");
  }
}

TEST_CASE("N242 ERROR to FINISH ends the session, inside and in the clear") {
  for (const bool clear : {false, true})
    for (const ErrorCode code : {ErrorCode::decrypt_error, ErrorCode::unspecified, ErrorCode::invalid_request}) {
      Broken broken(clear ? in_the_clear() : fake::SessionProfile{});
      broken.run.options.handshake_in_the_clear = clear;
      broken.change(Code::finish, [&](Bytes& answer) { answer = error(code); });
      broken.expect("FINISH: the responder answered ERROR " + name(code));
    }
}

TEST_CASE("ERROR to KEY_EXCHANGE opens no session, and is told") {
  Broken broken;
  broken.change(Code::key_exchange, [](Bytes& answer) { answer = error(ErrorCode::session_limit_exceeded); });
  broken.expect("KEY_EXCHANGE: the responder answered ERROR SessionLimitExceeded");
  CHECK(broken.run.count(Code::finish) == 0);
}

TEST_CASE("N247 PSK_EXCHANGE_RSP with wrong verify data; and a device that has another key") {
  Broken broken(by_psk());
  broken.run.wanted.challenge = false;
  SUBCASE("wrong") {
    broken.run.options.psk = SecretBytes::take(Bytes(32, 7));
    broken.change(Code::psk_exchange, [](Bytes& answer) { answer.back() ^= 1; });
  }
  SUBCASE("another key") { broken.run.options.psk = SecretBytes::take(Bytes(32, 8)); }
  broken.expect("PSK_EXCHANGE_RSP: ResponderVerifyData");
  CHECK(broken.run.count(Code::psk_finish) == 0);
}

TEST_CASE("N227 1.4: a KEM ciphertext of noise shows in the verify data") {
  if (!crypto::supports(*find_key_exchange("ML-KEM-512"))) return;
  Broken broken({.version = k14, .key_exchange = "ML-KEM-512"});
  broken.run.options.key_exchange = {find_key_exchange("ML-KEM-512")};
  broken.run.device.bad_exchange_data = true;
  broken.expect("KEY_EXCHANGE_RSP: ResponderVerifyData");
}

TEST_CASE("N231 a limit of records that no number has") {
  Broken broken({.secured_version = 0x1300, .aead_limit = 65});
  broken.expect("AEADLimitExponent");
}
