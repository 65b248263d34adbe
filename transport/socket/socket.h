// Stream sockets whose every wait has an end.
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
  // What Dial does, at once.
  static Stream connect(const std::string& host, std::uint16_t port, Clock::time_point deadline);

  // Exactly so many bytes. Throws Error: timeout, or io when the peer closed before.
  Bytes read(std::size_t size, Clock::time_point deadline);
  // The same, but nothing when the peer closed before the first byte: the orderly end that a server waits for.
  std::optional<Bytes> read_or_end(std::size_t size, Clock::time_point deadline);
  void write(View bytes, Clock::time_point deadline);

 private:
  Descriptor fd_;
};

// A connection on its way. The name is resolved and the sockets are made at the start, so that none is needed once the
// process has confined itself; the first address is being connected from then on, so that a silent peer costs its own time
// only, and not that of the peers behind it.
class Dial {
 public:
  // Throws Error: no_device when the host does not exist, timeout when the resolver does not answer, io.
  Dial(const std::string& host, std::uint16_t port, Clock::time_point deadline);

  // Tries every address until one answers, each with its share of the time to the deadline of the start. Throws Error:
  // no_device when nobody listens, timeout, permission, io.
  Stream finish();

 private:
  struct Attempt {
    Address address;
    Descriptor fd;
    int result;  // of the connect that was begun: 0, EINPROGRESS, or why not
  };

  std::string what_;
  Clock::time_point deadline_;
  std::vector<Attempt> attempts_;
  int why_;  // the last address failed, when none is left
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
