// Serves an emulated device as an endpoint of an MCTP network: plain SPDM (type 5) and secured messages (type 6).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "core/responder/responder.h"
#include "transport/mctp/socket.h"

namespace spdm::transport {

struct EndpointOptions {
  std::size_t requesters = 16;  // that are served at a time; for one more, who was silent the longest is forgotten
  // Called with one line about each event.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

// Serves each requester, by its network and EID, with a responder of its own.
class MctpEndpoint {
 public:
  // `socket`: bound to both types.
  MctpEndpoint(std::shared_ptr<const DeviceProfile> profile, std::unique_ptr<MctpSocket> socket, EndpointOptions options);
  ~MctpEndpoint();

  // Serves until stop().
  void run();
  // From any thread, and from a signal handler. run() returns within a fraction of a second.
  void stop() { stopping_ = true; }

 private:
  std::shared_ptr<const DeviceProfile> profile_;
  std::unique_ptr<MctpSocket> socket_;
  EndpointOptions options_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace spdm::transport
