// Target emulated:PROFILE, a device that lives in this process.
#pragma once

#include <memory>

#include "core/responder/responder.h"
#include "transport/base/opened.h"

namespace spdm::transport {

// A link to an emulated device. Faults on the way of an answer act as on a real link: a delay takes its time, silence
// ends at the deadline, and a closed connection stays closed.
std::unique_ptr<Link> emulated_link(std::shared_ptr<const DeviceProfile> profile);

Opened open_emulated(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
