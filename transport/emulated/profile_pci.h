// The parts "ide" and "tdisp" of a device profile (profile.h).
#pragma once

#include <optional>

#include "core/format/yaml_reader.h"
#include "core/responder/pci_profile.h"

namespace spdm::transport {

// `value` is the part, or true or false. Throws Error{config} with its place. Nothing: the device has none.
std::optional<DeviceIde> read_ide(const yaml::Value& value);
std::optional<DeviceTdisp> read_tdisp(const yaml::Value& value);

}  // namespace spdm::transport
