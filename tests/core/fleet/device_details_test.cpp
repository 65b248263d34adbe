// What a page shows of one device, and how much of it is kept.
#include "core/fleet/device_details.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/fleet/summary.h"
#include "core/text.h"

using namespace spdm;

namespace {

Result measured(const std::string& key, Verdict verdict = Verdict::pass) {
  Result out;
  out.host = "host";
  out.device = "0000:01:00.0";
  out.verdict = verdict;
  out.exit = verdict == Verdict::pass ? Exit::ok : Exit::untrusted;
  out.leaf_key = key;
  out.evidence_sha256 = cat("evidence of ", key);
  out.findings = {{"not-trusted", "failure", "slot 0", "why", "remedy"}};
  out.certificates = {{"CN=Root", "aa", "2044-01-01T00:00:00Z", true}, {cat("CN=", key), "bb", "2027-01-01T00:00:00Z", false}};
  out.measurements = {{1, "immutable-rom", "01", true}, {2, "mutable-firmware", "02", false}};
  return out;
}

}  // namespace

TEST_CASE("device details: what is kept, and its texts once") {
  DetailStore store;
  store.keep(7, measured("one"));
  store.keep(9, measured("two"));
  CHECK(store.find(8) == nullptr);
  REQUIRE(store.find(7) != nullptr);
  REQUIRE(store.find(9) != nullptr);
  const DeviceDetails &one = *store.find(7), &two = *store.find(9);
  const std::vector<std::string> texts = store.texts();
  CHECK(texts[0].empty());  // none
  CHECK(texts[one.leaf_key] == "one");
  CHECK(texts[one.evidence] == "evidence of one");
  REQUIRE(one.findings.size() == 1);
  CHECK(texts[one.findings[0][0]] == "not-trusted");
  CHECK(texts[one.findings[0][4]] == "remedy");
  REQUIRE(one.certificates.size() == 2);
  CHECK(texts[one.certificates[1].subject] == "CN=one");
  CHECK(one.certificates[0].is_ca);
  CHECK(one.certificates[0].subject == two.certificates[0].subject);
  REQUIRE(one.measurements.size() == 2);
  CHECK(one.measurements[0].is_signed);
  CHECK(one.measurements[1].value == two.measurements[1].value);
  const Json json = to_json(one);
  CHECK(json["measurements"][1] == Json::array({2, one.measurements[1].type, one.measurements[1].value, 0}));
  CHECK(json["certificates"][0][3] == 1);
  CHECK(json["findings"][0].size() == 5);
  CHECK_FALSE(store.full());
}

TEST_CASE("device details: devices, numbers and texts are bounded, and what passes leaves half of the room") {
  const auto kept = [](DetailLimits limits) {
    DetailStore store(limits);
    std::size_t row = 0;
    for (; row < 20; ++row) store.keep(row, measured(cat("pass ", row)));
    for (; row < 40; ++row) store.keep(row, measured(cat("fail ", row), Verdict::fail));
    std::size_t passing = 0, failing = 0;
    for (row = 0; row < 40; ++row)
      if (store.find(row) != nullptr) ++(row < 20 ? passing : failing);
    CHECK(store.full());
    return std::pair(passing, failing);
  };
  CHECK(kept({.devices = 10}) == std::pair<std::size_t, std::size_t>(5, 5));
  CHECK(kept({.numbers = 230}) == std::pair<std::size_t, std::size_t>(5, 5));  // 23 of each
  const auto [passing, failing] = kept({.text_bytes = 600});
  CHECK(passing > 0);
  CHECK(failing > passing / 2);
  CHECK(passing + failing < 40);
}

TEST_CASE("device details: only a page has them") {
  for (const std::size_t devices : {std::size_t{0}, std::size_t{10}}) {
    Summarizer summarizer(0, {.devices = devices});
    summarizer.add(measured("one"));
    summarizer.add(measured("two", Verdict::fail));
    const FleetSummary summary = summarizer.finish();
    CHECK(summary.devices.size() == (devices == 0 ? 0 : 2));
    CHECK_FALSE(to_json(summary.failing.at(0)).contains("details"));
    if (devices == 0) continue;
    REQUIRE(summary.devices[0].details);
    CHECK(summary.texts[summary.devices[0].details->leaf_key] == "two");  // what fails is first
    CHECK(summary.texts[summary.devices[1].details->leaf_key] == "one");
  }
}
