// drivers_autoprobe off, and a note of what it was before: /run/spdmctl/gate.json. After a kill the note is the only one
// that knows.
#pragma once

#include <optional>
#include <string>

#include "transport/pci/control.h"

namespace spdm::cmd {

struct AutoprobeNote {
  bool autoprobe = true;  // before
  bool watch = false;     // a watch holds it, not a gate
};

// A note that cannot be understood says what the kernel's default is: a gate that gave up would be an open one.
std::optional<AutoprobeNote> read_note(const transport::Host& host);
void write_note(const transport::Host& host, const AutoprobeNote& note);
void remove_note(const transport::Host& host);
std::filesystem::path note_path(const transport::Host& host);

}  // namespace spdm::cmd
