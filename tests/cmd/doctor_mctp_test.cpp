#include <doctest/doctest.h>

#include "cmd/doctor.h"
#include "support/fake_sysfs.h"

using namespace spdm;
using namespace spdm::cmd;

TEST_CASE("doctor: what there is of MCTP") {
  const Diagnosis without = about_mctp({});
  CHECK(without.topic == "mctp");
  CHECK(without.health == Health::good);  // a server needs none
  CHECK(without.what.find("this kernel has no MCTP") == 0);
  CHECK(without.remedy.find("CONFIG_MCTP") != std::string::npos);
  const Diagnosis no_route = about_mctp({.kernel_has_it = true, .may_send = true});
  CHECK(no_route.health == Health::good);
  CHECK(no_route.what == "the kernel has MCTP, and no route to an endpoint");
  const Diagnosis one = about_mctp({.kernel_has_it = true, .may_send = true, .endpoints = 1});
  CHECK(one.health == Health::good);
  CHECK(one.what == "routes lead to 1 endpoint");
  const Diagnosis refused = about_mctp({.kernel_has_it = true, .endpoints = 3});
  CHECK(refused.health == Health::limited);
  CHECK(refused.what == "routes lead to 3 endpoints; without CAP_NET_RAW none can be asked");
  const Diagnosis unknown = about_mctp({.kernel_has_it = true, .problem = "netlink: x"});
  CHECK(unknown.health == Health::limited);
  CHECK(unknown.what == "netlink: x");
}

TEST_CASE("doctor: a copy of a host has no kernel, and no MCTP") {
  const support::FakeSysfs sysfs;
  std::vector<Diagnosis> lines;
  examine_mctp(lines, sysfs.host());
  CHECK(lines.empty());
  examine_mctp(lines, {});
  CHECK(lines.size() == 1);
}
