// The configuration space of one PCI function, as an interface of the DOE engine: tests simulate mailboxes that are
// slow, busy, stuck or gone.
#pragma once

#include <cstdint>

namespace spdm::transport {

class ConfigSpace {
 public:
  virtual ~ConfigSpace() = default;

  // Each call is one access of 32 bits, never retried. The offset is a multiple of 4 below 4096. A function that is
  // gone reads as all ones. Throws Error: lockdown, permission, no_device, io.
  virtual std::uint32_t read32(std::uint16_t offset) = 0;
  virtual void write32(std::uint16_t offset, std::uint32_t value) = 0;
};

// A function that is gone, or without power, reads as all ones everywhere. Vendor and device cannot decide it: a
// virtual function has ones there, too (PCIe r6.x 9.3.4.1.1). Command, in the dword after them, has bits that are
// always zero.
inline bool is_present(ConfigSpace& config) { return config.read32(0x04) != 0xFFFFFFFF; }

}  // namespace spdm::transport
