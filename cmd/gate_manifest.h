// The manifest of an initrd image, as a document.
#pragma once

#include <string>

#include "cmd/host/console.h"
#include "core/error.h"

namespace spdm::cmd {

// Prints what an image that is made now takes from this system. `kernel` and `image` are told, not looked at; both may be empty.
// Exit code 2 when something cannot be read or understood; the document says what, and the mode that is in force.
Exit write_manifest(const std::string& kernel, const std::string& image, Console& console);

}  // namespace spdm::cmd
