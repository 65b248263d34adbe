// What an emulated device can do of PCI encryption, inside of sessions: parts of its description (profile.h).
#pragma once

#include <optional>
#include <vector>

#include "core/wire/interface_report.h"

namespace spdm {

// Bits of the IDE Capability Register (PCIe r6.x 7.9.26.2) that a profile may set.
namespace ide_feature {
inline constexpr std::uint32_t flow_through = 1U << 2, partial_header_encryption = 1U << 3, aggregation = 1U << 4, pcrc = 1U << 5,
                               configuration_requests = 1U << 7, tee_limited = 1U << 24;
}

// What the registers of a port are made from.
struct IdeLayout {
  std::uint32_t link_streams = 0;       // 0 to 8
  std::uint32_t selective_streams = 1;  // 0 to 256
  std::uint32_t address_blocks = 1;     // 0 to 15, of each selective stream
  std::uint32_t features = ide_feature::configuration_requests | ide_feature::tee_limited;
  std::uint32_t algorithm = 0;                // 0: AES-GCM-256
  std::vector<std::uint8_t> stream_ids = {};  // of the blocks, in their order; of those that it does not name: the number of the block
  std::vector<std::uint8_t> secure = {};      // Stream IDs of blocks that somebody else has set up before

  // From the IDE Capability Register on.
  Bytes registers() const;
};

struct DevicePort {
  std::uint8_t bus = 0, device_function = 0, segment = 0;
};

struct DeviceIde {
  std::vector<DevicePort> ports{DevicePort{}};  // by PortIndex: the last one is MaxPortIndex
  Bytes registers = IdeLayout{}.registers();    // of each port
};

struct DeviceTdisp {
  std::vector<FunctionId> functions;  // whose interfaces it has; empty: whichever it is asked for
  std::uint8_t address_width = 52;
  std::uint16_t lock_flags = lock_flag::no_fw_update | lock_flag::cache_line_128 | lock_flag::lock_msix;  // that it supports
  TdiState state = TdiState::config_unlocked;  // what somebody else has made of its interfaces before
  InterfaceReport report{.info = 1U << 1, .ranges = {{.first_page = 0xFE000, .pages = 4}}};
  std::optional<Bytes> raw_report;  // sent as it is, instead of `report`
  std::uint16_t portion = 0x8000;   // the most of a report in one answer
};

}  // namespace spdm
