// What comes back in a session: records of it, in order, and nothing else.
#include "core/session/session_link.h"

#include "core/session/session_run.h"

using namespace spdm;

namespace {

Bytes error(ErrorCode code) { return ErrorResponse{.version = k12, .code = code, .data = 0, .extended = {}}.encode(); }

// The answer to GET_MEASUREMENTS is changed on the link; `over`: whether that ends the session, so that nobody says farewell.
void expect_refused(const std::function<void(SecuredReply& reply)>& how, const std::string& what, bool over,
                    Binding binding = Binding::mctp) {
  fake::SessionRun run({.binding = binding});
  run.device.tamper_record = [&](Code code, SecuredReply& reply) {
    if (code == Code::get_measurements) how(reply);
  };
  expect_error(ErrorId::peer, what, [&] { run.collect(); });
  CHECK(run.count(Code::get_measurements) == 1);
  CHECK(run.count(Code::end_session) == (over ? 0 : 1));
}

// The same inside of the record.
void expect_error_inside(ErrorCode code, bool over) {
  fake::SessionRun run;
  run.wanted.measurements = MeasurementMode::indices;
  run.wanted.indices = {1};
  run.device.tamper = [&](Code asked, Bytes& answer) {
    if (asked == Code::get_measurements) answer = error(code);
  };
  CAPTURE(name(code));
  expect_error(ErrorId::peer, over && code != ErrorCode::request_resynch ? "" : "ERROR", [&] { run.collect(); });
  CHECK(run.count(Code::end_session) == (over ? 0 : 1));
}

}  // namespace

TEST_CASE("N15 a plain answer to a request of a session is none, and the session can still be ended") {
  expect_refused(
      [](SecuredReply& reply) {
        reply = {false, MeasurementsResponse{}.encode(k12, 0)};
      },
      "GET_MEASUREMENTS: answered outside the session, with MEASUREMENTS", false);
  expect_refused([](SecuredReply& reply) { reply = {false, {}}; }, "answered outside the session, with 0 bytes", false);
}

TEST_CASE("N43 a plain ERROR, which anybody can send, ends the request and not the session") {
  expect_refused(
      [](SecuredReply& reply) {
        reply = {false, error(ErrorCode::decrypt_error)};
      },
      "answered outside the session, with ERROR DecryptError (0x06)", false);
  expect_refused(
      [](SecuredReply& reply) {
        reply = {false, error(ErrorCode::invalid_session)};
      },
      "answered outside the session, with ERROR InvalidSession (0x02)", false);
}

TEST_CASE("records that cannot be opened end the session") {
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp}) {
    expect_refused([](SecuredReply& reply) { reply.bytes[0] ^= 1; }, "another session", true, binding);
    expect_refused([](SecuredReply& reply) { reply.bytes.back() ^= 1; }, "tag", true, binding);
    expect_refused([](SecuredReply& reply) { reply.bytes.pop_back(); }, "secured message", true, binding);
    expect_refused([](SecuredReply& reply) { reply.bytes.resize(reply.bytes.size() + 4); }, "secured message", true, binding);
    expect_refused([](SecuredReply& reply) { reply.bytes.clear(); }, "secured message", true, binding);
  }
}

TEST_CASE("a number that is left out, and a record that comes again, end the session") {
  for (const Binding binding : {Binding::mctp, Binding::doe}) {
    fake::SessionRun skipped({.binding = binding});
    skipped.device.tamper = [&](Code code, Bytes&) {
      if (code == Code::get_measurements) skipped.device.session().seal(Direction::response, Bytes(4));
    };
    expect_error(ErrorId::peer, "secured message", [&] { skipped.collect(); });
    CHECK(skipped.count(Code::end_session) == 0);

    fake::SessionRun repeated({.binding = binding});
    repeated.wanted.measurements = MeasurementMode::indices;
    repeated.wanted.indices = {1, 1};
    Bytes first;
    repeated.device.tamper_record = [&](Code code, SecuredReply& reply) {
      if (code != Code::get_measurements) return;
      if (first.empty())
        first = reply.bytes;
      else
        reply.bytes = first;
    };
    expect_error(ErrorId::peer, "", [&] { repeated.collect(); });
    CHECK(repeated.count(Code::get_measurements) == 2);
    CHECK(repeated.count(Code::end_session) == 0);
  }
}

TEST_CASE("our own record is no answer") {
  fake::SessionRun run;
  run.options.keep_records = true;
  run.device.tamper_record = [&](Code code, SecuredReply& reply) {
    if (code == Code::get_measurements) reply.bytes = run.evidence.log.back().bytes;
  };
  expect_error(ErrorId::peer, "secured message", [&] { run.collect(); });
  CHECK(run.evidence.log.back().secured);
}

TEST_CASE("N42 DecryptError in a session ends it") { expect_error_inside(ErrorCode::decrypt_error, true); }

TEST_CASE("N268 RequestSessionTerminated ends the session") { expect_error_inside(ErrorCode::request_session_terminated, true); }

TEST_CASE("any other ERROR in a session ends the request, and the session is ended as usual") {
  for (const ErrorCode code : {ErrorCode::invalid_request, ErrorCode::unspecified, ErrorCode::unexpected_request, ErrorCode::invalid_state})
    expect_error_inside(code, false);
}

TEST_CASE("RequestResynch in a session: it is over, and all begins again") {
  fake::SessionRun run;
  bool once = true;
  run.device.tamper = [&](Code code, Bytes& answer) {
    if (code == Code::get_measurements && std::exchange(once, false)) answer = error(ErrorCode::request_resynch);
  };
  run.collect();
  CHECK(run.count(Code::get_version) == 2);
  CHECK(run.count(Code::key_exchange) == 2);
  CHECK(run.count(Code::end_session) == 1);
}

TEST_CASE("answers in a session are exact: nothing follows the message") {
  for (const Binding binding : {Binding::mctp, Binding::doe}) {
    fake::SessionRun run({.binding = binding});
    run.device.tamper = [](Code code, Bytes& answer) {
      if (code == Code::get_measurements) answer.resize(answer.size() + 1);
    };
    expect_error(ErrorId::peer, "MEASUREMENTS: length", [&] { run.collect(); });
  }
}

TEST_CASE("a session that nobody answers in is left, with a farewell that nobody waits for") {
  fake::SessionRun run;
  run.device.tamper_record = [](Code code, SecuredReply&) {
    if (code == Code::get_measurements) throw Error(ErrorId::timeout, "no answer");
  };
  expect_error(ErrorId::timeout, "no answer", [&] { run.collect(); });
  CHECK(run.count(Code::end_session) == 1);
}

TEST_CASE("rooms: a record takes some of what fits on the link") {
  fake::SessionDevice device;
  const SessionSuite suite{.version = k12, .hash = find_hash("SHA-256"), .aead = find_aead("AES-128-GCM")};
  const RecordShape shape{.binding = Binding::mctp, .session_id = 1, .encrypted = true, .aead = suite.aead};
  SessionLink link(device, SecuredSession(SessionKind::psk, suite, shape, KeySchedule::from_psk(suite, SecretBytes(32)), Bytes(32)), {});
  CHECK(link.max_send() == device.max_send() - kRecordOverhead);
  CHECK(link.max_receive() == device.max_receive() - kRecordOverhead);
  CHECK(link.binding() == Binding::none);
  CHECK_FALSE(link.carries_sessions());
}
