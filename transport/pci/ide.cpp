#include "transport/pci/ide.h"

#include "core/error.h"
#include "core/text.h"
#include "transport/pci/doe.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kCapability = "IDE capability";
constexpr std::size_t kExtendedEnd = 0x1000;

// Offsets from the beginning of the capability (PCIe r6.x 7.9.26).
constexpr std::size_t kCapabilities = 0x04, kBlocks = 0x0C;
constexpr std::uint32_t kLinkSupported = 1, kSelectiveSupported = 1U << 1;
// A block of a link stream: control and status.
constexpr std::size_t kLinkBlock = 8;
// A block of a selective stream: capability, control, status, two RID registers; then the address association registers.
constexpr std::size_t kSelectiveControl = 4, kSelectiveBlock = 20, kAddressBlock = 12;
constexpr std::uint32_t kAddressBlocks = 0xF;  // in its capability: how many of them
constexpr std::uint32_t kEnable = 1;           // in both control registers

// Walks over one capability. Offsets only grow, and none leaves configuration space: so the walk ends.
class Walk {
 public:
  Walk(ConfigSpace& config, std::size_t begin, std::vector<IdeStream>& out) : config_(config), begin_(begin), out_(out) {}

  void run() {
    const std::uint32_t capabilities = read(begin_ + kCapabilities);
    std::size_t at = begin_ + kBlocks;
    const std::size_t links = (capabilities & kLinkSupported) != 0 ? (capabilities >> 13 & 0x7) + 1 : 0;
    for (std::size_t i = 0; i < links; ++i, at += kLinkBlock) note(false, i, read(at));
    const std::size_t selective = (capabilities & kSelectiveSupported) != 0 ? (capabilities >> 16 & 0xFF) + 1 : 0;
    for (std::size_t i = 0; i < selective; ++i) {
      const std::size_t addresses = read(at) & kAddressBlocks;
      note(true, i, read(at + kSelectiveControl));
      at += kSelectiveBlock + addresses * kAddressBlock;
    }
  }

 private:
  std::uint32_t read(std::size_t at) {
    const std::string where = cat("at 0x", hex(begin_, 3));
    if (at + 4 > kExtendedEnd) malformed(kCapability, where, "its stream blocks do not fit into configuration space");
    const std::uint32_t value = config_.read32(static_cast<std::uint16_t>(at));
    if (value != 0xFFFFFFFF) return value;
    if (!is_present(config_)) no_function();
    malformed(kCapability, where, cat("0x", hex(at, 3), " reads as all ones"));
  }

  void note(bool is_selective, std::size_t block, std::uint32_t control) {
    if ((control & kEnable) != 0) out_.push_back({is_selective, block, static_cast<std::uint8_t>(control >> 24)});
  }

  ConfigSpace& config_;
  std::size_t begin_;
  std::vector<IdeStream>& out_;
};

}  // namespace

std::string to_string(const IdeStream& stream) {
  return cat(stream.is_selective ? "selective" : "link", " IDE stream ", stream.block, " (id ", stream.id, ")");
}

std::vector<IdeStream> enabled_ide_streams(ConfigSpace& config) {
  std::vector<IdeStream> out;
  for (const std::uint16_t at : find_extended(config, kIdeCapability)) Walk(config, at, out).run();
  return out;
}

}  // namespace spdm::transport
