// The descriptor of core, as a name of this namespace.
#pragma once

#include "core/descriptor.h"

namespace spdm::transport {

using spdm::Descriptor;

}  // namespace spdm::transport
