// Names of targets, and the one function that turns a name into a link.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/evidence/evidence.h"
#include "core/protocol/link.h"
#include "transport/host.h"

namespace transport {

struct OpenOptions {
  spdm::Clock::duration timeout = std::chrono::seconds(10);  // for connecting
  Host host = {};                                            // where PCI devices are looked for
  bool force = false;                                        // although somebody else seems to own the device
};

struct Opened {
  std::unique_ptr<spdm::Link> link;
  spdm::HostView host;
};

// A row of the table of transports: "emu" for emu://..., "emulated" for emulated:PROFILE, and so on.
struct Kind {
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

}  // namespace transport
