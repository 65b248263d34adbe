// Which steps follow from an appraisal, and which do not.
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "cmd/gate/fake_kernel.h"
#include "cmd/gate/gatekeeper.h"

using namespace gate_test;
using spdm::GateMode;
using spdm::Verdict;
using spdm::cmd::Decision;
using spdm::cmd::Gatekeeper;

namespace {

const std::string kFirst = "0000:01:00.0", kSecond = "0000:02:00.0";
const std::string kSentinel(spdm::cmd::kSentinel);

// A gate whose devices answer what `ask` says of them.
std::vector<spdm::cmd::DeviceState> run_with(FakeKernel& kernel, const std::function<spdm::Report(const std::string&)>& ask,
                                             const spdm::Policy& policy = {}) {
  Gatekeeper::Options options(GateMode::enforce);
  options.changed = kernel.changed();
  return Gatekeeper(kernel.host(), policy, options, [ask](const auto& device, const auto&, auto) { return ask(to_string(device.bdf)); }, {})
      .run();
}

}  // namespace

TEST_CASE("a dry run does not let go what is held") {
  FakeKernel kernel;
  kernel.add(kFirst);
  run(kernel, {{{kFirst, failed()}}});
  REQUIRE(kernel.override_of(kFirst) == kSentinel);
  const auto before = kernel.picture();
  CHECK(run(kernel, {}, {}, GateMode::enforce, true).at(0).decision == Decision::allowed);
  CHECK(kernel.picture() == before);
}

TEST_CASE("a device that has gone by the time it fails is refused without trouble") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.add(kSecond);
  const auto states = run_with(kernel, [&](const std::string& bdf) {
    if (bdf == kSecond) return passed();
    kernel.sysfs.remove(kFirst);
    return failed();
  });
  CHECK(state_of(states, kFirst).verdict == Verdict::fail);
  CHECK(state_of(states, kFirst).trouble.empty());
}

TEST_CASE("a device that cannot be asked is refused before the others are asked") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.add(kSecond, {}, false);
  kernel.sysfs.bind(kSecond, "nvme");
  std::string driver = "not looked at";
  run_with(
      kernel,
      [&](const std::string&) {
        driver = kernel.driver_of(kSecond);
        return passed();
      },
      policy_of("version: 1\nrules: [{match: {class: \"01\"}, expected: true}]\n"));
  CHECK(driver == "");
}

TEST_CASE("once a function has failed, the others of the device are not asked") {
  FakeKernel kernel;
  kernel.add("0000:01:00.0");
  kernel.add("0000:01:00.1");
  std::atomic<int> asked = 0;
  run_with(kernel, [&](const std::string&) {
    ++asked;
    return failed();
  });
  CHECK(asked == 1);
}
