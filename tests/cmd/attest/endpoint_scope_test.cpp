// Endpoints of MCTP networks as targets.
#include "cmd/attest/endpoint_scope.h"

#include <doctest/doctest.h>
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "cmd/attest/audit_scope.h"
#include "cmd/attest/targets.h"
#include "cmd/gate_setup.h"
#include "cmd/options.h"
#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "support/fake_sysfs.h"
#include "transport/mctp/kernel_socket.h"

using namespace spdm;
using namespace spdm::cmd;
using transport::MctpAddress;
using transport::Via;

TEST_CASE("endpoints: names and addresses") {
  CHECK(is_endpoint("mctp:9"));
  CHECK_FALSE(is_endpoint("file:mctp:9"));
  CHECK(endpoint_of("mctp:9") == MctpAddress{0, 9});
  CHECK(endpoint_of("mctp:1:9?max=4096") == MctpAddress{1, 9});
  CHECK_FALSE(endpoint_of("mctp:x"));
  CHECK_FALSE(endpoint_of("mctp:"));
  CHECK_FALSE(endpoint_of("emu://127.0.0.1?binding=mctp"));
  CHECK(target_of(MctpAddress{1, 9}) == "mctp:1:9");
  CHECK(means("mctp:9", {1, 9}));
  CHECK(means("mctp:1:9?max=4096", {1, 9}));
  CHECK_FALSE(means("mctp:2:9", {1, 9}));
  CHECK_FALSE(means("mctp:8", {1, 9}));
  CHECK_FALSE(means("nvme:/dev/nvme9", {1, 9}));
}

TEST_CASE("endpoints: what the host sees of one, also of one that no route leads to") {
  const support::FakeSysfs sysfs;
  const HostView known = view_of(transport::MctpNeighbour{{1, 9}, "mctpi2c4", false, false});
  CHECK(known.target == "mctp:1:9");
  CHECK(known.mctp == MctpView{.network = 1, .eid = 9, .interface = "mctpi2c4"});
  const HostView named = view_of("mctp:3:200?max=4096", sysfs.host());
  CHECK(named.target == "mctp:3:200?max=4096");
  CHECK(named.mctp == MctpView{.network = 3, .eid = 200, .interface = ""});
  CHECK(view_of("mctp:200", sysfs.host()).mctp == MctpView{.network = {}, .eid = 200, .interface = ""});
  CHECK_FALSE(view_of("mctp:x", sysfs.host()).mctp);
}

TEST_CASE("endpoints: a copy of a host has none, whatever the kernel at work has") {
  const support::FakeSysfs sysfs;
  const transport::Host host = sysfs.host();
  CHECK(is_copy(host));
  CHECK_FALSE(is_copy({}));
  CHECK(endpoints_of(host).empty());
  CHECK(endpoints_to_ask(host).empty());
  assert_has_mctp(host);
  expect_error(ErrorId::no_device, "this host has no route to an MCTP endpoint", [&] { targets_of({"all"}, host, Via::mctp); });
  // Beside one that was named it is no error.
  CHECK(targets_of({"all", "emu://127.0.0.1"}, host, Via::mctp).none.find("this host has no route") == 0);
  AuditScope scope = audit_scope({}, nullptr, host, Exempt::left_out, Via::mctp);
  CHECK(scope.targets.empty());
  expect_error(ErrorId::no_device, "no MCTP endpoint with a route speaks SPDM", [] { fail_for_want_of_devices(Via::mctp); });
}

TEST_CASE("endpoints: one that is named twice is asked once") {
  const support::FakeSysfs sysfs;
  const std::vector<Target> once = targets_of({"mctp:1:9", "mctp:1:09", "mctp:1:9?max=4096", "mctp:2:9", "mctp:9"}, sysfs.host()).list;
  REQUIRE(once.size() == 3);
  CHECK(once[1].name == "mctp:2:9");
  CHECK(once[2].name == "mctp:9");
}

TEST_CASE("endpoints: one that is named meets the rule that expects it") {
  const support::FakeSysfs sysfs;
  Policy policy;
  PolicyRule& rule = policy.rules.emplace_back();
  rule.match.endpoint = "1:9";
  rule.expected = true;
  const auto absent = [&](const std::string& name) {
    return audit_scope({name, "all"}, &policy, sysfs.host(), Exempt::left_out, Via::mctp).absent.size();
  };
  CHECK(absent("mctp:1:9") == 0);
  CHECK(absent("mctp:1:10") == 1);
}

TEST_CASE("endpoints: all are those that nobody has named, and are sought only") {
  std::vector<Target> targets(2);
  targets[0].name = "mctp:9";
  targets[1].name = "mctp:2:10?max=4096";
  add_endpoints(targets, {{{1, 9}, "a", false, false}, {{1, 10}, "a", false, true}, {{2, 10}, "b", false, false}});
  REQUIRE(targets.size() == 3);
  CHECK_FALSE(targets[0].sought);
  CHECK(targets[2].name == "mctp:1:10");
  CHECK(targets[2].sought);
  CHECK(targets[2].supposed);
}

TEST_CASE("endpoints: a kernel without MCTP is told of") {
  if (transport::kernel_has_mctp()) return;
  expect_error(ErrorId::unsupported, "MCTP", [] { targets_of({"all"}, {}, Via::mctp); });
}

TEST_CASE("endpoints: they are connected with by no network socket, and only one that is open keeps the right to send") {
  std::vector<Target> targets(2);
  targets[0].name = "mctp:1:9";
  targets[1].name = "03:00.0";
  targets[1].opened.emplace();
  CHECK_FALSE(connects(targets));
  CHECK_FALSE(sends_mctp(targets));
  targets[0].opened.emplace();
  CHECK(sends_mctp(targets));
  CHECK_FALSE(recording("mctp:1:9"));
}

TEST_CASE("--via mctp is for endpoints") {
  CHECK(via_of("mctp") == Via::mctp);
  ProtocolOptions protocol;
  CLI::App asks, gate;
  add_protocol_options(asks, protocol);
  CHECK(asks.get_option("--via")->get_description().find("mctp") != std::string::npos);
  GateOptions options;
  add_gate_options(gate, options);
  CHECK(gate.get_option("--via")->get_description().find("mctp") == std::string::npos);
  options.via = "mctp";
  expect_error(ErrorId::usage, "the gate handles PCI functions", [&] { check(options); });
}
