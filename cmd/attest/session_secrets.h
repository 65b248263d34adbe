// The file of --session-secrets, as it is read: secrets that open the sessions of recordings.
#pragma once

#include <string>
#include <vector>

#include "cmd/host/console.h"
#include "core/session/secrets.h"

namespace spdm::cmd {

// Notes on stderr that everybody may read a file of secrets. `what`: what is in it, and what to do.
void note_if_exposed(const std::string& file, std::string_view what, const Console& console);

// Nothing when no file is named. Notes on stderr when everybody may read it. Throws Error as read_file(), and bad_input. Call it before the
// process confines itself.
std::vector<SessionSecret> read_secrets(const std::string& file, const Console& console);

}  // namespace spdm::cmd
