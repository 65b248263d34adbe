// What lines about the host are put together of.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/host.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

inline constexpr std::size_t kNamed = 4;  // devices that are named in one line

// The text of a file of the kernel; nothing where it cannot be read.
inline std::optional<std::string> attribute(const std::filesystem::path& file) {
  try {
    return transport::read_attribute(file);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Whether this process has a capability in force, by its number (linux/capability.h).
inline bool has_capability(unsigned capability) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("CapEff:")) return (std::strtoull(line.c_str() + 7, nullptr, 16) >> capability & 1) != 0;
  return false;
}

inline std::string counted(std::size_t count, std::string_view one) { return cat(count, " ", one, count == 1 ? "" : "s"); }

// "0000:03:00.0, 0000:04:00.0 and 7 more"
inline std::string named(const std::vector<const transport::PciDevice*>& devices) {
  std::string out;
  for (std::size_t i = 0; i < std::min(devices.size(), kNamed); ++i) out += cat(out.empty() ? "" : ", ", to_string(devices[i]->bdf));
  return devices.size() > kNamed ? cat(out, " and ", devices.size() - kNamed, " more") : out;
}

template <class Wanted>
std::vector<const transport::PciDevice*> those(const std::vector<transport::PciDevice>& devices, Wanted wanted) {
  std::vector<const transport::PciDevice*> out;
  for (const transport::PciDevice& device : devices)
    if (wanted(device)) out.push_back(&device);
  return out;
}

}  // namespace spdm::cmd
