// The emulated drive, command by command.
#include "transport/emulated/drive.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <thread>

#include "core/text.h"
#include "transport/socket/storage_frames.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion{0x10, 0x84, 0, 0};
constexpr std::size_t kMuch = 4608;
constexpr std::uint16_t kDiscovery = 0x04, kPending = 0x08, kMessage = 0x14, kSecured = 0x18;

EmulatedDrive drive_with(const DeviceStorage& storage, DeviceProfile profile = {}) {
  profile.storage = storage;
  return EmulatedDrive(std::make_shared<const DeviceProfile>(std::move(profile)));
}

DeviceProfile with_sessions() {
  DeviceProfile out;
  out.sessions.emplace();
  return out;
}

DeviceProfile with_fault(std::string_view action) {
  DeviceProfile out;
  out.faults = {parse_fault("VERSION", action)};
  return out;
}

std::uint16_t ask(EmulatedDrive& drive, std::uint16_t specific = kMessage) {
  return drive.send(kProtocolSpdm, specific, kGetVersion).status;
}

DriveReply receive(EmulatedDrive& drive, std::uint16_t specific = kMessage, std::size_t allocation = kMuch) {
  return drive.receive(kProtocolSpdm, specific, allocation);
}

// The length of the response that waits; 0 when there is none.
std::uint32_t waiting(EmulatedDrive& drive, unsigned connection = 0) {
  const PendingInfo info = PendingInfo::decode(receive(drive, static_cast<std::uint16_t>(kPending | connection)).data, ByteOrder::little);
  CHECK(info.waits == (info.length != 0));
  return info.length;
}

bool is_version(const DriveReply& reply) { return reply.status == kNvmeGood && reply.data.size() == 16 && reply.data[1] == 0x04; }

}  // namespace

TEST_CASE("drive: its protocols, as it is and as a profile says") {
  EmulatedDrive drive = drive_with({});
  CHECK(hex(drive.receive(kProtocolList, 0, 512).data) == "000000000000000200e8");
  CHECK(hex(drive.receive(kProtocolList, 0, 8).data) == "0000000000000002");
  CHECK(drive.receive(kProtocolList, 1, 512).status == kNvmeInvalidField);
  CHECK(drive.receive(0xEF, 0, 512).status == kNvmeInvalidField);
  EmulatedDrive other = drive_with({.protocols = {0x00, 0x01, 0xEF}});
  CHECK(hex(other.receive(kProtocolList, 0, 512).data) == "00000000000000030001ef");
  CHECK(receive(other, kDiscovery).status == kNvmeInvalidField);
  CHECK(ask(other) == kNvmeInvalidField);
  EmulatedDrive none = drive_with({.protocols = {}});
  CHECK(none.receive(kProtocolList, 0, 512).status == kNvmeInvalidField);
}

TEST_CASE("drive: discovery says what it has, in both byte orders") {
  EmulatedDrive plain = drive_with({});
  CHECK(receive(plain, kDiscovery).data == StorageDiscovery{0x1000, 1, 0x26, ByteOrder::little}.encode());
  CHECK(receive(plain, kDiscovery, 4).data == Bytes{0x20, 0x00, 0x00, 0x10});
  EmulatedDrive sessions = drive_with({}, with_sessions());
  CHECK(StorageDiscovery::decode(receive(sessions, kDiscovery).data).operations == 0x66);
  EmulatedDrive other = drive_with({.order = ByteOrder::big, .version = 0x1123, .connections = 4, .operations = 0x22});
  CHECK(receive(other, kDiscovery).data == StorageDiscovery{0x1123, 4, 0x22, ByteOrder::big}.encode());
  CHECK(receive(other, kPending).status == kNvmeInvalidField);  // it has none
}

TEST_CASE("Q43 drive: a message, and its response once") {
  EmulatedDrive drive = drive_with({});
  CHECK(waiting(drive) == 0);
  CHECK(receive(drive).status == kNvmeInvalidField);
  CHECK(ask(drive) == kNvmeGood);
  CHECK(waiting(drive) == 16);
  CHECK(ask(drive) == kNvmeInvalidField);  // one waits
  CHECK(is_version(receive(drive)));
  CHECK(waiting(drive) == 0);
  CHECK(receive(drive).status == kNvmeInvalidField);
  CHECK(ask(drive) == kNvmeGood);
  CHECK(is_version(receive(drive)));
}

TEST_CASE("Q42 drive: a response that does not fit is refused, and waits") {
  EmulatedDrive drive = drive_with({.stale_tail = true});
  CHECK(ask(drive) == kNvmeGood);
  CHECK(receive(drive, kMessage, 15).status == kNvmeInvalidField);
  CHECK(waiting(drive) == 16);
  CHECK(is_version(receive(drive, kMessage, 16)));
}

TEST_CASE("Q41 drive: what it refuses") {
  EmulatedDrive drive = drive_with({.connections = 2}, with_sessions());
  for (const std::uint16_t specific : std::initializer_list<std::uint16_t>{0x00, 0x04, 0x08, 0x0C, 0x10, 0x16, 0x1C, 0x0114, 0xFF14}) {
    CAPTURE(specific);
    CHECK(ask(drive, specific) == kNvmeInvalidField);
  }
  for (const std::uint16_t specific :
       std::initializer_list<std::uint16_t>{0x00, 0x06, 0x0B, 0x0C, 0x10, 0x16, 0x1C, 0x0104, 0x0108, 0x0114, 0x8014}) {
    CAPTURE(specific);
    CHECK(receive(drive, specific).status == kNvmeInvalidField);
  }
  CHECK(drive.send(kProtocolList, 0, {}).status == kNvmeInvalidField);
  CHECK(drive.send(0xEF, kMessage, kGetVersion).status == kNvmeInvalidField);
  CHECK(waiting(drive) == 0);
  EmulatedDrive plain = drive_with({});
  CHECK(ask(plain, kSecured) == kNvmeInvalidField);
}

TEST_CASE("drive: connections are apart") {
  EmulatedDrive drive = drive_with({.connections = 4});
  for (std::uint16_t id = 0; id < 4; ++id) CHECK(ask(drive, static_cast<std::uint16_t>(kMessage | id)) == kNvmeGood);
  for (std::uint16_t id = 0; id < 4; ++id) {
    CHECK(waiting(drive, id) > 0);
    CHECK(is_version(receive(drive, static_cast<std::uint16_t>(kMessage | id))));
    CHECK(waiting(drive, id) == 0);
  }
  // A connection that has not asked for versions has negotiated nothing, whatever others have.
  CHECK(drive.send(kProtocolSpdm, kMessage, Bytes{0x10, 0xE1, 0, 0}).status == kNvmeGood);
  CHECK(receive(drive).data.at(1) == 0x61);
  EmulatedDrive fresh = drive_with({.connections = 4});
  CHECK(ask(fresh) == kNvmeGood);
  CHECK(fresh.send(kProtocolSpdm, kMessage | 1, Bytes{0x10, 0xE1, 0, 0}).status == kNvmeGood);
  CHECK(receive(fresh, kMessage | 1).data.at(1) == 0x7F);
}

TEST_CASE("drive: a message of nothing is answered as any that is too short") {
  EmulatedDrive drive = drive_with({}, with_sessions());
  CHECK(drive.send(kProtocolSpdm, kMessage, {}).status == kNvmeGood);
  CHECK(hex(receive(drive).data) == "107f0100");
  for (const std::size_t size : {0U, 3U, 4U, 7U}) {
    CHECK(drive.send(kProtocolSpdm, kSecured, Bytes(size)).status == kNvmeGood);
    CHECK(hex(receive(drive, kSecured).data) == "107f0200");
  }
}

TEST_CASE("drive: a secured message of no session gets a plain error, where it was asked") {
  EmulatedDrive drive = drive_with({}, with_sessions());
  CHECK(drive.send(kProtocolSpdm, kSecured, Bytes(44, 1)).status == kNvmeGood);
  CHECK(ask(drive) == kNvmeInvalidField);
  CHECK(receive(drive).status == kNvmeInvalidField);
  CHECK(hex(receive(drive, kSecured).data) == "107f0200");
}

TEST_CASE("drive: faults of its own") {
  EmulatedDrive old = drive_with({.waiting = {9, 8, 7}});
  CHECK(waiting(old) == 3);
  CHECK(ask(old) == kNvmeInvalidField);
  CHECK(receive(old).data == Bytes{9, 8, 7});
  CHECK(ask(old) == kNvmeGood);

  EmulatedDrive stale = drive_with({.stale_tail = true});
  CHECK(ask(stale) == kNvmeGood);
  const Bytes data = receive(stale).data;
  CHECK(data.size() == kMuch);
  CHECK(data.at(15) != data.at(16));
  CHECK(data.at(16) == 0xA5);
  CHECK(data.back() == 0xA5);
  CHECK(ask(stale) == kNvmeGood);
  CHECK(receive(stale, kMessage, 0xFFFFFFFF).data.size() == std::size_t{1} << 20);

  EmulatedDrive slow = drive_with({.not_ready = 2});
  for (int i = 0; i < 2; ++i) {
    CHECK(ask(slow) == kNvmeGood);
    CHECK(receive(slow).status == kNvmeInvalidField);
    CHECK(receive(slow).status == kNvmeInvalidField);
    CHECK(waiting(slow) > 0);
    CHECK(is_version(receive(slow)));
  }

  EmulatedDrive empty = drive_with({.empty = true});
  CHECK(ask(empty) == kNvmeGood);
  CHECK(receive(empty).status == kNvmeGood);
  CHECK(waiting(empty) == 0);
  CHECK(ask(empty) == kNvmeGood);
  CHECK(receive(empty).data.empty());
}

TEST_CASE("drive: faults of the messages") {
  EmulatedDrive silent = drive_with({}, with_fault("drop"));
  CHECK(ask(silent) == kNvmeGood);
  CHECK(waiting(silent) == 0);
  CHECK(receive(silent).status == kNvmeInvalidField);
  CHECK(ask(silent) == kNvmeGood);  // nothing waits

  EmulatedDrive gone = drive_with({}, with_fault("close"));
  CHECK(gone.send(kProtocolSpdm, kMessage, kGetVersion).closes);

  EmulatedDrive late = drive_with({}, with_fault("delay 400"));
  const auto begin = Clock::now();
  CHECK(ask(late) == kNvmeGood);
  CHECK(Clock::now() - begin < std::chrono::milliseconds(350));
  CHECK(waiting(late) == 0);
  CHECK(receive(late).status == kNvmeInvalidField);
  CHECK(ask(late) == kNvmeInvalidField);  // it is on its way
  std::this_thread::sleep_until(begin + std::chrono::milliseconds(420));
  CHECK(waiting(late) > 0);
  CHECK(is_version(receive(late)));
}
