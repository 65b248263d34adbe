// IDE (Integrity and Data Encryption, PCIe r6.x 6.33) of one PCI function, as the registers of its capability show it. Reads only.
#pragma once

#include <string>
#include <vector>

#include "transport/pci/config_space.h"

namespace spdm::transport {

inline constexpr std::uint16_t kIdeCapability = 0x0030;  // extended capability id

// A stream that is enabled: the function sends and takes encrypted packets with keys that came over an SPDM session.
struct IdeStream {
  bool is_selective = false;  // else of the link
  std::size_t block = 0;      // register block of its kind, from 0 on
  std::uint8_t id = 0;        // Stream ID

  bool operator==(const IdeStream&) const = default;
};

// "selective IDE stream 1 (id 5)"
std::string to_string(const IdeStream& stream);

// In the order of the registers; none where there is no IDE capability. Throws Error: no_device when the function is gone, peer when
// the blocks do not fit into configuration space or a register reads as all ones, and what `config` throws.
std::vector<IdeStream> enabled_ide_streams(ConfigSpace& config);

}  // namespace spdm::transport
