#include "transport/mctp/routes.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "transport/mctp/netlink_messages.h"
#include "transport/mctp/route_table.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

Bytes by(std::uint32_t interface) { return fake::attribute(RTA_OIF, fake::raw(interface)); }

// Two interfaces on one network, one on another, and one without MCTP.
RouteTable table_of(const std::vector<fake::RouteParts>& routes) {
  RouteTable out;
  out.add(RTM_NEWLINK, fake::interface(1, "lo", 0));
  out.add(RTM_NEWLINK, fake::interface(3, "mctpi2c4", 1));
  out.add(RTM_NEWLINK, fake::interface(4, "mctpi2c5", 1));
  out.add(RTM_NEWLINK, fake::interface(5, "mctpserial0", 2));
  for (const fake::RouteParts& parts : routes) out.add(RTM_NEWROUTE, fake::route(parts));
  return out;
}

void refused(const std::string& why, const Bytes& route) {
  expect_error(ErrorId::io, why, [&] { table_of({}).add(RTM_NEWROUTE, route); });
}

}  // namespace

TEST_CASE("MCTP routes: addresses of this host, endpoints, ranges, in the kernel's order") {
  const std::vector<MctpRoute> routes =
      table_of({{.first = 20, .more = 10}, {.first = 8, .type = RTN_LOCAL}, {.first = 9, .way = by(5)}, {.first = 254, .way = by(4)}})
          .routes();
  CHECK(routes == std::vector<MctpRoute>{{{1, 20}, 30, "mctpi2c4", false},
                                         {{1, 8}, 8, "mctpi2c4", true},
                                         {{2, 9}, 9, "mctpserial0", false},
                                         {{1, 254}, 254, "mctpi2c5", false}});
}

TEST_CASE("MCTP routes: by a gateway, whose network they are of") {
  const std::vector<MctpRoute> routes = table_of({{.first = 30, .more = 2, .way = fake::gateway(2, 20)},
                                                  {.first = 20, .way = fake::gateway(2, 9)},
                                                  {.first = 9, .way = by(3)},
                                                  {.first = 9, .way = by(5)}})
                                            .routes();
  CHECK(routes == std::vector<MctpRoute>{{{2, 30}, 32, "mctpserial0", false},
                                         {{2, 20}, 20, "mctpserial0", false},
                                         {{1, 9}, 9, "mctpi2c4", false},
                                         {{2, 9}, 9, "mctpserial0", false}});
  // To nowhere, and in a circle.
  CHECK(table_of({{.first = 30, .way = fake::gateway(2, 20)}}).routes().empty());
  CHECK(table_of({{.first = 30, .way = fake::gateway(2, 20)}, {.first = 20, .way = fake::gateway(2, 30)}}).routes().empty());
}

TEST_CASE("MCTP routes: what is about something else is left out") {
  // A kernel without MCTP answers with the routes of all families.
  CHECK(table_of({{.first = 9, .more = 24, .family = AF_INET}, {.first = 0, .family = AF_INET6}}).routes().empty());
  CHECK(table_of({{.way = by(1)}, {.way = by(77)}, {.way = {}}}).routes().empty());  // an interface without MCTP, one that has gone, none
  RouteTable table = table_of({});
  table.add(RTM_NEWADDR, Bytes{1, 2, 3});
  table.add(RTM_NEWROUTE, {});
  CHECK(table.routes().empty());
}

TEST_CASE("MCTP routes: answers that are cut off or lie are refused") {
  refused("leads to an EID that no endpoint has", fake::route({.first = 7}));
  refused("leads to an EID that no endpoint has", fake::route({.first = 255}));
  refused("leads to an EID that no endpoint has", fake::route({.first = 250, .more = 5}));
  refused("leads to an EID that no endpoint has", fake::route({.first = 9, .more = 255}));
  refused("a route is cut off", {AF_MCTP, 0, 0});
  refused("the interface of a route is cut off", fake::route({.way = fake::attribute(RTA_OIF, {3})}));
  refused("the gateway of a route is cut off", fake::route({.way = fake::attribute(RTA_GATEWAY, {9, 0, 0, 0})}));
  refused("the EID of a route is cut off", fake::joined({Bytes{AF_MCTP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, fake::attribute(RTA_DST, {})}));
  Bytes route = fake::route({});
  route.resize(route.size() - 3);
  refused("a length that does not fit", route);

  RouteTable table;
  expect_error(ErrorId::io, "an interface is cut off", [&] { table.add(RTM_NEWLINK, Bytes{0, 0, 0}); });
  const Bytes family = fake::attribute(AF_MCTP, fake::attribute(IFLA_MCTP_NET, {1}));
  const Bytes interface = fake::joined({fake::raw(ifinfomsg{}), fake::attribute(IFLA_AF_SPEC, family)});
  expect_error(ErrorId::io, "the network of an interface is cut off", [&] { table.add(RTM_NEWLINK, interface); });
}

TEST_CASE("MCTP routes: no more than anybody has") {
  RouteTable table = table_of({});
  const Bytes route = fake::route({});
  for (int i = 0; i < 4096; ++i) table.add(RTM_NEWROUTE, route);
  expect_error(ErrorId::io, "more than 4096 routes", [&] { table.add(RTM_NEWROUTE, route); });
}

TEST_CASE("MCTP routes: the endpoint that an address means") {
  const std::vector<MctpRoute> routes{{{1, 20}, 30, "mctpi2c5", false}, {{1, 9}, 25, "mctpi2c4", false}, {{2, 9}, 9, "mctpserial0", false}};
  CHECK(find_endpoint(routes, {0, 30}) == MctpView{.network = 1, .eid = 30, .interface = "mctpi2c5"});
  CHECK(find_endpoint(routes, {0, 22}) == MctpView{.network = 1, .eid = 22, .interface = "mctpi2c5"});  // the first one that fits
  CHECK(find_endpoint(routes, {2, 9}) == MctpView{.network = 2, .eid = 9, .interface = "mctpserial0"});
  expect_error(ErrorId::usage, "several MCTP networks have an endpoint 9: 1, 2", [&] { find_endpoint(routes, {0, 9}); });
  expect_error(ErrorId::no_device, "no route leads to MCTP endpoint 31", [&] { find_endpoint(routes, {0, 31}); });
  expect_error(ErrorId::no_device, "no route leads to MCTP endpoint 2:20", [&] { find_endpoint(routes, {2, 20}); });
  expect_error(ErrorId::no_device, "no route leads to MCTP endpoint 8", [] { find_endpoint({}, {0, 8}); });
}

TEST_CASE("MCTP routes: each endpoint once, in order") {
  const std::vector<MctpRoute> routes{
      {{2, 9}, 9, "mctpserial0", false}, {{1, 10}, 10, "mctpi2c5", false}, {{1, 9}, 11, "mctpi2c4", false}, {{1, 8}, 8, "mctpi2c4", true}};
  CHECK(endpoints_of(routes) == std::vector<MctpNeighbour>{{{1, 8}, "mctpi2c4", true, false},
                                                           {{1, 9}, "mctpi2c4", false, true},
                                                           {{1, 10}, "mctpi2c5", false, false},
                                                           {{1, 11}, "mctpi2c4", false, true},
                                                           {{2, 9}, "mctpserial0", false, false}});
  CHECK(endpoints_of({{{1, 8}, 254, "lo", false}}).size() == 247);
  CHECK(endpoints_of({}).empty());
}
