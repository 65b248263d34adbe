// SCSI commands, byte by byte, as the kernel is handed them.
#include "transport/storage/scsi_commands.h"

#include <algorithm>

#include "transport/storage/recording_kernel.h"

using namespace spdm;
using namespace spdm::transport;
using namespace support;

namespace {

const Bytes kAttention{0x70, 0, 0x06, 0, 0, 0, 0, 0x0A, 0, 0, 0, 0, 0x29, 0x00, 0, 0, 0, 0};
const Bytes kInvalidField{0x72, 0x05, 0x24, 0x00, 0, 0, 0, 0};

struct Bed {
  RecordingKernel kernel;
  std::unique_ptr<SecurityCommands> commands;

  explicit Bed(SgVersion version = SgVersion::v3, Descriptor fd = node_there())
      : commands(scsi_commands(std::move(fd), "/dev/sg0", version, version == SgVersion::v3 ? kernel.v3() : kernel.v4())) {}
  Completion receive(std::size_t size = 64) { return commands->receive(0xE8, 0x0014, size, in_time()); }
  Completion answered(const KernelAnswer& answer) {
    kernel.answers = {answer};
    return receive();
  }
};

void fails(const KernelAnswer& answer, ErrorId id, const std::string& why, std::size_t size = 64, Descriptor fd = node_there()) {
  Bed bed(SgVersion::v3, std::move(fd));
  bed.kernel.answers = {answer};
  expect_error(id, why, [&] { bed.receive(size); });
}

struct Row {
  bool sends;
  std::uint8_t protocol;
  std::uint16_t specific;
  std::size_t size;
  Bytes cdb;
  std::size_t buffer;
};

// INC_512 is 0 in each; what is sent has its length, what is received whole blocks.
const std::vector<Row> kRows{
    {false, 0x00, 0x0000, 512, {0xA2, 0x00, 0x00, 0x00, 0, 0, 0, 0, 0x02, 0x00, 0, 0}, 512},
    {false, 0xE8, 0x0004, 64, {0xA2, 0xE8, 0x00, 0x04, 0, 0, 0, 0, 0x02, 0x00, 0, 0}, 512},
    {false, 0xE8, 0x0008, 64, {0xA2, 0xE8, 0x00, 0x08, 0, 0, 0, 0, 0x02, 0x00, 0, 0}, 512},
    {true, 0xE8, 0x0014, 4, {0xB5, 0xE8, 0x00, 0x14, 0, 0, 0, 0, 0x00, 0x04, 0, 0}, 512},
    {false, 0xE8, 0x0014, 4096, {0xA2, 0xE8, 0x00, 0x14, 0, 0, 0, 0, 0x10, 0x00, 0, 0}, 4096},
    {true, 0xE8, 0x0018, 4601, {0xB5, 0xE8, 0x00, 0x18, 0, 0, 0, 0, 0x11, 0xF9, 0, 0}, 4608},
    {false, 0xE8, 0x0018, 4601, {0xA2, 0xE8, 0x00, 0x18, 0, 0, 0, 0, 0x12, 0x00, 0, 0}, 4608},
    {true, 0xE8, 0x0107, 512, {0xB5, 0xE8, 0x01, 0x07, 0, 0, 0, 0, 0x02, 0x00, 0, 0}, 512},
    {false, 0xE8, 0x0014, 0x12'3456, {0xA2, 0xE8, 0x00, 0x14, 0, 0, 0, 0x12, 0x36, 0x00, 0, 0}, 0x12'3600},
    {true, 0xE8, 0x0014, 0, {0xB5, 0xE8, 0x00, 0x14, 0, 0, 0, 0, 0x00, 0x00, 0, 0}, 0},
};

// Runs the command; checks what both versions of the header have.
Asked ask(Bed& bed, const Row& row) {
  const Completion done = row.sends ? bed.commands->send(row.protocol, row.specific, Bytes(row.size, 0xA5), in_time())
                                    : bed.commands->receive(row.protocol, row.specific, row.size, in_time());
  CHECK(done.is_good());
  CHECK(done.data.size() == (row.sends ? 0 : row.size));
  REQUIRE(bed.kernel.asked.size() == 1);
  Asked asked = bed.kernel.asked.front();
  CHECK(asked.request == SG_IO);
  CHECK(asked.cdb == row.cdb);
  Bytes expected(row.sends ? row.size : 0, 0xA5);
  expected.resize(row.buffer, 0);
  CHECK(asked.data == expected);
  return asked;
}

}  // namespace

TEST_CASE("scsi: each operation, byte by byte, for /dev/sg and disks") {
  for (const Row& row : kRows) {
    Bed bed;
    const Asked asked = ask(bed, row);
    CHECK(asked.v3.interface_id == 'S');
    CHECK(asked.v3.dxfer_direction == (row.size == 0 ? SG_DXFER_NONE : row.sends ? SG_DXFER_TO_DEV : SG_DXFER_FROM_DEV));
    CHECK(asked.v3.dxfer_len == row.buffer);
    CHECK(asked.v3.timeout == 60'000);
    CHECK(asked.v3.flags == 0);
    CHECK(asked.v3.iovec_count == 0);
  }
}

TEST_CASE("scsi: each operation, byte by byte, for /dev/bsg") {
  for (const Row& row : kRows) {
    Bed bed(SgVersion::v4);
    const Asked asked = ask(bed, row);
    CHECK(asked.v4.guard == 'Q');
    CHECK(asked.v4.protocol == BSG_PROTOCOL_SCSI);
    CHECK(asked.v4.subprotocol == BSG_SUB_PROTOCOL_SCSI_CMD);
    CHECK(asked.v4.dout_xfer_len == (row.sends ? row.buffer : 0));
    CHECK(asked.v4.din_xfer_len == (row.sends ? 0 : row.buffer));
    CHECK(asked.v4.timeout == 60'000);
    CHECK(asked.v4.flags == 0);
  }
}

TEST_CASE("scsi: what was not transferred is zero, whatever the buffer has") {
  for (const SgVersion version : {SgVersion::v3, SgVersion::v4}) {
    Bed bed(version);
    const auto kept = [&](int residue) {
      const Bytes data = bed.answered({.data = Bytes(512, 0xEE), .residue = residue}).data;
      CHECK(data.size() == 64);
      return std::count(data.begin(), data.end(), 0xEE);
    };
    CHECK(kept(0) == 64);
    CHECK(kept(512 - 8) == 8);
    CHECK(kept(512) == 0);
    CHECK(kept(513) == 0);  // an adapter that is wrong
    CHECK(kept(-1) == 64);
    // Some adapters put the sense data there as well.
    CHECK(bed.answered({.status = 2, .data = Bytes(512, 0xEE), .sense = kInvalidField}).data == Bytes(64, 0));
  }
}

TEST_CASE("scsi: a message that was sent in part only") {
  Bed bed;
  bed.kernel.answers = {{.residue = 508}};
  CHECK(bed.commands->send(0xE8, 0x14, Bytes(4, 1), in_time()).is_good());  // padding that nobody took
  bed.kernel.answers = {{.residue = 509}};
  expect_error(ErrorId::io, "only 3 of 4 bytes were sent", [&] { bed.commands->send(0xE8, 0x14, Bytes(4, 1), in_time()); });
}

TEST_CASE("scsi: refusals in words") {
  for (const SgVersion version : {SgVersion::v3, SgVersion::v4}) {
    Bed bed(version);
    CHECK(bed.answered({.status = 2, .sense = kInvalidField, .driver = 8}).refusal ==
          "SCSI check condition 5/24/00 (invalid field in CDB)");
    // Some kernels remark on it in the status of the host.
    CHECK(bed.answered({.status = 2, .sense = kInvalidField, .host = 0x10}).refusal ==
          "SCSI check condition 5/24/00 (invalid field in CDB)");
    CHECK(bed.answered({.status = 2}).refusal == "SCSI check condition without sense data");
    CHECK(bed.answered({.status = 2, .sense = {0x72, 5}}).refusal == "SCSI check condition without sense data");
    CHECK(bed.answered({.status = 0x18}).refusal == "SCSI status 0x18 (reservation conflict)");
    CHECK(bed.answered({.status = 0x22}).refusal == "SCSI status 0x22");
    CHECK(bed.answered({.status = 2, .sense = {0x72, 0x01, 0x0B, 0x01, 0, 0, 0, 0}}).is_good());  // recovered: it was done
    CHECK(bed.kernel.asked.size() == 7);
  }
}

TEST_CASE("scsi: an attention is no answer to this command") {
  Bed bed;
  const KernelAnswer attention{.status = 2, .sense = kAttention};
  bed.kernel.answers = {attention, attention, {.data = {0x10}}};
  CHECK(bed.receive().data.front() == 0x10);
  CHECK(bed.kernel.asked.size() == 3);
  // A device with no end of them.
  CHECK(bed.answered(attention).refusal == "SCSI check condition 6/29/00 (power on, reset, or bus device reset)");
  CHECK(bed.kernel.asked.size() == 6);
  // Sense data of an earlier command.
  Bytes deferred = kInvalidField;
  deferred[0] = 0x73;
  bed.kernel.answers = {{.status = 2, .sense = deferred}, {}};
  CHECK(bed.receive().is_good());
  CHECK(bed.kernel.asked.size() == 8);
}

TEST_CASE("scsi: commands that the device has not answered") {
  fails({.error = EPERM}, ErrorId::permission, "the kernel refuses the command");
  fails({.error = EACCES}, ErrorId::permission, "the kernel refuses the command");
  fails({.error = ENODEV}, ErrorId::no_device, "/dev/sg0 is gone");
  fails({.error = ENOTTY}, ErrorId::no_spdm, "its driver does not support this command");
  fails({.error = EIO}, ErrorId::io, "a command with 65536 bytes of data failed", 65536);
  fails({.error = EIO}, ErrorId::no_device, "/dev/sg0 is gone", 64, node_removed());
  fails({.host = 0x01}, ErrorId::no_device, "host status 0x01 (the device cannot be reached)");
  fails({.host = 0x03}, ErrorId::timeout, "no answer in time");
  fails({.host = 0x07}, ErrorId::io, "host status 0x07 (error of the adapter)");
  fails({.host = 0x44}, ErrorId::io, "host status 0x44");
  fails({.host = 0x10}, ErrorId::io, "host status 0x10");  // without a status of the device
  fails({.host = 0x07}, ErrorId::no_device, "/dev/sg0 is gone", 64, node_removed());
  fails({.driver = 0x06}, ErrorId::timeout, "no answer in time");
  fails({.driver = 0x04}, ErrorId::io, "driver status 0x04");
  Bed bed;
  expect_error(ErrorId::timeout, "before a command was sent", [&] { bed.commands->receive(0xE8, 0x14, 64, Clock::now()); });
  CHECK(bed.kernel.asked.empty());
  expect_error(ErrorId::internal, "more than a command has", [&] { bed.receive(0x0200'0000); });
}

namespace {

// CHECK POWER MODE: the registers come with "recovered error", in either format.
Bytes registers(std::uint8_t count, bool fixed) {
  if (fixed) return {0x70, 0, 0x01, 0x00, 0x50, 0x00, count, 0x0A, 0, 0, 0, 0, 0x00, 0x1D, 0, 0, 0, 0};
  return {0x72, 0x01, 0x00, 0x1D, 0, 0, 0, 0x0E, 0x09, 0x0C, 0, 0, 0, count, 0, 0, 0, 0, 0, 0, 0, 0x50};
}

bool standby(RecordingKernel& kernel, const KernelAnswer& sense, const KernelAnswer& power) {
  const Descriptor fd = node_there();
  kernel.answers = {sense, power};
  kernel.asked.clear();
  return is_in_standby({{fd.get(), "/dev/sg0", kScsiCapability}, SgVersion::v3, kernel.v3()}, in_time());
}

}  // namespace

TEST_CASE("scsi: a disk is asked whether it sleeps, by commands that do not wake it") {
  RecordingKernel kernel;
  const KernelAnswer awake{.data = {0x70, 0, 0, 0, 0, 0, 0, 0x0A}, .residue = 252 - 18};
  const KernelAnswer no_ata{.status = 2, .sense = {0x72, 0x05, 0x20, 0x00, 0, 0, 0, 0}};
  CHECK(!standby(kernel, awake, no_ata));
  REQUIRE(kernel.asked.size() == 2);
  CHECK(kernel.asked[0].cdb == Bytes{0x03, 0, 0, 0, 252, 0});
  CHECK(kernel.asked[0].v3.dxfer_direction == SG_DXFER_FROM_DEV);
  CHECK(kernel.asked[1].cdb == Bytes{0x85, 0x06, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE5, 0});
  CHECK(kernel.asked[1].v3.dxfer_direction == SG_DXFER_NONE);
  CHECK(kernel.asked[1].v3.dxfer_len == 0);
  // SAS: standby by timer.
  CHECK(standby(kernel, {.data = {0x70, 0, 0, 0, 0, 0, 0, 0x0A, 0, 0, 0, 0, 0x5E, 0x02, 0, 0, 0, 0}, .residue = 252 - 18}, no_ata));
  CHECK(kernel.asked.size() == 1);
  for (const bool fixed : {false, true}) {
    for (const std::uint8_t mode : Bytes{0x00, 0x01, 0x40}) CHECK(standby(kernel, awake, {.status = 2, .sense = registers(mode, fixed)}));
    for (const std::uint8_t mode : Bytes{0x80, 0x82, 0xFF}) CHECK(!standby(kernel, awake, {.status = 2, .sense = registers(mode, fixed)}));
  }
  // The registers of a command that failed say nothing.
  Bytes aborted = registers(0, false);
  aborted[1] = 0x0B;
  CHECK(!standby(kernel, awake, {.status = 2, .sense = aborted}));
}
