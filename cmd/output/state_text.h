// States of devices for people.
#pragma once

#include <string>

#include "cmd/gate/device_state.h"

namespace spdm::cmd {

// "0000:03:00.0", the node of a drive, or the rule of a device that is not there.
std::string subject_of(const DeviceState& state);
// "blocked: slot 0: nobody vouches for ...": escaped.
std::string sentence_of(const DeviceState& state);
// One line, with lines below it for what could not be done. `conditional`: nothing was done, it would be.
std::string state_text(const DeviceState& state, bool conditional);

}  // namespace spdm::cmd
