// A gate that is killed at any point, one that takes too long, and the way back.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "cmd/gate/fake_kernel.h"
#include "cmd/host/run_files.h"

using namespace gate_test;
using spdm::GateMode;
using spdm::cmd::Decision;
using spdm::cmd::Occasion;

namespace {

const std::string kGood = "0000:01:00.0", kBad = "0000:02:00.0", kBadFunction = "0000:02:00.1", kSilent = "0000:03:00.0",
                  kBound = "0000:04:00.0", kForeign = "0000:05:00.0", kBoundBad = "0000:06:00.0";
const std::string kSentinel(spdm::cmd::kSentinel);
constexpr std::string_view kPolicy = R"(
version: 1
rules:
  - {name: bad, match: {bdf: "0000:02:*"}, on-failure: [block, clear-bus-master]}
  - {name: gone, match: {bdf: "0000:07:*"}, expected: true, on-failure: [block, remove]}
  - {name: absent, match: {bdf: "0000:08:00.0"}, expected: true}
)";

void furnish(const FakeKernel& kernel) {
  for (const std::string& bdf : {kGood, kSilent, kBound, kForeign, kBoundBad}) kernel.add(bdf);
  kernel.add(kBad, {.bus_master = true});
  kernel.add(kBadFunction, {.bus_master = true}, false);
  kernel.add("0000:07:00.0");
  kernel.sysfs.bind(kBound, "nvme");
  kernel.sysfs.bind(kBoundBad, "nvme");
  kernel.sysfs.set(kForeign, "driver_override", "vfio-pci\n");
}

Answers answers() {
  return {{{kBad, failed()},
           {kSilent, errored(spdm::ErrorId::timeout)},
           {kBoundBad, failed()},
           {"0000:07:00.0", errored(spdm::ErrorId::peer, 2)}}};
}

// What the next run, and a user, can see.
std::map<std::string, std::string> outcome(const FakeKernel& kernel) {
  std::map<std::string, std::string> out = kernel.picture();
  for (const spdm::cmd::DeviceState& state : spdm::cmd::read_states(kernel.host()).states)
    out["state " + state.bdf] =
        spdm::cat(name(state.decision), "|", name(state.verdict), "|", static_cast<int>(state.exit), "|", state.rule);
  out["gate.json"] = std::filesystem::exists(kernel.host().run() / "gate.json") ? "there" : "";
  return out;
}

// Works in a child that is killed after some changes. Whether it was: false when it came to its end.
bool killed(FakeKernel& kernel, int after, const std::function<void()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    kernel.steps = 0;
    kernel.die_after = after;
    try {
      work();
    } catch (...) {
      ::_exit(9);
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

TEST_CASE("a gate that was killed at any point comes to the same end when it runs again") {
  FakeKernel whole;
  furnish(whole);
  run(whole, answers(), policy_of(std::string(kPolicy)));
  const auto wanted = outcome(whole);
  CHECK(wanted.at(kGood) == "|nvme|");
  CHECK(wanted.at(kBad) == kSentinel + "||");
  CHECK(wanted.at(kBadFunction) == kSentinel + "||");
  CHECK(wanted.at(kForeign) == "vfio-pci|vfio-pci|");
  CHECK(wanted.at(kBoundBad) == kSentinel + "||");
  CHECK(wanted.count("0000:07:00.0") == 0);
  CHECK(wanted.at("state 0000:07:00.0") == "blocked|undetermined|6|gone");
  CHECK(wanted.at("gate.json").empty());

  int points = 0;
  for (bool again = true; again; ++points) {
    FakeKernel kernel;
    furnish(kernel);
    const spdm::Policy policy = policy_of(std::string(kPolicy));
    again = killed(kernel, points + 1, [&] { run(kernel, answers(), policy); });
    CAPTURE(points);
    // Until the next run nothing that failed has a driver, wherever it ended.
    for (const std::string& bdf : {kBad, kBadFunction, kSilent}) CHECK(kernel.driver_of(bdf).empty());
    if (points > 0 && kernel.autoprobe() == "1") CHECK(kernel.override_of(kSilent) == kSentinel);
    kernel.die_after = -1;
    run(kernel, answers(), policy);
    const auto now = outcome(kernel);
    for (const auto& [what, text] : wanted) CHECK(what + ": " + (now.count(what) != 0 ? now.at(what) : "missing") == what + ": " + text);
    CHECK(now.size() == wanted.size());
  }
  CHECK(points > 30);
}

// Overrides and autoprobe as they were, and a driver for each function that had one. What else a gate did is not undone:
// Bus Master is set by the next driver, and what was removed comes back with a scan of the bus.
void check_released(const FakeKernel& kernel, bool all_bound) {
  for (const std::string& bdf : {kGood, kBad, kBadFunction, kSilent, kBound, kForeign, kBoundBad}) {
    CAPTURE(bdf);
    CHECK(kernel.override_of(bdf) == (bdf == kForeign ? "vfio-pci" : ""));
    const std::string driver = kernel.driver_of(bdf), wanted = bdf == kForeign ? "vfio-pci" : "nvme";
    if (all_bound || bdf == kBound || bdf == kBoundBad) CHECK(driver == wanted);
  }
  CHECK(kernel.autoprobe() == "1");
  CHECK_FALSE(std::filesystem::exists(kernel.host().run() / "gate.json"));
  for (const spdm::cmd::DeviceState& state : spdm::cmd::read_states(kernel.host()).states) {
    CHECK(state.decision != Decision::pending);
    CHECK((state.decision != Decision::blocked || spdm::cmd::was_taken_away(state)));
  }
}

TEST_CASE("release puts everything back, whenever the gate was killed, and when it is killed itself") {
  const spdm::Policy policy = policy_of(std::string(kPolicy));
  bool gate_again = true;
  for (int gate_steps = 1; gate_again; gate_steps += 4) {
    bool release_again = true;
    for (int release_steps = 1; release_again; release_steps += 5) {
      CAPTURE(gate_steps);
      CAPTURE(release_steps);
      FakeKernel kernel;
      furnish(kernel);
      gate_again = killed(kernel, gate_steps, [&] { run(kernel, answers(), policy); });
      const auto release = [&] {
        spdm::cmd::Gatekeeper::Options options(GateMode::enforce);
        options.changed = kernel.changed();
        spdm::cmd::Gatekeeper(kernel.host(), {}, options, {}, {}).release();
      };
      release_again = killed(kernel, release_steps, release);
      kernel.die_after = -1;
      release();
      check_released(kernel, !gate_again);
    }
  }
}

TEST_CASE("release of one device leaves the others, and autoprobe, alone") {
  FakeKernel kernel;
  furnish(kernel);
  run(kernel, answers());
  kernel.sysfs.write("sys/bus/pci/drivers_autoprobe", "0\n");
  spdm::cmd::Gatekeeper::Options options(GateMode::enforce);
  options.changed = kernel.changed();
  const auto released = spdm::cmd::Gatekeeper(kernel.host(), {}, options, {}, {}).release({*spdm::transport::parse_bdf(kBadFunction)});
  CHECK(released.size() == 2);
  CHECK(kernel.driver_of(kBad) == "nvme");
  CHECK(kernel.driver_of(kBadFunction) == "nvme");
  CHECK(kernel.override_of(kSilent) == kSentinel);
  CHECK(kernel.autoprobe() == "0");
}

TEST_CASE("an autoprobe that was off stays off") {
  FakeKernel kernel;
  furnish(kernel);
  kernel.sysfs.write("sys/bus/pci/drivers_autoprobe", "0\n");
  run(kernel, answers());
  CHECK(kernel.autoprobe() == "0");
}

TEST_CASE("a device that cannot be held keeps autoprobe off") {
  FakeKernel kernel;
  kernel.add(kGood);
  kernel.add(kBad);
  std::filesystem::remove(kernel.sysfs.device(kBad) / "driver_override");
  std::filesystem::create_directory(kernel.sysfs.device(kBad) / "driver_override");
  const auto states = run(kernel, answers());
  CHECK(kernel.autoprobe() == "0");
  CHECK(state_of(states, kGood).decision == Decision::allowed);
  CHECK_FALSE(state_of(states, kBad).trouble.empty());
}

TEST_CASE("a device that hangs does not hold the others up, and is blocked when the time is over") {
  FakeKernel kernel;
  for (const std::string& bdf : {kGood, kBad, kSilent}) kernel.add(bdf);
  struct Release {
    std::mutex mutex;
    std::condition_variable condition;
    bool now = false;
  };
  const auto release = std::make_shared<Release>();
  spdm::Policy policy;
  policy.timeout = std::chrono::milliseconds(100);
  spdm::cmd::Gatekeeper::Options options(GateMode::enforce);
  options.changed = kernel.changed();
  spdm::cmd::Gatekeeper gate(kernel.host(), policy, options,
                             [release](const spdm::transport::PciDevice& device, const spdm::PolicyRule&, spdm::Clock::time_point) {
                               if (to_string(device.bdf) == kGood) return passed();
                               std::unique_lock lock(release->mutex);
                               release->condition.wait(lock, [&] { return release->now; });
                               return passed();
                             },
                             {});
  const auto start = spdm::Clock::now();
  const auto states = gate.run();
  CHECK(spdm::Clock::now() - start < std::chrono::seconds(2));
  CHECK(state_of(states, kGood).decision == Decision::allowed);
  for (const std::string& bdf : {kBad, kSilent}) {
    CHECK(state_of(states, bdf).decision == Decision::blocked);
    CHECK(state_of(states, bdf).exit == spdm::Exit::busy);
    CHECK(kernel.override_of(bdf) == kSentinel);
  }
  CHECK(kernel.autoprobe() == "1");
  CHECK(gate.left_behind() == 2);
  {
    const std::lock_guard lock(release->mutex);
    release->now = true;
  }
  release->condition.notify_all();
  for (int i = 0; i < 1000 && gate.left_behind() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(gate.left_behind() == 0);
  CHECK(kernel.override_of(kBad) == kSentinel);  // too late to count
}

// What a library has put aside for a thread must be gone before the process ends.
TEST_CASE("threads that have nothing left to do are waited for to their very end") {
  FakeKernel kernel;
  kernel.add(kGood);
  static std::atomic<int> ended;
  ended = 0;
  struct AtEnd {
    ~AtEnd() {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      ++ended;
    }
    void used() {}
  };
  spdm::cmd::Gatekeeper gate(kernel.host(), {}, GateMode::enforce,
                             [](const spdm::transport::PciDevice&, const spdm::PolicyRule&, spdm::Clock::time_point) {
                               thread_local AtEnd at_end;
                               at_end.used();
                               return passed();
                             },
                             {});
  gate.run();
  CHECK(ended == 1);
  CHECK(gate.left_behind() == 0);
}

TEST_CASE("sixteen devices are asked at once") {
  FakeKernel kernel;
  for (int i = 0; i < 16; ++i) kernel.add(spdm::cat("0000:", spdm::hex(static_cast<std::uint64_t>(i + 1), 2), ":00.0"));
  std::mutex mutex;
  std::condition_variable all;
  int there = 0;
  spdm::cmd::Gatekeeper gate(kernel.host(), {}, GateMode::enforce,
                             [&](const spdm::transport::PciDevice&, const spdm::PolicyRule&, spdm::Clock::time_point) {
                               std::unique_lock lock(mutex);
                               if (++there == 16) all.notify_all();
                               return all.wait_for(lock, std::chrono::seconds(10), [&] { return there == 16; }) ? passed() : failed();
                             },
                             {});
  for (const auto& state : gate.run()) CHECK(state.decision == Decision::allowed);
  CHECK(there == 16);
}

TEST_CASE("what throws in an attestation is undetermined") {
  FakeKernel kernel;
  kernel.add(kGood);
  kernel.add(kBad);
  spdm::cmd::Gatekeeper gate(
      kernel.host(), {}, GateMode::enforce,
      [](const spdm::transport::PciDevice& device, const spdm::PolicyRule&, spdm::Clock::time_point) -> spdm::Report {
        if (to_string(device.bdf) == kGood) throw std::bad_alloc();
        throw spdm::Error(spdm::ErrorId::lockdown, "locked down");
      },
      {});
  const auto states = gate.run();
  for (const auto& state : states) {
    CHECK(state.decision == Decision::blocked);
    CHECK(state.verdict == spdm::Verdict::undetermined);
  }
  CHECK(states[0].exit == spdm::Exit::internal);
  CHECK(states[1].exit == spdm::Exit::permission);
}

TEST_CASE("devices that come while others are judged are judged, too, or get the driver that they missed") {
  FakeKernel kernel;
  kernel.add(kGood);
  spdm::cmd::Gatekeeper::Options options(GateMode::enforce);
  options.changed = kernel.changed();
  spdm::cmd::Gatekeeper gate(kernel.host(), {}, options,
                             [&](const spdm::transport::PciDevice& device, const spdm::PolicyRule&, spdm::Clock::time_point) {
                               if (to_string(device.bdf) != kGood) return failed();
                               kernel.add(kBad);
                               kernel.add(kSilent, {}, false);  // out of scope
                               return passed();
                             },
                             {});
  const auto states = gate.run();
  REQUIRE(states.size() == 2);
  CHECK(state_of(states, kBad).decision == Decision::blocked);
  CHECK(kernel.driver_of(kBad).empty());
  CHECK(kernel.driver_of(kSilent) == "nvme");
}

TEST_CASE("a hold on what is out of scope by now is undone") {
  FakeKernel kernel;
  furnish(kernel);
  run(kernel, answers());
  REQUIRE(kernel.override_of(kSilent) == kSentinel);
  const auto states = run(kernel, answers(), policy_of("version: 1\nrules: [{match: {bdf: \"0000:03:*\"}, exempt: true}]\n"));
  CHECK(kernel.override_of(kSilent).empty());
  CHECK(kernel.driver_of(kSilent) == "nvme");
  CHECK_FALSE(spdm::cmd::read_state(kernel.host(), kSilent).has_value());
}

TEST_CASE("there is one gate at a time; who attends to one device waits for it") {
  FakeKernel kernel;
  kernel.add(kGood);
  std::optional<spdm::Descriptor> lock =
      spdm::cmd::RunFolder::make(kernel.host(), "").lock("gate.lock", spdm::cmd::RunFolder::Lock::exclusive, spdm::Clock::now());
  CHECK_THROWS_WITH_AS(run(kernel, {}), "another gate is running", spdm::Error);
  CHECK(kernel.steps == 0);
  spdm::Policy impatient;
  impatient.timeout = std::chrono::milliseconds(30);
  CHECK_THROWS_WITH_AS(attend(kernel, {}, kGood, Occasion::arrival, impatient), "another gate is running", spdm::Error);
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    lock.reset();
  });
  CHECK(attend(kernel, {}, kGood, Occasion::arrival).at(0).decision == Decision::allowed);
  lock = spdm::cmd::RunFolder::make(kernel.host(), "")
             .lock(spdm::cat("gate-", kGood, ".lock"), spdm::cmd::RunFolder::Lock::exclusive, spdm::Clock::now());
  CHECK_THROWS_WITH_AS(attend(kernel, {}, kGood, Occasion::arrival, impatient), "another gate is running", spdm::Error);
}

TEST_CASE("a state that nobody understands is overwritten, and told of") {
  FakeKernel kernel;
  kernel.add(kBad);
  kernel.sysfs.write("run/spdmctl/devices/" + kBad + ".json", "{\"schema\": 7}");
  kernel.sysfs.write("run/spdmctl/gate.json", "garbage");
  const auto states = run(kernel, answers());
  CHECK(states.at(0).decision == Decision::blocked);
  CHECK(states.at(0).trouble.size() == 1);
  CHECK(spdm::cmd::read_state(kernel.host(), kBad)->decision == Decision::blocked);
  CHECK(kernel.autoprobe() == "1");
}
