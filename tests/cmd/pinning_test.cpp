#include "cmd/pinning.h"

#include <doctest/doctest.h>

#include "core/text.h"

using namespace spdm;

TEST_CASE("a pin goes with the place: another card in it has to show the same key") {
  Report report;
  report.host.target = "0000:03:00.0";
  report.host.bdf = "0000:03:00.0";
  report.host.identity.emplace();
  report.host.identity->vendor = 0x1b36;
  ChainResult chain;
  chain.leaf_key_sha256 = std::string(64, 'a');
  const spdm::cmd::NewPin made = spdm::cmd::make_pin(report, chain, spdm::PinKind::leaf_key, spdm::cmd::PinUse::compare, "/keyring/pins");
  CHECK(made.file == "/keyring/pins/0000-03-00.0.yaml");
  CHECK(made.contents.find("match: {bdf: \"0000:03:00.0\"}\n") != std::string::npos);
  HostView swapped = report.host;
  swapped.identity->vendor = 0x10de;
  CHECK(matches(made.pin.match, swapped));
  swapped.bdf = "0000:04:00.0";
  CHECK_FALSE(matches(made.pin.match, swapped));
}
