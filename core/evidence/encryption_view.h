// What configuration space and the kernel tell of a function's way to PCI encryption (IDE, TDISP). Part of evidence only where that was
// asked for. The device has signed none of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace spdm {

// A memory BAR, or the ROM, as the kernel has placed it.
struct PciBar {
  std::uint8_t index = 0;             // 0..5, 6: the ROM
  std::uint64_t begin = 0, size = 0;  // bytes

  bool operator==(const PciBar&) const = default;
};

struct EncryptionView {
  bool tee_io = false;                        // Device Capabilities of PCI Express, bit 30
  std::optional<Bytes> ide;                   // registers of the IDE extended capability (ide_registers.h); nothing: it has none
  std::optional<std::string> root_port;       // address of the root port above it; nothing where none was found
  std::optional<Bytes> root_port_ide;         // as `ide`
  std::optional<std::uint16_t> msix_control;  // Message Control of MSI-X; nothing: it has no MSI-X
  std::vector<PciBar> bars;                   // by index

  bool operator==(const EncryptionView&) const = default;
};

}  // namespace spdm
