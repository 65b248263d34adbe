#include "cmd/gate/device_state.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <nlohmann/json.hpp>

#include <iterator>

#include "core/file_kinds.h"
#include "core/text.h"
#include "tests/support/temporary.h"

using spdm::cmd::Decision;
using spdm::cmd::DeviceState;
using spdm::cmd::GateStep;
using spdm::cmd::Occasion;

namespace {

DeviceState full() {
  DeviceState out;
  out.bdf = "0000:03:00.0";
  out.time = "2026-01-02T03:04:05Z";
  out.occasion = Occasion::boot;
  out.decision = Decision::late;
  out.verdict = spdm::Verdict::fail;
  out.exit = spdm::Exit::bad_signature;
  out.reason = "with \"quotes\", \\ and \x1b[31m";
  out.rule = "disks";
  out.actions = {GateStep::driver_override, GateStep::driver_unbound};
  out.trouble = {"none"};
  out.driver = "nvme";
  out.identity = "Vendor=1b36:Device=0010:CC=010802:REV=02";
  out.leaf = std::string(64, 'a');
  out.version = spdm::k12;
  out.same_device = false;
  out.former_leaf = std::string(64, 'b');
  out.former_identity = "x";
  out.former_override = "vfio-pci";
  out.instance = "17";
  out.bound_before = true;
  return out;
}

struct Place {
  support::TemporaryDirectory scratch;
  spdm::transport::Host host{scratch.path()};
  std::filesystem::path devices = scratch.path() / "run/spdmctl/devices";

  void put(const std::string& name, const std::string& text) const { scratch.write("run/spdmctl/devices/" + name, text); }
};

}  // namespace

TEST_CASE("a state comes back as it was written, and everybody may read it") {
  const Place place;
  const mode_t mask = ::umask(077);
  write_state(place.host, full());
  ::umask(mask);
  CHECK(spdm::cmd::read_state(place.host, "0000:03:00.0") == full());
  CHECK_FALSE(spdm::cmd::read_state(place.host, "0000:04:00.0").has_value());
  struct stat about {};
  REQUIRE(::stat((place.devices / "0000:03:00.0.json").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0644);
  REQUIRE(::stat(place.devices.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0755);

  DeviceState bare;
  bare.bdf = "0000:04:00.0";
  write_state(place.host, bare);
  DeviceState absent;
  absent.decision = Decision::absent;
  absent.rule = "../../etc/passwd";
  write_state(place.host, absent);
  const spdm::cmd::States all = spdm::cmd::read_states(place.host);
  CHECK(all.problems.empty());
  REQUIRE(all.states.size() == 3);
  CHECK(all.states[0] == absent);
  CHECK(all.states[1] == full());
  CHECK(all.states[2] == bare);
  remove_state(place.host, absent);
  remove_state(place.host, absent);
  CHECK(spdm::cmd::read_states(place.host).states.size() == 2);
}

TEST_CASE("documents are safe for terminals, and without what only the next result needs") {
  const spdm::Json json = to_json(full());
  CHECK(json["reason"] == "with \"quotes\", \\\\ and \\x1b[31m");
  CHECK(json["actions"].size() == 2);
  for (const char* key : {"schema", "former_leaf", "former_identity", "former_override", "bound_before", "instance"})
    CHECK_FALSE(json.contains(key));
}

TEST_CASE("hostile files are told of, and the others read") {
  const Place place;
  write_state(place.host, full());
  std::string good;
  {
    std::ifstream in(place.devices / "0000:03:00.0.json");
    good.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::vector<std::string> bad{
      "",
      "{}",
      good + "x",
      good.substr(0, good.size() / 2),
      with("spdmctl.state/1", "spdmctl.state/2"),
      with("\"late\"", "\"fine\""),
      with("\"boot\"", "\"party\""),
      with("\"driver-unbound\"", "\"driver-praised\""),
      with("\"fail\"", "\"maybe\""),
      with(": 11", ": 99"),
      with(": 11", ": -1"),
      with("aaaaaaaa", "AAAAAAAA"),
      with("\"reason\"", "\"season\""),
      with("0000:03:00.0", "0000:04:00.0"),
      with("0000:03:00.0", "3:0.0"),
      with("true", "1"),
      std::string(spdm::limit_of(spdm::FileKind::state) + 1, ' '),
      std::string(10'000, '['),
  };
  for (const std::string& text : bad) {
    place.put("0000:03:00.0.json", text);
    CAPTURE(text.substr(0, 200));
    CHECK_THROWS_AS(spdm::cmd::read_state(place.host, "0000:03:00.0"), spdm::Error);
  }
  place.put("0000:04:00.0.json", with("0000:03:00.0", "0000:04:00.0"));
  std::filesystem::create_directory(place.devices / "folder.json");
  std::filesystem::create_symlink(place.devices / "0000:04:00.0.json", place.devices / "link.json");
  REQUIRE(::mkfifo((place.devices / "pipe.json").c_str(), 0600) == 0);
  place.put("README", "not read");
  const spdm::cmd::States states = spdm::cmd::read_states(place.host);
  REQUIRE(states.states.size() == 1);
  CHECK(states.problems.size() == 4);
  for (const spdm::Error& problem : states.problems) {
    CHECK(problem.id == spdm::ErrorId::bad_input);
    CHECK(problem.device.find(place.devices.string()) == 0);
    CHECK_FALSE(problem.hint.empty());
  }
}

TEST_CASE("no link is followed to write, nor to the folder") {
  const Place place;
  const auto victim = place.scratch.write("victim", "precious");
  write_state(place.host, full());
  const auto file = place.devices / "0000:03:00.0.json";
  std::filesystem::remove(file);
  std::filesystem::create_symlink(victim, file);
  std::filesystem::create_symlink(victim, place.devices / ".0000:03:00.0.json.new");
  write_state(place.host, full());
  std::ifstream in(victim);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "precious");
  CHECK(spdm::cmd::read_state(place.host, "0000:03:00.0") == full());

  const Place other;
  std::filesystem::create_directories(other.scratch.path() / "run/spdmctl");
  std::filesystem::create_directory_symlink(place.devices, other.devices);
  CHECK_THROWS_AS(write_state(other.host, full()), spdm::Error);
  CHECK_THROWS_AS(spdm::cmd::read_states(other.host), spdm::Error);
}

TEST_CASE("not more states are read than there may be") {
  const Place place;
  for (std::size_t i = 0; i < spdm::cmd::kMaxStates + 3; ++i) place.put(spdm::cat(i, ".json"), "x");
  const spdm::cmd::States states = spdm::cmd::read_states(place.host);
  CHECK(states.problems.size() == spdm::cmd::kMaxStates + 1);
  CHECK(std::string(states.problems.back().what()).find("holds more than") != std::string::npos);
}

TEST_CASE("the same device: leaf and identity, over judgements that saw no leaf") {
  DeviceState first = full(), second = full();
  first.former_leaf.reset();
  second.same_device.reset();
  compare(second, first);
  CHECK(second.same_device == true);
  second.leaf.reset();
  second.same_device.reset();
  compare(second, first);
  CHECK_FALSE(second.same_device.has_value());
  DeviceState third = full();
  third.leaf = std::string(64, 'c');
  compare(third, second);
  CHECK(third.same_device == false);
  DeviceState fourth = full();
  fourth.identity = "another";
  fourth.leaf.reset();
  compare(fourth, first);
  CHECK(fourth.same_device == false);
  DeviceState fresh = full();
  fresh.same_device.reset();
  compare(fresh, DeviceState{});
  CHECK_FALSE(fresh.same_device.has_value());
}

TEST_CASE("a device was taken away when it was removed, or its slot turned off") {
  DeviceState state = full();
  CHECK_FALSE(was_taken_away(state));
  for (const GateStep step : {GateStep::removed, GateStep::powered_off}) {
    state.actions = {GateStep::driver_override, step};
    CHECK(was_taken_away(state));
  }
}

TEST_CASE("a device that came late is shut when drivers are kept off it") {
  DeviceState state = full();
  state.decision = Decision::late;
  state.verdict = spdm::Verdict::pass;
  state.actions = {GateStep::driver_override};
  CHECK(is_shut(state));
  CHECK_FALSE(may_be_used(state));
  state.actions.clear();
  CHECK_FALSE(is_shut(state));
  CHECK(may_be_used(state));
  state.decision = Decision::blocked;
  CHECK(is_shut(state));
}

TEST_CASE("the leaf of a device: that of the slot that was used, and of none that is empty") {
  const auto slot = [](bool used, char leaf) {
    spdm::SlotReport out;
    out.used = used;
    out.chain.emplace().certificates.emplace_back().sha256 = std::string(64, leaf);
    return out;
  };
  spdm::Report report;
  CHECK_FALSE(spdm::cmd::leaf_of(report).has_value());
  report.slots.emplace_back();
  report.slots.emplace_back().chain.emplace();
  CHECK_FALSE(spdm::cmd::leaf_of(report).has_value());
  report.slots.push_back(slot(false, 'a'));
  CHECK(spdm::cmd::leaf_of(report) == std::string(64, 'a'));
  report.slots.push_back(slot(true, 'b'));
  report.slots.push_back(slot(true, 'c'));
  CHECK(spdm::cmd::leaf_of(report) == std::string(64, 'b'));
}
