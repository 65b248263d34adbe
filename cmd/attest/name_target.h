// Hints that tell what to call next name the target that was given.
#pragma once

#include <string>

namespace spdm::cmd {

// Puts the target where the hint says TARGET: those who write it do not know how the device was named. A target that no command line
// could name, such as a line of a file, leaves the hint as it is.
std::string name_target(std::string hint, const std::string& target, bool live);

}  // namespace spdm::cmd
