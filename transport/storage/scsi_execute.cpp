#include "transport/storage/scsi_execute.h"

#include <linux/bsg.h>
#include <scsi/sg.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::uint8_t kGood = 0x00, kCheckCondition = 0x02;
constexpr unsigned kAttentions = 3;  // a reset leaves more than one

constexpr std::size_t kSenseSize = 96;  // as the kernel keeps
using SenseBuffer = std::array<std::uint8_t, kSenseSize>;

struct NamedCode {
  unsigned code;
  std::string_view name;
};

constexpr std::array kStatus{
    NamedCode{0x08, "busy"},       NamedCode{0x18, "reservation conflict"}, NamedCode{0x28, "task set full"},
    NamedCode{0x30, "ACA active"}, NamedCode{0x40, "task aborted"},
};

// What became of a command between the kernel and the device: DID_... of the kernel, "host byte".
enum HostCode : unsigned { no_connect = 0x01, time_out = 0x03, bad_target = 0x04, first_remark = 0x10 };
constexpr std::array kHostCodes{
    NamedCode{no_connect, "the device cannot be reached"},
    NamedCode{0x02, "the bus was busy"},
    NamedCode{time_out, "no answer in time"},
    NamedCode{bad_target, "the adapter knows no such device"},
    NamedCode{0x05, "the command was aborted"},
    NamedCode{0x06, "parity or CRC error"},
    NamedCode{0x07, "error of the adapter"},
    NamedCode{0x08, "the bus or the device was reset"},
    NamedCode{0x0E, "the connection was disrupted"},
    NamedCode{0x0F, "the connection has failed"},
};

// DRIVER_SENSE only says that there is sense data.
constexpr unsigned kDriverMask = 0x0F, kDriverSense = 0x08, kDriverTimeout = 0x06;

template <class Table>
std::string words_of(const Table& table, unsigned code) {
  for (const NamedCode& row : table)
    if (row.code == code) return cat("0x", hex(code, 2), " (", row.name, ")");
  return cat("0x", hex(code, 2));
}

// What both versions of the header tell.
struct Result {
  unsigned status = 0, host = 0, driver = 0;
  int residue = 0;
  std::size_t sense_size = 0;
};

int submit_v3(const ScsiDevice& device, View command, Direction direction, std::span<std::uint8_t> data, SenseBuffer& sense,
              std::uint32_t timeout, Result& result) {
  Bytes copy(command.begin(), command.end());  // the kernel's structures have no pointers to constant bytes
  sg_io_hdr_t header{};
  header.interface_id = 'S';
  header.dxfer_direction = direction == Direction::none        ? SG_DXFER_NONE
                           : direction == Direction::to_device ? SG_DXFER_TO_DEV
                                                               : SG_DXFER_FROM_DEV;
  header.cmd_len = static_cast<unsigned char>(copy.size());
  header.cmdp = copy.data();
  header.dxfer_len = static_cast<unsigned>(data.size());
  header.dxferp = data.data();
  header.mx_sb_len = kSenseSize;
  header.sbp = sense.data();
  header.timeout = timeout;
  const int out = device.ioctl(device.place.fd, SG_IO, &header);
  result = {header.status, header.host_status, header.driver_status, header.resid, header.sb_len_wr};
  return out;
}

int submit_v4(const ScsiDevice& device, View command, Direction direction, std::span<std::uint8_t> data, SenseBuffer& sense,
              std::uint32_t timeout, Result& result) {
  const auto size = static_cast<std::uint32_t>(data.size());
  const auto address = reinterpret_cast<std::uintptr_t>(data.data());
  sg_io_v4 header{};
  header.guard = 'Q';
  header.protocol = BSG_PROTOCOL_SCSI;
  header.subprotocol = BSG_SUB_PROTOCOL_SCSI_CMD;
  header.request_len = static_cast<std::uint32_t>(command.size());
  header.request = reinterpret_cast<std::uintptr_t>(command.data());
  if (direction == Direction::to_device) {
    header.dout_xfer_len = size;
    header.dout_xferp = address;
  } else if (direction == Direction::from_device) {
    header.din_xfer_len = size;
    header.din_xferp = address;
  }
  header.max_response_len = kSenseSize;
  header.response = reinterpret_cast<std::uintptr_t>(sense.data());
  header.timeout = timeout;
  const int out = device.ioctl(device.place.fd, SG_IO, &header);
  const int residue = direction == Direction::to_device ? header.dout_resid : header.din_resid;
  result = {header.device_status, header.transport_status, header.driver_status, residue, header.response_len};
  return out;
}

// Throws for a command that the device has not answered.
void require_answer(const ScsiDevice& device, const Result& result) {
  const unsigned driver = result.driver & kDriverMask;
  // From here on (DID_TARGET_FAILURE, ...) the kernel remarks on a status that the device has sent.
  if (result.host >= first_remark && result.status != kGood) return;
  if (result.host == no_connect || result.host == bad_target)
    throw Error(ErrorId::no_device, cat(device.place.name, " is gone: host status ", words_of(kHostCodes, result.host)));
  if (result.host == time_out || driver == kDriverTimeout)
    throw Error(ErrorId::timeout, cat(device.place.name, ": the kernel has given the command up: no answer in time"));
  if (result.host != 0) give_up(device.place, cat("the command failed: host status ", words_of(kHostCodes, result.host)));
  if (driver != 0 && driver != kDriverSense) give_up(device.place, cat("the command failed: driver status 0x", hex(result.driver, 2)));
}

ScsiAnswer execute_once(const ScsiDevice& device, View command, Direction direction, std::span<std::uint8_t> data,
                        Clock::time_point deadline) {
  SenseBuffer sense{};
  Result result;
  if (direction == Direction::from_device) std::fill(data.begin(), data.end(), std::uint8_t{0});
  const std::uint32_t timeout = milliseconds_for(device.place, deadline);
  const auto submit = device.version == SgVersion::v3 ? submit_v3 : submit_v4;
  if (submit(device, command, direction, data, sense, timeout, result) < 0) fail_command(device.place, errno, data.size());
  require_answer(device, result);
  ScsiAnswer out;
  out.status = static_cast<std::uint8_t>(result.status & 0xFE);  // bit 0 is reserved, and vendors had uses for it
  if (out.status == kCheckCondition) out.sense = parse_sense(View(sense).first(std::min(result.sense_size, sense.size())));
  // A residue that is more than the data, or less than nothing, is one of an adapter that is wrong.
  const std::size_t residue = std::min(result.residue > 0 ? static_cast<std::size_t>(result.residue) : 0, data.size());
  // Some adapters put the sense data there as well.
  out.moved = out.is_good() ? data.size() - residue : 0;
  if (direction == Direction::from_device) std::fill(data.begin() + static_cast<std::ptrdiff_t>(out.moved), data.end(), std::uint8_t{0});
  return out;
}

}  // namespace

bool ScsiAnswer::is_good() const { return status == kGood || (sense && sense->is_success()); }

std::string ScsiAnswer::refusal() const {
  if (is_good()) return {};
  if (status != kCheckCondition) return cat("SCSI status ", words_of(kStatus, status));
  return sense ? cat("SCSI check condition ", to_string(*sense)) : "SCSI check condition without sense data";
}

ScsiAnswer execute(const ScsiDevice& device, View command, Direction direction, std::span<std::uint8_t> data, Clock::time_point deadline) {
  if (data.size() > std::numeric_limits<int>::max()) throw Error(ErrorId::internal, "more data than a command has");
  ScsiAnswer out;
  for (unsigned i = 0; i < kAttentions; ++i) {
    out = execute_once(device, command, direction, data, deadline);
    if (!out.sense || !out.sense->is_attention()) break;
  }
  return out;
}

}  // namespace spdm::transport
