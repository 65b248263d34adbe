#include "transport/pci/ide.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/text.h"
#include "transport/pci/capabilities.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kCapability = "IDE capability";
constexpr std::size_t kHeader = 4;

using Seen = std::function<void(std::uint32_t value)>;

// Walks over the capability at `begin`; `seen` gets each register. Offsets only grow, and none leaves configuration space: so the walk
// ends. N352, N354
IdeRegisters walk_at(ConfigSpace& config, std::size_t begin, IdeDepth depth, const Seen& seen) {
  const auto read = [&](std::size_t offset) {
    const std::size_t at = begin + kHeader + offset;
    if (at + 4 > kExtendedEnd) malformed(kCapability, "its stream blocks", "do not fit into configuration space");
    const std::uint32_t value = config.read32(static_cast<std::uint16_t>(at));
    if (value == 0xFFFFFFFF && !is_present(config)) no_function();
    seen(value);
    return value;
  };
  try {
    return walk_ide_registers(read, depth);
  } catch (const Malformed& error) {
    malformed(kCapability, cat("at 0x", hex(begin, 3)), cat(error.field, " ", error.why));
  }
}

std::optional<IdeRegisters> find_only(ConfigSpace& config, IdeDepth depth, const Seen& seen) {
  const std::vector<std::uint16_t> offsets = find_extended(config, kIdeCapability);
  if (offsets.empty()) return std::nullopt;
  // PCIe r6.x 7.9.26 knows one. Which of several counts nobody could tell. N355
  if (offsets.size() > 1) malformed(kCapability, cat("at 0x", hex(offsets[1], 3)), "the function has another one already");
  return walk_at(config, offsets.front(), depth, seen);
}

}  // namespace

std::optional<IdeRegisters> find_ide(ConfigSpace& config, IdeDepth depth) {
  return find_only(config, depth, [](std::uint32_t) {});
}

std::optional<Bytes> copy_ide(ConfigSpace& config) {
  Writer out;
  const auto registers = find_only(config, IdeDepth::all, [&](std::uint32_t value) { out.u32(value); });
  return registers ? std::optional(out.take()) : std::nullopt;
}

std::vector<IdeStream> enabled_ide_streams(ConfigSpace& config) {
  std::vector<IdeStream> out;
  const IdeRegisters registers = find_ide(config).value_or(IdeRegisters{});
  std::copy_if(registers.streams.begin(), registers.streams.end(), std::back_inserter(out),
               [](const IdeStream& stream) { return stream.is_enabled(); });
  return out;
}

}  // namespace spdm::transport
