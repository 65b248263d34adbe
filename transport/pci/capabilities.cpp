#include "transport/pci/capabilities.h"

#include <string_view>

#include "core/bytes.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::uint32_t kAllOnes = 0xFFFFFFFF;  // what an absent function reads as

// PCIe r6.x 7.5.1: registers of the header.
constexpr std::uint16_t kCommandStatus = 0x04, kHeaderType = 0x0C, kPointer = 0x34, kCardBusPointer = 0x14;
constexpr std::uint32_t kHasList = 1U << 20;  // Capabilities List of Status
constexpr std::uint16_t kConventionalBegin = 0x40;
constexpr std::size_t kMostConventional = (kExtendedBegin - kConventionalBegin) / 4;

// PCIe r6.x 7.8: each extended capability has at least two dwords.
constexpr std::size_t kMostExtended = (kExtendedEnd - kExtendedBegin) / 8;

}  // namespace

void no_function() {
  throw Error(ErrorId::no_device, "the device reads as all ones: it is gone, or asleep", "check that it is still there: spdmctl list");
}

std::vector<Capability> capabilities_of(ConfigSpace& config) {
  constexpr std::string_view kList = "capabilities";
  const auto read = [&](std::uint16_t at) {
    const std::uint32_t value = config.read32(at);
    if (value != kAllOnes) return value;
    if (!is_present(config)) no_function();
    malformed(kList, "header", cat("0x", hex(at, 2), " reads as all ones"));
  };
  std::vector<Capability> out;
  if ((read(kCommandStatus) & kHasList) == 0) return out;
  const bool is_card_bus = (read(kHeaderType) >> 16 & 0x7F) == 2;
  // Bits 1:0 of a pointer are reserved and must be masked.
  std::uint16_t at = read(is_card_bus ? kCardBusPointer : kPointer) & 0xFC;
  while (at != 0) {
    if (at < kConventionalBegin) malformed(kList, "next", cat("0x", hex(at, 2), " is inside the header"));
    if (out.size() == kMostConventional) malformed(kList, "next", "the list has no end");
    const std::uint32_t header = read(at);
    out.push_back({static_cast<std::uint8_t>(header), at});
    at = static_cast<std::uint16_t>(header >> 8 & 0xFC);
  }
  return out;
}

std::vector<std::uint16_t> find_extended(ConfigSpace& config, std::uint16_t id) {
  constexpr std::string_view kList = "extended capabilities";
  std::vector<std::uint16_t> out;
  std::uint16_t at = kExtendedBegin;
  for (std::size_t seen = 0; at != 0; ++seen) {
    if (seen == kMostExtended) malformed(kList, "next", "the list has no end");
    const std::uint32_t header = config.read32(at);
    if (header == kAllOnes) {
      if (!is_present(config)) no_function();
      // Without extended space its beginning reads as all ones. Inside the list no header may read so.
      if (at == kExtendedBegin) return {};
      malformed(kList, "header", cat("0x", hex(at, 3), " reads as all ones"));
    }
    if ((header & 0xFFFF) == id) out.push_back(at);
    // Bits 1:0 are reserved and must be masked. A header of zeros means an empty list.
    at = static_cast<std::uint16_t>(header >> 20 & 0xFFC);
    if (at != 0 && at < kExtendedBegin) malformed(kList, "next", cat("0x", hex(at, 3), " is outside the extended space"));
  }
  return out;
}

}  // namespace spdm::transport
