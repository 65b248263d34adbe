// Stream sockets: every wait ends at a deadline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/protocol/link.h"
#include "transport/base/descriptor.h"
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

// A connection that is being established. The constructor resolves the name and makes the sockets, because a confined
// process can do neither. It also begins to connect to the first address, so that a silent peer delays no other peer.
class Dial {
 public:
  // Throws Error: no_device when the host does not exist, timeout when the resolver does not answer, io.
  Dial(const std::string& host, std::uint16_t port, Clock::time_point deadline);

  // Tries the addresses until one answers. Each gets its share of the time until the constructor's deadline. Throws
  // Error: no_device when nobody listens, timeout, permission, io.
  Stream finish();

 private:
  struct Attempt {
    Address address;
    Descriptor fd;
    int result;  // of the connect that was begun: 0, EINPROGRESS, or the errno value of its failure
  };

  std::string what_;
  Clock::time_point deadline_;
  std::vector<Attempt> attempts_;
  int why_;  // errno value: why the last address failed
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
