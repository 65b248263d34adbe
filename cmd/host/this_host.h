// Where this run looks for the files of the kernel.
#pragma once

#include <optional>
#include <string>

#include "transport/base/host.h"

namespace spdm::cmd {

// "/", or what SPDMCTL_SYSROOT names: a copy of /sys, /proc and /run for tests and containers.
transport::Host this_host();

// The host name (gethostname(2)); nothing when there is none.
std::optional<std::string> host_name();

}  // namespace spdm::cmd
