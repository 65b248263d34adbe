#include "cmd/list_drives.h"

#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "support/fake_drive.h"
#include "support/fake_sysfs.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

// Opens drives of which each says what its node is given here; notes how it was asked to open them.
class Opener final : public transport::DriveOpener {
 public:
  std::map<std::string, fake::DriveState> drives;
  std::vector<std::string> opened;
  bool gently = true;

  std::unique_ptr<transport::SecurityCommands> open(transport::DriveKind, const std::filesystem::path& node, bool asks_gently) override {
    const std::lock_guard lock(mutex_);
    const std::string name = node.filename().string();
    opened.push_back(name);
    gently = gently && asks_gently;
    const auto at = drives.find(name);
    if (at == drives.end()) throw Error(ErrorId::permission, "the kernel refuses the command", "run it as root");
    return std::make_unique<fake::Drive>(at->second);
  }

 private:
  std::mutex mutex_;
};

}  // namespace

TEST_CASE("list --drives: each that is awake is asked, and nothing else is") {
  support::FakeSysfs sysfs;
  sysfs.add(support::FakeFunction{});
  sysfs.add_controller({});
  sysfs.add_disk({});
  const transport::Host host = sysfs.host();
  std::vector<transport::Drive> drives = transport::scan_drives(host);
  REQUIRE(drives.size() == 2);
  transport::PciDevice function = transport::find_device(host, *drives[0].bdf);
  Opener opener;

  SUBCASE("one speaks SPDM, one does not") {
    opener.drives["nvme0"].discovery.order = ByteOrder::big;
    opener.drives["sg0"].protocols = {0x00, 0x01};
    function.mailboxes = {0x100};
    const std::vector<ListedDrive> listed = ask_drives(host, drives, opener, {function}, std::chrono::seconds(5));
    REQUIRE(listed.size() == 2);
    CHECK(opener.gently);
    CHECK(opener.drives["nvme0"].commands == std::vector<std::string>{"receive 00 0000 512", "receive e8 0004 64"});
    CHECK(opener.drives["sg0"].commands == std::vector<std::string>{"receive 00 0000 512"});
    CHECK(listed[0].speaks_spdm());
    CHECK_FALSE(listed[1].may_speak_spdm());
    const Json nvme = to_json(listed[0]), disk = to_json(listed[1]);
    CHECK(nvme["target"] == "nvme:/dev/nvme0");
    CHECK(nvme["spdm"] == true);
    CHECK(nvme["mailbox"] == true);
    CHECK(nvme["discovery"]["byte_order"] == "big-endian");
    CHECK(nvme["protocols"] == Json{"0x00", "0xe8"});
    CHECK(disk["target"] == "scsi:/dev/sg0");
    CHECK(disk["spdm"] == false);
    CHECK_FALSE(disk.contains("bdf"));
    CHECK_FALSE(disk.contains("discovery"));
    const std::string text = to_text(listed);
    CHECK(text.find("E8h") != std::string::npos);
    CHECK(text.find("0000:03:00.0 (mailbox)") != std::string::npos);
  }
  SUBCASE("one sleeps, and is left alone") {
    drives[1].asleep = true;
    opener.drives["nvme0"];
    const std::vector<ListedDrive> listed = ask_drives(host, drives, opener, {}, std::chrono::seconds(5));
    CHECK(opener.opened == std::vector<std::string>{"nvme0"});
    CHECK(to_json(listed[0])["mailbox"] == false);
    CHECK(listed[1].may_speak_spdm());
    CHECK(to_json(listed[1])["spdm"].is_null());
    CHECK(to_json(listed[1])["error"]["id"] == "unsupported");
    CHECK(to_text(listed).find("asleep") != std::string::npos);
  }
  SUBCASE("one cannot be opened: the others are listed") {
    opener.drives["sg0"];
    const std::vector<ListedDrive> listed = ask_drives(host, drives, opener, {}, std::chrono::seconds(5));
    REQUIRE(listed[0].error);
    CHECK(listed[0].error->id == ErrorId::permission);
    CHECK(listed[0].error->device == "nvme:/dev/nvme0");
    CHECK(listed[1].speaks_spdm());
  }
  SUBCASE("one breaks the protocol") {
    opener.drives["nvme0"].discovery.operations = 0;
    opener.drives["sg0"];
    const std::vector<ListedDrive> listed = ask_drives(host, drives, opener, {}, std::chrono::seconds(5));
    REQUIRE(listed[0].error);
    CHECK(listed[0].error->id == ErrorId::peer);
    CHECK(to_json(listed[0])["spdm"] == true);
  }
}
