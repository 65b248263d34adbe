// Message types of MCTP (DSP0239), as far as SPDM has to do with them.
#pragma once

#include <cstdint>

namespace spdm {

// Control (DSP0236), SPDM (DSP0275), secured messages (DSP0276). Bit 7 of a type asks for an integrity check, which SPDM does not use.
inline constexpr std::uint8_t kMctpControl = 0x00, kMctpSpdm = 0x05, kMctpSecuredSpdm = 0x06;

}  // namespace spdm
