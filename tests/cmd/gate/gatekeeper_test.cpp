// What a gate does with devices that pass, fail, stay silent or come too late.
#include "cmd/gate/gatekeeper.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "cmd/gate/fake_kernel.h"

using namespace gate_test;
using spdm::Exit;
using spdm::GateMode;
using spdm::Verdict;
using spdm::cmd::Decision;
using spdm::cmd::GateStep;
using spdm::cmd::Occasion;

namespace {

const std::string kFirst = "0000:01:00.0", kSecond = "0000:02:00.0", kThird = "0000:03:00.0";
const std::string kSentinel(spdm::cmd::kSentinel);

}  // namespace

TEST_CASE("what passes gets its driver, what fails or stays silent gets none") {
  FakeKernel kernel;
  for (const std::string& bdf : {kFirst, kSecond, kThird}) kernel.add(bdf);
  kernel.add("0000:00:1f.0", {.class_code = 0x060100}, false);
  const Answers answers{{{kSecond, failed()}, {kThird, errored(spdm::ErrorId::timeout, 3)}}};
  const auto states = run(kernel, answers);

  REQUIRE(states.size() == 3);
  CHECK(states[0].decision == Decision::allowed);
  CHECK(kernel.driver_of(kFirst) == "nvme");
  CHECK(kernel.override_of(kFirst).empty());
  CHECK(states[1].decision == Decision::blocked);
  CHECK(states[1].exit == Exit::bad_signature);
  CHECK(states[1].reason == "the signature is wrong");
  CHECK(kernel.driver_of(kSecond).empty());
  CHECK(kernel.override_of(kSecond) == kSentinel);
  CHECK(states[2].decision == Decision::blocked);
  CHECK(states[2].verdict == Verdict::undetermined);
  CHECK(states[2].exit == Exit::busy);
  CHECK(kernel.override_of(kThird) == kSentinel);
  CHECK(kernel.override_of("0000:00:1f.0").empty());
  CHECK(kernel.autoprobe() == "1");
  CHECK_FALSE(std::filesystem::exists(kernel.host().run() / "gate.json"));
  for (const auto& state : states) CHECK(spdm::cmd::read_state(kernel.host(), state.bdf) == state);
}

TEST_CASE("every device is held before the first is asked, and autoprobe is off meanwhile") {
  FakeKernel kernel;
  for (const std::string& bdf : {kFirst, kSecond}) kernel.add(bdf);
  std::atomic<int> asked = 0;
  std::latch looked(2);  // neither is judged before both have looked
  spdm::cmd::Gatekeeper gate(kernel.host(), {}, GateMode::enforce,
                             [&](const spdm::transport::PciDevice&, const spdm::PolicyRule&, spdm::Clock::time_point) {
                               CHECK(kernel.autoprobe() == "0");
                               CHECK(kernel.override_of(kFirst) == kSentinel);
                               CHECK(kernel.override_of(kSecond) == kSentinel);
                               CHECK(spdm::cmd::read_state(kernel.host(), kSecond)->decision == Decision::pending);
                               ++asked;
                               looked.arrive_and_wait();
                               return failed();
                             },
                             {});
  gate.run();
  CHECK(asked == 2);
}

TEST_CASE("a driver that was bound before is told of, and goes when the device fails") {
  FakeKernel kernel;
  for (const std::string& bdf : {kFirst, kSecond, kThird}) {
    kernel.add(bdf);
    kernel.sysfs.bind(bdf, "nvme");
  }
  const auto states = run(kernel, {{{kSecond, failed()}, {kThird, errored(spdm::ErrorId::owned)}}});
  CHECK(states[0].decision == Decision::late);
  CHECK(states[0].verdict == Verdict::pass);
  CHECK(states[0].driver == "nvme");
  CHECK(kernel.driver_of(kFirst) == "nvme");
  CHECK(kernel.override_of(kFirst).empty());

  CHECK(states[1].decision == Decision::late);
  CHECK(states[1].actions == std::vector{GateStep::driver_override, GateStep::driver_unbound});
  CHECK(kernel.driver_of(kSecond).empty());
  CHECK(kernel.override_of(kSecond) == kSentinel);

  // This host could not ask: that is no reason to take a device away from who uses it.
  CHECK(states[2].decision == Decision::late);
  CHECK(states[2].verdict == Verdict::undetermined);
  CHECK(kernel.driver_of(kThird) == "nvme");
  CHECK(kernel.override_of(kThird).empty());
}

TEST_CASE("a driver that an earlier decision let in is not late") {
  FakeKernel kernel;
  kernel.add(kFirst);
  CHECK(run(kernel, {}).at(0).decision == Decision::allowed);
  REQUIRE(kernel.driver_of(kFirst) == "nvme");
  const auto again = run(kernel, {}).at(0);
  CHECK(again.decision == Decision::allowed);
  CHECK(again.same_device == true);
  SUBCASE("after a resume, as the same device") { CHECK(attend(kernel, {}, kFirst, Occasion::resume).at(0).decision == Decision::allowed); }
  SUBCASE("after a resume, as another device") {
    const auto state = attend(kernel, {{{kFirst, passed('b')}}}, kFirst, Occasion::resume).at(0);
    CHECK(state.decision == Decision::late);
    CHECK(state.same_device == false);
  }
  SUBCASE("a silent resume does not make anybody forget which device it was") {
    CHECK(attend(kernel, {{{kFirst, errored(spdm::ErrorId::timeout)}}}, kFirst, Occasion::resume).at(0).decision == Decision::late);
    CHECK(attend(kernel, {{{kFirst, passed('b')}}}, kFirst, Occasion::resume).at(0).same_device == false);
  }
  SUBCASE("but one that arrives with its driver is") {
    CHECK(attend(kernel, {}, kFirst, Occasion::arrival).at(0).decision == Decision::late);
  }
}

TEST_CASE("expected devices: absent, without a mailbox, with one that is not for SPDM") {
  FakeKernel kernel;
  const spdm::Policy policy = policy_of(R"(
version: 1
rules:
  - {name: disk, match: {bdf: "0000:01:00.0"}, expected: true}
  - {name: net, match: {class: "02"}, expected: true}
)");
  SUBCASE("absent") {
    kernel.add(kThird);
    const auto states = run(kernel, {}, policy);
    REQUIRE(states.size() == 3);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      CHECK(states[i].decision == Decision::absent);
      CHECK(states[i].exit == Exit::policy);
    }
    CHECK(states[0].bdf.empty());
    CHECK(states[1].bdf == kFirst);
    CHECK(spdm::cmd::read_states(kernel.host()).states.size() == 3);
    // It comes, and passes: nothing is absent any more.
    kernel.add(kFirst);
    kernel.add(kSecond, {.class_code = 0x020000});
    const auto later = run(kernel, {}, policy);
    CHECK(later.size() == 3);
    for (const auto& state : later) CHECK(state.decision == Decision::allowed);
    CHECK(spdm::cmd::read_states(kernel.host()).states.size() == 3);
  }
  SUBCASE("silent") {
    kernel.add(kFirst, {}, false);
    kernel.add(kSecond, {.class_code = 0x020000});
    const auto states = run(kernel, {{{kSecond, errored(spdm::ErrorId::no_spdm)}}}, policy);
    REQUIRE(states.size() == 2);
    for (const auto& state : states) {
      CHECK(state.decision == Decision::blocked);
      CHECK(state.verdict == Verdict::fail);
      CHECK(state.exit == Exit::policy);
      CHECK(kernel.override_of(state.bdf) == kSentinel);
    }
  }
  SUBCASE("one that calls itself a bridge does not go free") {
    kernel.add(kFirst, {.class_code = 0x068000});
    kernel.add(kSecond, {.class_code = 0x020000, .header_type = 1});
    const auto states = run(kernel, {{{kFirst, failed()}, {kSecond, failed()}}}, policy);
    CHECK(kernel.override_of(kFirst) == kSentinel);
    CHECK(kernel.override_of(kSecond) == kSentinel);
  }
}

TEST_CASE("a mailbox that is not for SPDM is nothing to a default rule, unless the kernel knows better") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.add(kSecond);
  kernel.sysfs.features(kSecond, {"0001:01"});
  kernel.add(kThird);
  const auto states = run(kernel, {{{kFirst, errored(spdm::ErrorId::no_spdm)},
                                    {kSecond, errored(spdm::ErrorId::no_spdm)},
                                    {kThird, errored(spdm::ErrorId::no_spdm, 4)}}});
  CHECK(states[0].decision == Decision::allowed);
  CHECK(states[0].verdict == Verdict::undetermined);
  CHECK(kernel.driver_of(kFirst) == "nvme");
  CHECK(states[1].decision == Decision::blocked);
  CHECK(states[2].decision == Decision::blocked);  // it spoke SPDM, and would not authenticate
}

TEST_CASE("bridges, and what is exempt, are left alone") {
  FakeKernel kernel;
  kernel.add("0000:00:1c.0", {.class_code = 0x060400, .header_type = 1});
  kernel.add(kFirst);
  const auto states = run(kernel, {{{kFirst, failed()}}}, policy_of("version: 1\nrules: [{match: {vendor: 1b36}, exempt: true}]\n"));
  CHECK(states.empty());
  CHECK(kernel.override_of("0000:00:1c.0").empty());
  CHECK(kernel.override_of(kFirst).empty());
}

TEST_CASE("the functions of a device are one") {
  FakeKernel kernel;
  kernel.add("0000:01:00.0");
  kernel.add("0000:01:00.1", {}, false);
  kernel.add("0000:01:01.0", {}, false);
  SUBCASE("which passes") {
    const auto states = run(kernel, {});
    REQUIRE(states.size() == 2);
    CHECK(states[1].reason == "as 0000:01:00.0: authenticated");
    CHECK(kernel.driver_of("0000:01:00.1") == "nvme");
  }
  SUBCASE("which fails") {
    run(kernel, {{{"0000:01:00.0", failed()}}});
    CHECK(kernel.override_of("0000:01:00.1") == kSentinel);
    CHECK(kernel.override_of("0000:01:01.0").empty());
  }
  SUBCASE("of which a later one fails") {
    kernel.add("0000:01:00.1");
    const auto states = run(kernel, {{{"0000:01:00.1", failed()}}});
    CHECK(states[0].reason == "as 0000:01:00.1: the signature is wrong");
    CHECK(kernel.override_of("0000:01:00.0") == kSentinel);
  }
  SUBCASE("also where ARI makes them look like two") {
    // Behind a port: sys/devices/PORT/FUNCTION, with a link where the flat directory was.
    kernel.add("0000:00:1c.0", {.class_code = 0x060400, .header_type = 1});
    kernel.sysfs.bind("0000:00:1c.0", "pcieport");
    for (const std::string bdf : {"0000:01:00.0", "0000:01:00.1", "0000:01:01.0"}) {
      const auto place = kernel.sysfs.root() / "sys/devices/pci0000:00/0000:00:1c.0" / bdf;
      std::filesystem::create_directories(place.parent_path());
      std::filesystem::rename(kernel.sysfs.device(bdf), place);
      std::filesystem::create_symlink(place, kernel.sysfs.device(bdf));
    }
    run(kernel, {{{"0000:01:00.0", failed()}}});
    CHECK(kernel.override_of("0000:01:01.0") == kSentinel);
    CHECK(kernel.driver_of("0000:00:1c.0") == "pcieport");
  }
}

TEST_CASE("no function stands in for another one") {
  FakeKernel kernel;
  kernel.add("0000:01:00.0");
  SUBCASE("a rule that only warns lets no other rule be passed over") {
    kernel.add("0000:01:00.1");
    const spdm::Policy policy =
        policy_of("version: 1\nrules:\n  - {match: {bdf: '*.0'}, on-failure: [warn]}\n  - {match: {bdf: '*.1'}, expected: true}\n");
    run(kernel, {{{"0000:01:00.0", errored(spdm::ErrorId::timeout)}, {"0000:01:00.1", failed()}}}, policy);
    CHECK(kernel.override_of("0000:01:00.1") == kSentinel);
    CHECK(kernel.driver_of("0000:01:00.0").empty());
  }
  const std::string warns_first =
      "version: 1\nrules:\n  - {match: {bdf: '*.0'}, expected: true, on-failure: [warn]}\n  - {match: {bdf: '*.1'}, expected: true}\n";
  SUBCASE("nor when both hide their mailbox") {
    kernel.add("0000:01:00.0", {}, false);
    kernel.add("0000:01:00.1", {}, false);
    const auto states = run(kernel, {}, policy_of(warns_first));
    CHECK(kernel.override_of("0000:01:00.0") == kSentinel);
    CHECK(kernel.override_of("0000:01:00.1") == kSentinel);
    CHECK(state_of(states, "0000:01:00.1").reason == "rule 'test.yaml:4' expects it to speak SPDM: it has no mailbox for it");
  }
  SUBCASE("nor when the time is over before either was asked") {
    kernel.add("0000:01:00.1");
    spdm::Policy policy = policy_of(warns_first);
    policy.timeout = std::chrono::milliseconds(0);
    CHECK(state_of(run(kernel, {}, policy), "0000:01:00.1").decision == Decision::blocked);
    CHECK(kernel.override_of("0000:01:00.1") == kSentinel);
  }
  SUBCASE("a rule that blocks speaks for its own function") {
    kernel.add("0000:01:00.1");
    const auto states = run(kernel, {{{"0000:01:00.1", errored(spdm::ErrorId::no_spdm)}}},
                            policy_of("version: 1\nrules:\n  - {match: {bdf: '*.0'}, expected: true}\n"
                                      "  - {match: {bdf: '*.1'}, expected: true, on-failure: [warn]}\n"));
    CHECK(state_of(states, "0000:01:00.0").decision == Decision::allowed);
    CHECK(state_of(states, "0000:01:00.0").rule == "test.yaml:4");
  }
  SUBCASE("one that passes is not the one that was expected") {
    kernel.add("0000:01:00.1", {}, false);
    const auto states = run(kernel, {}, policy_of("version: 1\nrules: [{match: {bdf: '*.1'}, expected: true}]\n"));
    CHECK(state_of(states, "0000:01:00.1").exit == Exit::policy);
    CHECK(kernel.override_of("0000:01:00.1") == kSentinel);
  }
}

TEST_CASE("a device that has just come is not in use: it loses its driver when this host cannot ask it") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.sysfs.bind(kFirst, "nvme");
  const Answers answers{{{kFirst, errored(spdm::ErrorId::config)}}};
  SUBCASE("it has just come") {
    const auto states = attend(kernel, answers, kFirst, Occasion::arrival);
    CHECK(states.at(0).decision == Decision::late);
    CHECK(kernel.driver_of(kFirst).empty());
    CHECK(kernel.override_of(kFirst) == kSentinel);
  }
  SUBCASE("it was there") {
    attend(kernel, answers, kFirst, Occasion::resume);
    CHECK(kernel.driver_of(kFirst) == "nvme");
  }
}

TEST_CASE("what was refused does not get away by hiding its mailbox") {
  FakeKernel kernel;
  kernel.add(kFirst);
  run(kernel, {{{kFirst, failed()}}});
  REQUIRE(kernel.override_of(kFirst) == kSentinel);
  kernel.add(kFirst, {}, false);
  std::ofstream(kernel.sysfs.device(kFirst) / "driver_override") << kSentinel << "\n";
  const auto states = run(kernel, {});
  REQUIRE(states.size() == 1);
  CHECK(states[0].decision == Decision::blocked);
  CHECK(states[0].exit == Exit::policy);
  CHECK(kernel.override_of(kFirst) == kSentinel);
}

TEST_CASE("what was refused does not get away because a part of it is out of scope now") {
  FakeKernel kernel;
  const std::string other = "0000:01:00.1";
  kernel.add(kFirst);
  kernel.add(other);
  run(kernel, {{{kFirst, failed()}}});
  REQUIRE(kernel.override_of(other) == kSentinel);
  // Neither shows its mailbox any more, and the first is a bridge to look at: no rule is about it.
  kernel.add(kFirst, {.class_code = 0x060100}, false);
  kernel.add(other, {}, false);
  std::ofstream(kernel.sysfs.device(other) / "driver_override") << kSentinel << "\n";
  const auto states = run(kernel, {});
  CHECK(state_of(states, other).decision == Decision::blocked);
  CHECK(kernel.override_of(other) == kSentinel);
}

TEST_CASE("virtual functions go by their physical function") {
  FakeKernel kernel;
  const std::string physical = "0000:01:00.0", virtual_one = "0000:01:00.1";
  kernel.add(physical);
  const Answers answers{{{virtual_one, failed()}}};  // would fail, if it were asked
  CHECK(run(kernel, answers).size() == 1);
  kernel.add(virtual_one, {.virtual_function = true});
  kernel.sysfs.physfn(virtual_one, physical);
  SUBCASE("that was allowed") {
    const auto states = attend(kernel, answers, virtual_one, Occasion::arrival);
    REQUIRE(states.size() == 1);
    CHECK(states[0].decision == Decision::allowed);
    CHECK(kernel.driver_of(virtual_one) == "nvme");
  }
  SUBCASE("that fails") {
    const auto states = run(kernel, {{{physical, failed()}}});
    CHECK(states.size() == 2);
    CHECK(kernel.override_of(virtual_one) == kSentinel);
    CHECK(attend(kernel, answers, virtual_one, Occasion::arrival).at(0).decision == Decision::blocked);
  }
}

TEST_CASE("an override of somebody else is kept, and comes back") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.add(kSecond);
  kernel.sysfs.set(kFirst, "driver_override", "vfio-pci\n");
  kernel.sysfs.set(kSecond, "driver_override", "vfio-pci\n");
  const auto states = run(kernel, {{{kSecond, failed()}}});
  CHECK(kernel.override_of(kFirst) == "vfio-pci");
  CHECK(kernel.driver_of(kFirst) == "vfio-pci");
  CHECK(kernel.override_of(kSecond) == kSentinel);
  CHECK(states[1].former_override == "vfio-pci");
  // It is better by the next run.
  run(kernel, {});
  CHECK(kernel.override_of(kSecond) == "vfio-pci");
}

TEST_CASE("actions on failure") {
  FakeKernel kernel;
  kernel.add(kFirst, {.bus_master = true});
  kernel.add(kSecond, {.bus_master = true});
  kernel.sysfs.slot("2", "0000:02:00");
  const Answers answers{{{kFirst, failed()}, {kSecond, failed()}}};
  const auto with = [](const std::string& actions) {
    return policy_of("version: 1\nrules: [{name: all, match: {}, expected: true, on-failure: " + actions + "}]\n");
  };
  SUBCASE("warn") {
    const auto states = run(kernel, answers, with("[warn]"));
    CHECK(states[0].decision == Decision::allowed);
    CHECK(states[0].verdict == Verdict::fail);
    CHECK(states[0].exit == Exit::bad_signature);
    CHECK(kernel.driver_of(kFirst) == "nvme");
  }
  SUBCASE("clear Bus Master") {
    const auto states = run(kernel, answers, with("[block, clear-bus-master]"));
    CHECK(states[0].actions == std::vector{GateStep::driver_override, GateStep::bus_master_cleared});
    CHECK_FALSE(kernel.bus_master(kFirst));
  }
  SUBCASE("remove: gone, and still a failure of the next run") {
    run(kernel, answers, with("[block, remove]"));
    CHECK_FALSE(kernel.exists(kFirst));
    CHECK_FALSE(kernel.exists(kSecond));
    kernel.add(kThird);
    const auto next = run(kernel, answers, with("[block, remove]"));
    REQUIRE(next.size() == 3);
    CHECK(state_of(next, kFirst).exit == Exit::bad_signature);
    CHECK(state_of(next, kThird).decision == Decision::allowed);
  }
  SUBCASE("power off, where there is a slot") {
    const auto states = run(kernel, answers, with("[block, power-off]"));
    CHECK(kernel.exists(kFirst));
    CHECK(states[0].trouble.size() == 1);
    CHECK_FALSE(kernel.exists(kSecond));
    CHECK(trimmed(kernel.sysfs.read(kernel.sysfs.pci() / "slots/2/power")) == "0");
  }
}

TEST_CASE("audit tells and touches nothing, a dry run leaves not even a state, off does not look") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.add(kSecond);
  kernel.sysfs.bind(kSecond, "nvme");
  const Answers answers{{{kFirst, failed()}, {kSecond, failed()}}};
  const auto before = kernel.picture();
  SUBCASE("audit") {
    const auto states = run(kernel, answers, {}, GateMode::audit);
    REQUIRE(states.size() == 2);
    CHECK(states[0].decision == Decision::audited);
    CHECK(states[0].exit == Exit::bad_signature);
    CHECK(spdm::cmd::read_states(kernel.host()).states.size() == 2);
  }
  SUBCASE("dry run") {
    const auto states = run(kernel, answers, {}, GateMode::enforce, true);
    REQUIRE(states.size() == 2);
    CHECK(states[0].decision == Decision::blocked);
    CHECK(states[1].decision == Decision::late);
    CHECK(states[1].actions == std::vector{GateStep::driver_override, GateStep::driver_unbound});
    CHECK_FALSE(std::filesystem::exists(kernel.host().run()));
    CHECK(kernel.steps == 0);
  }
  SUBCASE("off") {
    CHECK(run(kernel, answers, {}, GateMode::off).empty());
    CHECK(kernel.steps == 0);
  }
  CHECK(kernel.picture() == before);
}

TEST_CASE("one at a time: its functions, held and judged without touching autoprobe") {
  FakeKernel kernel;
  kernel.add(kFirst);
  kernel.add(kSecond);
  const auto states = attend(kernel, {{{kFirst, failed()}}}, kFirst, Occasion::arrival);
  REQUIRE(states.size() == 1);
  CHECK(states[0].decision == Decision::blocked);
  CHECK(states[0].occasion == Occasion::arrival);
  CHECK(kernel.override_of(kSecond).empty());
  for (const std::string& line : kernel.log) CHECK(line.find("autoprobe") == std::string::npos);
  CHECK(attend(kernel, {}, "0000:07:00.0", Occasion::arrival).empty());
}
