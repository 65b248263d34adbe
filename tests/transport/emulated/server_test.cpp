// The server over loopback sockets on ports that the system chose: every binding, both framings, its end.
#include "transport/emulated/server.h"

#include <doctest/doctest.h>

#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "support/pki.h"
#include "transport/base/binding.h"
#include "transport/socket/emu.h"
#include "transport/socket/peer.h"
#include "transport/socket/tcp.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion = unhex("10840000", "GET_VERSION");

DeviceProfile device() {
  DeviceProfile out;
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  out.slots.push_back(std::move(slot));
  return out;
}

// A server that runs until the end of the test.
class Running {
 public:
  explicit Running(ServeOptions options = {}, DeviceProfile profile = device())
      : server(std::make_shared<const DeviceProfile>(std::move(profile)), std::move(options)), thread_([this] { server.run(); }) {}
  ~Running() {
    server.stop();
    if (thread_.joinable()) thread_.join();
  }
  Stream connect() { return Stream::connect("127.0.0.1", server.port(), soon()); }
  // Waits for run() to return; once.
  void join() { thread_.join(); }

  Server server;

 private:
  std::thread thread_;
};

Frame transact(Stream& stream, Binding binding, Command command, View payload) {
  stream.write(encode_frame(binding, command, payload), soon());
  return read_frame(stream, binding, soon());
}

}  // namespace

TEST_CASE("all bindings of the emulator framing") {
  Running running;
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp}) {
    CAPTURE(name(binding));
    const auto link = emu_link(running.connect(), binding, 4600, soon());
    CHECK(link->exchange(kGetVersion, soon()).at(1) == 0x04);
    CHECK(link->exchange(unhex("10e10000", "GET_CAPABILITIES"), soon()).at(1) == 0x61);
  }
}

TEST_CASE("each connection is a device of its own") {
  Running running;
  const auto first = emu_link(running.connect(), Binding::mctp, 4600, soon());
  const auto second = emu_link(running.connect(), Binding::doe, 4600, soon());
  first->exchange(kGetVersion, soon());
  CHECK(second->exchange(unhex("10e10000", "GET_CAPABILITIES"), soon()).at(1) == 0x7F);
  CHECK(first->exchange(unhex("10e10000", "GET_CAPABILITIES"), soon()).at(1) == 0x61);
}

TEST_CASE("commands") {
  Running running;
  Stream stream = running.connect();
  CHECK(equal(transact(stream, Binding::mctp, Command::test, client_hello()).payload, server_hello()));
  CHECK(transact(stream, Binding::mctp, Command{0x8001}, {}).command == Command::unknown);
  CHECK(transact(stream, Binding::mctp, Command::keep_going, {}).command == Command::keep_going);
  CHECK_FALSE(next_frame(stream, Binding::mctp, soon()));
  // Unlike the reference, it goes on listening after SHUTDOWN.
  Stream other = running.connect();
  CHECK(transact(other, Binding::doe, Command::shutdown, {}).command == Command::shutdown);
  CHECK_FALSE(next_frame(other, Binding::doe, soon()));
  Stream third = running.connect();
  CHECK(transact(third, Binding::none, Command::normal, kGetVersion).payload.at(1) == 0x04);
}

TEST_CASE("DOE discovery") {
  Running running;
  Stream stream = running.connect();
  const auto discover = [&](const char* payload) {
    return transact(stream, Binding::doe, Command::normal, doe_object(kDoeDiscovery, unhex(payload, "discovery"))).payload;
  };
  CHECK(discover("00000000") == doe_object(kDoeDiscovery, unhex("01000001", "entry")));
  CHECK(discover("01000000") == doe_object(kDoeDiscovery, unhex("01000100", "entry")));
  CHECK(discover("02000000") == doe_object(kDoeDiscovery, unhex("ffffff00", "entry")));
}

TEST_CASE("a device with sessions says so in DOE discovery") {
  DeviceProfile profile = device();
  profile.sessions.emplace();
  Running running({}, profile);
  Stream stream = running.connect();
  const auto discover = [&](const char* payload) {
    return transact(stream, Binding::doe, Command::normal, doe_object(kDoeDiscovery, unhex(payload, "discovery"))).payload;
  };
  CHECK(discover("01000000") == doe_object(kDoeDiscovery, unhex("01000102", "entry")));
  CHECK(discover("02000000") == doe_object(kDoeDiscovery, unhex("01000200", "entry")));
  CHECK(discover("03000000") == doe_object(kDoeDiscovery, unhex("ffffff00", "entry")));
}

TEST_CASE("the emulator's command for new keys") {
  DeviceProfile profile = device();
  profile.sessions.emplace();
  for (const bool both : {false, true}) {
    profile.sessions->key_updates = both ? KeyUpdates::both : KeyUpdates::requester;
    Running running({}, profile);
    Stream stream = running.connect();
    const Command answer = transact(stream, Binding::mctp, Command::key_update, Bytes(4)).command;
    CHECK(answer == (both ? Command::key_update : Command::unknown));
  }
}

TEST_CASE("a record of no session gets a plain error") {
  DeviceProfile profile = device();
  profile.sessions.emplace();
  Running running({}, profile);
  Stream stream = running.connect();
  for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp}) {
    CAPTURE(name(binding));
    const Unwrapped answer = unwrap(binding, transact(stream, binding, Command::normal, wrap(binding, Bytes(40), true)).payload);
    CHECK_FALSE(answer.secured);
    CHECK(answer.message.at(1) == 0x7F);
    CHECK(answer.message.at(2) == 0x02);
  }
}

TEST_CASE("a fixed binding refuses the others") {
  ServeOptions options;
  options.binding = Binding::doe;
  Running running(options);
  Stream stream = running.connect();
  stream.write(encode_frame(Binding::mctp, Command::normal, wrap(Binding::mctp, kGetVersion)), soon());
  CHECK_FALSE(next_frame(stream, Binding::mctp, soon()));
}

TEST_CASE("a drive on the same port: its commands, and none of the others") {
  Running running;
  Stream stream = running.connect();
  const auto command = [&](Command what, const char* payload) {
    stream.write(encode_frame(Binding::storage, what, unhex(payload, "payload")), soon());
    const Frame frame = read_frame(stream, Binding::storage, soon());
    CHECK(frame.command == Command::status);
    return hex(frame.payload);
  };
  CHECK(command(Command::send, "e8140004000000 10840000") == "0000");
  CHECK(command(Command::send, "e8140004000000 10840000") == "4002");
  CHECK(command(Command::receive, "e8140008000000") == "4002");
  CHECK(command(Command::receive, "e8140000020000") == "0000");
  const Frame response = read_frame(stream, Binding::storage, soon());
  CHECK(response.command == Command::receive);
  CHECK(response.payload.size() == 16);
  CHECK(command(Command::receive, "000000000200 00") == "0000");
  CHECK(hex(read_frame(stream, Binding::storage, soon()).payload) == "000000000000000200e8");
  CHECK(transact(stream, Binding::storage, Command::normal, kGetVersion).command == Command::unknown);
  CHECK(transact(stream, Binding::storage, Command::status, kGetVersion).command == Command::unknown);
  CHECK(transact(stream, Binding::doe, Command::send, unhex("e8140004000000 10840000", "payload")).command == Command::unknown);
  // The other way to the same device is a connection of its own.
  CHECK(transact(stream, Binding::none, Command::normal, kGetVersion).payload.size() == 16);
  CHECK(transact(stream, Binding::storage, Command::shutdown, {}).command == Command::shutdown);
  CHECK_FALSE(next_frame(stream, Binding::storage, soon()));
}

TEST_CASE("a drive whose response is lost by a fault: the connection ends") {
  DeviceProfile profile = device();
  profile.faults = {parse_fault("VERSION", "close")};
  Running running({}, profile);
  Stream stream = running.connect();
  stream.write(encode_frame(Binding::storage, Command::send, unhex("e8140004000000 10840000", "payload")), soon());
  CHECK_FALSE(stream.read_or_end(1, soon()));
}

TEST_CASE("frames that are none end the connection, not the server") {
  Running running;
  const std::vector<Bytes> frames{
      unhex("00000001 00000009 00000000", "unknown transport type"),
      unhex("00000001 00000001 7fffffff", "too large"),
      unhex("00000001 00000001 00000000", "no message"),
      unhex("00000001 00000001 00000002 0610", "secured message"),
      unhex("00000001 00000002 00000004 01000100", "half a DOE object"),
      unhex("00000002 00000004 00000006 e81400040000", "half a header of a drive"),
      unhex("00000002 00000004 0000000a e8140004000000 108400", "a byte of the data is missing"),
      unhex("00000003 00000004 00000008 e8140000010000 00", "data of a command that receives"),
  };
  for (const Bytes& frame : frames) {
    CAPTURE(spdm::hex(frame));
    Stream stream = running.connect();
    stream.write(frame, soon());
    bool ended = false;
    try {
      ended = !stream.read_or_end(1, soon());
    } catch (const Error& why) {
      ended = why.id == ErrorId::io;
    }
    CHECK(ended);
  }
  CHECK(emu_link(running.connect(), Binding::mctp, 4600, soon())->exchange(kGetVersion, soon()).size() == 16);
}

TEST_CASE("plain SPDM over TCP") {
  ServeOptions options;
  options.framing = Framing::tcp;
  Running running(options);
  CHECK(tcp_link(running.connect())->exchange(kGetVersion, soon()).at(1) == 0x04);
}

TEST_CASE("faults reach the wire") {
  DeviceProfile profile = device();
  profile.faults = {parse_fault("VERSION", "drop"), parse_fault("VERSION", "close"), parse_fault("VERSION", "delay 50")};
  for (std::uint32_t i = 0; i < profile.faults.size(); ++i) {
    profile.faults[i].first = i + 1;
    profile.faults[i].times = 1;
  }
  std::swap(profile.faults[1].first, profile.faults[2].first);  // silence, delay, end
  Running running({}, profile);
  Stream stream = running.connect();
  const Bytes frame = encode_frame(Binding::none, Command::normal, kGetVersion);
  stream.write(frame, soon());
  CHECK_THROWS_AS(stream.read_or_end(1, in_ms(100)), Error);  // silence, yet the connection stays
  const auto begin = Clock::now();
  CHECK(transact(stream, Binding::none, Command::normal, kGetVersion).payload.size() == 16);
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(50));
  stream.write(frame, soon());
  CHECK_FALSE(stream.read_or_end(1, soon()));
}

TEST_CASE("once, and a bounded number of connections") {
  ServeOptions once;
  once.once = true;
  Running single(once);
  {
    Stream stream = single.connect();
    transact(stream, Binding::mctp, Command::shutdown, {});
  }
  single.join();

  ServeOptions narrow;
  narrow.connections = 1;
  Running running(narrow);
  Stream first = running.connect();
  CHECK(transact(first, Binding::none, Command::normal, kGetVersion).payload.size() == 16);
  Stream second = running.connect();
  CHECK_FALSE(second.read_or_end(1, soon()));
  CHECK(transact(first, Binding::none, Command::normal, kGetVersion).payload.size() == 16);
}

TEST_CASE("a stop is not kept waiting by a silent client") {
  const auto begin = Clock::now();
  {
    Running running;
    Stream idle = running.connect();
    CHECK(transact(idle, Binding::none, Command::normal, kGetVersion).payload.size() == 16);
    running.server.stop();
    running.join();
  }
  CHECK(Clock::now() - begin < std::chrono::seconds(3));
}

TEST_CASE("where to listen") {
  CHECK(parse_listen("emu://127.0.0.1:0?binding=mctp").port == 0);
  CHECK(parse_listen("emu://127.0.0.1:0?binding=mctp").binding == Binding::mctp);
  CHECK(parse_listen("emu://localhost").port == 2323);
  CHECK_FALSE(parse_listen("emu://localhost").binding);
  CHECK(parse_listen("emu://localhost?binding=tcp").port == 4194);
  CHECK(parse_listen("emu://localhost?binding=storage").binding == Binding::storage);
  CHECK(parse_listen("tcp://[::1]:0").host == "::1");
  CHECK(parse_listen("tcp://[::1]:0").framing == Framing::tcp);
  CHECK(parse_listen("tcp://[::1]").port == 4194);
  CHECK(parse_listen("emu://h:05").port == 5);
  for (const char* wrong : {"", "emu", "http://h", "emu://", "emu://h:99999", "emu://h?binding=x", "tcp://h?binding=doe"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(parse_listen(wrong), Error);
  }
}
