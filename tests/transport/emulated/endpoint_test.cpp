// The endpoint on a network that the test plays: what it answers, to whom, when, and what it ignores.
#include "transport/emulated/endpoint.h"

#include <doctest/doctest.h>

#include <thread>

#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/pki.h"
#include "transport/emulated/mctp_requesters.h"
#include "transport/socket/peer.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion = unhex("10840000", "GET_VERSION"), kGetCapabilities = unhex("10e10000", "GET_CAPABILITIES");
constexpr MctpAddress kFirst{1, 9}, kSecond{1, 10}, kElsewhere{2, 9};

DeviceProfile device(bool sessions = false) {
  DeviceProfile out;
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  out.slots.push_back(std::move(slot));
  if (sessions) out.sessions.emplace();
  return out;
}

// A device whose first VERSION does something else.
DeviceProfile with_fault(const char* action) {
  DeviceProfile out = device();
  out.faults = {parse_fault("VERSION", action)};
  out.faults.front().times = 1;
  return out;
}

// An endpoint that runs until the end of the test.
class Running {
 public:
  explicit Running(DeviceProfile profile = device(), std::size_t requesters = 16)
      : endpoint_(std::make_shared<const DeviceProfile>(std::move(profile)), std::make_unique<EndpointSocket>(network),
                  {.requesters = requesters, .note = [this](const std::string& line) { network.note(line); }}),
        thread_([this] {
          try {
            endpoint_.run();
          } catch (const Error& why) {
            network.note(cat("end: ", row(why.id).name));
          }
        }) {}
  ~Running() { join(); }
  void join() {
    endpoint_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void ask(const MctpAddress& from, View message, std::uint8_t type = kMctpSpdm, std::uint8_t tag = kTagOwner) {
    network.deliver({{from, type, tag}, to_bytes(message)});
  }
  // Its header says who it is for.
  MctpMessage answer() {
    const std::optional<MctpMessage> out = network.next_answer(soon());
    REQUIRE(out);
    return *out;
  }
  // Its code: 0x04 VERSION, 0x61 CAPABILITIES, 0x7f ERROR.
  unsigned code_of_answer(const MctpAddress& from, View message) {
    ask(from, message);
    return answer().bytes.at(1);
  }

  MctpRequesters network;

 private:
  MctpEndpoint endpoint_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("MCTP endpoint: an answer goes back to who asked, with the tag, without the owner bit") {
  Running running;
  for (const MctpAddress& from : {kFirst, kSecond, kElsewhere, MctpAddress{1, kFirstEid}, MctpAddress{1, kLastEid}}) {
    for (std::uint8_t number = 0; number <= kTagNumber; ++number) {
      running.ask(from, kGetVersion, kMctpSpdm, static_cast<std::uint8_t>(kTagOwner | number));
      const MctpMessage answer = running.answer();
      CHECK(answer.from.peer == from);
      CHECK(answer.from.type == kMctpSpdm);
      CHECK(answer.from.tag == number);
      CHECK(answer.bytes.at(1) == 0x04);
    }
  }
}

TEST_CASE("MCTP endpoint: each requester meets a device of its own") {
  Running running;
  CHECK(running.code_of_answer(kFirst, kGetVersion) == 0x04);
  CHECK(running.code_of_answer(kSecond, kGetCapabilities) == 0x7F);
  CHECK(running.code_of_answer(kElsewhere, kGetCapabilities) == 0x7F);  // the same EID in another network
  CHECK(running.code_of_answer(kSecond, kGetVersion) == 0x04);
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x61);
  CHECK(running.code_of_answer(kSecond, kGetCapabilities) == 0x61);
}

TEST_CASE("MCTP endpoint: who was silent the longest is forgotten for one more") {
  Running running(device(), 2);
  for (const MctpAddress& from : {kFirst, kSecond, kFirst, kElsewhere}) CHECK(running.code_of_answer(from, kGetVersion) == 0x04);
  CHECK(running.network.has_note("mctp:1:10: requester forgotten"));
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x61);
  CHECK(running.code_of_answer(kElsewhere, kGetCapabilities) == 0x61);
  CHECK(running.code_of_answer(kSecond, kGetCapabilities) == 0x7F);  // it begins anew
}

TEST_CASE("MCTP endpoint: what is no request of SPDM is ignored, and the next one is answered") {
  Running running;
  const struct {
    MctpHeader from;
    Bytes bytes;
    const char* note;
  } cases[] = {
      {{kFirst, kMctpSpdm, 0x03}, kGetVersion, "it is an answer"},
      {{{1, 0}, kMctpSpdm, kTagOwner}, kGetVersion, "mctp:1:0: ignored: no endpoint has this EID"},
      {{{1, 7}, kMctpSpdm, kTagOwner}, kGetVersion, "mctp:1:7: ignored: no endpoint has this EID"},
      {{{1, 255}, kMctpSpdm, kTagOwner}, kGetVersion, "mctp:1:255: ignored: no endpoint has this EID"},
      {{kFirst, 0x85, kTagOwner}, kGetVersion, "integrity check bit"},
      {{kFirst, 0x86, kTagOwner}, kGetVersion, "integrity check bit"},
      {{kFirst, kMctpControl, kTagOwner}, kGetVersion, "it is no request"},
      {{kFirst, 0x7E, kTagOwner}, kGetVersion, "0x7e is not SPDM"},
      {{kFirst, kMctpSpdm, kTagOwner}, {}, "no message follows"},
      {{kFirst, kMctpSecuredSpdm, kTagOwner}, Bytes(40), "the emulated device has no sessions"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.note);
    running.network.deliver({one.from, one.bytes});
    CHECK(running.network.has_note(one.note));
    running.ask(kSecond, kGetVersion);
    CHECK(running.answer().from.peer == kSecond);
  }
}

TEST_CASE("MCTP endpoint: it says which message types it takes, and that it has no other control command") {
  for (const bool sessions : {false, true}) {
    Running running(device(sessions));
    running.ask(kFirst, Bytes{0x9F, 0x05}, kMctpControl, kTagOwner | 3);
    const MctpMessage answer = running.answer();
    CHECK(answer.from.type == kMctpControl);
    CHECK(answer.from.tag == 3);
    CHECK(answer.bytes == (sessions ? Bytes{0x1F, 0x05, 0, 2, 5, 6} : Bytes{0x1F, 0x05, 0, 1, 5}));
    for (const Bytes& other : {Bytes{0x81, 0x02}, Bytes{0x81, 0x05, 0x00}}) {
      running.ask(kFirst, other, kMctpControl);
      CHECK(running.answer().bytes == Bytes{0x01, other[1], 0x05});
    }
    for (const Bytes& none : {Bytes{}, Bytes{0x81}, Bytes{0x01, 0x05}, Bytes{0xC1, 0x05}}) running.ask(kFirst, none, kMctpControl);
    running.ask(kFirst, kGetVersion);
    CHECK(running.answer().from.type == kMctpSpdm);
  }
}

TEST_CASE("MCTP endpoint: a secured message of no session gets a plain error") {
  Running running(device(true));
  running.ask(kFirst, Bytes(40), kMctpSecuredSpdm, 0x0D);
  const MctpMessage answer = running.answer();
  CHECK(answer.from.type == kMctpSpdm);
  CHECK(answer.from.tag == 0x05);
  CHECK(answer.bytes.at(1) == 0x7F);
  CHECK(answer.bytes.at(2) == 0x02);  // InvalidSession
}

TEST_CASE("MCTP endpoint: an answer that is late holds up nobody else") {
  Running running(with_fault("delay 60000"));
  running.ask(kFirst, kGetVersion);
  CHECK(running.code_of_answer(kSecond, kGetCapabilities) == 0x7F);  // its own first VERSION would be late as well
}

TEST_CASE("MCTP endpoint: a late answer comes, and what was asked meanwhile is answered after it") {
  Running running(with_fault("delay 200"));
  const auto begin = Clock::now();
  for (std::uint8_t number = 1; number <= 3; ++number)
    running.ask(kFirst, kGetVersion, kMctpSpdm, static_cast<std::uint8_t>(kTagOwner | number));
  for (std::uint8_t number = 1; number <= 3; ++number) CHECK(running.answer().from.tag == number);
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(200));
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x61);
}

TEST_CASE("MCTP endpoint: one requester has no more than eight answers due") {
  Running running(with_fault("delay 60000"));
  for (int i = 0; i < 9; ++i) running.ask(kFirst, kGetVersion);
  CHECK(running.network.has_note("mctp:1:9: ignored: 8 requests before it are not answered yet"));
  CHECK(running.code_of_answer(kSecond, kGetCapabilities) == 0x7F);
}

TEST_CASE("MCTP endpoint: faults that drop an answer or close a connection are silence") {
  for (const char* action : {"drop", "close"}) {
    CAPTURE(action);
    Running running(with_fault(action));
    running.ask(kFirst, kGetVersion, kMctpSpdm, kTagOwner | 1);
    running.ask(kFirst, kGetVersion, kMctpSpdm, kTagOwner | 2);
    CHECK(running.answer().from.tag == 2);
  }
}

TEST_CASE("MCTP endpoint: an answer that cannot be sent is lost, and no more") {
  Running running;
  running.network.fail_to_send(ErrorId::no_device);
  running.ask(kFirst, kGetVersion);
  CHECK(running.network.has_note("mctp:1:9: answer lost: no way leads there"));
  running.network.fail_to_send(std::nullopt);
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x61);
}

TEST_CASE("MCTP endpoint: it ends where the right to send is lacking") {
  Running running;
  running.network.fail_to_send(ErrorId::permission);
  running.ask(kFirst, kGetVersion);
  CHECK(running.network.has_note("end: permission"));
}

TEST_CASE("MCTP endpoint: it goes on when receiving fails for a time") {
  Running running;
  running.network.fail_to_receive(true);
  CHECK(running.network.has_note("it was torn off"));
  running.network.fail_to_receive(false);
  CHECK(running.code_of_answer(kFirst, kGetVersion) == 0x04);
}

TEST_CASE("MCTP endpoint: a stop is not kept waiting, by a late answer neither") {
  Running running(with_fault("delay 60000"));
  running.ask(kFirst, kGetVersion);
  CHECK(running.network.has_note("new requester"));
  const auto begin = Clock::now();
  running.join();
  CHECK(Clock::now() - begin < std::chrono::seconds(3));
}

TEST_CASE("MCTP endpoint: where to listen") {
  CHECK(parse_mctp_listen("mctp:9") == MctpAddress{0, 9});
  CHECK(parse_mctp_listen("mctp:3:9") == MctpAddress{3, 9});
  CHECK(parse_mctp_listen("mctp:any") == MctpAddress{});
  for (const char* other : {"", "mctp", "emu://127.0.0.1", "tcp://mctp:9"}) CHECK_FALSE(parse_mctp_listen(other));
  for (const char* wrong : {"mctp:", "mctp:0", "mctp:7", "mctp:255", "mctp:0:9", "mctp:1:any", "mctp:1:2:9", "mctp:x", "mctp:9?max=1"}) {
    CAPTURE(wrong);
    expect_error(ErrorId::usage, "is no address of MCTP", [&] { parse_mctp_listen(wrong); });
  }
}

TEST_CASE("MCTP endpoint: the address is one of this host, and its network is known") {
  const std::vector<MctpRoute> routes{
      {.first = {1, 8}, .last = 8, .interface = "mctpi2c0", .is_local = true},
      {.first = {1, 9}, .last = 20, .interface = "mctpi2c0"},
      {.first = {2, 8}, .last = 8, .interface = "mctpi2c1", .is_local = true},
      {.first = {2, 9}, .last = 9, .interface = "mctpi2c1", .is_local = true},
  };
  CHECK(own_address(routes, {0, 9}) == MctpAddress{2, 9});  // in network 1 it is somebody else
  CHECK(own_address(routes, {1, 8}) == MctpAddress{1, 8});
  expect_error(ErrorId::usage, "several MCTP networks have an endpoint 8: 1, 2", [&] { own_address(routes, {0, 8}); });
  expect_error(ErrorId::no_device, "MCTP endpoint 1:9 is no address of this host", [&] { own_address(routes, {1, 9}); });
  expect_error(ErrorId::no_device, "MCTP endpoint 30 is no address of this host", [&] { own_address(routes, {0, 30}); });
  expect_error(ErrorId::no_device, "MCTP endpoint 9 is no address of this host", [&] { own_address({}, {0, 9}); });
}
