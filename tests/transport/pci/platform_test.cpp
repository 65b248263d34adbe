#include "transport/pci/platform.h"

#include <doctest/doctest.h>

#include "tests/support/fake_sysfs.h"

using namespace spdm::transport;
using spdm::AuthenticatedGrammar;
using spdm::PlatformView;
using support::FakeSysfs;

namespace {

constexpr std::string_view kBdf = "0000:03:00.0";

PlatformView with_authenticated(std::string_view text) {
  const FakeSysfs sysfs;
  sysfs.add({});
  sysfs.set(kBdf, "authenticated", text);
  return read_platform(sysfs.device(kBdf));
}

}  // namespace

TEST_CASE("where the platform says nothing there is nothing to show") {
  const FakeSysfs sysfs;
  CHECK(read_platform(sysfs.add({})) == PlatformView{});
  CHECK(read_platform(sysfs.root() / "nowhere") == PlatformView{});
}

TEST_CASE("authenticated has three grammars") {
  SUBCASE("a verdict of the kernel") {
    CHECK(with_authenticated("1\n").grammar == AuthenticatedGrammar::verdict);
    CHECK(with_authenticated("1\n").is_authenticated == true);
    CHECK(with_authenticated("0\n").grammar == AuthenticatedGrammar::verdict);
    CHECK(with_authenticated("0\n").is_authenticated == false);
  }
  SUBCASE("undetermined: it is there, and reading it fails with ENOTTY") {
    PlatformView view;
    interpret_authenticated(std::nullopt, view);
    CHECK(view.grammar == AuthenticatedGrammar::verdict);
    CHECK(!view.is_authenticated);
  }
  SUBCASE("the name of a TSM") {
    const PlatformView view = with_authenticated("tsm12\n");
    CHECK(view.grammar == AuthenticatedGrammar::tsm);
    CHECK(view.authenticated == "tsm12");
    CHECK(view.is_authenticated == true);
    CHECK(with_authenticated("\n").grammar == AuthenticatedGrammar::tsm);
    CHECK(with_authenticated("\n").is_authenticated == false);
  }
  SUBCASE("anything else is shown, not understood") {
    for (const char* text : {"native\n", "none\n", "2\n", "01\n", "1 0\n", "tsm\n", "tsmx\n", "tsm1x\n", "yes\n", "tsm12345678901\n"}) {
      CAPTURE(text);
      const PlatformView view = with_authenticated(text);
      CHECK(view.grammar == AuthenticatedGrammar::unknown);
      CHECK(!view.is_authenticated);
      CHECK(!view.authenticated.empty());
    }
  }
  SUBCASE("binary and huge") {
    const PlatformView view = with_authenticated(std::string(100'000, '\xFF'));
    CHECK(view.grammar == AuthenticatedGrammar::unknown);
    CHECK(view.authenticated == std::string(256, '\xFF'));
    CHECK(with_authenticated(std::string_view("1\0", 2)).grammar == AuthenticatedGrammar::unknown);
  }
  SUBCASE("a directory in its place") {
    const FakeSysfs sysfs;
    sysfs.add({});
    sysfs.set(kBdf, "authenticated/x", "1\n");
    CHECK(read_platform(sysfs.device(kBdf)).grammar == AuthenticatedGrammar::unknown);
  }
}

TEST_CASE("a connected TSM, the certificates and the signatures of the kernel") {
  const FakeSysfs sysfs;
  sysfs.add({});
  sysfs.set(kBdf, "authenticated", "tsm0\n");
  sysfs.set(kBdf, "tsm/connect", "tsm0\n");
  sysfs.set(kBdf, "tsm/bound", "\n");
  sysfs.set(kBdf, "tsm/dsm", "0000:03:00.0\n");
  sysfs.set(kBdf, "certificates/slot0", "chain");
  sysfs.set(kBdf, "certificates/slot1", "");
  sysfs.set(kBdf, "certificates/slot7", "chain");
  sysfs.set(kBdf, "certificates/slot8", "chain");
  for (const char* file : {"0_signature", "0_transcript", "0_hash_algorithm", "1_signature", "x_signature", "_signature", "17",
                           "next_requester_nonce", "2_signature_"})
    sysfs.set(kBdf, std::string("signatures/") + file, "x");
  const PlatformView view = read_platform(sysfs.device(kBdf));
  CHECK(view.tsm_connected == "tsm0");
  CHECK(view.tsm_bound == "");
  CHECK(view.tsm_dsm == "0000:03:00.0");
  CHECK(view.certificate_slots == std::vector<std::uint8_t>{0, 7});
  CHECK(view.signatures == 2);
}

TEST_CASE("the TSMs of the host, with their streams under both names that Linux 6.19 gives them") {
  const FakeSysfs sysfs;
  CHECK(tsms_of(sysfs.host()).empty());
  sysfs.tsm("tsm10");
  sysfs.tsm("tsm2", {"stream0.1.2", "pci0000:00:stream3.0.0", "power", "streamer"}, kBdf);
  sysfs.tsm("tsmx");
  sysfs.write("sys/class/tsm/tsm2/stream9.9.9", "no link");
  const std::vector<Tsm> tsms = tsms_of(sysfs.host());
  REQUIRE(tsms.size() == 2);
  CHECK(tsms[0].name == "tsm2");
  CHECK(tsms[1].name == "tsm10");
  CHECK(tsms[1].streams.empty());
  CHECK(tsms[0].streams == std::vector<TsmStream>{{"pci0000:00:stream3.0.0", Bdf{0, 3, 0, 0}},
                                                  {"stream0.1.2", Bdf{0, 3, 0, 0}},
                                                  {"stream9.9.9", std::nullopt}});
  CHECK(streams_without_tsm(sysfs.host()).empty());
}

namespace {

// tsm0 and tsm1, and two devices: as Linux 7.3 shows streams, below host bridges, with no word of a TSM there.
struct Bridges {
  Bridges() {
    for (const char* bdf : {"0000:03:00.0", "10000:e1:00.0"}) sysfs.add({.bdf = bdf});
    sysfs.tsm("tsm0");
    sysfs.tsm("tsm1");
    sysfs.set("0000:03:00.0", "tsm/connect", "tsm0\n");
    sysfs.set("10000:e1:00.0", "tsm/connect", "tsm1\n");
    sysfs.streams("pci0000:00", {"stream0.0.1"}, "0000:03:00.0");
    sysfs.write("sys/devices/pci0000:00/available_secure_streams", "3\n");
  }
  std::vector<TsmStream> of(std::size_t tsm) const { return tsms_of(sysfs.host()).at(tsm).streams; }

  FakeSysfs sysfs;
};

const TsmStream kFirst{"pci0000:00:stream0.0.1", Bdf{0, 3, 0, 0}};

}  // namespace

TEST_CASE("streams below host bridges, as of Linux 7.3, are of the TSM that the device is connected with") {
  const Bridges host;
  CHECK(host.of(0) == std::vector{kFirst});
  CHECK(host.of(1).empty());
  CHECK(streams_without_tsm(host.sysfs.host()).empty());
  host.sysfs.set("0000:03:00.0", "tsm/connect", "tsm1\n");
  CHECK(host.of(0).empty());
  CHECK(host.of(1) == std::vector{kFirst});
}

TEST_CASE("host bridges are found wherever they are in /sys/devices") {
  const Bridges host;
  SUBCASE("below the platform") { host.sysfs.streams("platform/40000000.pcie/pci10000:e0", {"stream1.0.0"}, "10000:e1:00.0"); }
  SUBCASE("below a function that makes a bus, such as VMD") {
    const std::string place = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0";
    const std::string bridge = place + "/pci10000:e0";
    host.sysfs.move_below("pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0", "0000:03:00.0");
    host.sysfs.move_below(bridge, "10000:e1:00.0");
    host.sysfs.streams(bridge, {"stream1.0.0"}, "10000:e1:00.0");
  }
  CHECK(host.of(0) == std::vector{kFirst});
  CHECK(host.of(1) == std::vector<TsmStream>{{"pci10000:e0:stream1.0.0", Bdf{0x10000, 0xe1, 0, 0}}});
}

TEST_CASE("one stream that is shown at several places is one") {
  const Bridges host;
  const std::filesystem::path tsm = host.sysfs.root() / "sys/class/tsm/tsm0";
  SUBCASE("below the TSM, with the host bridge") { host.sysfs.tsm("tsm0", {"pci0000:00:stream0.0.1"}, kBdf); }
  SUBCASE("below the TSM, without") { host.sysfs.tsm("tsm0", {"stream0.0.1"}, kBdf); }
  SUBCASE("a link of the TSM to the host bridge") {
    std::filesystem::create_symlink(host.sysfs.root() / "sys/devices/pci0000:00", tsm / "pci0000:00");
  }
  CHECK(host.of(0) == std::vector{kFirst});
  CHECK(host.of(1).empty());
  host.sysfs.streams("pci0000:00", {"stream1.0.2"}, kBdf);  // another stream to the same device
  CHECK(host.of(0) == std::vector<TsmStream>{kFirst, {"pci0000:00:stream1.0.2", Bdf{0, 3, 0, 0}}});
}

TEST_CASE("a stream of which no TSM says that it is its own is told without one") {
  const Bridges host;
  const std::vector expected{kFirst};
  SUBCASE("the device is connected with none") { host.sysfs.set("0000:03:00.0", "tsm/connect", "\n"); }
  SUBCASE("with one that is not there") { host.sysfs.set("0000:03:00.0", "tsm/connect", "tsm7\n"); }
  SUBCASE("the device knows of no TSM") { std::filesystem::remove_all(host.sysfs.device("0000:03:00.0") / "tsm"); }
  SUBCASE("there is no device") { host.sysfs.remove("0000:03:00.0"); }
  SUBCASE("there is no TSM at all") {
    host.sysfs.set("0000:03:00.0", "tsm/connect", "\n");
    std::filesystem::remove_all(host.sysfs.root() / "sys/class/tsm");
  }
  CHECK(streams_without_tsm(host.sysfs.host()) == expected);
  for (const Tsm& tsm : tsms_of(host.sysfs.host())) CHECK(tsm.streams.empty());
}

TEST_CASE("what is no host bridge and no stream is not counted") {
  const Bridges host;
  for (const char* name : {"pci0000:00:stream9.9.9", "pci0000", "pci000:00", "pci0000:0", "pci0000:00x", "pciexpress:00"})
    host.sysfs.streams(name, {"stream0.0.9"}, kBdf);
  host.sysfs.streams("pci0000:00", {"streamer", "stream", "xstream0.0.9"}, kBdf);
  CHECK(host.of(0) == std::vector{kFirst});
  CHECK(streams_without_tsm(host.sysfs.host()).empty());
}

TEST_CASE("how many streams host bridges have left") {
  const support::FakeSysfs sysfs;
  CHECK(stream_pools_of(sysfs.host()).empty());
  sysfs.write("sys/devices/pci0000:00/available_secure_streams", "3\n");
  sysfs.write("sys/devices/pci0000:40/numa_node", "0\n");  // its platform sets up no streams
  sysfs.write("sys/devices/pci0000:80/available_secure_streams", "many\n");
  sysfs.write("sys/devices/pci0000:c0/available_secure_streams", "99999999999999999999\n");
  CHECK(stream_pools_of(sysfs.host()) ==
        std::vector<StreamPool>{{"pci0000:00", 3}, {"pci0000:80", std::nullopt}, {"pci0000:c0", std::nullopt}});
}
