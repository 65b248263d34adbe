// What somebody may have meant by a word that is no target. It is said, and nothing is done: a file name with a slip in it must not
// become a look-up in the network.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace spdm::transport {

// The error for a word that is neither an existing file nor a target: usage, with `device` set, and what it could be as its hint.
// `forms`: all forms of targets, for a word that is like none.
Error mistaken_target(std::string_view target, const std::string& forms);

// What is wrong with a word that should be the address of a PCI function, or how to write one.
std::string hint_on_address(std::string_view word);

}  // namespace spdm::transport
