#include "transport/mctp/mctp_link.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include "core/evidence/expect_error.h"
#include "support/fake_mctp.h"
#include "support/temporary.h"
#include "transport/mctp/control.h"

using namespace spdm;
using namespace spdm::transport;
using support::TemporaryDirectory;

namespace {

constexpr MctpAddress kPeer{1, 9};
const Bytes kGetVersion{0x10, 0x84, 0, 0}, kVersion{0x10, 0x04, 0, 0, 0, 1, 0x00, 0x12};
const Bytes kGetDigests{0x12, 0x81, 0, 0}, kDigests{0x12, 0x01, 0, 0, 0xAA}, kOldDigests{0x12, 0x01, 0, 0, 0xBB};
const Bytes kError{0x10, 0x7F, 0x03, 0};

// Whether the lock is held, as by another process.
bool lock_file_busy(const std::function<std::unique_ptr<EndpointLock>()>& lock) {
  try {
    lock();
    return false;
  } catch (const Error& error) {
    return error.id == ErrorId::busy;
  }
}

using Header = fake::MctpNetwork::Header;

struct Bed {
  fake::MctpNetwork network;
  std::unique_ptr<Link> link;

  explicit Bed(const MctpLinkOptions& options = {}, std::unique_ptr<EndpointLock> lock = nullptr)
      : link(mctp_link(std::make_unique<fake::MctpSocket>(network), kPeer, options, std::move(lock))) {}

  void answers(const Bytes& bytes) {
    network.peer = [this, bytes](const Header& to, View) { network.answer(to, bytes); };
  }
  Bytes ask(const Bytes& request) { return link->exchange(request, Clock::now() + std::chrono::milliseconds(50)); }
  void begin() {
    answers(kVersion);
    CHECK(ask(kGetVersion) == kVersion);
    answers(kDigests);
    network.calls.clear();
    network.sent.clear();
  }
};

}  // namespace

TEST_CASE("MCTP: a request goes to the endpoint with type 5 and a tag that is kept") {
  Bed bed;
  bed.answers(kVersion);
  CHECK(bed.ask(kGetVersion) == kVersion);
  REQUIRE(bed.network.sent.size() == 1);
  CHECK(bed.network.sent[0].from.peer == kPeer);
  CHECK(bed.network.sent[0].from.type == 5);
  CHECK(bed.network.sent[0].from.tag == 0x19);
  CHECK(bed.network.sent[0].bytes == kGetVersion);  // the type byte is the kernel's
  CHECK(bed.link->binding() == Binding::mctp);
  CHECK(bed.link->carries_sessions());
  CHECK(bed.link->max_receive() == 65'535);
}

TEST_CASE("MCTP: two tags take turns, and are given back at the end") {
  Bed bed;
  bed.begin();
  for (int i = 0; i < 3; ++i) CHECK(bed.ask(kGetDigests) == kDigests);
  CHECK(bed.network.calls == std::vector<std::string>{"send 5 0", "send 5 1", "send 5 0"});
  bed.link.reset();
  CHECK(bed.network.taken.empty());
}

namespace {

// What comes with a header that was changed is left aside, and the answer behind it is taken.
void left_aside(const char* what, void (*change)(Header& from)) {
  CAPTURE(std::string(what));
  Bed bed;
  bed.begin();
  const auto wrong = [&](Header from) {
    from.tag &= kTagNumber;
    change(from);
    bed.network.arriving.push_back({from, kOldDigests});
  };
  bed.network.peer = [&](const Header& to, View) {
    wrong(to);
    bed.network.answer(to, kDigests);
  };
  CHECK(bed.ask(kGetDigests) == kDigests);
  bed.network.peer = [&](const Header& to, View) { wrong(to); };
  expect_error(ErrorId::timeout, "endpoint 1:9 does not answer in time; 1 other message was ignored", [&] { bed.ask(kGetDigests); });
}

}  // namespace

TEST_CASE("N385 MCTP: from somebody else, to another request, or a request itself") {
  left_aside("another EID", [](Header& from) { from.peer.eid = 10; });
  left_aside("another network", [](Header& from) { from.peer.network = 2; });
  left_aside("another tag", [](Header& from) { from.tag ^= 1; });
  left_aside("a request", [](Header& from) { from.tag |= kTagOwner; });
}

TEST_CASE("N386 MCTP: of another message type") {
  left_aside("PLDM", [](Header& from) { from.type = 1; });
  left_aside("a secured message", [](Header& from) { from.type = 6; });
  left_aside("an integrity check", [](Header& from) { from.type |= 0x80; });
}

TEST_CASE("N387 MCTP: an answer that comes twice is not the answer to the next request") {
  Bed bed;
  bed.begin();
  CHECK(bed.ask(kGetDigests) == kDigests);
  bed.network.peer = [&](const Header& to, View) {
    bed.network.answer(bed.network.sent.front().from, kOldDigests);
    bed.network.answer(to, kDigests);
  };
  CHECK(bed.ask(kGetDigests) == kDigests);
}

TEST_CASE("N387 MCTP: the tag of a request that was given up is not used again") {
  Bed bed;
  bed.begin();
  bed.network.peer = nullptr;  // it is lost
  expect_error(ErrorId::timeout, "endpoint 1:9 does not answer in time", [&] { bed.ask(kGetDigests); });
  bed.network.peer = [&](const Header& to, View) {
    bed.network.answer(bed.network.sent.front().from, kOldDigests);
    bed.network.answer(to, kDigests);
  };
  for (int i = 0; i < 4; ++i) CHECK(bed.ask(kGetDigests) == kDigests);
  CHECK(bed.network.calls ==
        std::vector<std::string>{"send 5 0", "give 0", "take 0", "take 2", "give 0", "send 5 1", "send 5 2", "send 5 1", "send 5 2"});
}

TEST_CASE("N387 MCTP: a message that could not be sent may have been") {
  Bed bed;
  bed.begin();
  bed.network.peer = [](const Header&, View) { throw Error(ErrorId::io, "No buffer space"); };
  expect_error(ErrorId::io, "No buffer space", [&] { bed.ask(kGetDigests); });
  bed.answers(kDigests);
  for (int i = 0; i < 3; ++i) CHECK(bed.ask(kGetDigests) == kDigests);
  CHECK(std::count(bed.network.calls.begin(), bed.network.calls.end(), "send 5 0") == 1);
}

TEST_CASE("N387 MCTP: where all tags were given up, the first of them is taken") {
  Bed bed;
  bed.begin();
  bed.network.peer = nullptr;
  for (int i = 0; i < 8; ++i) expect_error(ErrorId::timeout, "does not answer", [&] { bed.ask(kGetDigests); });
  std::vector<std::string> sent = bed.network.calls;
  std::erase_if(sent, [](const std::string& call) { return !call.starts_with("send"); });
  CHECK(std::set<std::string>(sent.begin(), sent.end()).size() == 8);
  bed.answers(kDigests);
  CHECK(bed.ask(kGetDigests) == kDigests);
  CHECK(bed.network.calls.back() == sent.front());
}

TEST_CASE("N387 MCTP: the next process keeps away from what was given up") {
  TemporaryDirectory folder;
  const Host host{.root = folder.path()};
  std::filesystem::create_directories(folder.path() / "run");
  const auto lock = [&] { return std::make_unique<EndpointLock>(host, kPeer); };
  {
    Bed bed({}, lock());
    bed.begin();
    CHECK(bed.ask(kGetDigests) == kDigests);
  }
  CHECK(lock()->late().empty());
  {
    Bed bed({}, lock());
    bed.begin();
    bed.network.peer = nullptr;
    expect_error(ErrorId::timeout, "does not answer", [&] { bed.ask(kGetDigests); });
  }
  CHECK(lock()->late() == TagList{0});
  {
    Bed bed({}, lock());
    CHECK(bed.network.calls == std::vector<std::string>{"take 0", "take 1", "give 0", "take 0", "take 2", "give 0"});
    CHECK(lock_file_busy(lock));
  }
  CHECK(lock()->late() == TagList{0});  // it still may come
}

TEST_CASE("N387 MCTP: a process that was killed had tags, and half a minute later nothing comes any more") {
  TemporaryDirectory folder;
  const Host host{.root = folder.path()};
  std::filesystem::create_directories(folder.path() / "run/spdmctl/lock");
  const auto late_after = [&](const std::string& line) {
    folder.write("run/spdmctl/lock/mctp-1-9", line + "\n");
    return EndpointLock(host, kPeer).late();
  };
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  CHECK(late_after("4711 tags=30") == TagList{3, 0});
  CHECK(late_after("4711 tags=42 until=" + std::to_string(now + 10)) == TagList{4, 2});
  CHECK(late_after("4711 tags=4 until=" + std::to_string(now - 1)).empty());
  for (const char* const other : {"", "4711", "4711 tags=", "4711 tags=89x", "x tags=3"}) CHECK(late_after(other).empty());
}

TEST_CASE("N388 MCTP: at first, the answer to a request of somebody else is left aside") {
  Bed bed;
  bed.network.peer = [&](const Header& to, View) {
    bed.network.answer(to, kOldDigests);
    bed.network.answer(to, kVersion);
  };
  CHECK(bed.ask(kGetVersion) == kVersion);
  CHECK(bed.network.sent.size() == 1);
}

TEST_CASE("MCTP: at first, an error is an answer; later every message with our tag is") {
  Bed bed;
  bed.answers(kError);
  CHECK(bed.ask(kGetVersion) == kError);
  bed.answers(kVersion);
  CHECK(bed.ask(kGetDigests) == kVersion);
  bed.answers({});
  CHECK(bed.ask(kGetDigests).empty());
}

TEST_CASE("MCTP: where only one tag is free, it is taken for all requests") {
  fake::MctpNetwork network;
  for (std::uint8_t tag = 1; tag < 8; ++tag) network.taken.insert(tag);
  const std::unique_ptr<Link> link = mctp_link(std::make_unique<fake::MctpSocket>(network), kPeer, {});
  network.peer = [&](const Header& to, View) { network.answer(to, kVersion); };
  for (int i = 0; i < 2; ++i) CHECK(link->exchange(kGetVersion, Clock::now()) == kVersion);
  CHECK(network.calls == std::vector<std::string>{"take 0", "send 5 0", "send 5 0"});
}

TEST_CASE("N389 MCTP: who sends without end is not heard longer than the time") {
  Bed bed;
  bed.begin();
  bed.network.without_end = true;
  bed.network.peer = [&](Header to, View) {
    to.type = 1;
    bed.network.answer(to, kDigests);
  };
  expect_error(ErrorId::timeout, "other messages were ignored", [&] { bed.ask(kGetDigests); });
}

TEST_CASE("MCTP: a secured message has type 6, and its answer is of that type, or plain") {
  Bed bed;
  bed.begin();
  const Bytes record{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto exchange = [&] { return bed.link->exchange_secured(record, Clock::now()); };
  bed.answers(record);
  SecuredReply reply = exchange();
  CHECK(reply.is_secured);
  CHECK(reply.bytes == record);
  CHECK(bed.network.sent.back().from.type == 6);
  bed.network.peer = [&](Header to, View) {
    to.type = 5;
    bed.network.answer(to, kError);
  };
  reply = exchange();
  CHECK(!reply.is_secured);
  CHECK(reply.bytes == kError);
}

TEST_CASE("N390 MCTP: an answer that is larger than we take") {
  Bed bed({.max_message = 64});
  CHECK(bed.link->max_receive() == 64);
  bed.answers(Bytes(65, 0x10));
  expect_error(ErrorId::timeout, "does not answer", [&] { bed.ask(kGetVersion); });  // that is no VERSION
  Bytes large = kVersion;
  large.resize(65);
  bed.answers(large);
  expect_error(ErrorId::peer, "a response of 65 bytes; the limit is 64", [&] { bed.ask(kGetVersion); });
}

TEST_CASE("MCTP: all tags are taken when the link is made") {
  fake::MctpNetwork network;
  for (std::uint8_t tag = 0; tag < 8; ++tag) network.taken.insert(tag);
  expect_error(ErrorId::busy, "all tags are taken", [&] { mctp_link(std::make_unique<fake::MctpSocket>(network), kPeer, {}); });
}

TEST_CASE("MCTP: an endpoint has two seconds to say which message types it takes, however long others have") {
  fake::MctpNetwork network;
  fake::MctpSocket socket(network);
  for (const auto time : {std::chrono::milliseconds(60'000), std::chrono::milliseconds(500)}) {
    const auto begin = Clock::now();
    expect_error(ErrorId::timeout, "does not say which message types", [&] { message_types(socket, kPeer, begin + time); });
    CHECK(network.deadlines.back() <= Clock::now() + std::chrono::seconds(2));
    CHECK(network.deadlines.back() >= begin + std::min<Clock::duration>(time, std::chrono::seconds(2)));
  }
}

TEST_CASE("N391 MCTP: message types are asked for once, by a tag of their own") {
  const auto ask = [](const Bytes& answer) {
    auto bed = std::make_unique<Bed>(MctpLinkOptions{.ask_types = true});
    bed->network.peer = [bed = bed.get(), answer](const Header& to, View request) {
      if (to.type == kMctpControl) CHECK(to_bytes(request) == Bytes{0x81, 0x05});
      bed->network.answer(to, to.type == kMctpControl ? answer : kVersion);
    };
    return bed;
  };
  auto bed = ask({0x01, 0x05, 0, 2, 1, 5});
  CHECK(bed->ask(kGetVersion) == kVersion);
  CHECK(bed->ask(kGetVersion) == kVersion);
  CHECK(bed->network.calls == std::vector<std::string>{"take 0", "take 1", "take 2", "send 0 2", "give 2", "send 5 1", "send 5 0"});

  expect_error(ErrorId::no_spdm, "endpoint 1:9 does not speak SPDM", [&] { ask({0x01, 0x05, 0, 1, 1})->ask(kGetVersion); });
  expect_error(ErrorId::no_spdm, "does not speak SPDM", [&] { ask({0x01, 0x05, 0, 0})->ask(kGetVersion); });
  expect_error(ErrorId::peer, "completion code: 0x05 is an error", [&] { ask({0x01, 0x05, 5})->ask(kGetVersion); });
  expect_error(ErrorId::peer, "message types", [&] { ask({0x01, 0x05, 0, 3, 1, 5})->ask(kGetVersion); });
  expect_error(ErrorId::peer, "completion code", [&] { ask({0x01, 0x05})->ask(kGetVersion); });
  for (const Bytes& none : {Bytes{}, Bytes{0x01}, Bytes{0x02, 0x05, 0, 1, 5}, Bytes{0x81, 0x05, 0, 1, 5}, Bytes{0x01, 0x04, 0, 1, 5}})
    expect_error(ErrorId::timeout, "does not say which message types", [&] { ask(none)->ask(kGetVersion); });
}
