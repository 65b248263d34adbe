// The wait for descriptors, until a deadline.
#pragma once

#include <poll.h>

#include <span>

#include "core/protocol/link.h"

namespace spdm::transport {

// Waits until one of them has what it is asked for, or an error that the next call on it tells; sets their `revents`. False when the time
// is up; what is ready then is still seen. Throws Error{io}.
bool wait_for(std::span<pollfd> descriptors, Clock::time_point deadline);

}  // namespace spdm::transport
