// Drives that a watch attests, on a copy of what the kernel shows, with drives that only a test has.
#include "cmd/gate/drive_watch.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/appraisal/policy.h"
#include "core/error.h"
#include "support/fake_sysfs.h"
#include "transport/storage/opener.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

// A drive whose list of protocols has nothing in it, and which takes no other command.
class SilentDrive final : public transport::SecurityCommands {
 public:
  transport::Completion send(std::uint8_t, std::uint16_t, View, Clock::time_point) override { return {.refusal = "no"}; }
  transport::Completion receive(std::uint8_t protocol, std::uint16_t, std::size_t allocation, Clock::time_point) override {
    if (protocol != 0) return {.refusal = "no"};
    return {.refusal = "", .data = Bytes(allocation)};
  }
};

class FakeOpener final : public transport::DriveOpener {
 public:
  std::unique_ptr<transport::SecurityCommands> open(transport::DriveKind, const std::filesystem::path& node, bool) override {
    if (node.filename() == "sg0") throw Error(ErrorId::permission, "not you");
    return std::make_unique<SilentDrive>();
  }
};

struct Machine {
  Machine() {
    sysfs.add({.bdf = "0000:03:00.0"});
    sysfs.add({.bdf = "0000:04:00.0", .mailboxes = {0x140}});
    sysfs.add_controller({});
    sysfs.add_controller({.name = "nvme1", .bdf = "0000:04:00.0"});
    sysfs.add_disk({});
  }
  std::vector<std::string> wanted(const std::set<std::string>& nodes, const std::string& rules = "") const {
    Policy policy;
    if (!rules.empty()) add_policy_file(policy, "x.yaml", "version: 1\nrules:\n" + rules);
    std::vector<std::string> out;
    for (const transport::Drive& drive : drives_to_attest(sysfs.host(), policy, nodes)) out.push_back(drive.name);
    return out;
  }
  support::FakeSysfs sysfs;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a watch attests drives that no mailbox leads to: all, or those that came") {
  const Machine machine;
  CHECK(machine.wanted({""}) == Names{"nvme0", "sg0"});
  CHECK(machine.wanted({"sg0", "sg7"}) == Names{"sg0"});
  CHECK(machine.wanted({"nvme1"}).empty());  // it has a mailbox
  CHECK(machine.wanted({}).empty());
  CHECK(machine.wanted({""}, "  - {name: free, match: {bdf: \"0000:03:00.0\"}, exempt: true}\n") == Names{"sg0"});
}

TEST_CASE("a drive that does not speak SPDM is not told of, unless a rule expects it to; one that could not be asked is") {
  const Machine machine;
  const auto states = [&](const std::string& rules) {
    auto policy = std::make_shared<Policy>();
    if (!rules.empty()) add_policy_file(*policy, "x.yaml", "version: 1\nrules:\n" + rules);
    const Verifier verifier({.keyring = {}, .options = {}, .policy = policy});
    return attest_drives(drives_to_attest(machine.sysfs.host(), *policy, {""}),
                         {.host = machine.sysfs.host(), .via = transport::Via::storage, .drives = std::make_shared<FakeOpener>()}, verifier,
                         std::chrono::seconds(20), Occasion::arrival);
  };
  const std::vector<DeviceState> plain = states("");
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].drive == "/dev/sg0");
  CHECK(plain[0].bdf.empty());
  CHECK(plain[0].verdict == Verdict::undetermined);
  CHECK(plain[0].exit == Exit::permission);
  CHECK(plain[0].occasion == Occasion::arrival);
  CHECK(to_json(plain[0])["drive"] == plain[0].drive);
  const std::vector<DeviceState> expected = states("  - {name: disk, match: {bdf: \"0000:03:00.0\"}, expected: true}\n");
  REQUIRE(expected.size() == 2);
  CHECK(expected[0].bdf == "0000:03:00.0");
  CHECK(expected[0].verdict != Verdict::pass);
}
