// The configuration space of one PCI function: what the DOE engine stands on, so that a simulated mailbox can be slow,
// busy, stuck or gone.
#pragma once

#include <cstdint>

namespace spdm::transport {

class ConfigSpace {
 public:
  virtual ~ConfigSpace() = default;

  // One access of 32 bits each, never retried, at an offset below 4096 that is a multiple of 4. A function that is gone
  // reads as all ones. Throws Error: lockdown, permission, no_device, io.
  virtual std::uint32_t read32(std::uint16_t offset) = 0;
  virtual void write32(std::uint16_t offset, std::uint32_t value) = 0;
};

// A function that is gone, or asleep without power, reads as all ones everywhere. Vendor and device tell nothing, for a
// virtual function has ones there (PCIe r6.x 9.3.4.1.1); Command, in the dword after them, has bits that are always zero.
inline bool is_present(ConfigSpace& config) { return config.read32(0x04) != 0xFFFFFFFF; }

}  // namespace spdm::transport
