// The document of one device: what stands in it, and what is left out.
#include "core/appraisal/report.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/trial.h"

using namespace trial;

TEST_CASE("report: algorithms are told where both sides have agreed on some") {
  CHECK(to_json(Trial().collect().judge())["connection"]["algorithms"]["hash"] == "SHA-256");
  Trial trial;
  trial.device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code == Code::negotiate_algorithms) throw Error(ErrorId::timeout, "no answer");
    return std::nullopt;
  };
  const Json connection = to_json(trial.collect().judge())["connection"];
  CHECK(connection["version"] == "1.2");
  CHECK_FALSE(connection.contains("algorithms"));
  CHECK_FALSE(connection.contains("negotiation_proven"));
}

TEST_CASE("report: what a rule asks is told by what became of it") {
  Report report;
  report.policy.emplace().demands = {{"a", DemandState::met}, {"b", DemandState::unmet}, {"c", DemandState::undecided}};
  const Json policy = to_json(report)["policy"];
  CHECK(policy["demands"].dump() == R"(["a","b","c"])");
  CHECK(policy["unmet"].dump() == R"(["b"])");
  CHECK(policy["undecided"].dump() == R"(["c"])");
}

TEST_CASE("report: the TSM of a device, also where it names none") {
  PlatformView platform;
  CHECK(to_json(platform).dump() == "{}");
  platform.tsm_connected = "tsm0";
  platform.tsm_bound = "";
  CHECK(to_json(platform).dump() == R"({"tsm_connected":"tsm0","tsm_bound":""})");
}
