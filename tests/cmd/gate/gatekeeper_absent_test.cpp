// Devices that policy expects and that are not there, as a watch looks for them.
#include <doctest/doctest.h>

#include "cmd/gate/fake_kernel.h"
#include "cmd/gate/gatekeeper.h"

using namespace gate_test;
using spdm::Exit;
using spdm::GateMode;
using spdm::Verdict;
using spdm::cmd::Decision;
using spdm::cmd::Occasion;

namespace {

const std::string kFirst = "0000:01:00.0";

}  // namespace

TEST_CASE("expected devices: one that has gone is told once, and again when it was back in between") {
  FakeKernel kernel;
  kernel.add(kFirst);
  const auto look = [&](const spdm::Policy& policy) {
    return spdm::cmd::Gatekeeper(kernel.host(), policy, GateMode::audit, {}, {}).tell_absent(Occasion::interval);
  };
  const spdm::Policy policy = policy_of(R"(
version: 1
rules:
  - {name: disk, match: {bdf: "0000:01:00.0"}, expected: true}
  - {name: net, match: {class: "02"}, expected: true, on-failure: [warn]}
)");
  auto states = look(policy);
  REQUIRE(states.size() == 1);
  CHECK(states[0].rule == "net");
  CHECK(states[0].decision == Decision::absent);
  CHECK(states[0].verdict == Verdict::fail);
  CHECK(states[0].exit == Exit::policy);
  CHECK(look(policy).empty());
  kernel.sysfs.remove(kFirst);
  states = look(policy);
  REQUIRE(states.size() == 1);
  CHECK(states[0].bdf == kFirst);
  CHECK(spdm::cmd::read_states(kernel.host()).states.size() == 2);
  // It is back, nobody has attended it yet, and it goes again.
  kernel.add(kFirst);
  CHECK(look(policy).empty());
  CHECK(spdm::cmd::read_states(kernel.host()).states.size() == 1);
  kernel.sysfs.remove(kFirst);
  CHECK(look(policy).size() == 1);
  // What no rule expects any more is no failure any more.
  CHECK(look(spdm::Policy()).empty());
  CHECK(spdm::cmd::read_states(kernel.host()).states.empty());
  CHECK(spdm::cmd::Gatekeeper(kernel.host(), policy, GateMode::off, {}, {}).tell_absent(Occasion::interval).empty());
}

TEST_CASE("expected devices: a state of no address is about none that was taken away") {
  FakeKernel kernel;
  spdm::cmd::DeviceState state;
  state.decision = Decision::blocked;
  state.rule = "disk";
  state.actions = {spdm::cmd::GateStep::removed};
  write_state(kernel.host(), state);
  const spdm::Policy policy = policy_of("version: 1\nrules: [{name: disk, match: {class: \"01\"}, expected: true}]\n");
  const auto states = spdm::cmd::Gatekeeper(kernel.host(), policy, GateMode::audit, {}, {}).tell_absent(Occasion::interval);
  REQUIRE(states.size() == 1);
  CHECK(states[0].rule == "disk");
  CHECK(states[0].decision == Decision::absent);
}
