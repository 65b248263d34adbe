// Who meets a driver while autoprobe is off, and once it comes back: the device that was judged, and no other at its address.
#include <doctest/doctest.h>

#include <functional>
#include <utility>

#include "cmd/gate/autoprobe.h"
#include "cmd/gate/fake_kernel.h"

using namespace gate_test;
using spdm::Exit;
using spdm::GateMode;
using spdm::cmd::Decision;
using spdm::cmd::Hold;
using spdm::cmd::Occasion;
using spdm::transport::Bdf;

namespace {

const std::string kFirst = "0000:01:00.0", kSecond = "0000:02:00.0";
const std::string kSentinel(spdm::cmd::kSentinel);

Bdf bdf_of(const std::string& text) { return *spdm::transport::parse_bdf(text); }

// A kernel with something that happens at one of its changes, once.
struct Scene {
  FakeKernel kernel;
  std::string at;  // "drivers_probe=0000:01:00.0": the end of a line of the log
  std::function<void()> happens;

  spdm::transport::PciControl::Changed changed() {
    return [this, act = kernel.changed()](const std::filesystem::path& file, std::string_view value) {
      act(file, value);
      if (at.empty() || !kernel.log.back().ends_with(at)) return;
      at.clear();
      happens();
    };
  }

  spdm::cmd::Gatekeeper gate(spdm::cmd::Gatekeeper::Attest attest, const spdm::Policy& policy = {}) {
    spdm::cmd::Gatekeeper::Options options(GateMode::enforce);
    options.changed = changed();
    return {kernel.host(), policy, options, std::move(attest), {}};
  }
  spdm::cmd::Gatekeeper gate(const Answers& answers = {}) { return gate(answers.attest()); }

  // Another device at the address, as the kernel shows it when the first was pulled out: with nothing of what was written before.
  void replace(const std::string& bdf, support::FakeFunction function = {.serial = 0x4711}, bool mailbox = true) const {
    // The number of the first is not given again at once, as below a real /sys.
    const auto grave = kernel.sysfs.root() / "gone";
    std::filesystem::create_directories(grave);
    std::filesystem::rename(kernel.sysfs.device(bdf),
                            grave / std::to_string(std::distance(begin(std::filesystem::directory_iterator(grave)), {})));
    kernel.add(bdf, std::move(function), mailbox);
  }
  bool met_a_driver(const std::string& bdf) const { return !kernel.driver_of(bdf).empty(); }
};

// Passes, and meanwhile another device takes the address, once.
spdm::cmd::Gatekeeper::Attest replaced_meanwhile(const Scene& scene, support::FakeFunction function) {
  return [&scene, function, first = std::make_shared<bool>(true)](const spdm::transport::PciDevice& device, const spdm::PolicyRule&,
                                                                  spdm::Clock::time_point) {
    if (!std::exchange(*first, false)) return failed();
    scene.replace(to_string(device.bdf), function);
    return passed();
  };
}

}  // namespace

TEST_CASE("a driver that is registered while an arrival is queued meets nothing that was not judged") {
  Scene scene;
  scene.kernel.sysfs.write("proc/sys/kernel/osrelease", "6.19.0\n");
  const Hold hold(scene.kernel.host());
  scene.kernel.add(kFirst);                                    // its event has not been read yet
  scene.kernel.add(kSecond, {.class_code = 0x020000}, false);  // out of scope
  auto gate = scene.gate({{{kFirst, failed()}}});
  CHECK(gate.admit({bdf_of(kFirst), bdf_of(kSecond)}) == std::vector{bdf_of(kFirst)});
  CHECK_FALSE(scene.met_a_driver(kFirst));
  CHECK(scene.kernel.override_of(kFirst) == kSentinel);
  CHECK(spdm::cmd::read_state(scene.kernel.host(), kFirst)->decision == Decision::pending);
  CHECK(scene.met_a_driver(kSecond));
  CHECK(gate.attend(bdf_of(kFirst), Occasion::arrival).at(0).decision == Decision::blocked);
  // The next driver changes nothing about it.
  CHECK(gate.admit({bdf_of(kFirst)}).empty());
  for (const std::string& line : scene.kernel.log) CHECK(line.find("drivers_probe=" + kFirst) == std::string::npos);
}

TEST_CASE("what was judged meets a driver that comes later") {
  Scene scene;
  const Hold hold(scene.kernel.host());
  scene.kernel.loaded = false;
  scene.kernel.add(kFirst);
  auto gate = scene.gate();
  CHECK(gate.attend(bdf_of(kFirst), Occasion::arrival).at(0).decision == Decision::allowed);
  CHECK_FALSE(scene.met_a_driver(kFirst));
  scene.kernel.loaded = true;
  SUBCASE("being the same device") {
    CHECK(gate.admit({bdf_of(kFirst)}).empty());
    CHECK(scene.met_a_driver(kFirst));
  }
  SUBCASE("but not another one at its address, be it of the same model") {
    scene.replace(kFirst, {});
    CHECK(gate.admit({bdf_of(kFirst)}) == std::vector{bdf_of(kFirst)});
    CHECK_FALSE(scene.met_a_driver(kFirst));
    CHECK(scene.kernel.override_of(kFirst) == kSentinel);
  }
  SUBCASE("nor one that was refused before and has lost its hold") {
    CHECK(scene.gate({{{kFirst, failed()}}}).attend(bdf_of(kFirst), Occasion::reset).at(0).decision == Decision::blocked);
    scene.kernel.sysfs.set(kFirst, "driver_override", "(null)\n");
    CHECK(gate.admit({bdf_of(kFirst)}) == std::vector{bdf_of(kFirst)});
    CHECK(scene.kernel.override_of(kFirst) == kSentinel);
  }
}

TEST_CASE("a device that is replaced while it is asked leaves its verdict to nobody") {
  Scene scene;
  scene.kernel.add(kFirst);
  support::FakeFunction other;
  SUBCASE("by one with another serial number") { other.serial = 0x4711; }
  SUBCASE("by one of another vendor") { other.vendor = 0x8086; }
  SUBCASE("by one that looks the same") {}
  SUBCASE("while watch holds what arrives") {
    const Hold hold(scene.kernel.host());
    auto gate = scene.gate(replaced_meanwhile(scene, other));
    const auto states = gate.attend(bdf_of(kFirst), Occasion::arrival);
    REQUIRE(states.size() == 1);
    CHECK(states[0].decision == Decision::pending);
    CHECK(states[0].exit == Exit::busy);
    CHECK(scene.kernel.override_of(kFirst) == kSentinel);
    CHECK(gate.admit({bdf_of(kFirst)}) == std::vector{bdf_of(kFirst)});
    CHECK_FALSE(scene.met_a_driver(kFirst));
    CHECK(gate.attend(bdf_of(kFirst), Occasion::arrival).at(0).decision == Decision::blocked);
    return;
  }
  // The gate at boot asks the other one, too.
  const auto states = scene.gate(replaced_meanwhile(scene, other)).run();
  REQUIRE(states.size() == 1);
  CHECK(states[0].decision == Decision::blocked);
  CHECK(states[0].exit == Exit::bad_signature);
  CHECK(scene.kernel.override_of(kFirst) == kSentinel);
  CHECK_FALSE(scene.met_a_driver(kFirst));
  CHECK(scene.kernel.autoprobe() == "1");
}

TEST_CASE("a device that is replaced while it is let go gives its driver to nobody") {
  Scene scene;
  const Hold hold(scene.kernel.host());
  scene.kernel.add(kFirst);
  scene.happens = [&] { scene.replace(kFirst); };
  SUBCASE("just before the kernel is told to look for a driver") { scene.at = kFirst + "/driver_override="; }
  SUBCASE("just when it looks") {
    scene.at = "drivers_probe=" + kFirst;
    scene.happens = [&] {
      scene.replace(kFirst);
      scene.kernel.sysfs.bind(kFirst, "nvme");
    };
  }
  auto gate = scene.gate();
  gate.attend(bdf_of(kFirst), Occasion::arrival);
  CHECK(scene.at.empty());
  CHECK_FALSE(scene.met_a_driver(kFirst));
  CHECK(scene.kernel.override_of(kFirst) == kSentinel);
  CHECK(spdm::cmd::read_state(scene.kernel.host(), kFirst)->decision == Decision::pending);
  CHECK(gate.admit({bdf_of(kFirst)}) == std::vector{bdf_of(kFirst)});
}

TEST_CASE("out of scope is what was seen, not what has its address now") {
  Scene scene;
  const Hold hold(scene.kernel.host());
  for (const std::string& bdf : {kFirst, kSecond}) scene.kernel.add(bdf, {.class_code = 0x020000}, false);
  scene.at = "drivers_probe=" + kFirst;
  scene.happens = [&] { scene.replace(kSecond); };
  scene.gate().admit({bdf_of(kFirst), bdf_of(kSecond)});
  CHECK(scene.met_a_driver(kFirst));
  CHECK_FALSE(scene.met_a_driver(kSecond));
  CHECK(scene.kernel.override_of(kSecond) == kSentinel);
}

TEST_CASE("what nobody has judged is held before autoprobe comes back") {
  Scene scene;
  scene.kernel.add(kFirst);
  SUBCASE("from a gate, when its last look is over") {
    scene.happens = [&] { scene.kernel.add(kSecond); };
    scene.at = "drivers_autoprobe=1";
    const auto states = scene.gate().run();
    CHECK(state_of(states, kSecond).decision == Decision::pending);
    CHECK(state_of(states, kSecond).exit == Exit::busy);
    CHECK(scene.met_a_driver(kFirst));
  }
  SUBCASE("from a watch that ends while an arrival is queued") {
    Hold hold(scene.kernel.host());
    auto gate = scene.gate();
    gate.attend(bdf_of(kFirst), Occasion::arrival);
    scene.kernel.add(kSecond);
    int calls = 0;
    hold.give_back([&] {
      CHECK(scene.kernel.autoprobe() == (calls++ == 0 ? "0" : "1"));
      gate.hold_unjudged();
    });
    CHECK(calls == 2);
    CHECK(scene.kernel.override_of(kFirst).empty());
  }
  CHECK(scene.kernel.autoprobe() == "1");
  CHECK_FALSE(std::filesystem::exists(scene.kernel.host().run() / "gate.json"));
  CHECK(scene.kernel.override_of(kSecond) == kSentinel);
  CHECK(spdm::cmd::read_state(scene.kernel.host(), kSecond)->decision == Decision::pending);
}

TEST_CASE("whoever ends without giving autoprobe back leaves it off, and the next one takes it over") {
  Scene scene;
  { const Hold hold(scene.kernel.host()); }
  CHECK(scene.kernel.autoprobe() == "0");
  Hold next(scene.kernel.host());
  next.give_back([] {});
  CHECK(scene.kernel.autoprobe() == "1");
}

TEST_CASE("which kernels hold what is found later") {
  const support::FakeSysfs sysfs;
  CHECK_FALSE(spdm::cmd::kernel_holds_newcomers(sysfs.host()));
  const auto with = [&](std::string_view release) {
    sysfs.write("proc/sys/kernel/osrelease", release);
    return spdm::cmd::kernel_holds_newcomers(sysfs.host());
  };
  CHECK_FALSE(with("6.18.9-amd64\n"));
  CHECK(with("6.19.0\n"));
  CHECK(with("7.3.1+deb14-amd64\n"));
  CHECK_FALSE(with("new\n"));
}
