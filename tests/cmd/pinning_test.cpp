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

TEST_CASE("a pin of an endpoint of MCTP holds by whatever name it is asked") {
  Report report;
  report.host.target = "mctp:9";
  report.host.mctp = MctpView{.network = 1, .eid = 9, .interface = "mctpi2c4"};
  ChainResult chain;
  chain.leaf_key_sha256 = std::string(64, 'a');
  const spdm::cmd::NewPin made = spdm::cmd::make_pin(report, chain, spdm::PinKind::leaf_key, spdm::cmd::PinUse::compare, "/keyring/pins");
  CHECK(made.contents.find("match: {endpoint: \"1:9\"}\n") != std::string::npos);
  CHECK(made.file == cat("/keyring/pins/", spdm::cmd::pin_name("mctp:1:9", {}), ".yaml"));
  HostView other = report.host;
  other.target = "mctp:1:9";
  CHECK(matches(made.pin.match, other));
  other.mctp->network = 2;
  CHECK_FALSE(matches(made.pin.match, other));
}
