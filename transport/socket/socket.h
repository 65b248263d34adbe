// Stream sockets: every wait ends at a deadline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/descriptor.h"
#include "core/protocol/link.h"
#include "transport/socket/resolve.h"

namespace spdm::transport {

class Stream {
 public:
  // Takes over a connected stream socket of any family.
  explicit Stream(int fd);
  // Connects, as Dial does, and waits for the connection.
  static Stream connect(const std::string& host, std::uint16_t port, Clock::time_point deadline);

  // Reads exactly `size` bytes. Throws Error: timeout; io also when the peer closed the connection before.
  Bytes read(std::size_t size, Clock::time_point deadline);
  // As read(), but nothing when the peer closed before the first byte: the orderly end that a server waits for.
  std::optional<Bytes> read_or_end(std::size_t size, Clock::time_point deadline);
  void write(View bytes, Clock::time_point deadline);

 private:
  Descriptor fd_;
};

// What a connection takes, and the connection later: the name is resolved and the sockets are made at once, so that none is
// needed when the process has confined itself. The peer hears of it only when its turn comes: one that is connected and not
// asked would lose patience.
class Dial {
 public:
  // Throws Error: no_device when the host does not exist, timeout when the resolver does not answer, io.
  Dial(const std::string& host, std::uint16_t port, Clock::time_point deadline);

  // Tries every address until one answers, each with its share of the time. Throws Error: no_device when nobody listens,
  // timeout, permission, io.
  Stream connect(Clock::time_point deadline);

 private:
  struct Attempt {
    Address address;
    Descriptor fd;
  };

  std::string what_;
  std::vector<Attempt> attempts_;
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
