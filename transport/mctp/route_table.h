// The kernel's routes of MCTP, put together from its answers: interfaces (RTM_GETLINK) and routes (RTM_GETROUTE).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "transport/mctp/routes.h"

namespace spdm::transport {

class RouteTable {
 public:
  // One message of an answer. What is not about MCTP is left out: for a family that it does not know, the kernel answers for all others.
  // Throws Error{io} for one that is cut off, and for more routes than anybody has.
  void add(std::uint16_t type, View body);

  // In the kernel's order. Routes that lead to no known interface are left out: it was removed meanwhile.
  std::vector<MctpRoute> routes() const;

 private:
  struct Interface {
    std::string name;
    std::uint32_t network = 0;  // 0: it has no MCTP
  };
  // By an interface, which has the network, or by another endpoint of its network.
  struct Route {
    MctpRoute route;
    std::uint32_t interface = 0;
    std::uint8_t gateway = 0;  // 0: none
  };

  void add_interface(View body);
  void add_route(View body);

  std::map<std::uint32_t, Interface> interfaces_;  // by their index
  std::vector<Route> routes_;
};

}  // namespace spdm::transport
