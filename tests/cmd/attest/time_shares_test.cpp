// What devices that share a time limit get of it. Times are made up: no clock is read.
#include "cmd/attest/time_shares.h"

#include <doctest/doctest.h>

using namespace spdm;
using namespace spdm::cmd;

namespace {

constexpr Clock::time_point at(int seconds) { return Clock::time_point(std::chrono::seconds(1000 + seconds)); }

}  // namespace

TEST_CASE("as many devices as are asked at once have all of the time") {
  TimeShares shares(at(30), 4, 4);
  for (int i = 0; i < 4; ++i) CHECK(shares.begin(at(0)).end == at(30));
}

TEST_CASE("where there is no time limit nobody has a share of it") {
  TimeShares shares(Clock::time_point::max(), 5, 2);
  for (int i = 0; i < 2; ++i) CHECK(shares.begin(at(0)).end == Clock::time_point::max());
}

TEST_CASE("devices that all stall get equal shares, in rounds") {
  TimeShares shares(at(30), 5, 2);
  for (const int round : {0, 10}) {
    for (int i = 0; i < 2; ++i) CHECK(shares.begin(at(round)).end == at(round + 10));
    shares.end();
    shares.end();
  }
  CHECK(shares.begin(at(20)).end == at(30));
}

TEST_CASE("one place after the other: the next device begins while its neighbour still stalls") {
  TimeShares shares(at(30), 5, 2);
  shares.begin(at(0));
  shares.begin(at(0));
  shares.end();
  CHECK(shares.begin(at(10)).end == at(20));
  shares.end();
  CHECK(shares.begin(at(10)).end == at(20));
}

TEST_CASE("what fast devices leave goes to those that come after them") {
  TimeShares shares(at(30), 101, 1);
  for (int i = 0; i < 100; ++i) {
    const Turn turn = shares.begin(at(0));
    CHECK(turn.end > at(0));
    CHECK(turn.end < at(30));
    shares.end();
  }
  CHECK(shares.begin(at(1)).end == at(30));
}

TEST_CASE("nobody waits any more: a device that begins late has all that is left") {
  TimeShares shares(at(30), 17, 16);
  for (int i = 0; i < 16; ++i) CHECK(shares.begin(at(0)).end == at(15));
  shares.end();
  CHECK(shares.begin(at(2)).end == at(30));
}

TEST_CASE("after the deadline a turn is over when it begins") {
  TimeShares shares(at(30), 3, 1);
  CHECK(shares.begin(at(31)).end == at(30));
}

TEST_CASE("the share in words") {
  CHECK(used_up({at(0), at(15)}) == "; its share of the total time limit, 15.0 s, was used up");
  CHECK(used_up({at(0), at(2) - std::chrono::milliseconds(20)}) == "; its share of the total time limit, 2.0 s, was used up");
}
