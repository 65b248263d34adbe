// Devices that stall, and one that must be asked all the same. The order of events decides, not how fast the machine is.
#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cmd/gate/fake_kernel.h"
#include "cmd/gate/gatekeeper_work.h"

using namespace gate_test;
using spdm::Clock;
using spdm::Report;
using spdm::cmd::Decision;
using spdm::cmd::Occasion;

namespace {

using Times = std::vector<std::pair<std::string, Clock::time_point>>;

std::string address(unsigned bus) { return spdm::cat("0000:", spdm::hex(bus, 2), ":00.0"); }

// Devices at the addresses below the good one do not answer before the good one was asked: were they waited for, it never would be.
class Stalling {
 public:
  Stalling(unsigned stalling, std::size_t at_once) : good(address(stalling + 1)), at_once_(at_once) {
    for (unsigned bus = 1; bus <= stalling + 1; ++bus) kernel.add(address(bus));
  }

  FakeKernel kernel;
  const std::string good;
  bool hangs = false;  // not even the end of their turn ends them

  spdm::cmd::Gatekeeper gate(const spdm::Policy& policy) {
    spdm::cmd::Gatekeeper::Options options(spdm::GateMode::enforce);
    options.changed = kernel.changed();
    options.at_once = at_once_;
    return {
        kernel.host(), policy, options, [this](const auto& device, const auto&, Clock::time_point end) { return ask(device, end); }, {}};
  }
  // The same without a kernel, whose files take time: what was reported of each, within this time.
  std::map<std::string, Report> panel(Clock::duration time) {
    std::vector<spdm::cmd::Panel::Job> jobs;
    for (const auto& device : spdm::transport::scan(kernel.host())) jobs.push_back({.devices = {device}, .rules = {{}}});
    spdm::cmd::Panel panel([this](const auto& device, const auto&, Clock::time_point end) { return ask(device, end); }, jobs,
                           Clock::now() + time, at_once_, std::make_shared<std::atomic<std::size_t>>(0));
    std::map<std::string, Report> out;
    while (const std::optional<spdm::cmd::Panel::Finished> done = panel.next())
      if (!done->reports.empty()) out[to_string(jobs[done->job].devices.front().bdf)] = done->reports.front();
    return out;
  }
  // In the order in which they were asked, and when their turn was over.
  Times asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  Report ask(const spdm::transport::PciDevice& device, Clock::time_point end) {
    const std::string bdf = to_string(device.bdf);
    std::unique_lock lock(mutex_);
    asked_.emplace_back(bdf, end);
    if (bdf == good) {
      good_was_asked_ = true;
      change_.notify_all();
      return passed();
    }
    const Clock::time_point patience = hangs ? Clock::now() + std::chrono::seconds(60) : end;
    change_.wait_until(lock, patience, [&] { return good_was_asked_; });
    return errored(spdm::ErrorId::timeout, 3);
  }

  std::size_t at_once_;
  mutable std::mutex mutex_;
  std::condition_variable change_;
  bool good_was_asked_ = false;
  Times asked_;
};

void check(Stalling& scene, const std::vector<spdm::cmd::DeviceState>& states) {
  for (const auto& state : states) CHECK(state.decision == (state.bdf == scene.good ? Decision::allowed : Decision::blocked));
  CHECK(scene.kernel.driver_of(scene.good) == "nvme");
  CHECK(scene.kernel.override_of(address(1)) == spdm::cmd::kSentinel);
}

}  // namespace

TEST_CASE("devices that stall at low addresses do not keep a good one from being asked") {
  Stalling scene(40, spdm::cmd::kMostAtOnce);
  const spdm::Policy policy = policy_of("version: 1\ngate: {timeout: 20}\n");
  SUBCASE("at boot") { check(scene, scene.gate(policy).run()); }
  SUBCASE("when they arrive together") {
    std::vector<spdm::transport::Bdf> all;
    for (const auto& device : spdm::transport::scan(scene.kernel.host())) all.push_back(device.bdf);
    check(scene, scene.gate(policy).attend(all, Occasion::arrival));
  }
}

TEST_CASE("more devices than are asked at once: each has its share, and the last one is asked") {
  Stalling scene(4, 2);
  const Clock::time_point begin = Clock::now();
  const std::map<std::string, Report> reports = scene.panel(std::chrono::seconds(3));
  REQUIRE(reports.size() == 5);
  CHECK(reports.at(scene.good).verdict == spdm::Verdict::pass);
  const Times asked = scene.asked();
  REQUIRE(asked.size() == 5);
  CHECK(asked.back().first == scene.good);
  for (std::size_t i = 0; i < 2; ++i) CHECK(asked[i].second - begin < std::chrono::milliseconds(2500));  // a third, and not all
  const std::string& reason = reports.at(address(1)).reason;
  CHECK(reason.find("its share of the total time limit") != std::string::npos);
}

TEST_CASE("one that a rule expects is asked first, whatever its address") {
  Stalling scene(5, 1);
  check(scene, scene.gate(policy_of("version: 1\nrules: [{match: {bdf: \"" + scene.good + "\"}, expected: true}]\n")).run());
  const Times asked = scene.asked();
  REQUIRE(asked.size() == 6);
  CHECK(asked.front().first == scene.good);
  for (unsigned bus = 1; bus <= 5; ++bus) CHECK(asked[bus].first == address(bus));
}

TEST_CASE("attestations that hang past their turn keep their threads, not their places") {
  Stalling scene(2, 2);
  scene.hangs = true;
  const std::map<std::string, Report> reports = scene.panel(std::chrono::seconds(4));
  REQUIRE(reports.count(scene.good) == 1);
  CHECK(reports.at(scene.good).verdict == spdm::Verdict::pass);
}
