// The part of `list` that is about drives: which of them speak SPDM by their own way (DSP0286).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/format/json.h"
#include "core/protocol/link.h"
#include "transport/pci/bus.h"
#include "transport/storage/drives.h"
#include "transport/storage/opener.h"

namespace spdm::cmd {

struct ListedDrive {
  transport::Drive drive;  // with what discovery said
  std::string target;      // for other verbs
  // What the drive lists; nothing when it was not asked: it sleeps, or an error kept from it.
  std::optional<std::vector<std::uint8_t>> protocols;
  std::optional<Error> error;  // why it was not asked, or what went wrong
  bool has_mailbox = false;    // its PCI function has a DOE mailbox, too

  bool speaks_spdm() const;
  // `list` shows those that speak SPDM, and those that may.
  bool may_speak_spdm() const { return speaks_spdm() || !protocols; }
};

// Asks drives for their protocols, several at once, but those that sleep: a command would wake them. `functions`: the PCI functions that
// they may be. No Error of a drive is thrown: it is in the list.
std::vector<ListedDrive> ask_drives(const transport::Host& host, const std::vector<transport::Drive>& drives,
                                    transport::DriveOpener& opener, const std::vector<transport::PciDevice>& functions,
                                    Clock::duration timeout);

Json to_json(const ListedDrive& listed);
// A table with a headline; empty for no drive.
std::string to_text(const std::vector<ListedDrive>& drives);

}  // namespace spdm::cmd
