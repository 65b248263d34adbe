// The frames of a drive on the emulator's socket, and what a requester makes of wrong ones.
#include "transport/socket/emu_drive.h"

#include <doctest/doctest.h>

#include <thread>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "transport/socket/emu.h"
#include "transport/socket/peer.h"
#include "transport/socket/storage_frames.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

Bytes h(std::string_view digits) { return unhex(digits, "test"); }
constexpr std::size_t kRequest = kFrameHeader + kStorageHeader;

Completion receive(SecurityCommands& drive, Clock::time_point deadline = soon()) { return drive.receive(0xE8, 0x0014, 16, deadline); }

// What a requester makes of these frames (hex) in answer to a command that receives.
void refused(std::string_view frames, ErrorId id, const std::string& why) {
  CAPTURE(frames);
  Peer peer(answer(kRequest, h(frames)));
  const std::unique_ptr<SecurityCommands> drive = emu_drive(peer.stream());
  expect_error(id, why, [&] { receive(*drive); });
  expect_error(ErrorId::io, "given up after an earlier error", [&] { receive(*drive); });
}

}  // namespace

TEST_CASE("a command to a drive is seven little-endian bytes and the data; a status is big-endian") {
  const StorageHeader header{0xE8, 0x0114, 0x01020304};
  CHECK(hex(encode_storage_header(header)) == "e8140104030201");
  CHECK(parse_storage_header(h("e8140104030201aabb")) == header);
  expect_error(ErrorId::peer, "length", [] { parse_storage_header(h("e81401040302")); });
  CHECK(hex(encode_storage_status(kNvmeInvalidField)) == "4002");
  CHECK(parse_storage_status(h("4002")) == kNvmeInvalidField);
  for (const char* wrong : {"", "40", "400200"}) expect_error(ErrorId::peer, "status", [&] { parse_storage_status(h(wrong)); });
}

TEST_CASE("emulated drive: what goes over the socket, and back") {
  Peer peer([](Stream& stream) {
    CHECK(hex(stream.read(kRequest + 4, soon())) ==
          "00000002000000040000000b"
          "e8140004000000"
          "10840000");
    stream.write(h("000000040000000400000002"
                   "0000"),
                 soon());
    CHECK(hex(stream.read(kRequest, soon())) ==
          "000000030000000400000007"
          "e8140010000000");
    stream.write(h("000000040000000400000002"
                   "0000"
                   "000000030000000400000003"
                   "112233"),
                 soon());
    for (const char* status : {"4002", "4004"}) {
      stream.read(kRequest, soon());
      stream.write(h(cat("000000040000000400000002", status)), soon());
    }
  });
  const std::unique_ptr<SecurityCommands> drive = emu_drive(peer.stream());
  CHECK(drive->send(0xE8, 0x0014, h("10840000"), soon()).is_good());
  const Completion data = receive(*drive);
  CHECK(data.is_good());
  CHECK(hex(data.data) == "11223300000000000000000000000000");
  // A refused command ends nothing.
  CHECK(receive(*drive).refusal == "NVMe status 0x4002 (Invalid Field in Command)");
  CHECK(receive(*drive).refusal == "NVMe status 0x4004");
}

TEST_CASE("emulated drive: wrong frames end the connection") {
  const std::string good = "0000000400000004000000020000";
  refused("00000001000000040000000400000000", ErrorId::peer, "command: 0x0001, expected 0x0004");
  refused("0000ffff0000000400000000", ErrorId::peer, "the peer is not a drive");
  refused("0000000400000002000000020000", ErrorId::peer, "transport type");
  refused("0000000400000004000000010000", ErrorId::peer, "status: 1 bytes, expected 2");
  refused("00000004000000047fffffff", ErrorId::peer, "payload size");
  refused("", ErrorId::io, "closed");
  refused("000000040000000400000002", ErrorId::io, "closed");
  refused(good, ErrorId::io, "closed");
  refused(good + "0000000400000004000000020000", ErrorId::peer, "command: 0x0004, expected 0x0003");
  refused(good + "000000030000000400000011" + std::string(34, '0'), ErrorId::peer, "data: 17 bytes, 16 were allocated");
  refused(good + "00000003000000040000000411", ErrorId::io, "closed");
}

TEST_CASE("emulated drive: a command that has begun is not given up at once") {
  Peer peer([](Stream& stream) {
    stream.read(kRequest, soon());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stream.write(h("0000000400000004000000024002"), soon());
  });
  const std::unique_ptr<SecurityCommands> drive = emu_drive(peer.stream());
  CHECK(receive(*drive, in_ms(1)).refusal == "NVMe status 0x4002 (Invalid Field in Command)");
}

TEST_CASE("emulated drive: one that is silent") {
  Peer peer(stay_silent);
  const std::unique_ptr<SecurityCommands> drive = emu_drive(peer.stream());
  expect_error(ErrorId::timeout, "did not answer in time", [&] { receive(*drive, in_ms(50)); });
  expect_error(ErrorId::io, "given up", [&] { receive(*drive); });
}
