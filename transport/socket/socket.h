// Stream sockets whose every wait has an end.
#pragma once

#include <optional>
#include <string>

#include "core/protocol/link.h"
#include "transport/base/descriptor.h"

namespace spdm::transport {

class Stream {
 public:
  // Takes over a connected stream socket of any family.
  explicit Stream(int fd);
  // Tries every address of the host until one answers. Throws Error: no_device when nobody listens or the host does not
  // exist, timeout, permission, io.
  static Stream connect(const std::string& host, std::uint16_t port, Clock::time_point deadline);

  // Exactly so many bytes. Throws Error: timeout, or io when the peer closed before.
  Bytes read(std::size_t size, Clock::time_point deadline);
  // The same, but nothing when the peer closed before the first byte: the orderly end that a server waits for.
  std::optional<Bytes> read_or_end(std::size_t size, Clock::time_point deadline);
  void write(View bytes, Clock::time_point deadline);

 private:
  Descriptor fd_;
};

class Listener {
 public:
  // Port 0 lets the system choose. Throws Error: io, permission, busy when the port is taken.
  Listener(const std::string& host, std::uint16_t port);

  std::uint16_t port() const;
  // Throws Error{timeout} when nobody came until the deadline (Clock::time_point::max(): waits for ever).
  Stream accept(Clock::time_point deadline);

 private:
  Descriptor fd_;
};

}  // namespace spdm::transport
