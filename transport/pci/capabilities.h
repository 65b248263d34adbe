// The lists of capabilities in the configuration space of one PCI function. Reads only, and a list that loops ends.
#pragma once

#include <cstdint>
#include <vector>

#include "transport/pci/config_space.h"

namespace spdm::transport {

inline constexpr std::size_t kExtendedBegin = 0x100, kExtendedEnd = 0x1000;  // extended configuration space

// Throws the Error{no_device} of a function that reads as all ones.
[[noreturn]] void no_function();

struct Capability {
  std::uint8_t id = 0;
  std::uint16_t at = 0;

  bool operator==(const Capability&) const = default;
};

inline constexpr std::uint8_t kExpressCapability = 0x10, kMsixCapability = 0x11;

// Those of the first 256 bytes, in the order of the list. Reads only. Throws Error: no_device when the function reads as all ones, peer
// when the list has no end or leaves its bounds, and what `config` throws.
std::vector<Capability> capabilities_of(ConfigSpace& config);

// Offsets of all extended capabilities with this id, in the order of the list; none where there is no extended space.
// Reads only. Throws Error: no_device when the function reads as all ones, peer when the list has no end or leaves its
// bounds, and what `config` throws.
std::vector<std::uint16_t> find_extended(ConfigSpace& config, std::uint16_t id);

}  // namespace spdm::transport
