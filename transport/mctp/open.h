// The target "mctp:[NETWORK:]EID".
#pragma once

#include "transport/base/opened.h"
#include "transport/mctp/address.h"

namespace spdm::transport {

inline constexpr std::string_view kMctpUsage = "mctp:[NETWORK:]EID[?max=BYTES]";

// The address in a target; nothing when it is none of MCTP. Throws Error{usage} for one that is wrong.
MctpAddress mctp_address_of(std::string_view target);

Opened open_mctp(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
