// A note in /run/spdmctl/gate.json: what drivers_autoprobe was before it was turned off. After a kill nothing else knows.
#pragma once

#include <optional>
#include <string>

#include "transport/pci/control.h"

namespace spdm::cmd {

struct AutoprobeNote {
  bool autoprobe = true;  // before
  bool watch = false;     // a watch holds it, not a gate
};

// Nothing when there is no note. One that cannot be understood counts as the kernel's default: a gate that gave up would be open.
std::optional<AutoprobeNote> read_note(const transport::Host& host);
// These throw Error: permission, io.
void write_note(const transport::Host& host, const AutoprobeNote& note);
void remove_note(const transport::Host& host);
std::filesystem::path note_path(const transport::Host& host);

}  // namespace spdm::cmd
