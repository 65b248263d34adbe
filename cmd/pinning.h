// Pins that the program writes: what a device has shown, and must show again.
#pragma once

#include <filesystem>
#include <string>

#include "certstore/pins.h"
#include "cmd/host/console.h"
#include "cmd/options.h"
#include "core/appraisal/report.h"

namespace spdm::cmd {

// "0000-03-00.0" for a PCI function, else a name made of the target and its hash.
std::string pin_name(const std::string& target, const std::optional<std::string>& bdf);

enum class PinUse {
  compare,  // the device must show it again
  vouch,    // and it is enough, without a root
};

struct NewPin {
  std::filesystem::path file;
  std::string contents;
  certstore::Pin pin;
};

// Makes the pin of a report's device, a file in `directory`: by address for a PCI function, else by the name of the target.
// Writes nothing. Throws Error when the chain lacks what is to be pinned.
NewPin make_pin(const Report& report, const ChainResult& chain, PinKind kind, PinUse use, const std::filesystem::path& directory);

// Pins the leaf key of a device that has passed and has no pin yet. Notes on stderr what it did.
void pin_unless_known(const Report& report, const std::filesystem::path& directory, const Console& console);

// The pins/ of the keyring to be changed; makes it when it is missing. Throws Error{usage, permission}.
std::filesystem::path writable_pins(const TrustOptions& options);

}  // namespace spdm::cmd
