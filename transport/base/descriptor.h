// The descriptor of core, under the name that the rooms of transport have for it.
#pragma once

#include "core/descriptor.h"

namespace spdm::transport {

using spdm::Descriptor;

}  // namespace spdm::transport
