#include "transport/pci/capabilities.h"

#include <string_view>

#include "core/bytes.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::uint32_t kAllOnes = 0xFFFFFFFF;  // what an absent function reads as

// PCIe r6.x 7.8: each extended capability has at least two dwords.
constexpr std::size_t kMostExtended = (kExtendedEnd - kExtendedBegin) / 8;

}  // namespace

void no_function() {
  throw Error(ErrorId::no_device, "the device reads as all ones: it is gone, or asleep", "check that it is still there: spdmctl list");
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
    if (at != 0 && at < kExtendedBegin) malformed(kList, "next", cat("0x", hex(at, 3), " is outside of the extended space"));
  }
  return out;
}

}  // namespace spdm::transport
