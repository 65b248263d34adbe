#include "core/session/secured_session.h"

#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

void require(bool holds, std::string_view what) {
  if (!holds) throw Error(ErrorId::internal, cat("session: ", what));
}

}  // namespace

SecuredSession::SecuredSession(SessionKind kind, const SessionSuite& suite, const RecordShape& shape, KeySchedule schedule, View th1)
    : kind_(kind), shape_(shape), schedule_(std::move(schedule)) {
  shape_.aead = suite.aead;
  for (const Direction direction : {Direction::request, Direction::response}) {
    side(direction).secret = schedule_->handshake(direction, th1);
    side(direction).keys = side(direction).secret.record_keys();
  }
}

Bytes SecuredSession::verify_data(Direction direction, View transcript_hash) const {
  require(phase_ == SessionPhase::handshake, "the handshake is over");
  return side(direction).secret.verify_data(transcript_hash);
}

void SecuredSession::establish(View th2) {
  require(phase_ == SessionPhase::handshake, "the handshake is over");
  for (const Direction direction : {Direction::request, Direction::response}) {
    side(direction).secret = schedule_->application(direction, th2);
    side(direction).keys = side(direction).secret.record_keys();
  }
  schedule_.reset();
  phase_ = SessionPhase::application;
}

Bytes SecuredSession::seal(Direction direction, View message) {
  require(phase_ != SessionPhase::dead, "it has ended");
  require(left(direction) > 0, "its key protects no more messages");
  return seal_record(shape_, side(direction).keys, message);
}

Bytes SecuredSession::open(Direction direction, View record) {
  require(phase_ != SessionPhase::dead, "it has ended");
  try {
    if (left(direction) == 0) malformed("secured message", "sequence number", "beyond the limit of the key");
    return open_record(shape_, side(direction).keys, record);
  } catch (const Error&) {
    kill();
    throw;
  }
}

std::optional<Bytes> SecuredSession::try_open(Direction direction, View record) {
  if (left(direction) == 0) return std::nullopt;
  try {
    return open_record(shape_, side(direction).keys, record);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::uint64_t SecuredSession::left(Direction direction) const {
  const std::uint64_t next = side(direction).keys.next;
  return phase_ == SessionPhase::dead || next > highest_ ? 0 : highest_ - next + 1;
}

void SecuredSession::update(Direction direction) {
  require(phase_ == SessionPhase::application, "keys are updated only between handshake and end");
  Side& mine = side(direction);
  require(mine.old_secret.empty(), "an update is not confirmed yet");
  TrafficSecret secret = mine.secret.updated();
  RecordKeys keys = secret.record_keys();
  mine.old_secret = std::exchange(mine.secret, std::move(secret));
  mine.old_keys = std::exchange(mine.keys, std::move(keys));
}

void SecuredSession::confirm(Direction direction) {
  side(direction).old_secret = {};
  side(direction).old_keys = {};
}

void SecuredSession::revert(Direction direction) {
  Side& mine = side(direction);
  require(!mine.old_secret.empty(), "there is no update to take back");
  mine.secret = std::exchange(mine.old_secret, {});
  mine.keys = std::exchange(mine.old_keys, {});
}

std::optional<Bytes> SecuredSession::open_with_old(Direction direction, View record) {
  Side& mine = side(direction);
  require(!mine.old_secret.empty(), "there are no old keys");
  if (mine.old_keys.next > highest_) return std::nullopt;
  try {
    return open_record(shape_, mine.old_keys, record);
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

void SecuredSession::kill() {
  phase_ = SessionPhase::dead;
  schedule_.reset();
  sides_ = {};
}

const TrafficSecret& SecuredSession::secret(Direction direction) const {
  require(phase_ != SessionPhase::dead, "it has ended");
  return side(direction).secret;
}

}  // namespace spdm
