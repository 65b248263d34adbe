// IDE (Integrity and Data Encryption, PCIe r6.x 6.33) of one PCI function, as configuration space shows it. Reads only.
#pragma once

#include <optional>
#include <vector>

#include "core/wire/ide_registers.h"
#include "transport/pci/config_space.h"

namespace spdm::transport {

inline constexpr std::uint16_t kIdeCapability = 0x0030;  // extended capability id

// The registers of its capability; nothing where there is none. Throws Error: no_device when the function is gone; peer when there is
// more than one capability, when the stream blocks do not fit into configuration space, or a register reads as all ones; and what
// `config` throws.
std::optional<IdeRegisters> find_ide(ConfigSpace& config, IdeDepth depth = IdeDepth::status);
// The same, all of them, as they are (decode_ide_registers).
std::optional<Bytes> copy_ide(ConfigSpace& config);

// Those that are enabled, in the order of the registers: the function sends and takes encrypted packets with keys that came over an SPDM
// session. Throws as find_ide() does.
std::vector<IdeStream> enabled_ide_streams(ConfigSpace& config);

}  // namespace spdm::transport
