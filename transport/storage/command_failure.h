// What is said of a command that the drive has not answered, and how long one may take.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/protocol/link.h"

namespace spdm::transport {

// What a command that was not answered is said of.
struct CommandPlace {
  int fd = -1;
  std::string name;             // of the node, as it is shown
  std::string_view capability;  // that the kernel asks for at each command
};

// The time that a command gets, for the kernel. It is no patience of ours: when it is over the kernel aborts the command and then resets
// the controller, for everybody who uses the drive. So it is long, and at least as long as what is left until `deadline`. Throws
// Error{timeout} when nothing is left: no command is begun that nobody waits for.
std::uint32_t milliseconds_for(const CommandPlace& place, Clock::time_point deadline);

// Throws the Error for a command that failed with this errno, so that the drive has not answered. `size`: of its data.
[[noreturn]] void fail_command(const CommandPlace& place, int error, std::size_t size);
// The same for a command that the kernel or the adapter gave up, as `why` says: no_device where the drive is no longer there.
[[noreturn]] void give_up(const CommandPlace& place, const std::string& why);

}  // namespace spdm::transport
