#include "cmd/tsm.h"

#include <doctest/doctest.h>

#include <functional>

#include "core/error.h"
#include "tests/support/fake_sysfs.h"

using namespace spdm::cmd;
using spdm::ErrorId;
using spdm::transport::Bdf;
using support::FakeSysfs;

namespace {

constexpr Bdf kDevice{0, 3, 0, 0};

// A host with tsm0 and a device that it takes, and a kernel that answers writes.
struct Rig {
  Rig() {
    sysfs.add({.mailboxes = {0x140}});
    sysfs.tsm("tsm0");
    say("");
    sysfs.set("0000:03:00.0", "tsm/disconnect", "");
  }
  void say(const std::string& connected) { sysfs.set("0000:03:00.0", "tsm/connect", connected + "\n"); }

  WriteAttribute kernel() {
    return [this](const std::filesystem::path& file, std::string_view value) {
      written.push_back(file.filename().string() + " " + std::string(value));
      if (refusal) throw spdm::Error(*refusal, "refused");
      say(file.filename() == "connect" ? std::string(value.substr(0, value.size() - 1)) : "");
    };
  }
  ErrorId error_of(const std::function<void()>& run) const {
    try {
      run();
    } catch (const spdm::Error& error) {
      CHECK(std::string(error.what()).find("0000:03:00.0") != std::string::npos);
      CHECK(!error.hint.empty());
      return error.id;
    }
    FAIL("nothing was thrown");
    return ErrorId::internal;
  }

  FakeSysfs sysfs;
  std::optional<ErrorId> refusal;
  std::vector<std::string> written;
};

}  // namespace

TEST_CASE("tsm: connect and disconnect write the name of the TSM and believe what the kernel says then") {
  Rig rig;
  CHECK(connect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()) == "tsm0");
  CHECK(rig.written == std::vector<std::string>{"connect tsm0\n"});
  CHECK(disconnect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()) == "tsm0");
  CHECK(rig.written == std::vector<std::string>{"connect tsm0\n", "disconnect tsm0\n"});
  CHECK(connect_tsm(rig.sysfs.host(), kDevice, "tsm0", rig.kernel()) == "tsm0");
  CHECK(disconnect_tsm(rig.sysfs.host(), kDevice, "tsm0", rig.kernel()) == "tsm0");
}

TEST_CASE("tsm: what the kernel refuses with is told, and has its exit code") {
  for (const ErrorId id : {ErrorId::busy, ErrorId::permission, ErrorId::no_device, ErrorId::io}) {
    Rig rig;
    rig.refusal = id;
    CHECK(rig.error_of([&] { connect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()); }) == id);
    rig.say("tsm0");
    CHECK(rig.error_of([&] { disconnect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()); }) == id);
    CHECK(rig.written.size() == 2);
  }
}

TEST_CASE("tsm: a request without effect is an error") {
  Rig rig;
  const auto nothing = [](const std::filesystem::path&, std::string_view) {};
  CHECK(rig.error_of([&] { connect_tsm(rig.sysfs.host(), kDevice, "", nothing); }) == ErrorId::io);
  rig.say("tsm0");
  CHECK(rig.error_of([&] { disconnect_tsm(rig.sysfs.host(), kDevice, "", nothing); }) == ErrorId::io);
}

TEST_CASE("tsm: nothing is written where the state is against it") {
  Rig rig;
  CHECK(rig.error_of([&] { disconnect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()); }) == ErrorId::usage);
  rig.say("tsm1");
  CHECK(rig.error_of([&] { connect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()); }) == ErrorId::owned);
  std::filesystem::remove_all(rig.sysfs.device("0000:03:00.0") / "tsm");
  CHECK(rig.error_of([&] { connect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()); }) == ErrorId::no_spdm);
  CHECK(rig.error_of([&] { disconnect_tsm(rig.sysfs.host(), kDevice, "", rig.kernel()); }) == ErrorId::no_spdm);
  CHECK(rig.written.empty());
}
