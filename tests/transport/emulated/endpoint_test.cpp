// The endpoint on a network that the test plays: what it answers, to whom, when, and what it ignores.
#include "transport/emulated/endpoint.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/pki.h"
#include "transport/socket/peer.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion = unhex("10840000", "GET_VERSION"), kGetCapabilities = unhex("10e10000", "GET_CAPABILITIES");
constexpr MctpAddress kFirst{1, 9}, kSecond{1, 10}, kElsewhere{2, 9};

struct Sent {
  MctpHeader to;
  Bytes bytes;
};

// What requesters have sent, and what comes back. Used from two threads.
class Network {
 public:
  void deliver(MctpMessage message) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(message));
    changed_.notify_all();
  }
  std::optional<MctpMessage> next_request(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (receive_fails_) throw Error(ErrorId::io, "receiving: it was torn off");
    if (!changed_.wait_until(lock, deadline, [&] { return !requests_.empty(); })) return std::nullopt;
    MctpMessage out = std::move(requests_.front());
    requests_.pop_front();
    return out;
  }
  void answer(Sent sent) {
    const std::lock_guard lock(mutex_);
    if (send_fails_) throw Error(*send_fails_, "no way leads there");
    answers_.push_back(std::move(sent));
    changed_.notify_all();
  }
  // The next answer; nothing when none has come by then.
  std::optional<Sent> next_answer(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [&] { return !answers_.empty(); })) return std::nullopt;
    Sent out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  void note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(line);
    changed_.notify_all();
  }
  // Waits for a note that has these words.
  bool has_note(std::string_view words) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, soon(), [&] {
      return std::any_of(notes_.begin(), notes_.end(), [&](const std::string& line) { return line.find(words) != std::string::npos; });
    });
  }
  void fail_to_send(std::optional<ErrorId> how) {
    const std::lock_guard lock(mutex_);
    send_fails_ = how;
  }
  void fail_to_receive(bool fails) {
    const std::lock_guard lock(mutex_);
    receive_fails_ = fails;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<MctpMessage> requests_;
  std::deque<Sent> answers_;
  std::vector<std::string> notes_;
  std::optional<ErrorId> send_fails_;
  bool receive_fails_ = false;
};

class NetworkSocket final : public MctpSocket {
 public:
  explicit NetworkSocket(Network& network) : network_(network) {}

  void send(const MctpHeader& to, View message) override { network_.answer({to, to_bytes(message)}); }
  std::optional<MctpMessage> receive(Clock::time_point deadline) override { return network_.next_request(deadline); }
  std::uint8_t take_tag(const MctpAddress&) override { throw Error(ErrorId::internal, "an endpoint asks nothing"); }
  void give_back_tag(const MctpAddress&, std::uint8_t) override {}

 private:
  Network& network_;
};

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
      : endpoint_(std::make_shared<const DeviceProfile>(std::move(profile)), std::make_unique<NetworkSocket>(network),
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
  Sent answer() {
    const std::optional<Sent> out = network.next_answer(soon());
    REQUIRE(out);
    return *out;
  }
  // Its code: 0x04 VERSION, 0x61 CAPABILITIES, 0x7f ERROR.
  unsigned code_of_answer(const MctpAddress& from, View message) {
    ask(from, message);
    return answer().bytes.at(1);
  }

  Network network;

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
      const Sent sent = running.answer();
      CHECK(sent.to.peer == from);
      CHECK(sent.to.type == kMctpSpdm);
      CHECK(sent.to.tag == number);
      CHECK(sent.bytes.at(1) == 0x04);
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
  running.code_of_answer(kFirst, kGetVersion);
  running.code_of_answer(kSecond, kGetVersion);
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x61);
  running.code_of_answer(kElsewhere, kGetVersion);
  CHECK(running.network.has_note("mctp:1:10: requester forgotten"));
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x7F);  // of SPDM 1.0, once is enough: it is the known device that refuses
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
      {{kFirst, kMctpControl, kTagOwner}, kGetVersion, "0x00 is not SPDM"},
      {{kFirst, 0x7E, kTagOwner}, kGetVersion, "0x7e is not SPDM"},
      {{kFirst, kMctpSpdm, kTagOwner}, {}, "no message follows"},
      {{kFirst, kMctpSecuredSpdm, kTagOwner}, Bytes(40), "the emulated device has no sessions"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.note);
    running.network.deliver({one.from, one.bytes});
    CHECK(running.network.has_note(one.note));
    running.ask(kSecond, kGetVersion);
    CHECK(running.answer().to.peer == kSecond);
  }
}

TEST_CASE("MCTP endpoint: a secured message of no session gets a plain error") {
  Running running(device(true));
  running.ask(kFirst, Bytes(40), kMctpSecuredSpdm, 0x0D);
  const Sent sent = running.answer();
  CHECK(sent.to.type == kMctpSpdm);
  CHECK(sent.to.tag == 0x05);
  CHECK(sent.bytes.at(1) == 0x7F);
  CHECK(sent.bytes.at(2) == 0x02);  // InvalidSession
}

TEST_CASE("MCTP endpoint: an answer that is late holds up nobody else") {
  Running running(with_fault("delay 300"));
  const auto begin = Clock::now();
  running.ask(kFirst, kGetVersion, kMctpSpdm, kTagOwner | 1);
  CHECK(running.network.has_note("mctp:1:9: new requester"));
  // Faults are counted for each requester: its own first answer is late as well.
  running.ask(kSecond, kGetCapabilities);
  const Sent other = running.answer();
  CHECK(other.to.peer == kSecond);
  CHECK(Clock::now() - begin < std::chrono::milliseconds(300));
  const Sent late = running.answer();
  CHECK(late.to.peer == kFirst);
  CHECK(late.to.tag == 1);
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(300));
}

TEST_CASE("MCTP endpoint: what is asked while an answer is late is answered after it, up to a bound") {
  Running running(with_fault("delay 300"));
  const auto begin = Clock::now();
  for (std::uint8_t number = 0; number <= kTagNumber; ++number)
    running.ask(kFirst, kGetVersion, kMctpSpdm, static_cast<std::uint8_t>(kTagOwner | number));
  running.ask(kFirst, kGetCapabilities);
  CHECK(running.network.has_note("mctp:1:9: ignored: 8 requests before it are not answered yet"));
  for (std::uint8_t number = 0; number <= kTagNumber; ++number) {
    const Sent sent = running.answer();
    CHECK(sent.to.tag == number);
    CHECK(sent.bytes.at(1) == 0x04);
  }
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(300));
  CHECK(running.code_of_answer(kFirst, kGetCapabilities) == 0x61);
}

TEST_CASE("MCTP endpoint: faults that drop an answer or close a connection are silence") {
  for (const char* action : {"drop", "close"}) {
    CAPTURE(action);
    Running running(with_fault(action));
    running.ask(kFirst, kGetVersion, kMctpSpdm, kTagOwner | 1);
    running.ask(kFirst, kGetVersion, kMctpSpdm, kTagOwner | 2);
    CHECK(running.answer().to.tag == 2);
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
