#include "transport/storage/nvme_commands.h"

#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/storage/command_failure.h"

namespace spdm::transport {

namespace {

// NVM Express Base Specification, "Opcodes for Admin Commands".
constexpr std::uint8_t kSecuritySend = 0x81, kSecurityReceive = 0x82;

constexpr std::uint32_t kNoNamespace = 0, kAllNamespaces = 0xFFFFFFFF;

// Status Code Type and Status Code, of the status field without its phase bit.
constexpr int kTypeAndCode = 0x07FF;
constexpr int kInvalidNamespace = 0x00B;
// "Path Related Status": the kernel has made it up for a command that the controller has not answered.
constexpr int kType = 0x0700, kPathRelated = 0x0300;

struct Status {
  int code;
  std::string_view name;
};

// "Generic Command Status Values", and those of other types that these two commands can meet.
constexpr std::array kStatus{
    Status{0x001, "Invalid Command Opcode"},
    Status{0x002, "Invalid Field in Command"},
    Status{0x003, "Command ID Conflict"},
    Status{0x004, "Data Transfer Error"},
    Status{0x005, "Commands Aborted due to Power Loss Notification"},
    Status{0x006, "Internal Error"},
    Status{0x007, "Command Abort Requested"},
    Status{0x008, "Command Aborted due to SQ Deletion"},
    Status{0x00B, "Invalid Namespace or Format"},
    Status{0x00C, "Command Sequence Error"},
    Status{0x013, "Invalid Use of Controller Memory Buffer"},
    Status{0x015, "Operation Denied"},
    Status{0x01C, "Sanitize Failed"},
    Status{0x01D, "Sanitize In Progress"},
    Status{0x021, "Command Interrupted"},
    Status{0x022, "Transient Transport Error"},
    Status{0x024, "Admin Command Media Not Ready"},
    Status{0x300, "Internal Path Error"},
    Status{0x360, "Controller Pathing Error"},
    Status{0x370, "Host Pathing Error"},
    Status{0x371, "Command Aborted By Host"},
};

std::string words_of(int status) {
  const std::string number = cat("NVMe status 0x", hex(static_cast<unsigned>(status), 4));
  for (const Status& row : kStatus)
    if (row.code == (status & kTypeAndCode)) return cat(number, " (", row.name, ")");
  return number;
}

// Zeros from the begin of a page on, so that two pages take 4 KiB and more, and the controller needs no list of pages. QEMU 11.1 takes
// the address of such a list for that of the second page when the response is shorter than the allocation: what is behind the first
// page is lost, and what it writes instead, it writes over the list.
class PagedBuffer {
 public:
  explicit PagedBuffer(std::size_t size) : room_(size + kPage, 0) {
    void* begin = room_.data();
    std::size_t space = room_.size();
    std::align(kPage, size, begin, space);
    bytes_ = {static_cast<std::uint8_t*>(begin), size};
  }
  std::span<std::uint8_t> bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kPage = 4096;
  Bytes room_;
  std::span<std::uint8_t> bytes_;
};

class NvmeCommands final : public SecurityCommands {
 public:
  NvmeCommands(Descriptor fd, std::string name, Ioctl ioctl)
      : fd_(std::move(fd)), place_{fd_.get(), std::move(name), "CAP_SYS_ADMIN"}, ioctl_(std::move(ioctl)) {}

  Completion send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) override {
    PagedBuffer buffer(data.size());
    std::copy(data.begin(), data.end(), buffer.bytes().begin());
    return {run(kSecuritySend, protocol, specific, buffer.bytes(), deadline), {}};
  }
  Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) override {
    // The controller does not say how much it has written: what it has not stays zero.
    PagedBuffer buffer(allocation);
    std::string refusal = run(kSecurityReceive, protocol, specific, buffer.bytes(), deadline);
    if (!refusal.empty()) return {std::move(refusal), Bytes(allocation, 0)};
    return {{}, Bytes(buffer.bytes().begin(), buffer.bytes().end())};
  }

 private:
  // Why it was refused; empty for a success.
  std::string run(std::uint8_t opcode, std::uint8_t protocol, std::uint16_t specific, std::span<std::uint8_t> data,
                  Clock::time_point deadline);
  int submit(nvme_admin_cmd command, std::size_t size, Clock::time_point deadline);

  Descriptor fd_;
  CommandPlace place_;
  Ioctl ioctl_;
  std::uint32_t namespace_ = kNoNamespace;
};

int NvmeCommands::submit(nvme_admin_cmd command, std::size_t size, Clock::time_point deadline) {
  command.nsid = namespace_;
  command.timeout_ms = milliseconds_for(place_, deadline);
  const int status = ioctl_(fd_.get(), NVME_IOCTL_ADMIN_CMD, &command);
  if (status < 0) fail_command(place_, errno, size);
  if ((status & kType) == kPathRelated) give_up(place_, cat("the command did not reach the controller: ", words_of(status)));
  return status;
}

std::string NvmeCommands::run(std::uint8_t opcode, std::uint8_t protocol, std::uint16_t specific, std::span<std::uint8_t> data,
                              Clock::time_point deadline) {
  if (data.size() > std::numeric_limits<std::uint32_t>::max()) throw Error(ErrorId::internal, "more data than a command has");
  nvme_admin_cmd command{};
  command.opcode = opcode;
  command.addr = reinterpret_cast<std::uintptr_t>(data.data());
  command.data_len = static_cast<std::uint32_t>(data.size());
  // SECP in bits 31:24, SPSP1 in 23:16, SPSP0 in 15:8; NSSF, in 7:0, is for another protocol.
  command.cdw10 = std::uint32_t{protocol} << 24 | std::uint32_t{specific} << 8;
  command.cdw11 = static_cast<std::uint32_t>(data.size());  // transfer length, or allocation length
  int status = submit(command, data.size(), deadline);
  // The commands are of the controller, and the kernel itself names no namespace with them. A controller that wants one named takes
  // this value for all of them; it is told so from then on.
  if ((status & kTypeAndCode) == kInvalidNamespace && namespace_ == kNoNamespace) {
    namespace_ = kAllNamespaces;
    status = submit(command, data.size(), deadline);
  }
  return status == 0 ? std::string() : words_of(status);
}

}  // namespace

std::unique_ptr<SecurityCommands> nvme_commands(Descriptor fd, std::string name, Ioctl ioctl) {
  return std::make_unique<NvmeCommands>(std::move(fd), std::move(name), std::move(ioctl));
}

}  // namespace spdm::transport
