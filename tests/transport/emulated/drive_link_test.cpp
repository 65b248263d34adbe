// The requester asks an emulated drive, in the process and over the server's socket: what is asked, what is kept, and what goes wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/protocol/collect.h"
#include "core/session/opener.h"
#include "support/drive_commands.h"
#include "support/pki.h"
#include "transport/emulated/server.h"
#include "transport/socket/emu.h"
#include "transport/socket/emu_drive.h"
#include "transport/socket/peer.h"
#include "transport/storage/storage_link.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion{0x10, 0x84, 0, 0};

DeviceProfile device() {
  DeviceProfile out;
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  slot.key_usage |= key_usage::key_ex;
  out.slots.push_back(std::move(slot));
  out.measurements.push_back({1, MeasurementType::immutable_rom, false, Bytes(10, 1), {}, {}});
  return out;
}

DeviceProfile device_with(const DeviceStorage& storage) {
  DeviceProfile out = device();
  out.storage = storage;
  return out;
}

DeviceProfile with_sessions(bool encrypt = true) {
  DeviceProfile out = device();
  out.sessions.emplace();
  out.sessions->encrypt = encrypt;
  out.sessions->heartbeat_period = 60;
  out.sessions->key_updates = KeyUpdates::both;
  return out;
}

// A drive in the process, and who asks it.
struct Rig {
  explicit Rig(DeviceProfile profile) : drive(std::make_shared<EmulatedDrive>(std::make_shared<const DeviceProfile>(std::move(profile)))) {}
  std::unique_ptr<Link> link(const StorageLinkOptions& options = {}) {
    return storage_link(std::make_unique<support::DriveCommands>(drive, log), options);
  }

  std::shared_ptr<EmulatedDrive> drive;
  std::shared_ptr<support::DriveLog> log = std::make_shared<support::DriveLog>();
};

Evidence collected(Link& link, bool in_session = false, std::uint8_t version = k13, bool mac_only = false) {
  Wanted wanted;
  wanted.versions = {version};
  wanted.measurements = MeasurementMode::all;
  wanted.in_session = in_session;
  SessionOptions options;
  options.exercise = true;
  options.mac_only = mac_only;
  wanted.session = std::make_shared<Opener>(std::move(options));
  Evidence evidence;
  collect(link, wanted, {}, evidence);
  return evidence;
}

void check_alike(const Evidence& a, const Evidence& b) {
  REQUIRE(a.log.size() == b.log.size());
  for (std::size_t i = 0; i < a.log.size(); ++i) CHECK(a.log[i].bytes.size() == b.log[i].bytes.size());
}

// The session that was seen in evidence, which holds no byte that its messages do not have.
SessionSeen session_in(const Evidence& evidence) {
  Connection connection(Binding::none);
  spdm::Listener listener;
  for (std::size_t i = 0; i < evidence.log.size(); ++i)
    if (std::optional<Exchange> exchange = listener.hear(evidence.log[i], i)) connection.observe(std::move(*exchange));
  REQUIRE(connection.sessions().size() == 1);
  return connection.sessions().front();
}

// A server that runs until the end of the test.
class Running {
 public:
  explicit Running(DeviceProfile profile, ServeOptions options = {})
      : server_(std::make_shared<const DeviceProfile>(std::move(profile)), std::move(options)), thread_([this] { server_.run(); }) {}
  ~Running() {
    server_.stop();
    thread_.join();
  }
  Stream connect() { return Stream::connect("127.0.0.1", server_.port(), soon()); }
  std::string target() const { return cat("emu://127.0.0.1:", server_.port(), "?binding=storage"); }

 private:
  Server server_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a drive is asked three commands, and two for each exchange") {
  Rig rig(device());
  const std::unique_ptr<Link> link = rig.link();
  link->connect(soon());
  CHECK(rig.log->commands.size() == 3);
  const Evidence evidence = collected(*link);
  const std::size_t exchanges = evidence.log.size() / 2;
  CHECK(exchanges > 5);
  CHECK(rig.log->commands.size() == 3 + 2 * exchanges);
  for (std::size_t i = 3; i < rig.log->commands.size(); ++i) CHECK(rig.log->commands[i].sends == (i % 2 == 1));
  CHECK(std::all_of(rig.log->commands.begin(), rig.log->commands.end(), [](const auto& one) { return one.is_good; }));
}

TEST_CASE("a drive in a session: two commands for each secured message, too") {
  Rig rig(with_sessions());
  const std::unique_ptr<Link> link = rig.link();
  const Evidence evidence = collected(*link, true);
  const auto exchanges = static_cast<std::size_t>(
      std::count_if(evidence.log.begin(), evidence.log.end(), [](const Message& one) { return one.from_requester && !one.secured; }));
  CHECK(rig.log->commands.size() == 3 + 2 * exchanges);
  const auto secured =
      std::count_if(rig.log->commands.begin(), rig.log->commands.end(), [](const auto& one) { return one.specific == 0x18; });
  CHECK(secured > 4);
  for (const auto& one : rig.log->commands) CHECK_MESSAGE(one.size <= 4608, one.size);
}

TEST_CASE("what a drive says is what the same device says elsewhere, whatever follows its responses") {
  Rig clean(device()), stale(device_with({.stale_tail = true}));
  Running server(device());
  const Evidence over_mctp = collected(*emu_link(server.connect(), Binding::mctp, 4600, soon()));
  const std::unique_ptr<Link> socket = storage_link(emu_drive(server.connect()));
  check_alike(over_mctp, collected(*clean.link()));
  check_alike(over_mctp, collected(*stale.link()));
  check_alike(over_mctp, collected(*socket));
}

TEST_CASE("sessions with a drive, encrypted and authenticated only, in the process and over a socket") {
  for (const bool encrypt : {true, false}) {
    for (const std::uint8_t version : {k11, k12, k13, k14}) {
      for (const bool stale : {false, true}) {
        CAPTURE(encrypt);
        CAPTURE(version);
        CAPTURE(stale);
        DeviceProfile profile = with_sessions(encrypt);
        profile.storage.stale_tail = stale;
        Rig rig(profile);
        const SessionSeen seen = session_in(collected(*rig.link(), true, version, !encrypt));
        CHECK(seen.state == SessionSeen::State::ended);
        CHECK(seen.heartbeats > 0);
        CHECK(seen.key_updates > 0);
        if (version != k13) continue;
        Running server(profile);
        CHECK(session_in(collected(*storage_link(emu_drive(server.connect())), true, version, !encrypt)).state ==
              SessionSeen::State::ended);
      }
    }
  }
}

TEST_CASE("N314 a record of a drive that ends where it should not") {
  for (const char* action : {"cut-record 3", "cut-record 9", "cut-record -1"}) {
    CAPTURE(action);
    DeviceProfile profile = with_sessions();
    profile.faults = {parse_fault("FINISH_RSP", action)};
    Rig rig(profile);
    const std::unique_ptr<Link> link = rig.link();
    expect_error(ErrorId::peer, "secured message", [&] { collected(*link, true); });
  }
}

TEST_CASE("N43 a plain answer of a drive is told from a record") {
  DeviceProfile profile = with_sessions();
  profile.faults = {parse_fault("FINISH_RSP", "drop-session")};
  profile.storage.stale_tail = true;
  Rig rig(profile);
  const std::unique_ptr<Link> link = rig.link();
  expect_error(ErrorId::peer, "answered outside the session, with ERROR InvalidSession", [&] { collected(*link, true); });
}

TEST_CASE("a drive without secured messages opens no session") {
  DeviceProfile profile = with_sessions();
  profile.storage.operations = 0x26;
  Rig rig(profile);
  const std::unique_ptr<Link> link = rig.link();
  link->connect(soon());
  CHECK_FALSE(link->carries_sessions());
  expect_error(ErrorId::unsupported, "carries no secured messages", [&] { link->exchange_secured(Bytes(40), soon()); });
}

TEST_CASE("each fault of a drive has its error, and a drive has nothing pending afterwards") {
  struct Row {
    DeviceStorage storage;
    ErrorId id;
    std::string why;
  };
  const std::vector<Row> rows{
      {{.protocols = {0x00, 0x01}}, ErrorId::no_spdm, "do not include E8h"},
      {{.protocols = {0xE8}}, ErrorId::no_spdm, "it refuses to list its security protocols: status 0x4002"},
      {{.protocols = {}}, ErrorId::no_spdm, "it refuses to list"},
      {{.version = 0x2000}, ErrorId::peer, "binding version: 0x2000, 1.x is known"},
      {{.operations = 0x06}, ErrorId::peer, "operations: 0x06 lacks messages"},
      {{.operations = 0x20}, ErrorId::peer, "the drive refuses discovery: status 0x4002"},
      {{.empty = true}, ErrorId::peer, "the drive reports success and sends nothing"},
      {{.waiting = Bytes(70000, 1)}, ErrorId::busy, "the drive holds a response of 70000 bytes to somebody else"},
      {{.not_ready = 1000}, ErrorId::timeout, "the drive has no response in time: status 0x4002"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Rig rig(device_with(row.storage));
    const std::unique_ptr<Link> link = rig.link();
    expect_error(row.id, row.why, [&] {
      link->connect(soon());
      link->exchange(kGetVersion, in_ms(50));
    });
  }
}

TEST_CASE("a drive that is odd, and yet answers") {
  const std::vector<DeviceStorage> rows{
      {.protocols = {0x00, 0xE8, 0xEF}},
      {.order = ByteOrder::big},
      {.version = 0x1100, .connections = 4},
      {.operations = 0x22},  // no pending info
      {.waiting = Bytes(100, 7)},
      {.operations = 0x22, .waiting = Bytes(100, 7)},
      {.waiting = Bytes(20000, 7)},
      {.not_ready = 3},
      {.stale_tail = true, .waiting = Bytes(5, 7), .not_ready = 1},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    Rig rig(device_with(rows[i]));
    const std::unique_ptr<Link> link = rig.link();
    link->connect(soon());
    CHECK(link->exchange(kGetVersion, soon()).at(1) == 0x04);
    HostView host;
    host.drive.emplace();
    link->describe(host);
    REQUIRE(host.drive->discovery);
    CHECK(host.drive->discovery->order == rows[i].order);
    CHECK(host.drive->discovery->connections == rows[i].connections);
  }
}

TEST_CASE("an answer that is late does not stay in the drive") {
  DeviceProfile profile = device();
  profile.faults = {parse_fault("VERSION", "delay 100")};
  Rig rig(profile);
  expect_error(ErrorId::timeout, "no response in time", [&] { rig.link()->exchange(kGetVersion, in_ms(30)); });
  // The farewell has waited for it: pending info shows none.
  CHECK_FALSE(PendingInfo::decode(rig.drive->receive(kProtocolSpdm, 0x08, 64).data, ByteOrder::little).waits);
}

TEST_CASE("a response that is larger than what was asked for is said to be") {
  DeviceProfile profile = device();
  profile.faults = {parse_fault("VERSION", cat("append ", std::string(1200, '0')))};
  Rig rig(profile);
  const std::unique_ptr<Link> link = rig.link({.max_message = 100});
  expect_error(ErrorId::peer, "the drive has a response of 616 bytes; we take 100", [&] { link->exchange(kGetVersion, soon()); });
}

TEST_CASE("a target that is an emulated drive") {
  Running server(device_with({.order = ByteOrder::big}));
  const Opened opened = open_emu(server.target(), {});
  REQUIRE(opened.host.drive);
  CHECK(opened.host.drive->transport == "emulated");
  CHECK(opened.link->binding() == Binding::storage);
  CHECK(opened.link->max_receive() == 4600);
  opened.link->connect(soon());
  HostView host = opened.host;
  opened.link->describe(host);
  REQUIRE(host.drive->discovery);
  CHECK(host.drive->discovery->order == ByteOrder::big);
  CHECK(opened.link->exchange(kGetVersion, soon()).at(1) == 0x04);
  CHECK(open_emu(server.target() + "&max=100", {}).link->max_receive() == 100);
}
