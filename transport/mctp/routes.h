// The MCTP endpoints that the kernel knows a way to. Nobody is asked but the kernel, by netlink.
#pragma once

#include <string>
#include <vector>

#include "core/evidence/mctp_view.h"
#include "transport/mctp/address.h"

namespace spdm::transport {

struct MctpRoute {
  MctpAddress first;      // with its network
  std::uint8_t last = 0;  // EID; routes may lead to a range
  std::string interface;  // name
  bool is_local = false;  // an address of this host

  // Without a network in it: in whichever.
  bool leads_to(const MctpAddress& address) const;
  bool operator==(const MctpRoute&) const = default;
};

// In the kernel's order: of several that lead to an endpoint it takes the first. Empty where it has no MCTP. Throws Error: io, timeout,
// busy. Makes a socket, so call it before the process is confined.
std::vector<MctpRoute> mctp_routes();

// The endpoint with its network, and the way to it. Where no network is named, the only one that leads to this EID. Throws Error:
// no_device where no route leads there, usage where several networks do.
MctpView find_endpoint(const std::vector<MctpRoute>& routes, const MctpAddress& address);

// An endpoint that routes lead to.
struct MctpNeighbour {
  MctpAddress address;
  std::string interface;
  bool is_local = false;        // an address of this host
  bool is_one_of_many = false;  // of a range: that there is such an endpoint nobody says
  bool operator==(const MctpNeighbour&) const = default;
};
// Each once, in the order of networks and EIDs.
std::vector<MctpNeighbour> endpoints_of(const std::vector<MctpRoute>& routes);

}  // namespace spdm::transport
