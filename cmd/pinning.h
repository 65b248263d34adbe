// Pins written by the program: what a device has shown, so that it has to show it again.
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

struct NewPin {
  std::filesystem::path file;
  std::string contents;
  certstore::Pin pin;
};

// The pin, in `directory`, of the device of a report: by address where the host sees a PCI function, else by the name of the
// target. Throws Error for a chain that does not have what is to be pinned.
NewPin make_pin(const Report& report, const ChainResult& chain, PinKind kind, bool vouches, const std::filesystem::path& directory);

// Pins the leaf key of a device that has passed and that nothing is pinned for; says on stderr what became of it.
void pin_unless_known(const Report& report, const std::filesystem::path& directory, const Console& console);

// The directory of pins in the keyring that is to be changed; it is made. Throws Error{usage, permission}.
std::filesystem::path writable_pins(const TrustOptions& options);

}  // namespace spdm::cmd
