// Names of targets, and the one function that opens a target by its name.
#pragma once

#include <span>
#include <string_view>

#include "transport/base/opened.h"

namespace spdm::transport {

// A row of the table of transports: "emu" for emu://..., "emulated" for emulated:PROFILE, and so on.
struct Kind {
  std::string_view scheme;  // as it stands before "://" or ":"; the address of a PCI function stands alone
  std::string_view usage;   // "emu://HOST:PORT[?binding=doe|mctp|tcp|none]"
  std::string_view summary;
  Opened (*open)(std::string_view target, const OpenOptions& options);
};

std::span<const Kind> kinds();

// The row for the name of a target. Throws Error{usage} when no row fits, with what it could be, or the list of forms.
const Kind& kind_of(std::string_view target);

// Opens a live target. Throws Error: usage for a wrong name, and what the row's `open` throws (no_device, io, timeout,
// permission, ...), with `device` set.
Opened open(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
