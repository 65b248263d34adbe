// Resolves host names to socket addresses, within a time limit.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "core/protocol/link.h"

namespace spdm::transport {

struct Address {
  sockaddr_storage storage;
  socklen_t size;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// At least one address, in the order of preference. Throws Error: no_device when there is no such host, timeout, io.
std::vector<Address> resolve(const std::string& host, std::uint16_t port, Clock::time_point deadline);

}  // namespace spdm::transport
