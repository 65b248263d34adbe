#include "cmd/output/changes.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/support/temporary.h"

using namespace spdm;

namespace {

Report device(const std::string& source) {
  Report out;
  out.source = source;
  out.verdict = Verdict::pass;
  out.time = "2026-01-01T00:00:00Z";
  Measurement& measurement = out.measurements.emplace_back();
  measurement.block = {2, MeasurementType::mutable_firmware, false, {0xAB, 0xCD}};
  return out;
}

std::string document(const std::vector<Report>& reports) {
  nlohmann::ordered_json out{{"schema", "spdmctl.report/2"}, {"devices", nlohmann::ordered_json::array()}};
  for (const Report& report : reports) out["devices"].push_back(to_json(report));
  return out.dump(2);
}

std::vector<std::string> told(const Report& report) {
  std::vector<std::string> out;
  for (const Change& change : report.changes.value()) out.push_back(change.what + ": " + change.before + " -> " + change.after);
  return out;
}

struct Saved {
  explicit Saved(const std::string& contents) {
    scratch.write("old.json", contents);
    report.emplace(spdm::cmd::EarlierReport::read(scratch.path() / "old.json"));
  }
  support::TemporaryDirectory scratch;
  std::optional<spdm::cmd::EarlierReport> report;
};

std::string failure(const std::string& contents) {
  try {
    Saved{contents};
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::bad_input);
    CHECK(error.device.find("old.json") != std::string::npos);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("changes: what differs is told, what does not is not") {
  Saved saved(document({device("a"), device("b")}));
  Report now = device("a");
  saved.report->compare(now);
  CHECK(told(now).empty());
  now = device("a");
  now.verdict = Verdict::fail;
  now.measurements[0].block.value = {0xAB};
  now.measurements.emplace_back().block = {7, MeasurementType::security_version, true, {1}};
  saved.report->compare(now);
  CHECK(told(now) == std::vector<std::string>{"verdict: pass -> fail", "measurement 0x02 (mutable-firmware): abcd -> ab",
                                              "measurement 0x07 (mutable-firmware-security-version, raw):  -> 01"});
  now = device("c");
  saved.report->compare(now);
  CHECK(told(now) == std::vector<std::string>{"device:  -> new"});
  CHECK(saved.report->gone({}) == std::vector<std::string>{"b"});
  CHECK(saved.report->time() == "2026-01-01T00:00:00Z");
}

TEST_CASE("changes: a PCI function is the same one, whatever it was called before") {
  Saved saved(document({device("03:00.0"), device("0000:04:00.0")}));
  Report now = device("0000:03:00.0");
  saved.report->compare(now);
  CHECK(told(now).empty());
  CHECK(saved.report->gone({}) == std::vector<std::string>{"0000:04:00.0"});
  CHECK(saved.report->gone({"04:00.0"}) == std::vector<std::string>{"0000:04:00.0"});
  CHECK(saved.report->gone({"05:00.0"}).empty());
}

TEST_CASE("changes: what was not heard has not gone") {
  Saved saved(document({device("a")}));
  Report now = device("a");
  now.measurements.clear();
  Report silent = now;
  saved.report->compare(now);
  CHECK(told(now) == std::vector<std::string>{"measurement 0x02 (mutable-firmware): abcd -> "});
  silent.error = Interruption{ErrorId::timeout, "no answer", ""};
  silent.verdict = Verdict::undetermined;
  saved.report->compare(silent);
  CHECK(told(silent) == std::vector<std::string>{"verdict: pass -> undetermined"});
}

TEST_CASE("changes: one report on each line, and what is none") {
  nlohmann::ordered_json line = to_json(device("a"));
  line["schema"] = "spdmctl.report/2";
  Saved saved(line.dump() + "\n\n" + line.dump() + "\n");
  Report now = device("a");
  saved.report->compare(now);
  CHECK(told(now).empty());

  line["schema"] = "spdmctl.report/1";  // what an older program has left
  Saved older(line.dump() + "\n");
  older.report->compare(now);
  CHECK(told(now).empty());
  line["schema"] = "spdmctl.report/3";
  CHECK(failure(line.dump() + "\n").find("its schema is spdmctl.report/3, not spdmctl.report/2 or spdmctl.report/1") != std::string::npos);
  line["schema"] = "spdmctl.report/2";

  CHECK(failure("") != "none");
  CHECK(failure("nonsense").find("is not JSON") != std::string::npos);
  CHECK(failure("{\"schema\": \"spdmctl.list/1\"}").find("is not a report") != std::string::npos);
  CHECK(failure(line.dump() + "\n{}\n").find("line 2: is not a report") != std::string::npos);
  CHECK(failure(line.dump() + "\n{\n").find("line 2: is not JSON") != std::string::npos);
  CHECK(failure("{\"schema\": \"spdmctl.report/2\", \"devices\": [1]}").find("devices[0]") != std::string::npos);
  // Values of another kind than they should be are none.
  CHECK(
      failure(
          R"({"schema": "spdmctl.report/2", "devices": [{"source": "x", "slots": [1, {"chain": 5}], "measurements": [{"index": "y"}], "connection": []}]})") ==
      "none");
}

TEST_CASE("changes: a target of which nothing could be read is not gone, then or now") {
  Saved saved(document({device("file:a.json"), device("file:b.json")}));
  saved.report->saw("file:a.json");
  saved.report->saw("file:new.json");
  CHECK(saved.report->gone({}) == std::vector<std::string>{"file:b.json"});

  // Then it could not be read, and stands there under the name of the file.
  Saved unread(R"({"schema": "spdmctl.report/2", "devices": [{"source": "a.json", "verdict": "undetermined", "exit_code": 2,)"
               R"( "error": {"id": "bad-input", "why": "empty"}}]})");
  Report now = device("file:a.json");
  unread.report->compare(now);
  CHECK(told(now) == std::vector<std::string>{"verdict: undetermined -> pass"});
  CHECK(unread.report->gone({}).empty());
}
