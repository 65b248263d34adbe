// SPDM over the commands of a drive (DSP0286): two of them for an exchange.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/wire/security_protocol.h"
#include "transport/storage/security_commands.h"

namespace spdm::transport {

// The security protocols that a drive lists, by one command. Throws Error{no_spdm} when it refuses, and what the command throws.
std::vector<std::uint8_t> list_protocols(SecurityCommands& commands, Clock::time_point deadline);
inline bool speaks_spdm(const std::vector<std::uint8_t>& protocols) {
  return std::find(protocols.begin(), protocols.end(), kProtocolSpdm) != protocols.end();
}
// What it says of its way to SPDM, by one command. Throws Error{peer} as well.
StorageDiscovery discover(SecurityCommands& commands, Clock::time_point deadline);

struct StorageLinkOptions {
  // The largest message that is sent, and received, in bytes. QEMU takes 4601 in one command.
  std::size_t max_message = 4600;
};

// Link::connect() asks the drive for its protocols, for discovery, and for what waits, which it receives and throws away: three commands.
// Throws Error{no_spdm} there when the drive does not list protocol E8h. Link::describe() tells what discovery said. The link leaves no
// response waiting in the drive, however its last exchange ended.
std::unique_ptr<Link> storage_link(std::unique_ptr<SecurityCommands> commands, const StorageLinkOptions& options = {});

}  // namespace spdm::transport
