// A kernel that writes down each command that it is asked to pass to a drive, and answers as the test says.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/bsg.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/descriptor.h"
#include "core/evidence/expect_error.h"
#include "transport/base/ioctl.h"

namespace support {

using spdm::Bytes;
using spdm::Clock;

inline Clock::time_point in_time() { return Clock::now() + std::chrono::seconds(10); }

// What the kernel says to one command.
struct KernelAnswer {
  int error = 0;   // errno: the call fails
  int status = 0;  // NVMe: what it returns; SCSI: the status of the device
  Bytes data = {};
  Bytes sense = {};
  int residue = 0;
  unsigned host = 0, driver = 0;
};

// What was asked.
struct Asked {
  unsigned long request = 0;
  nvme_passthru_cmd nvme{};
  sg_io_hdr_t v3{};
  sg_io_v4 v4{};
  Bytes cdb, data;  // data as it came, of either direction
};

class RecordingKernel {
 public:
  std::deque<KernelAnswer> answers;  // the last one stays
  std::vector<Asked> asked;

  spdm::transport::Ioctl nvme() {
    return [this](int, unsigned long request, void* argument) { return pass_nvme(request, *static_cast<nvme_passthru_cmd*>(argument)); };
  }
  spdm::transport::Ioctl v3() {
    return [this](int, unsigned long request, void* argument) { return pass_v3(request, *static_cast<sg_io_hdr_t*>(argument)); };
  }
  spdm::transport::Ioctl v4() {
    return [this](int, unsigned long request, void* argument) { return pass_v4(request, *static_cast<sg_io_v4*>(argument)); };
  }

 private:
  template <class T>
  static T* at(std::uint64_t address) {
    return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
  }
  static Bytes copy(const std::uint8_t* from, std::size_t size) { return size == 0 ? Bytes() : Bytes(from, from + size); }
  static void put(const Bytes& from, std::uint8_t* to, std::size_t room) {
    if (!from.empty()) std::memcpy(to, from.data(), std::min(from.size(), room));
  }
  KernelAnswer next() {
    if (answers.empty()) return {};
    KernelAnswer out = answers.front();
    if (answers.size() > 1) answers.pop_front();
    errno = out.error;
    return out;
  }

  int pass_nvme(unsigned long request, nvme_passthru_cmd& command) {
    Asked& entry = asked.emplace_back();
    entry.request = request;
    entry.nvme = command;
    auto* const data = at<std::uint8_t>(command.addr);
    entry.data = copy(data, command.data_len);
    const KernelAnswer answer = next();
    if (answer.error != 0) return -1;
    put(answer.data, data, command.data_len);
    return answer.status;
  }

  int pass_v3(unsigned long request, sg_io_hdr_t& header) {
    Asked& entry = asked.emplace_back();
    entry.request = request;
    entry.v3 = header;
    entry.cdb = copy(header.cmdp, header.cmd_len);
    auto* const data = static_cast<std::uint8_t*>(header.dxferp);
    entry.data = copy(data, header.dxfer_len);
    const KernelAnswer answer = next();
    if (answer.error != 0) return -1;
    put(answer.data, data, header.dxfer_len);
    put(answer.sense, header.sbp, header.mx_sb_len);
    header.sb_len_wr = static_cast<unsigned char>(answer.sense.size());
    header.status = static_cast<unsigned char>(answer.status);
    header.host_status = static_cast<unsigned short>(answer.host);
    header.driver_status = static_cast<unsigned short>(answer.driver);
    header.resid = answer.residue;
    return 0;
  }

  int pass_v4(unsigned long request, sg_io_v4& header) {
    Asked& entry = asked.emplace_back();
    entry.request = request;
    entry.v4 = header;
    entry.cdb = copy(at<std::uint8_t>(header.request), header.request_len);
    const bool out = header.dout_xfer_len != 0;
    auto* const data = at<std::uint8_t>(out ? header.dout_xferp : header.din_xferp);
    entry.data = copy(data, out ? header.dout_xfer_len : header.din_xfer_len);
    const KernelAnswer answer = next();
    if (answer.error != 0) return -1;
    put(answer.data, data, header.din_xfer_len);
    put(answer.sense, at<std::uint8_t>(header.response), header.max_response_len);
    header.response_len = static_cast<std::uint32_t>(answer.sense.size());
    header.device_status = static_cast<std::uint32_t>(answer.status);
    header.transport_status = answer.host;
    header.driver_status = answer.driver;
    (out ? header.dout_resid : header.din_resid) = answer.residue;
    return 0;
  }
};

// A descriptor of a node that is there, and of one that devtmpfs has taken away.
inline spdm::Descriptor node_there() { return spdm::Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
inline spdm::Descriptor node_removed() { return spdm::Descriptor(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); }

}  // namespace support
