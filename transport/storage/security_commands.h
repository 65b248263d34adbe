// The seam to a drive: two commands, Security Send and Security Receive (NVMe), SECURITY PROTOCOL OUT and IN (SCSI). What is below it
// knows the kernel, what is above it DSP0286. Tests put a fake drive here.
#pragma once

#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/protocol/link.h"

namespace spdm::transport {

// What became of a command that the drive has answered.
struct Completion {
  // Why the drive refused it, in words: "NVMe status 0x4002 (Invalid Field in Command)". Empty: it succeeded.
  std::string refusal = {};
  // Of a command that received: as many bytes as were allocated. What the drive has not written is zero, and all of it when it
  // refused.
  Bytes data = {};

  bool is_good() const { return refusal.empty(); }
};

class SecurityCommands {
 public:
  virtual ~SecurityCommands() = default;

  // `protocol`: SECP; `specific`: the 16-bit SPSP, SPSP0 in its low byte. Throws Error: timeout, no_device (it was removed), permission,
  // io.
  virtual Completion send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) = 0;
  virtual Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) = 0;
};

}  // namespace spdm::transport
