#include "transport/mctp/route_table.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "core/text.h"
#include "transport/mctp/netlink.h"

namespace spdm::transport {

namespace {

constexpr std::size_t kMostRoutes = 4096;
constexpr int kMostHops = 32;  // from gateway to gateway, as the kernel has it (mctp_route_lookup())

// Behind the structure that a body begins with.
template <class Head>
View behind(View body) {
  return body.subspan(std::min<std::size_t>(NLMSG_ALIGN(sizeof(Head)), body.size()));
}

std::string text_of(View value) {
  const std::string_view text = as_text(value);
  return std::string(text.substr(0, text.find('\0')));
}

// IFLA_AF_SPEC has the attributes of each family that the interface is of.
std::uint32_t network_in(View families) {
  std::uint32_t out = 0;
  read_attributes(families, [&](std::uint16_t family, View of_family) {
    if (family != AF_MCTP) return;
    read_attributes(of_family, [&](std::uint16_t type, View value) {
      if (type == IFLA_MCTP_NET) out = read_head<std::uint32_t>(value, "the network of an interface");
    });
  });
  return out;
}

// Younger than the headers of some distributions: struct mctp_fq_addr of linux/mctp.h.
struct Gateway {
  std::uint32_t network;
  std::uint8_t eid;
};

}  // namespace

void RouteTable::add(std::uint16_t type, View body) {
  if (type == RTM_NEWLINK) return add_interface(body);
  if (type == RTM_NEWROUTE) return add_route(body);
}

void RouteTable::add_interface(View body) {
  const auto head = read_head<ifinfomsg>(body, "an interface");
  Interface out;
  read_attributes(behind<ifinfomsg>(body), [&](std::uint16_t type, View value) {
    if (type == IFLA_IFNAME) out.name = text_of(value);
    if (type == IFLA_AF_SPEC) out.network = network_in(value);
  });
  if (out.network == 0) return;  // it has no MCTP
  interfaces_[static_cast<std::uint32_t>(head.ifi_index)] = std::move(out);
}

void RouteTable::add_route(View body) {
  if (body.empty() || body.front() != AF_MCTP) return;  // each family's structure begins with it
  const auto head = read_head<rtmsg>(body, "a route");
  Route out;
  read_attributes(behind<rtmsg>(body), [&](std::uint16_t type, View value) {
    if (type == RTA_DST) out.route.first.eid = read_head<std::uint8_t>(value, "the EID of a route");
    if (type == RTA_OIF) out.interface = read_head<std::uint32_t>(value, "the interface of a route");
    if (type != RTA_GATEWAY) return;
    const auto gateway = read_head<Gateway>(value, "the gateway of a route");
    out.route.first.network = gateway.network;
    out.gateway = gateway.eid;
  });
  // The length is none of an address, but how many EIDs follow.
  const int last = out.route.first.eid + head.rtm_dst_len;
  if (out.route.first.eid < kFirstEid || last > kLastEid) fail_netlink("a route leads to an EID that no endpoint has");
  out.route.last = static_cast<std::uint8_t>(last);
  out.route.is_local = head.rtm_type == RTN_LOCAL;
  if (routes_.size() >= kMostRoutes) fail_netlink(cat("it has more than ", kMostRoutes, " routes"));
  routes_.push_back(std::move(out));
}

std::vector<MctpRoute> RouteTable::routes() const {
  std::vector<Route> known = routes_;
  for (Route& route : known) {
    const auto at = interfaces_.find(route.interface);
    if (route.gateway != 0 || at == interfaces_.end()) continue;
    route.route.first.network = at->second.network;
    route.route.interface = at->second.name;
  }
  // The kernel takes the first route that fits, and so from gateway to gateway.
  const auto behind_gateway = [&](const Route& route) -> const Route* {
    for (const Route& next : known)
      if (next.route.leads_to({route.route.first.network, route.gateway})) return &next;
    return nullptr;
  };
  std::vector<MctpRoute> out;
  for (const Route& route : known) {
    const Route* way = &route;
    for (int hop = 0; way != nullptr && way->gateway != 0; ++hop) way = hop < kMostHops ? behind_gateway(*way) : nullptr;
    if (way == nullptr || way->route.interface.empty()) continue;
    out.push_back(route.route);
    out.back().interface = way->route.interface;
  }
  return out;
}

}  // namespace spdm::transport
