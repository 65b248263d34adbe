// What many results say together.
#include "core/fleet/summary.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/calendar.h"
#include "core/text.h"

using namespace spdm;

namespace {

const std::int64_t kNow = *parse_rfc3339("2026-11-26T12:00:00Z");

Result passing(const std::string& host, const std::string& device = "0000:01:00.0") {
  Result out;
  out.host = host;
  out.device = device;
  out.model = "1b36:0010";
  out.vendor = "1b36";
  out.verdict = Verdict::pass;
  out.exit = Exit::ok;
  out.reason = "authenticated";
  out.version = "1.2";
  out.algorithms = "ECDSA-P384, SHA-384, measurements SHA-384";
  out.root_sha256 = std::string(64, 'a');
  out.root_subject = "CN=Root";
  out.trusted = true;
  out.firmware = "2.3";
  out.measurements = {{1, "immutable-rom", "01"}, {2, "mutable-firmware", "02"}};
  return out;
}

Result failing(const std::string& host, Exit exit, const std::string& cause) {
  Result out = passing(host);
  out.verdict = Verdict::fail;
  out.exit = exit;
  out.cause = cause;
  out.reason = "because";
  return out;
}

ResultCertificate certificate(const std::string& name, const std::string& not_after, bool is_ca = false) {
  return {"CN=" + name, name, not_after, is_ca};
}

struct Fleet {
  Summarizer summarizer{kNow, {.devices = 100}};
  // So many that are alike.
  void add(std::size_t count, Result result, const std::string& prefix) {
    for (std::size_t i = 0; i < count; ++i) {
      result.host = cat(prefix, i);
      summarizer.add(result);
    }
  }
};

std::string words(const FleetSummary& summary) {
  std::string out;
  for (const DeviceLine& line : summary.outliers)
    for (const Difference& difference : line.differences) out += cat(line.host, ": ", in_words(difference), "\n");
  return out;
}

const ExpiryPeriod& period(const std::vector<ExpiryPeriod>& periods, std::string_view name) {
  for (const ExpiryPeriod& one : periods)
    if (one.name == name) return one;
  FAIL("no such period: ", name);
  return periods.front();
}

}  // namespace

TEST_CASE("summary: counts") {
  Fleet fleet;
  fleet.summarizer.add_file();
  fleet.add(5, passing(""), "a");
  fleet.summarizer.add(failing("b", Exit::untrusted, "not-trusted"));
  fleet.summarizer.add(failing("b", Exit::bad_signature, "bad-signature"));
  Result other = passing("c");
  other.model = "10de:2330";
  other.vendor = "10de";
  other.root_sha256 = std::string(64, 'b');
  other.root_subject.clear();
  other.trusted = false;
  fleet.summarizer.add(other);
  fleet.summarizer.add_host("without devices");
  const FleetSummary summary = fleet.summarizer.finish();
  CHECK(summary.results == 8);
  CHECK(summary.hosts == 8);
  CHECK(summary.files == 1);
  CHECK(summary.repeated == 1);
  CHECK(summary.verdicts.pass == 6);
  CHECK(summary.verdicts.fail == 2);
  CHECK(summary.worst == Exit::bad_signature);
  REQUIRE(summary.vendors.rows.size() == 2);
  CHECK(summary.vendors.rows[0].name == "1b36");
  CHECK(summary.vendors.rows[0].devices.total() == 7);
  CHECK(summary.vendors.rows[0].devices.fail == 2);
  REQUIRE(summary.roots.rows.size() == 2);
  CHECK(summary.roots.rows[0].name == "CN=Root");
  CHECK(summary.roots.rows[0].trusted == 7);
  CHECK(summary.roots.rows[1].trusted == 0);
  REQUIRE(summary.firmware.rows.size() == 2);
  CHECK(summary.firmware.rows[0].name == "2.3");
  CHECK(summary.firmware.rows[0].detail == "1b36:0010");
  REQUIRE(summary.causes.rows.size() == 2);
  CHECK(summary.causes.rows[0].name == "bad-signature");
  REQUIRE(summary.failing.size() == 2);
  CHECK(summary.failing[0].cause == "not-trusted");
  CHECK(summary.failing[0].reason == "because");
  CHECK(summary.cut.empty());
}

TEST_CASE("summary: the worst code is that of the run, and what is unreadable is one") {
  Summarizer nothing(kNow);
  CHECK(nothing.finish().worst == Exit::no_device);
  Summarizer unreadable(kNow);
  unreadable.add(passing("a"));
  unreadable.add(Unreadable{"f", 1, "why"});
  const FleetSummary summary = unreadable.finish();
  CHECK(summary.worst == Exit::usage);
  CHECK(to_json(summary)["verdict"] == "undetermined");
  Summarizer worse(kNow);
  worse.add(Unreadable{"f", 1, "why"});
  worse.add(failing("a", Exit::policy, "x"));
  CHECK(worse.finish().worst == Exit::policy);
}

TEST_CASE("summary: a device that differs from its siblings is found, and why") {
  const auto differing = [](auto change) {
    Fleet fleet;
    fleet.add(9, passing(""), "a");
    Result odd = passing("odd");
    change(odd);
    fleet.summarizer.add(odd);
    const FleetSummary summary = fleet.summarizer.finish();
    CHECK(summary.outliers_total == summary.outliers.size());
    return words(summary);
  };
  CHECK(differing([](Result&) {}).empty());
  CHECK(differing([](Result& odd) { odd.firmware = "2.2"; }) == "odd: firmware version 2.2, but 2.3 on 9 of 10 of its model\n");
  CHECK(differing([](Result& odd) { odd.measurements[1].value = "ff"; }) ==
        "odd: measurement 0x02 (mutable-firmware) ff, but 02 on 9 of 10 of its model and firmware\n");
  CHECK(differing([](Result& odd) { odd.measurements.pop_back(); }) ==
        "odd: measurement 0x02 (mutable-firmware) not reported, but 02 on 9 of 10 of its model and firmware\n");
  CHECK(differing([](Result& odd) {
          odd.measurements.push_back({9, "informational", "09"});
        }) == "odd: measurement 0x09 (informational) 09, but not reported on 9 of 10 of its model and firmware\n");
  CHECK(differing([](Result& odd) {
          odd.root_sha256 = std::string(64, 'b');
          odd.root_subject = "CN=Other";
        }) == "odd: root CN=Other, but CN=Root on 9 of 10 of its model\n");
  CHECK(differing([](Result& odd) { odd.version = "1.0"; }) == "odd: SPDM version 1.0, but 1.2 on 9 of 10 of its model\n");
  CHECK(differing([](Result& odd) { odd.algorithms = "weak"; }) ==
        "odd: algorithms weak, but ECDSA-P384, SHA-384, measurements SHA-384 on 9 of 10 of its model\n");
  CHECK(differing([](Result& odd) { odd.verdict = Verdict::fail; }) == "odd: verdict fail, but pass on 9 of 10 of its model\n");
  // What is not known differs from nothing; other models and devices of no known model are no siblings.
  CHECK(differing([](Result& odd) { odd.firmware.clear(), odd.root_sha256.clear(), odd.measurements.clear(); }).empty());
  CHECK(differing([](Result& odd) { odd.model = "10de:2330", odd.firmware = "9"; }).empty());
  CHECK(differing([](Result& odd) { odd.model.clear(), odd.firmware = "9"; }).empty());
}

TEST_CASE("summary: other firmware measures something else, and that alone is no difference") {
  Fleet fleet;
  fleet.add(9, passing(""), "a");
  Result other = passing("");
  other.firmware = "2.2";
  other.measurements[1].value = "ff";
  fleet.add(2, other, "b");
  const std::string found = words(fleet.summarizer.finish());
  CHECK(found.find("firmware version 2.2") != std::string::npos);
  CHECK(found.find("measurement") == std::string::npos);
}

TEST_CASE("summary: without a clear majority nobody differs") {
  const auto outliers = [](std::size_t many, std::size_t few) {
    Fleet fleet;
    fleet.add(many, passing(""), "a");
    Result other = passing("");
    other.firmware = "2.2";
    fleet.add(few, other, "b");
    return fleet.summarizer.finish().outliers_total;
  };
  CHECK(outliers(2, 1) == 0);  // too few to be many
  CHECK(outliers(3, 1) == 1);
  CHECK(outliers(6, 3) == 0);  // an update that is under way
  CHECK(outliers(9, 3) == 3);
  CHECK(outliers(5, 5) == 0);
}

TEST_CASE("summary: values that each device has for itself are no differences") {
  Fleet fleet;
  for (int i = 0; i < 10; ++i) {
    Result result = passing(cat("h", i));
    result.measurements[1].value = std::to_string(i);
    fleet.summarizer.add(result);
  }
  CHECK(fleet.summarizer.finish().outliers_total == 0);
}

TEST_CASE("summary: when certificates end") {
  Fleet fleet;
  const ResultCertificate root = certificate("root", "9999-12-31T23:59:59Z", true),
                          issuer = certificate("issuer", "2027-02-01T00:00:00Z", true);
  Result result = passing("a");
  result.certificates = {root, issuer, certificate("expired", "2026-11-26T11:59:59Z")};
  fleet.summarizer.add(result);
  result.host = "b";
  result.certificates = {root, issuer, certificate("soon", "2026-11-26T12:00:00Z")};
  fleet.summarizer.add(result);
  result.host = "c";
  result.certificates = {root, issuer, certificate("late", "2030-01-01T00:00:00Z")};
  fleet.summarizer.add(result);
  result.host = "d";
  result.certificates = {root, certificate("endless", "9999-12-31T23:59:59Z")};
  fleet.summarizer.add(result);
  result.host = "e";
  result.certificates = {certificate("strange", "when it ends")};
  fleet.summarizer.add(result);
  const Expiry expiry = fleet.summarizer.finish().expiry;
  const auto counted = [&](std::string_view name) {
    const ExpiryPeriod& found = period(expiry.periods, name);
    return std::pair(found.certificates, found.devices);
  };
  CHECK(counted("expired") == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(counted("30-days") == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(counted("90-days") == std::pair<std::size_t, std::size_t>(1, 1));  // the issuer, counted once, first to end for one device
  CHECK(counted("1-year") == std::pair<std::size_t, std::size_t>(0, 0));
  CHECK(counted("later") == std::pair<std::size_t, std::size_t>(1, 0));
  CHECK(counted("never") == std::pair<std::size_t, std::size_t>(2, 1));
  CHECK(expiry.months.size() == 24);
  CHECK(period(expiry.months, "2026-11").certificates == 1);
  CHECK(period(expiry.months, "2027-02").certificates == 1);
  REQUIRE(expiry.soonest.size() == 3);
  CHECK(expiry.soonest[0].subject == "CN=expired");
  CHECK(expiry.soonest[0].role == CertificateRole::leaf);
  CHECK(expiry.soonest[2].subject == "CN=issuer");
  CHECK(expiry.soonest[2].role == CertificateRole::intermediate);
  CHECK(expiry.soonest[2].devices == 3);
}

TEST_CASE("summary: a certificate is one by its fingerprint, whatever is written there") {
  const std::string digits(64, 'a'), large(64, 'A'), near = digits.substr(1) + "b";
  Fleet fleet;
  for (const std::string& fingerprint : {digits, large, near, digits + "a", std::string("none"), digits, large, std::string("none")}) {
    Result result = passing(cat("h", fleet.summarizer.finish().results));
    ResultCertificate one = certificate("soon", "2026-12-01T00:00:00Z");
    one.sha256 = fingerprint;
    result.certificates = {one};
    fleet.summarizer.add(result);
  }
  const Expiry expiry = fleet.summarizer.finish().expiry;
  REQUIRE(expiry.soonest.size() == 5);
  const std::vector<std::pair<std::string, std::size_t>> expected{{digits, 2}, {large, 2}, {near, 1}, {digits + "a", 1}, {"none", 2}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(expiry.soonest[i].sha256 == expected[i].first);
    CHECK(expiry.soonest[i].devices == expected[i].second);
  }
}

TEST_CASE("summary: what is too much is cut, told, and still counted") {
  Summarizer summarizer(kNow, {.results = 50, .rows = 2, .lines = 3, .devices = 10});
  for (int i = 0; i < 100; ++i) {
    Result result = i % 10 == 9 ? failing(cat("h", i), Exit::untrusted, cat("cause", i)) : passing(cat("h", i));
    result.firmware = cat("f", i % 5);
    summarizer.add(result);
    summarizer.add(Unreadable{"f", 1, "why"});
  }
  const FleetSummary summary = summarizer.finish();
  CHECK(summary.results == 100);
  CHECK(summary.hosts == 100);
  CHECK(summary.verdicts.fail == 10);
  CHECK(summary.failing.size() == 3);
  CHECK(summary.failing_total == 10);
  CHECK(summary.unreadable.size() == 3);
  CHECK(summary.unreadable_total == 100);
  CHECK(summary.causes.rows.size() == 2);
  CHECK(summary.causes.more.devices.total() == 8);
  CHECK(summary.firmware.rows.size() == 2);
  CHECK(summary.firmware.more.devices.total() == 60);
  REQUIRE(summary.devices.size() == 10);
  CHECK(summary.devices[0].verdict == Verdict::fail);  // those first that matter most
  CHECK(summary.devices[9].verdict == Verdict::pass);
  CHECK(summary.cut.size() == 6);
}

TEST_CASE("summary: devices that fail are listed wherever they come") {
  Summarizer summarizer(kNow, {.results = 10, .lines = 5});
  for (int i = 0; i < 100; ++i) summarizer.add(passing(cat("h", i)));
  summarizer.add(failing("last", Exit::bad_signature, "bad-signature"));
  const FleetSummary summary = summarizer.finish();
  REQUIRE(summary.failing.size() == 1);
  CHECK(summary.failing[0].host == "last");
}

TEST_CASE("summary: of roots with one name, the fingerprint tells which it is") {
  Summarizer summarizer(kNow, {.devices = 100});
  const auto add = [&](const std::string& host, const std::string& subject, char digit) {
    Result result = passing(host);
    result.root_subject = subject;
    result.root_sha256 = std::string(64, digit);
    summarizer.add(result);
    return result;
  };
  add("a", "CN=Same", 'a');
  add("b", "CN=Same", 'b');
  add("c", "CN=Same", 'b');
  add("d", "CN=Other", 'd');
  const FleetSummary summary = summarizer.finish();
  REQUIRE(summary.devices.size() == 4);
  CHECK(summary.devices[0].root == "CN=Same (SHA-256 aaaaaaaaaaaaaaaa...)");
  CHECK(summary.devices[2].root == "CN=Same (SHA-256 bbbbbbbbbbbbbbbb...)");
  CHECK(summary.devices[3].root == "CN=Other");
}

TEST_CASE("summary: a key is one device, over functions, transports and days") {
  Fleet fleet;
  const auto add = [&](const std::string& host, const std::string& device, const std::string& key) {
    Result result = passing(host, device);
    result.key = key;
    if (!device.empty()) result.certificates = {certificate("leaf", "2026-12-01T00:00:00Z")};
    fleet.summarizer.add(result);
  };
  add("a", "0000:01:00.0", "key 1");
  add("a", "0000:01:00.1", "key 1");
  add("a", "emu://x", "key 1");
  add("a", "0000:01:00.0", "key 1");  // on another day
  add("b", "0000:01:00.0", "");       // did not answer,
  add("b", "0000:01:00.0", "key 2");  // and then did
  add("b", "0000:01:00.0", "");
  add("b", "0000:01:00.0", "key 3");  // another one has taken its place
  add("c", "0000:01:00.0", "");       // never proven
  add("c", "0000:01:00.0", "");
  add("d", "0000:01:00.0", "");  // it is a device that was seen elsewhere
  add("d", "0000:01:00.0", "key 1");
  add("", "", "");  // a run without a device
  const FleetSummary summary = fleet.summarizer.finish();
  CHECK(summary.results == 13);
  CHECK(summary.devices_total == 4);
  CHECK(summary.repeated == 6);
  CHECK(period(summary.expiry.periods, "30-days").certificates == 1);
  CHECK(summary.expiry.soonest.at(0).devices == 5);  // d was counted before it showed whom it is
  CHECK(to_json(summary)["totals"]["devices"] == 4);
}

TEST_CASE("summary: a device is one of its siblings once, by its last result") {
  Fleet fleet;
  fleet.add(4, passing(""), "a");
  Result odd = passing("odd");
  odd.key = "key";
  odd.firmware = "1.0";
  for (int i = 0; i < 10; ++i) fleet.summarizer.add(odd);
  const FleetSummary summary = fleet.summarizer.finish();
  CHECK(words(summary) == "odd: firmware version 1.0, but 2.3 on 4 of 5 of its model\n");
}
