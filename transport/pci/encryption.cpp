#include "transport/pci/encryption.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "transport/pci/capabilities.h"
#include "transport/pci/config_file.h"
#include "transport/pci/ide.h"

namespace spdm::transport {

namespace {

// PCI Express capability (PCIe r6.x 7.5.3): PCI Express Capabilities with the type of the port, then Device Capabilities.
constexpr std::string_view kExpress = "PCI Express capability";
constexpr std::size_t kDeviceCapabilities = 0x04;
constexpr std::size_t kExpressSize = 8;  // of what every version of it has
constexpr std::uint32_t kTeeIo = 1U << 30, kRootPort = 4;
constexpr std::size_t kMsixSize = 12;

constexpr std::size_t kBars = 7;              // lines of `resource`: six BARs and the ROM
constexpr std::uint64_t kMemory = 0x200;      // IORESOURCE_MEM
constexpr std::uint64_t kUnplaced = 1 << 29;  // IORESOURCE_UNSET: the address is none

// The configuration space of a function, with its list of capabilities.
class Function {
 public:
  Function(const Host& host, const Bdf& bdf) {
    const std::string name = to_string(bdf);
    if (read_attribute(host.pci() / "devices" / name / "power_state") == "D3cold")
      throw Error(ErrorId::no_device, cat(name, " sleeps in D3cold: its configuration space was not read"));
    config_ = open_config_file(host, bdf, ConfigAccess::look);
    if (!is_present(*config_)) no_function();
    capabilities_ = capabilities_of(*config_);
  }

  ConfigSpace& config() { return *config_; }
  // Conventional functions have no extended capabilities, and cannot be asked for them.
  bool is_extended() const { return config_->is_extended(); }

  bool has_tee_io() {
    const std::optional<std::uint16_t> at = find(kExpressCapability, kExpressSize, kExpress);
    return at && (read(*at + kDeviceCapabilities) & kTeeIo) != 0;
  }
  bool is_root_port() {
    const std::optional<std::uint16_t> at = find(kExpressCapability, kExpressSize, kExpress);
    return at && (read(*at) >> 20 & 0xF) == kRootPort;
  }
  std::optional<std::uint16_t> msix_control() {
    const std::optional<std::uint16_t> at = find(kMsixCapability, kMsixSize, "MSI-X capability");
    return at ? std::optional(static_cast<std::uint16_t>(read(*at) >> 16)) : std::nullopt;
  }

 private:
  // Where the first of them is, with so many bytes that must fit, N357.
  std::optional<std::uint16_t> find(std::uint8_t id, std::size_t size, std::string_view name) const {
    const auto found =
        std::find_if(capabilities_.begin(), capabilities_.end(), [&](const Capability& capability) { return capability.id == id; });
    if (found == capabilities_.end()) return std::nullopt;
    if (found->at + size > kExtendedBegin) malformed(name, cat("at 0x", hex(found->at, 2)), "does not fit into configuration space");
    return found->at;
  }

  // All of these registers have bits that are always zero. A function that has gone meanwhile has no TEE-IO.
  std::uint32_t read(std::size_t at) {
    const std::uint32_t value = config_->read32(static_cast<std::uint16_t>(at));
    if (value != 0xFFFFFFFF) return value;
    if (!is_present(*config_)) no_function();
    malformed("configuration space", cat("0x", hex(at, 2)), "reads as all ones");
  }

  std::unique_ptr<ConfigFile> config_;
  std::vector<Capability> capabilities_;
};

// Three numbers such as "0x00000000fe800000 0x00000000fe803fff 0x0000000000140204": first and last byte, flags.
struct Resource {
  std::uint64_t first = 0, last = 0, flags = 0;
};

std::optional<Resource> resource_of(std::string_view line) {
  Resource out;
  for (std::uint64_t* const number : {&out.first, &out.last, &out.flags}) {
    if (!line.starts_with("0x")) return std::nullopt;
    line.remove_prefix(2);
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), *number, 16);
    if (error != std::errc()) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
  if (!line.empty() || out.last - out.first == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return out;
}

// From the kernel, which has measured them: to measure a BAR takes writes. It knows those of virtual functions, too, whose registers
// are zero.
std::vector<PciBar> bars_of(const Host& host, const Bdf& bdf) {
  const std::filesystem::path file = host.pci() / "devices" / to_string(bdf) / "resource";
  const std::optional<std::string> text = read_attribute(file);
  if (!text) throw Error(ErrorId::io, cat(printable(file.string()), " is missing: the sizes of the BARs cannot be read"));
  std::vector<PciBar> out;
  std::string_view rest = *text;
  for (std::size_t i = 0; i < kBars; ++i) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::optional<Resource> resource = resource_of(line);
    if (!resource) throw Error(ErrorId::io, cat(printable(file.string()), ": line ", i + 1, " cannot be understood"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    // One that is not there has zeros.
    if ((resource->flags & kMemory) == 0 || resource->last <= resource->first) continue;
    const bool is_placed = (resource->flags & kUnplaced) == 0;
    out.push_back({static_cast<std::uint8_t>(i), is_placed ? resource->first : 0, resource->last - resource->first + 1});
  }
  return out;
}

// The bridge above it that is directly below the host bridge, as the path of the kernel's device tree has it. A controller that hides a
// bus of its own (VMD) has a host bridge below itself: there the path ends.
std::optional<Bdf> topmost_bridge(const Host& host, const Bdf& bdf) {
  std::error_code failure;
  const std::filesystem::path path = std::filesystem::canonical(host.pci() / "devices" / to_string(bdf), failure);
  if (failure) throw Error(ErrorId::no_device, cat("there is no PCI function ", to_string(bdf)), "see: spdmctl list --all");
  std::optional<Bdf> out;
  for (std::filesystem::path above = path.parent_path(); const std::optional<Bdf> bridge = parse_bdf(above.filename().string());
       above = above.parent_path())
    out = bridge;
  return out;
}

void read_root_port(const Host& host, const Bdf& bdf, EncryptionView& view) {
  try {
    const std::optional<Bdf> port = root_port_of(host, bdf);
    if (!port) return;
    view.root_port = to_string(*port);
    Function function(host, *port);
    if (function.is_extended()) view.root_port_ide = copy_ide(function.config());
  } catch (const Error& error) {
    view.root_port_unread = error.what();
  }
}

}  // namespace

EncryptionBrief encryption_brief(const Host& host, const Bdf& bdf) {
  Function function(host, bdf);
  EncryptionBrief out;
  out.tee_io = function.has_tee_io();
  if (function.is_extended()) out.ide = find_ide(function.config());
  return out;
}

EncryptionView encryption_of(const Host& host, const Bdf& bdf) {
  Function function(host, bdf);
  EncryptionView out;
  out.tee_io = function.has_tee_io();
  if (function.is_extended()) out.ide = copy_ide(function.config());
  out.msix_control = function.msix_control();
  out.bars = bars_of(host, bdf);
  read_root_port(host, bdf, out);
  return out;
}

std::optional<Bdf> root_port_of(const Host& host, const Bdf& bdf) {
  const std::optional<Bdf> bridge = topmost_bridge(host, bdf);
  if (!bridge || !Function(host, *bridge).is_root_port()) return std::nullopt;
  return bridge;
}

}  // namespace spdm::transport
