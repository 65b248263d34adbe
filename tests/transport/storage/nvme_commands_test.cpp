// NVMe commands, word by word, as the kernel is handed them.
#include "transport/storage/nvme_commands.h"

#include <fcntl.h>

#include <filesystem>
#include <thread>

#include "support/temporary.h"
#include "transport/storage/recording_kernel.h"

using namespace spdm;
using namespace spdm::transport;
using namespace support;

namespace {

struct Bed {
  RecordingKernel kernel;
  std::unique_ptr<SecurityCommands> commands;

  explicit Bed(Descriptor fd = node_there()) : commands(nvme_commands(std::move(fd), "/dev/nvme0", kernel.nvme())) {}
  Completion receive(std::size_t size = 64) { return commands->receive(0xE8, 0x0014, size, in_time()); }
  Completion answered(const KernelAnswer& answer) {
    kernel.answers = {answer};
    return receive();
  }
};

void fails(const KernelAnswer& answer, ErrorId id, const std::string& why, std::size_t size = 64, Descriptor fd = node_there()) {
  Bed bed(std::move(fd));
  bed.kernel.answers = {answer};
  expect_error(id, why, [&] { bed.receive(size); });
}

}  // namespace

TEST_CASE("nvme: each operation, word by word") {
  struct Row {
    bool sends;
    std::uint8_t protocol;
    std::uint16_t specific;
    std::size_t size;
    std::uint32_t cdw10;
  };
  for (const Row& row :
       {Row{false, 0x00, 0x0000, 512, 0x0000'0000}, Row{false, 0xE8, 0x0004, 64, 0xE800'0400}, Row{false, 0xE8, 0x0008, 64, 0xE800'0800},
        Row{true, 0xE8, 0x0014, 4, 0xE800'1400}, Row{false, 0xE8, 0x0014, 4608, 0xE800'1400}, Row{true, 0xE8, 0x0018, 4601, 0xE800'1800},
        Row{false, 0xE8, 0x0018, 65536, 0xE800'1800}, Row{false, 0xE8, 0x0107, 1, 0xE801'0700}, Row{true, 0xE8, 0x0014, 0, 0xE800'1400}}) {
    Bed bed;
    const Bytes data(row.size, 0xA5);
    const Completion done = row.sends ? bed.commands->send(row.protocol, row.specific, data, in_time())
                                      : bed.commands->receive(row.protocol, row.specific, row.size, in_time());
    CHECK(done.is_good());
    CHECK(done.data.size() == (row.sends ? 0 : row.size));
    REQUIRE(bed.kernel.asked.size() == 1);
    const Asked& asked = bed.kernel.asked.front();
    CHECK(asked.request == NVME_IOCTL_ADMIN_CMD);
    CHECK(asked.nvme.opcode == (row.sends ? 0x81 : 0x82));
    CHECK(asked.nvme.cdw10 == row.cdw10);
    CHECK(asked.nvme.cdw11 == row.size);
    CHECK(asked.nvme.data_len == row.size);
    CHECK(asked.data == Bytes(row.size, row.sends ? 0xA5 : 0));  // nothing of ours goes where the drive writes
    CHECK(asked.nvme.nsid == 0);
    for (const std::uint32_t zero : {std::uint32_t{asked.nvme.flags}, asked.nvme.cdw2, asked.nvme.cdw3, asked.nvme.metadata_len,
                                     asked.nvme.cdw12, asked.nvme.cdw13, asked.nvme.cdw14, asked.nvme.cdw15})
      CHECK(zero == 0);
    CHECK(asked.nvme.metadata == 0);
  }
}

TEST_CASE("nvme: data begins with a page, so that few pages need no list") {
  for (const std::size_t size : {1U, 64U, 4601U, 5120U, 8192U}) {
    Bed bed;
    bed.commands->send(0xE8, 0x0014, Bytes(size, 0xA5), in_time());
    bed.receive(size);
    REQUIRE(bed.kernel.asked.size() == 2);
    for (const Asked& asked : bed.kernel.asked) CHECK(asked.nvme.addr % 4096 == 0);
  }
}

TEST_CASE("nvme: what the drive has not written is zero") {
  Bed bed;
  const Completion done = bed.answered({.data = {0x10, 0x04, 0, 1}});
  Bytes expected{0x10, 0x04, 0, 1};
  expected.resize(64, 0);
  CHECK(done.data == expected);
  CHECK(bed.answered({.status = 2, .data = {1, 2, 3}}).data == Bytes(64, 0));
}

TEST_CASE("nvme: the kernel gets a minute at least, because it resets the controller afterwards") {
  Bed bed;
  bed.commands->receive(0xE8, 0x14, 64, Clock::now() + std::chrono::milliseconds(100));
  CHECK(bed.kernel.asked.back().nvme.timeout_ms == 60'000);
  bed.commands->receive(0xE8, 0x14, 64, Clock::now() + std::chrono::seconds(90));
  CHECK(bed.kernel.asked.back().nvme.timeout_ms > 85'000);
  bed.commands->receive(0xE8, 0x14, 64, Clock::time_point::max());
  CHECK(bed.kernel.asked.back().nvme.timeout_ms == 3'600'000);
  expect_error(ErrorId::timeout, "before a command was sent", [&] { bed.commands->receive(0xE8, 0x14, 64, Clock::now()); });
  CHECK(bed.kernel.asked.size() == 3);
}

TEST_CASE("nvme: refusals in words") {
  Bed bed;
  CHECK(bed.answered({.status = 0x4002}).refusal == "NVMe status 0x4002 (Invalid Field in Command)");
  CHECK(bed.answered({.status = 0x4004}).refusal == "NVMe status 0x4004 (Data Transfer Error)");
  CHECK(bed.answered({.status = 0x0001}).refusal == "NVMe status 0x0001 (Invalid Command Opcode)");
  CHECK(bed.answered({.status = 0x0015}).refusal == "NVMe status 0x0015 (Operation Denied)");
  CHECK(bed.answered({.status = 0x7FC0}).refusal == "NVMe status 0x7fc0");
  CHECK(bed.answered({.status = 0x0102}).refusal == "NVMe status 0x0102");  // another type
  CHECK(bed.kernel.asked.size() == 6);                                      // none is tried again
}

TEST_CASE("nvme: a controller that wants a namespace named is told all of them") {
  Bed bed;
  bed.kernel.answers = {{.status = 0x400B}, {.data = {1}}};
  CHECK(bed.receive().data.front() == 1);
  bed.receive();
  REQUIRE(bed.kernel.asked.size() == 3);
  CHECK(bed.kernel.asked[0].nvme.nsid == 0);
  CHECK(bed.kernel.asked[1].nvme.nsid == 0xFFFFFFFF);
  CHECK(bed.kernel.asked[2].nvme.nsid == 0xFFFFFFFF);
  Bed other;
  other.kernel.answers = {{.status = 0x000B}};
  CHECK(other.receive().refusal == "NVMe status 0x000b (Invalid Namespace or Format)");
  CHECK(other.kernel.asked.size() == 2);
  CHECK(other.receive().refusal == "NVMe status 0x000b (Invalid Namespace or Format)");
  CHECK(other.kernel.asked.size() == 3);
}

// The kernel ends the commands of a drive that was pulled out, and takes its node away a moment later.
TEST_CASE("nvme: a drive that goes while its command ends is gone") {
  for (const KernelAnswer& answer : {KernelAnswer{.error = EINTR}, KernelAnswer{.error = EIO}, KernelAnswer{.status = 0x0371}}) {
    CAPTURE(answer.error);
    TemporaryDirectory folder;
    folder.write("nvme0", "");
    const std::filesystem::path node = folder.path() / "nvme0";
    Bed bed(Descriptor(::open(node.c_str(), O_RDONLY | O_CLOEXEC)));
    bed.kernel.answers = {answer};
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      std::filesystem::remove(node);
    });
    expect_error(ErrorId::no_device, "/dev/nvme0 is gone", [&] { bed.receive(); });
    later.join();
  }
}

TEST_CASE("nvme: commands that the controller has not answered") {
  fails({.error = EACCES}, ErrorId::permission, "the kernel refuses the command");
  fails({.error = EPERM}, ErrorId::permission, "the kernel refuses the command");
  fails({.error = ENODEV}, ErrorId::no_device, "/dev/nvme0 is gone");
  fails({.error = ENXIO}, ErrorId::no_device, "/dev/nvme0 is gone");
  fails({.error = ENOTTY}, ErrorId::no_spdm, "its driver does not support this command");
  fails({.error = EINTR}, ErrorId::timeout, "the kernel has cancelled the command");
  fails({.error = EBUSY}, ErrorId::busy, "a command to /dev/nvme0");
  fails({.error = EIO}, ErrorId::io, "a command to /dev/nvme0");
  fails({.error = EINVAL}, ErrorId::io, "a command to /dev/nvme0");
  fails({.error = EINVAL}, ErrorId::io, "a command with 65536 bytes of data failed", 65536);
  fails({.status = 0x0371}, ErrorId::io, "did not reach the controller: NVMe status 0x0371 (Command Aborted By Host)");
  // The drive was removed meanwhile.
  fails({.error = EIO}, ErrorId::no_device, "/dev/nvme0 is gone", 64, node_removed());
  fails({.error = EINTR}, ErrorId::no_device, "/dev/nvme0 is gone", 64, node_removed());
  fails({.status = 0x0370}, ErrorId::no_device, "/dev/nvme0 is gone", 64, node_removed());
  Bed bed;
  bed.kernel.answers = {{.error = EACCES}};
  try {
    bed.receive();
  } catch (const Error& error) {
    CHECK(error.hint == "run it as root: each command needs CAP_SYS_ADMIN");
  }
}
