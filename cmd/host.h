// Where this run looks for the files of the kernel.
#pragma once

#include "transport/host.h"

namespace cmd {

// "/", or what SPDMCTL_ROOT names: a copy of /sys, /proc and /run for tests and containers.
transport::Host this_host();

}  // namespace cmd
