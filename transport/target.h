// Names of targets, and the one function that turns a name into a link.
#pragma once

#include <span>
#include <string_view>

#include "transport/base/opened.h"

namespace spdm::transport {

// A row of the table of transports: "emu" for emu://..., "emulated" for emulated:PROFILE, and so on.
enum class Scheme { emu, emulated, pci, tcp };
struct Kind {
  Scheme id;
  std::string_view scheme;  // as it stands before "://" or ":"; an address of a PCI function needs none
  std::string_view usage;   // "emu://HOST:PORT[?binding=doe|mctp|tcp|none]"
  std::string_view summary;
  bool live;  // answers requests; false for file: and pcap:, which are read with load_evidence()
  Opened (*open)(std::string_view target, const OpenOptions& options);
};

std::span<const Kind> kinds();

// The row that a target name belongs to; throws Error{usage} listing the forms that exist when none fits.
const Kind& kind_of(std::string_view target);

// Opens a live target. Throws Error: usage for a name that is wrong, no_device, io, timeout, permission...
Opened open(std::string_view target, const OpenOptions& options);

}  // namespace spdm::transport
