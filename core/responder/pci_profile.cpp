#include "core/responder/pci_profile.h"

#include <algorithm>

#include "core/wire/ide_registers.h"

namespace spdm {

Bytes IdeLayout::registers() const {
  constexpr std::uint32_t has_link = 1U << 0, has_selective = 1U << 1, has_ide_km = 1U << 6;
  std::uint32_t capability = features | has_ide_km | algorithm << 8;
  if (link_streams > 0) capability |= has_link | (link_streams - 1) << 13;
  if (selective_streams > 0) capability |= has_selective | (selective_streams - 1) << 16;
  Writer writer;
  writer.u32(capability).u32(0);
  std::size_t block = 0;
  const auto control_and_status = [&] {
    const auto id = static_cast<std::uint8_t>(block < stream_ids.size() ? stream_ids[block] : std::min<std::size_t>(block, kIdleStreamId));
    const bool is_secure = std::ranges::find(secure, id) != secure.end();
    ++block;
    writer.u32(std::uint32_t{id} << 24 | algorithm << 14 | (is_secure ? 1U : 0U)).u32(is_secure ? 2 : 0);
  };
  for (std::uint32_t i = 0; i < link_streams; ++i) control_and_status();
  for (std::uint32_t i = 0; i < selective_streams; ++i) {
    writer.u32(address_blocks);
    control_and_status();
    writer.zeros(8 + std::size_t{12} * address_blocks);  // RID and address associations
  }
  return writer.take();
}

}  // namespace spdm
