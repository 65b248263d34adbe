// The part "storage" of a device profile (profile.h).
#pragma once

#include "core/format/yaml_reader.h"
#include "core/responder/storage_profile.h"

namespace spdm::transport {

// Throws Error{config} with its place.
DeviceStorage read_storage(const yaml::Value& value);

}  // namespace spdm::transport
