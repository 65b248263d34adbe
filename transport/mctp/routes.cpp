#include "transport/mctp/routes.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "transport/mctp/kernel_socket.h"
#include "transport/mctp/netlink.h"
#include "transport/mctp/route_table.h"

namespace spdm::transport {

namespace {

constexpr std::chrono::seconds kLongest{2};
constexpr int kTries = 3;  // while the tables change

template <class Head>
void put(Bytes& out, const Head& head) {
  out.resize(NLMSG_ALIGN(out.size() + sizeof head));
  std::memcpy(out.data() + out.size() - NLMSG_ALIGN(sizeof head), &head, sizeof head);
}

// All interfaces, without their counters.
Bytes links_wanted() {
  Bytes out;
  put(out, ifinfomsg{});
  put(out, nlattr{sizeof(nlattr) + sizeof(std::uint32_t), IFLA_EXT_MASK});
  put(out, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
  return out;
}

Bytes routes_wanted() {
  Bytes out;
  rtmsg head{};
  head.rtm_family = AF_MCTP;
  put(out, head);
  return out;
}

std::vector<MctpRoute> ask_kernel() {
  const Clock::time_point deadline = Clock::now() + kLongest;
  Netlink netlink;
  RouteTable table;
  const TakeMessage take = [&](std::uint16_t type, View body) { table.add(type, body); };
  netlink.dump(RTM_GETLINK, links_wanted(), deadline, take);
  netlink.dump(RTM_GETROUTE, routes_wanted(), deadline, take);
  return table.routes();
}

}  // namespace

bool MctpRoute::leads_to(const MctpAddress& address) const {
  return (address.network == 0 || address.network == first.network) && first.eid <= address.eid && address.eid <= last;
}

std::vector<MctpRoute> mctp_routes() {
  // A kernel without it would answer with the routes of all families, and a router has millions.
  if (!kernel_has_mctp()) return {};
  for (int tries = 1;; ++tries) try {
      return ask_kernel();
    } catch (const Error& error) {
      if (error.id == ErrorId::unsupported) return {};
      if (error.id != ErrorId::busy || tries == kTries) throw;
    }
}

MctpView find_endpoint(const std::vector<MctpRoute>& routes, const MctpAddress& address) {
  std::map<std::uint32_t, const MctpRoute*> ways;  // by their networks
  for (const MctpRoute& route : routes)
    if (route.leads_to(address)) ways.emplace(route.first.network, &route);
  if (ways.empty())
    throw Error(ErrorId::no_device, cat("no route to MCTP endpoint ", to_string(address)), "list routes with: spdmctl list");
  if (ways.size() > 1) {
    std::string networks;
    for (const auto& [network, way] : ways) networks += cat(networks.empty() ? "" : ", ", network);
    throw Error(ErrorId::usage, cat("several MCTP networks have an endpoint ", address.eid, ": ", networks),
                cat("name one, as in mctp:", ways.begin()->first, ":", address.eid));
  }
  const MctpRoute& way = *ways.begin()->second;
  return {.network = way.first.network, .eid = address.eid, .interface = way.interface};
}

std::vector<MctpNeighbour> endpoints_of(const std::vector<MctpRoute>& routes) {
  std::map<MctpAddress, MctpNeighbour> out;
  for (const MctpRoute& route : routes)
    for (int eid = route.first.eid; eid <= route.last; ++eid) {
      const MctpAddress address{route.first.network, static_cast<std::uint8_t>(eid)};
      out.try_emplace(address, MctpNeighbour{address, route.interface, route.is_local, route.first.eid != route.last});
    }
  std::vector<MctpNeighbour> list;
  list.reserve(out.size());
  for (auto& [address, neighbour] : out) list.push_back(std::move(neighbour));
  return list;
}

}  // namespace spdm::transport
