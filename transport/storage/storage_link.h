// SPDM over the commands of a drive (DSP0286): two of them for an exchange.
#pragma once

#include <memory>

#include "transport/storage/security_commands.h"

namespace spdm::transport {

struct StorageLinkOptions {
  // The largest message that is sent, and received, in bytes. QEMU takes 4601 in one command.
  std::size_t max_message = 4600;
};

// Link::connect() asks the drive for its protocols, for discovery, and for what waits, which it receives and throws away: three commands.
// Throws Error{no_spdm} there when the drive does not list protocol E8h. Link::describe() tells what discovery said. The link leaves no
// response waiting in the drive, however its last exchange ended.
std::unique_ptr<Link> storage_link(std::unique_ptr<SecurityCommands> commands, const StorageLinkOptions& options = {});

}  // namespace spdm::transport
