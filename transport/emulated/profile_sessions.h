// The part "sessions" of a device profile (profile.h).
#pragma once

#include "core/responder/session_profile.h"
#include "transport/emulated/profile_values.h"

namespace spdm::transport {

// `value` is the part, or true or false. Throws Error{config} with its place. Nothing: the device has none.
std::optional<DeviceSessions> read_sessions(const yaml::Value& value, const ProfileFiles& files);

}  // namespace spdm::transport
