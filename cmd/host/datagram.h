// Datagrams between processes of the program, over SOCK_SEQPACKET; one may have a descriptor beside it.
#pragma once

#include <optional>

#include "core/bytes.h"
#include "core/descriptor.h"

namespace spdm::cmd {

struct Datagram {
  Bytes bytes{};
  Descriptor descriptor{};  // none where none came
};

// Sends one without waiting; `descriptor`: the other gets a copy of it. Throws Error{io}: the other is gone, or takes nothing.
void send_datagram(int socket, View datagram, int descriptor = -1);
// Waits for one. Nothing at the end of the other. Throws Error: peer for one that is longer than `most` or has descriptors, io.
std::optional<Bytes> receive_datagram(int socket, std::size_t most);
// The same where one descriptor may be beside it, and no more. It is missing where the process may have no more files.
std::optional<Datagram> receive_with_descriptor(int socket, std::size_t most);

}  // namespace spdm::cmd
