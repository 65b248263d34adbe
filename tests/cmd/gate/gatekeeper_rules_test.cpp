// What a gate learns only once a device has answered: the version that it speaks, and the rule by what it proves.
#include "cmd/gate/gatekeeper.h"

#include <doctest/doctest.h>

#include "cmd/gate/fake_kernel.h"

using namespace gate_test;
using spdm::Verdict;
using spdm::cmd::Decision;

namespace {

const std::string kFirst = "0000:01:00.0";

}  // namespace

TEST_CASE("a device that has spoken a newer version of SPDM is refused when it speaks an older one") {
  const auto speaking = [](std::uint8_t version, bool proven, char leaf = 'a') {
    spdm::Report out = passed(leaf);
    spdm::ConnectionReport& connection = out.connection.emplace();
    connection.parameters.version = version;
    connection.negotiated = true;
    connection.negotiation_proven = proven;
    return out;
  };
  FakeKernel kernel;
  kernel.add(kFirst);
  const auto ask = [&](const spdm::Report& report) { return run(kernel, {{{kFirst, report}}}).at(0); };
  CHECK(ask(speaking(spdm::k11, false)).version == std::nullopt);
  CHECK(ask(speaking(spdm::k12, true)).version == spdm::k12);
  const auto refused = ask(speaking(spdm::k11, false));
  CHECK(refused.verdict == Verdict::fail);
  CHECK(refused.reason.find("SPDM 1.1 was negotiated, the device used 1.2 before") != std::string::npos);
  CHECK(refused.version == spdm::k12);
  CHECK(ask(speaking(spdm::k11, true)).verdict == Verdict::fail);
  CHECK(ask(speaking(spdm::k13, true)).verdict == Verdict::pass);
  CHECK(ask(speaking(spdm::k11, true, 'b')).verdict == Verdict::pass);  // another device
}

TEST_CASE("rules by what a device proves decide for the gate, too") {
  FakeKernel kernel;
  kernel.add(kFirst);
  const spdm::Policy policy = policy_of("version: 1\nrules: [{name: proven, match: {device-info: \"ACME:*\"}, on-failure: [warn]}]\n");
  spdm::Report report = failed();
  report.policy.emplace().rule = "proven";
  const auto state = run(kernel, {{{kFirst, report}}}, policy).at(0);
  CHECK(state.rule == "proven");
  CHECK(state.decision == Decision::allowed);
  CHECK(kernel.driver_of(kFirst) == "nvme");
}
