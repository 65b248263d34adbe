// What the broker of drives lets through, and its messages.
#include "cmd/host/drive_messages.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "core/wire/security_protocol.h"

using namespace spdm;
using transport::DriveKind;

namespace {

constexpr std::uint16_t kMessage = protocol_specific(StorageOperation::message);

}  // namespace

TEST_CASE("of all commands only SPDM on connection 0, and the list of protocols, are allowed") {
  std::set<std::uint16_t> sent, received;
  for (unsigned protocol = 0; protocol <= 0xFF; ++protocol)
    for (unsigned specific = 0; specific <= 0xFFFF; ++specific) {
      const auto secp = static_cast<std::uint8_t>(protocol);
      const auto spsp = static_cast<std::uint16_t>(specific);
      const bool sends = cmd::is_allowed(true, secp, spsp, 512), receives = cmd::is_allowed(false, secp, spsp, 512);
      if (protocol == kProtocolSpdm) {
        if (sends) sent.insert(spsp);
        if (receives) received.insert(spsp);
      } else if (sends || receives) {
        REQUIRE((!sends && protocol == 0 && specific == 0));
      }
    }
  CHECK(sent == std::set<std::uint16_t>{0x14, 0x18});
  CHECK(received == std::set<std::uint16_t>{0x04, 0x08, 0x14, 0x18});
  CHECK(cmd::is_allowed(false, 0, 0, 512));
  for (const bool sends : {true, false}) {
    CHECK(cmd::is_allowed(sends, kProtocolSpdm, kMessage, 65536));
    CHECK_FALSE(cmd::is_allowed(sends, kProtocolSpdm, kMessage, 65537));
    CHECK_FALSE(cmd::is_allowed(sends, kProtocolSpdm, kMessage, 0));
  }
}

TEST_CASE("only nodes of drives are opened, as the kernel writes them, and of the right kind") {
  const auto nvme = [](const char* node) { return cmd::is_drive_node(DriveKind::nvme, node, "/"); };
  const auto scsi = [](const char* node) { return cmd::is_drive_node(DriveKind::scsi, node, "/"); };
  for (const char* const node : {"/dev/nvme0", "/dev/nvme9", "/dev/nvme10", "/dev/nvme123456"}) CHECK_MESSAGE(nvme(node), node);
  for (const char* const node :
       {"/dev/sg0", "/dev/sg17", "/dev/sda", "/dev/sdzzzz", "/dev/bsg/0:0:0:0", "/dev/bsg/10:0:3:18446744073709551615"})
    CHECK_MESSAGE(scsi(node), node);
  for (const char* const node : {"",
                                 "/",
                                 "/dev",
                                 "/dev/",
                                 "/dev/nvme",
                                 "/dev/nvme00",
                                 "/dev/nvme01",
                                 "/dev/nvme0n1",
                                 "/dev/nvme0/",
                                 "/dev/nvme-1",
                                 "/dev/nvme1234567",
                                 "/dev/../dev/nvme0",
                                 "/dev/./nvme0",
                                 "/dev//nvme0",
                                 "//dev/nvme0",
                                 "dev/nvme0",
                                 "nvme0",
                                 "/dev/nvme0 ",
                                 "/dev/mem",
                                 "/dev/nvme-fabrics",
                                 "/dev/ng0n1",
                                 "/dev/sg",
                                 "/dev/sg0p",
                                 "/dev/sda1",
                                 "/dev/sd",
                                 "/dev/sdA",
                                 "/dev/sdaaaaa",
                                 "/dev/sd/a",
                                 "/dev/bsg/",
                                 "/dev/bsg/0:0:0",
                                 "/dev/bsg/0:0:0:0:0",
                                 "/dev/bsg/0:0:0:",
                                 "/dev/bsg/../sda",
                                 "/dev/bsg/00:0:0:0",
                                 "/dev/bsg/sda",
                                 "/tmp/sda",
                                 "/sys/sg0"}) {
    CHECK_FALSE_MESSAGE(nvme(node), node);
    CHECK_FALSE_MESSAGE(scsi(node), node);
  }
  CHECK_FALSE(scsi("/dev/nvme0"));
  CHECK_FALSE(nvme("/dev/sg0"));
  CHECK_FALSE(cmd::is_drive_node(DriveKind::nvme, std::string("/dev/nvme0\0", 11), "/"));
  CHECK(cmd::is_drive_node(DriveKind::nvme, "/tmp/root/dev/nvme0", "/tmp/root"));
  CHECK_FALSE(cmd::is_drive_node(DriveKind::nvme, "/dev/nvme0", "/tmp/root"));
}

TEST_CASE("answers of the broker are checked, too") {
  for (const Bytes& answer : {Bytes{}, Bytes{7}, Bytes{1}, Bytes{1, 5, 0, 'x'}, Bytes{2}, Bytes{2, 1, 0}, Bytes{0}})
    CHECK_THROWS_AS(cmd::decode_completion(answer), Error);
  for (const Bytes& answer : {Bytes{}, Bytes{1, 0, 0}, Bytes{0, 0}}) CHECK_THROWS_AS(cmd::decode_done(answer), Error);
  Bytes unknown = Writer().u8(2).u16(3).bytes(as_bytes("new")).u16(1).bytes(as_bytes("m")).u16(0).take();
  expect_error(ErrorId::internal, "m", [&] { cmd::decode_done(unknown); });
}
