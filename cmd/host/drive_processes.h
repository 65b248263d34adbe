// What runs in the processes of the broker (drive_broker.h).
#pragma once

#include <sys/types.h>

#include "cmd/host/drive_broker.h"
#include "core/descriptor.h"

namespace spdm::cmd {

// The life of the broker, in a process that was forked for it: confines itself, says so, and answers requests to open until the program
// has ended. `program`: the process that forked it.
[[noreturn]] void run_drive_broker(Descriptor socket, const BrokerOptions& options, pid_t program);

}  // namespace spdm::cmd
