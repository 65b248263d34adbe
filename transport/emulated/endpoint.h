// Serves an emulated device as an endpoint of an MCTP network: plain SPDM (type 5) and secured messages (type 6).
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/responder/responder.h"
#include "transport/emulated/service.h"
#include "transport/mctp/routes.h"
#include "transport/mctp/socket.h"

namespace spdm::transport {

struct EndpointOptions {
  std::size_t requesters = 16;  // that are served at a time; for one more, who was silent the longest is forgotten
  // Called with one line about each event.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

// "mctp:EID", "mctp:NETWORK:EID", or "mctp:any" for all of our addresses (an EID of 0, as bind_mctp_socket takes it). Nothing for another
// scheme. Throws Error{usage}.
std::optional<MctpAddress> parse_mctp_listen(std::string_view target);

// The address of this host with its network. Throws Error: no_device where the host does not have it, usage where it has it in several.
MctpAddress own_address(std::vector<MctpRoute> routes, const MctpAddress& address);

// Serves each requester, by its network and EID, with a responder of its own. There are no connections: a requester is known from its
// first request until it is forgotten for another one.
//   - Answers to one requester keep their order, as those of a device do that works on one request after the other: a late one comes
//     even when the requester has given it up, and what it has asked since is answered after it. Nobody else waits for that.
//   - What is no request of SPDM is ignored, with a note: MCTP has no answer for that.
//   - An answer that cannot be sent is lost, with a note.
class MctpEndpoint final : public Service {
 public:
  // `socket`: bound to both types, and to control messages where nobody else answers those.
  MctpEndpoint(std::shared_ptr<const DeviceProfile> profile, std::unique_ptr<MctpSocket> socket, EndpointOptions options);
  ~MctpEndpoint() override;

  // Throws Error{permission} where the right to send is lacking: that does not come back.
  void run() override;
  void stop() override { stopping_ = true; }

 private:
  struct Answer {
    MctpHeader to;
    Bytes bytes;
    Clock::time_point due;
  };
  struct Requester {
    MctpAddress address;
    Responder responder;
    std::deque<Answer> answers;  // still to be sent, in the order of their requests
  };

  std::optional<MctpMessage> next_message();
  void take(const MctpMessage& message);
  void answer_control_message(const MctpMessage& message);
  Requester& requester(const MctpAddress& address);
  void send_what_is_due();
  void send(const Answer& answer);
  // Calls EndpointOptions::note.
  void tell(const MctpAddress& peer, std::string_view what) const;

  std::shared_ptr<const DeviceProfile> profile_;
  std::unique_ptr<MctpSocket> socket_;
  EndpointOptions options_;
  std::list<Requester> requesters_;  // who asked last comes first
  std::atomic<bool> stopping_ = false;
};

}  // namespace spdm::transport
