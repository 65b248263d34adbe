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

TEST_CASE("the TSMs of the host, with their streams under both names that kernels give them") {
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
  REQUIRE(tsms[0].streams.size() == 3);
  CHECK(tsms[0].streams[0].name == "pci0000:00:stream3.0.0");
  CHECK(tsms[0].streams[0].device == Bdf{0, 3, 0, 0});
  CHECK(tsms[0].streams[1].name == "stream0.1.2");
  CHECK(!tsms[0].streams[2].device);
}
