// The part "events" of the sessions of a device profile (profile.h).
#pragma once

#include "core/responder/event_profile.h"
#include "transport/emulated/profile_values.h"

namespace spdm::transport {

// `value` is the part, or true or false. Throws Error{config} with its place. Nothing: the device tells of none.
std::optional<DeviceEvents> read_events(const yaml::Value& value, const ProfileFiles& files);

}  // namespace spdm::transport
