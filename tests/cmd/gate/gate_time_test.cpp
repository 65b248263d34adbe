// At which time a gate judges when the clock may be wrong.
#include "cmd/gate/gate_time.h"

#include <doctest/doctest.h>

#include "core/calendar.h"
#include "core/text.h"
#include "support/fake_sysfs.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

constexpr std::int64_t kRtc = 978307200;  // 2001-01-01
const std::int64_t kImage = *parse_date_or_time("2026-06-01"), kToday = *parse_date_or_time("2026-11-29");

struct System {
  support::FakeSysfs sysfs;

  void image(std::int64_t time) const {
    sysfs.write("etc/spdmctl/image.json",
                cat(R"({"schema": "spdmctl.image/1", "tool": "spdmctl 0.1.0", "time": ")", utc_of(time),
                    R"(", "mode": "enforce", "mode_from": "policy", "program": {"path": "/usr/bin/spdmctl"}, "configuration": [],)",
                    R"( "problems": [], "exit_code": 0})"));
  }
  void command_line(const std::string& text) const { sysfs.write("proc/cmdline", text + "\n"); }
  GateTime time(std::int64_t clock) const { return time_of_gate(sysfs.host(), clock, std::nullopt); }
};

}  // namespace

TEST_CASE("a gate judges at the later of the clock and the making of its image") {
  const System system;
  CHECK(system.time(kRtc).at == kRtc);  // nobody knows better
  CHECK(system.time(kRtc).warning.empty());
  system.image(kImage);
  CHECK(system.time(kToday).at == kToday);
  CHECK(system.time(kToday).source == TimeSource::clock);
  const GateTime time = system.time(kRtc);
  CHECK(time.at == kImage);
  CHECK(time.source == TimeSource::image);
  CHECK(time.warning.find("the clock says 2001-01-01T00:00:00Z") != std::string::npos);
  CHECK(time.warning.find("2026-06-01T00:00:00Z") != std::string::npos);
  CHECK(time.warning.find("spdmctl.time=") != std::string::npos);
}

TEST_CASE("the kernel command line overrides every clock, and --at overrides that") {
  const System system;
  system.image(kImage);
  system.command_line("quiet spdmctl.time=2026-07-01");
  CHECK(utc_of(system.time(kRtc).at) == "2026-07-01T00:00:00Z");
  CHECK(utc_of(system.time(kToday).at) == "2026-07-01T00:00:00Z");  // backwards, too: a clock may be in the future
  CHECK(system.time(kToday).source == TimeSource::kernel_command_line);
  CHECK(time_of_gate(system.sysfs.host(), kToday, kRtc).at == kRtc);
  system.command_line("spdmctl.time=yesterday");
  CHECK(system.time(kToday).at == kToday);
  CHECK(system.time(kToday).warning.find("'yesterday'") == std::string::npos);
  CHECK(system.time(kToday).warning.find("spdmctl.time=yesterday") != std::string::npos);
}

TEST_CASE("after the image is out of sight its time still counts, and so does the last verdict, within its bound") {
  const System system;
  system.image(kImage);
  keep_time(system.sysfs.host(), system.time(kToday));
  std::filesystem::remove(system.sysfs.root() / "etc/spdmctl/image.json");
  CHECK(system.time(kRtc).at == kToday);
  CHECK(system.time(kRtc).source == TimeSource::last_verdict);
  SUBCASE("a verdict of a clock in the future poisons nothing") {
    keep_time(system.sysfs.host(), system.time(kImage + kLastVerdictBound + 1));
    CHECK(system.time(kToday).at == kToday);
    CHECK(system.time(kRtc).at == kImage);
  }
  SUBCASE("a time that somebody gave is none of a clock") {
    keep_time(system.sysfs.host(), time_of_gate(system.sysfs.host(), kToday, kToday + 10 * kDay));
    CHECK(system.time(kRtc).at == kToday);
  }
  SUBCASE("it can be forgotten") {
    forget_time(system.sysfs.host());
    CHECK(system.time(kRtc).at == kImage);
    CHECK(system.time(kRtc).source == TimeSource::image);
  }
  SUBCASE("what cannot be understood does not count") {
    system.sysfs.write("run/spdmctl/clock.json", R"({"schema": "spdmctl.clock/1", "last": "2026-)");
    CHECK(system.time(kRtc).at == kRtc);
  }
}
