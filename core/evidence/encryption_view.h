// What configuration space and the kernel tell of a function's way to PCI encryption (IDE, TDISP). Part of evidence only where that was
// asked for. The device has signed none of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace spdm {

inline constexpr std::uint8_t kPciRom = 6;  // index of the ROM among the BARs
// Bytes of IDE registers that extended configuration space can have, behind the header of the capability.
inline constexpr std::size_t kMaxIdeRegisters = 0x1000 - 0x100 - 4;

// A memory BAR, or the ROM, as the kernel has placed it.
struct PciBar {
  std::uint8_t index = 0;             // 0..5, or kPciRom
  std::uint64_t begin = 0, size = 0;  // bytes; it begins at 0 where the kernel has found no place for it

  bool operator==(const PciBar&) const = default;
};

// What is missing here the function does not have, except for what `root_port_unread` tells. Where the function itself could not be
// read there is no view at all.
struct EncryptionView {
  bool tee_io = false;                          // Device Capabilities of PCI Express, bit 30
  std::optional<Bytes> ide;                     // registers of the IDE extended capability (ide_registers.h); nothing: it has none
  std::optional<std::string> root_port;         // address of the root port above it; nothing where none was found
  std::optional<Bytes> root_port_ide;           // as `ide`
  std::optional<std::string> root_port_unread;  // why the root port, or its registers, could not be read; nothing: they were
  std::optional<std::uint16_t> msix_control;    // Message Control of MSI-X; nothing: it has no MSI-X
  std::vector<PciBar> bars;                     // by index

  bool operator==(const EncryptionView&) const = default;
};

}  // namespace spdm
