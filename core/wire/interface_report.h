// The report of a device interface that somebody has locked (TDISP, PCIe r6.x 11.3.11, "TDI Report Structure").
#pragma once

#include "core/wire/tdisp.h"

namespace spdm {

struct InterfaceReport {
  std::uint16_t info = 0;          // INTERFACE_INFO
  std::uint16_t msix_control = 0;  // Message Control of MSI-X
  std::uint16_t lnr_control = 0;
  std::uint32_t tph_control = 0;
  std::vector<MmioRange> ranges = {};
  Bytes device_specific = {};

  bool has_no_fw_update() const { return (info & 1U << 0) != 0; }
  bool has_dma_without_pasid() const { return (info & 1U << 1) != 0; }
  bool has_dma_with_pasid() const { return (info & 1U << 2) != 0; }
  bool has_ats() const { return (info & 1U << 3) != 0; }
  bool has_prs() const { return (info & 1U << 4) != 0; }

  Bytes encode() const;
};

inline constexpr std::size_t kMaxInterfaceReport = 0xFFFF;  // bytes: OFFSET, and what remains, have 16 bits

// All of it. Throws Error{peer} where a count or length does not fit what is there, to the byte, or a range leaves the address space.
InterfaceReport decode_interface_report(View report);

}  // namespace spdm
