// Two ends of a session: what one seals the other opens, as long as both have the same keys.
#include "core/session/secured_session.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "support/session_suite.h"

using namespace spdm;

namespace {

using enum Direction;

const Bytes kRequest{0x12, 0xE8, 0, 0}, kResponse{0x12, 0x68, 0, 0};

SecuredSession session(SessionKind kind = SessionKind::key_exchange) {
  return {kind, support::session_suite(), {Binding::doe, 0xFFFFFFFF, true, nullptr}, support::key_schedule(), Bytes(32, 2)};
}

struct Ends {
  SecuredSession requester = session(), responder = session();

  bool request_passes() { return responder.open(request, requester.seal(request, kRequest)) == kRequest; }
  bool response_passes() { return requester.open(response, responder.seal(response, kResponse)) == kResponse; }
  void establish() {
    requester.establish(Bytes(32, 3));
    responder.establish(Bytes(32, 3));
  }
};

void check_dead(SecuredSession& one) {
  CHECK(one.phase() == SessionPhase::dead);
  CHECK(one.left(request) == 0);
  CHECK_THROWS_AS(one.seal(request, kRequest), Error);
  CHECK_THROWS_AS(one.open(response, Bytes(64)), Error);
  CHECK_THROWS_AS(one.secret(request), Error);
  CHECK_THROWS_AS(one.verify_data(request, Bytes(32)), Error);
  CHECK_THROWS_AS(one.establish(Bytes(32)), Error);
  CHECK_THROWS_AS(one.update(request), Error);
}

}  // namespace

TEST_CASE("session: handshake, then application with keys and numbers of its own") {
  Ends ends;
  CHECK(ends.requester.kind() == SessionKind::key_exchange);
  CHECK(ends.requester.phase() == SessionPhase::handshake);
  CHECK(ends.requester.id() == 0xFFFFFFFF);
  CHECK(ends.requester.shape().aead == find_aead("AES-256-GCM"));
  CHECK((ends.request_passes() && ends.response_passes() && ends.request_passes()));
  const Bytes handshake_record = ends.requester.seal(request, kRequest);
  ends.establish();
  CHECK(ends.requester.phase() == SessionPhase::application);
  CHECK(ends.requester.left(request) == kMaxSequence + 1);
  CHECK((ends.request_passes() && ends.response_passes()));
  CHECK_THROWS_AS(ends.requester.establish(Bytes(32, 3)), Error);
  // A record under handshake keys comes too late.
  CHECK_THROWS_AS(ends.responder.open(request, handshake_record), Malformed);
  check_dead(ends.responder);
}

TEST_CASE("session: the kind stays what it was") { CHECK(session(SessionKind::psk).kind() == SessionKind::psk); }

TEST_CASE("session: VerifyData is made in the handshake only, and each side has its own") {
  Ends ends;
  const Bytes hash(32, 5);
  CHECK(ends.requester.verify_data(request, hash) == ends.responder.verify_data(request, hash));
  CHECK(ends.requester.verify_data(request, hash) != ends.requester.verify_data(response, hash));
  CHECK(ends.requester.verify_data(request, hash) == support::key_schedule().handshake(request, Bytes(32, 2)).verify_data(hash));
  ends.establish();
  CHECK_THROWS_AS(ends.requester.verify_data(request, hash), Error);
}

TEST_CASE("session: other transcripts, other keys") {
  Ends ends;
  ends.requester.establish(Bytes(32, 3));
  ends.responder.establish(Bytes(32, 4));
  CHECK_THROWS_AS(ends.request_passes(), Malformed);
}

TEST_CASE("session: what cannot be opened ends it, and the keys are gone") {
  for (const bool established : {false, true}) {
    Ends ends;
    if (established) ends.establish();
    Bytes record = ends.responder.seal(response, kResponse);
    record.back() ^= 1;
    CHECK_THROWS_AS(ends.requester.open(response, record), Malformed);
    check_dead(ends.requester);
  }
}

TEST_CASE("session: our own record that comes back is none of the peer's") {
  Ends ends;
  const Bytes record = ends.requester.seal(request, kRequest);
  CHECK_THROWS_AS(ends.requester.open(response, record), Malformed);
}

TEST_CASE("session: a record twice ends it") {
  Ends ends;
  const Bytes record = ends.requester.seal(request, kRequest);
  CHECK(ends.responder.open(request, record) == kRequest);
  CHECK_THROWS_AS(ends.responder.open(request, record), Malformed);
  check_dead(ends.responder);
}

TEST_CASE("session: when it is killed, nothing goes on") {
  Ends ends;
  ends.establish();
  ends.requester.kill();
  check_dead(ends.requester);
}

TEST_CASE("session: no more records than the limit allows, in either direction") {
  Ends ends;
  ends.establish();
  ends.requester.limit(1);
  CHECK(ends.requester.left(request) == 2);
  CHECK((ends.request_passes() && ends.request_passes()));
  CHECK(ends.requester.left(request) == 0);
  CHECK_THROWS_AS(ends.requester.seal(request, kRequest), Error);
  CHECK(ends.requester.phase() == SessionPhase::application);
  CHECK((ends.response_passes() && ends.response_passes()));
  // The peer goes on beyond the limit.
  CHECK_THROWS_AS(ends.response_passes(), Malformed);
  check_dead(ends.requester);
}

TEST_CASE("session: a limit above what there is changes nothing; a new key begins anew") {
  Ends ends;
  ends.establish();
  ends.requester.limit(~std::uint64_t{0});
  CHECK(ends.requester.left(request) == kMaxSequence + 1);
  ends.requester.limit(0);
  CHECK(ends.request_passes());
  CHECK(ends.requester.left(request) == 0);
  ends.requester.update(request);
  ends.responder.update(request);
  CHECK(ends.requester.left(request) == 1);
  CHECK(ends.request_passes());
}

TEST_CASE("session: an update changes the keys of one direction") {
  Ends ends;
  ends.establish();
  CHECK((ends.request_passes() && ends.response_passes()));
  const TrafficSecret expected = ends.requester.secret(request).updated();
  ends.requester.update(request);
  ends.responder.update(request);
  CHECK(equal(ends.requester.secret(request).secret().view(), expected.secret().view()));
  CHECK(ends.requester.left(request) == kMaxSequence + 1);
  CHECK(ends.requester.left(response) == kMaxSequence);
  CHECK((ends.request_passes() && ends.response_passes()));
  ends.requester.confirm(request);
  ends.responder.confirm(request);
  CHECK((ends.request_passes() && ends.response_passes()));
  CHECK_THROWS_AS(ends.requester.revert(request), Error);
}

TEST_CASE("session: no update in the handshake, and none on top of one") {
  Ends ends;
  CHECK_THROWS_AS(ends.requester.update(request), Error);
  ends.establish();
  ends.requester.update(request);
  CHECK_THROWS_AS(ends.requester.update(request), Error);
  ends.requester.update(response);
  ends.requester.confirm(request);
  ends.requester.update(request);
}

TEST_CASE("session: an update that is taken back leaves keys and numbers as they were") {
  Ends ends;
  ends.establish();
  CHECK((ends.request_passes() && ends.response_passes()));
  ends.requester.update(response);
  ends.requester.revert(response);
  CHECK(ends.requester.left(response) == kMaxSequence);
  CHECK(ends.response_passes());
  CHECK_THROWS_AS(ends.requester.revert(response), Error);
}

TEST_CASE("session: an answer under the old keys is found before the new ones are tried") {
  Ends ends;
  ends.establish();
  CHECK(ends.response_passes());
  ends.requester.update(response);
  // Refused: the responder answers under the old key, with its next number.
  CHECK(ends.requester.open_with_old(response, ends.responder.seal(response, kResponse)) == kResponse);
  ends.requester.revert(response);
  CHECK(ends.response_passes());
  // Accepted: the answer is none of the old key, and the session goes on.
  ends.requester.update(response);
  ends.responder.update(response);
  const Bytes accepted = ends.responder.seal(response, kResponse);
  CHECK_FALSE(ends.requester.open_with_old(response, accepted));
  CHECK(ends.requester.open(response, accepted) == kResponse);
  ends.requester.confirm(response);
  CHECK_THROWS_AS(ends.requester.open_with_old(response, accepted), Error);
}

TEST_CASE("session: old keys have the same limit") {
  Ends ends;
  ends.establish();
  ends.requester.limit(0);
  CHECK(ends.response_passes());
  ends.requester.update(response);
  CHECK_FALSE(ends.requester.open_with_old(response, ends.responder.seal(response, kResponse)));
}
