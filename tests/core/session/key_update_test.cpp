// Keys that are renewed, numbers that run out, and silence.
#include "core/session/key_update.h"

#include <thread>

#include "core/session/active_session.h"
#include "core/session/session_run.h"

using namespace spdm;

namespace {

Bytes error(ErrorCode code) { return ErrorResponse{.version = k12, .code = code, .data = 0, .extended = {}}.encode(); }

// A run that renews keys; `over`: whether what happens there ends the session, so that nobody says farewell.
struct Renewing {
  explicit Renewing(fake::SessionProfile profile = {}) : run(std::move(profile)) { run.options.exercise = true; }
  void expect(ErrorId id, const std::string& what, bool over) {
    expect_error(id, what, [&] { run.collect(); });
    CHECK(run.count(Code::end_session) == (over ? 0 : 1));
    CHECK(run.count(Code::get_measurements) == 0);
  }
  // The answer to the `nth` KEY_UPDATE, from 0 on: UpdateKey, VerifyNewKey, UpdateAllKeys, VerifyNewKey.
  void change(unsigned nth, std::function<void(Bytes& answer)> how) {
    run.device.tamper = [this, nth, how](Code code, Bytes& answer) {
      if (code == Code::key_update && run.count(Code::key_update) == nth + 1) how(answer);
    };
  }
  void answer(unsigned nth, std::function<Bytes()> how) {
    run.device.instead = [this, nth, how](Code code) -> std::optional<Bytes> {
      if (code == Code::key_update && run.count(Code::key_update) == nth + 1) return how();
      return std::nullopt;
    };
  }

  fake::SessionRun run;
};

}  // namespace

TEST_CASE("what a session can do is exercised: heartbeat, one key, both keys, and what the device wants to know") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    fake::SessionRun run({.version = version, .flags = fake::kPlain | fake::kRecords | cap::key_ex | cap::encap});
    run.options.exercise = true;
    run.collect();
    CHECK(run.asked(7) == std::vector<Code>{Code::heartbeat, Code::key_update, Code::key_update, Code::key_update, Code::key_update,
                                            Code::get_encapsulated_request, Code::get_measurements, Code::end_session});
    const SessionSeen session = run.seen().sessions().at(0);
    CHECK(session.heartbeats == 1);
    CHECK(session.key_updates == 4);
    // UpdateKey, VerifyNewKey, UpdateAllKeys, VerifyNewKey: and no step has the tag of the one before.
    const std::vector<Bytes>& sent = run.device.requests;
    CHECK(sent.at(8)[2] == 1);
    CHECK(sent.at(9)[2] == 3);
    CHECK(sent.at(10)[2] == 2);
    CHECK(sent.at(11)[2] == 3);
    CHECK(sent.at(8)[3] != sent.at(9)[3]);
  }
}

TEST_CASE("nothing is exercised that one of the two cannot do") {
  fake::SessionRun run({.flags = fake::kPlain | cap::encrypt | cap::mac | cap::key_ex});
  run.options.exercise = true;
  run.collect();
  CHECK(run.asked(7) == std::vector<Code>{Code::get_measurements, Code::end_session});
}

TEST_CASE("N259 an acknowledgement of another step ends the session") {
  for (const unsigned nth : {0U, 2U}) {
    Renewing tag;
    tag.change(nth, [](Bytes& answer) { answer[3] ^= 1; });
    tag.expect(ErrorId::peer, "KEY_UPDATE_ACK: Tag", true);
    Renewing operation;
    operation.change(nth, [](Bytes& answer) { answer[2] = 3; });
    operation.expect(ErrorId::peer, "KEY_UPDATE_ACK: KeyOperation", true);
  }
}

TEST_CASE("N260 UpdateAllKeys, acknowledged under the old key") {
  Renewing renewing;
  renewing.answer(2, [&] {
    const Bytes& request = renewing.run.device.requests.back();
    return KeyUpdate{.operation = KeyOperation::update_all_keys, .tag = request[3]}.encode_ack(k12);
  });
  renewing.expect(ErrorId::peer, "KEY_UPDATE: key: answered under the old key", true);
}

TEST_CASE("N261 UpdateAllKeys is refused under the old key: the old keys hold, and the session is ended with them") {
  Renewing renewing;
  SUBCASE("Busy without end") {
    renewing.run.limits.busy_retries = 2;
    renewing.run.device.instead = [&](Code code) -> std::optional<Bytes> {
      if (code == Code::key_update && renewing.run.device.requests.back()[2] == 2) return error(ErrorCode::busy);
      return std::nullopt;
    };
    renewing.expect(ErrorId::busy, "KEY_UPDATE", false);
  }
  SUBCASE("refused") {
    renewing.answer(2, [] { return error(ErrorCode::unspecified); });
    renewing.expect(ErrorId::peer, "KEY_UPDATE: the responder answered ERROR Unspecified", false);
  }
  SUBCASE("UpdateKey is refused") {
    renewing.answer(0, [] { return error(ErrorCode::invalid_request); });
    renewing.expect(ErrorId::peer, "KEY_UPDATE: the responder answered ERROR InvalidRequest", false);
  }
}

TEST_CASE("UpdateAllKeys: Busy once, then the acknowledgement") {
  Renewing renewing;
  renewing.answer(2, [] { return error(ErrorCode::busy); });
  renewing.run.collect();
  CHECK(renewing.run.count(Code::key_update) == 5);
  CHECK(renewing.run.count(Code::end_session) == 1);
}

TEST_CASE("an ERROR under the new key leaves nobody knowing which key holds: the session is over") {
  Renewing renewing;
  renewing.change(2, [](Bytes& answer) { answer = error(ErrorCode::unspecified); });
  renewing.expect(ErrorId::peer, "ERROR under the new key", true);
}

TEST_CASE("N262 VerifyNewKey is not acknowledged: the session is over") {
  for (const unsigned nth : {1U, 3U}) {
    Renewing renewing;
    renewing.change(nth, [](Bytes& answer) { answer = error(ErrorCode::unspecified); });
    renewing.expect(ErrorId::peer, "KEY_UPDATE: the responder answered ERROR Unspecified", true);
  }
}

TEST_CASE("a heartbeat that nobody answers ends the run, and the session is ended") {
  fake::SessionRun run;
  run.options.exercise = true;
  run.device.tamper_record = [](Code code, SecuredReply&) {
    if (code == Code::heartbeat) throw Error(ErrorId::timeout, "no answer");
  };
  expect_error(ErrorId::timeout, "no answer", [&] { run.collect(); });
  CHECK(run.count(Code::end_session) == 1);
}

TEST_CASE("N264 END_SESSION that is not acknowledged: the keys are gone all the same") {
  fake::SessionRun run;
  bool over = false;
  SUBCASE("missing") {
    run.device.tamper_record = [](Code code, SecuredReply&) {
      if (code == Code::end_session) throw Error(ErrorId::timeout, "no answer");
    };
    expect_error(ErrorId::timeout, "no answer", [&] { run.collect(); });
    over = true;
  }
  SUBCASE("malformed") {
    run.device.tamper = [](Code code, Bytes& answer) {
      if (code == Code::end_session) answer.push_back(0);
    };
    expect_error(ErrorId::peer, "END_SESSION_ACK: length", [&] { run.collect(); });
    over = true;
  }
  CHECK(over);
  CHECK(run.count(Code::end_session) == 1);  // and nobody says it twice
}

TEST_CASE("N265 silence: a heartbeat after half of the period, and the end after two") {
  using std::chrono::milliseconds;
  CHECK(judge_silence(milliseconds(1'000'000), 0) == Silence::harmless);
  CHECK(judge_silence(milliseconds(5'000), 10) == Silence::harmless);
  CHECK(judge_silence(milliseconds(5'001), 10) == Silence::heartbeat_due);
  CHECK(judge_silence(milliseconds(19'999), 10) == Silence::heartbeat_due);
  CHECK(judge_silence(milliseconds(20'000), 10) == Silence::over);
}

TEST_CASE("a session is kept alive: HEARTBEAT before the request where the last message was long ago") {
  const auto wait = [](std::chrono::milliseconds time) {
    return [time](const SecuredSession& session) {
      if (session.phase() == SessionPhase::application) std::this_thread::sleep_for(time);
    };
  };
  fake::SessionRun late({.heartbeat = 1});
  late.options.secrets = wait(std::chrono::milliseconds(550));
  late.collect();
  CHECK(late.asked(7) == std::vector<Code>{Code::heartbeat, Code::get_measurements, Code::end_session});
  fake::SessionRun early({.heartbeat = 1});
  early.collect();
  CHECK(early.count(Code::heartbeat) == 0);
  fake::SessionRun gone({.heartbeat = 1});
  gone.options.secrets = wait(std::chrono::milliseconds(2000));
  expect_error(ErrorId::timeout, "twice its HeartbeatPeriod of 1 s", [&] { gone.collect(); });
  CHECK(gone.count(Code::get_measurements) + gone.count(Code::end_session) == 0);
}

TEST_CASE("N266 a key that protects few messages is renewed in time") {
  fake::SessionRun run({.secured_version = 0x1300, .aead_limit = 3});
  run.wanted.measurements = MeasurementMode::indices;
  run.wanted.indices = std::vector<std::uint8_t>(20, 1);
  run.collect();  // the device opens nothing beyond number 7
  CHECK(run.count(Code::get_measurements) == 20);
  CHECK(run.count(Code::key_update) >= 6);
  CHECK(run.count(Code::end_session) == 1);
}

TEST_CASE("N266 where keys cannot be renewed the session ends before a number comes again") {
  fake::SessionRun run({.flags = fake::kPlain | cap::encrypt | cap::mac | cap::key_ex, .secured_version = 0x1300, .aead_limit = 3});
  run.wanted.measurements = MeasurementMode::indices;
  run.wanted.indices = std::vector<std::uint8_t>(20, 1);
  expect_error(ErrorId::peer, "protects no more messages", [&] { run.collect(); });
  CHECK(run.count(Code::get_measurements) == 7);
  CHECK(run.count(Code::end_session) == 1);  // with the last number
}

TEST_CASE("a limit means nothing where an earlier version of secured messages was selected") {
  fake::SessionRun run({.secured_version = 0x1200, .aead_limit = 0});
  run.device.ignores_limit = true;
  run.collect();
  CHECK(run.count(Code::key_update) == 0);
}
