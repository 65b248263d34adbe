#include "transport/replay.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "peer.h"
#include "transport/record.h"

using namespace spdm;
using namespace transport;

namespace {

const MessageLog kLog{{true, false, {0x10, 0x84, 0, 0}},
                      {false, false, {0x10, 0x04, 1}},
                      {true, false, {0x12, 0xE1, 0, 0}},
                      {false, false, {0x12, 0x61, 0, 0}}};

}  // namespace

TEST_CASE("a recording of a replay is the recording") {
  ReplayLink replay(kLog, Binding::mctp, 1200);
  MessageLog log;
  RecordLink record(replay, log);
  CHECK(record.binding() == Binding::mctp);
  CHECK(record.max_receive() == 1200);
  CHECK(record.max_send() == replay.max_send());
  CHECK(!replay.done());
  CHECK(record.exchange(kLog[0].bytes, soon()) == kLog[1].bytes);
  CHECK(record.exchange(kLog[2].bytes, soon()) == kLog[3].bytes);
  CHECK(replay.done());
  REQUIRE(log.size() == kLog.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    CHECK(log[i].bytes == kLog[i].bytes);
    CHECK(log[i].from_requester == kLog[i].from_requester);
  }
  expect_error(ErrorId::peer, "has ended after 4 messages", [&] { record.exchange(kLog[0].bytes, soon()); });
  CHECK(log.size() == kLog.size() + 1);  // the request without an answer
}

TEST_CASE("a request that is not the recorded one is refused with the place of the difference") {
  ReplayLink replay(kLog, Binding::mctp, 1200);
  expect_error(ErrorId::peer, "differ at offset 1", [&] { replay.exchange(Bytes{0x10, 0x85, 0, 0}, soon()); });
  expect_error(ErrorId::peer, "differ at offset 3", [&] { replay.exchange(Bytes{0x10, 0x84, 0}, soon()); });
  CHECK(replay.exchange(kLog[0].bytes, soon()) == kLog[1].bytes);
}

TEST_CASE("recordings with a side missing") {
  ReplayLink answer_first({kLog[1]}, Binding::mctp, 1200);
  expect_error(ErrorId::peer, "is no request", [&] { answer_first.exchange(kLog[1].bytes, soon()); });
  ReplayLink no_answer({kLog[0]}, Binding::mctp, 1200);
  expect_error(ErrorId::timeout, "has no response", [&] { no_answer.exchange(kLog[0].bytes, soon()); });
  ReplayLink two_requests({kLog[0], kLog[2]}, Binding::mctp, 1200);
  expect_error(ErrorId::timeout, "has no response", [&] { two_requests.exchange(kLog[0].bytes, soon()); });
}
