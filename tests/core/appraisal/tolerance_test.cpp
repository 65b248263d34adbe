// --tolerate: one run shows all that is wrong, and passes nothing.
#include "core/appraisal/trial.h"

#include <doctest/doctest.h>

#include <array>

using namespace spdm;
using trial::found;
using trial::status;
using trial::Trial;

namespace {

Tolerance tolerate(std::string_view name) { return Tolerance(std::array{name}); }

Trial& tolerant(Trial& trial, std::string_view name = "all") {
  trial.wanted.tolerance = trial.question.user.tolerance = tolerate(name);
  return trial;
}

std::vector<std::string> broken(const Report& report) {
  std::vector<std::string> out;
  for (const Finding& finding : report.findings)
    if (finding.id == FindingId::rule_tolerated) out.push_back(finding.where);
  return out;
}

MeasurementBlock block(std::uint8_t index, std::size_t size = 32) {
  return {index, MeasurementType::mutable_firmware, false, Bytes(size, index)};
}

// What it sends is wrong and signed: blocks in descending order, and a digest of 20 bytes.
fake::Profile odd() {
  fake::Profile out;
  out.blocks = {block(5), block(3, 20)};
  return out;
}

}  // namespace

TEST_CASE("tolerance: one run shows each rule that is broken, with message and clause, and reads the rest") {
  Trial trial(odd());
  tolerant(trial).collect();
  CHECK_FALSE(trial.evidence.error);
  const Report report = trial.judge();
  const std::string message = cat("message ", trial.evidence.log.size(), ", ");
  CHECK(broken(report) == std::vector{message + "MEASUREMENTS.DMTFSpecMeasurementValueSize", message + "MEASUREMENTS.Index"});
  CHECK(report.findings.front().id == FindingId::rule_tolerated);
  CHECK(report.findings.front().why.ends_with("(DSP0274, MEASUREMENTS response message)"));
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::peer);
  CHECK(found(report, FindingId::tolerant_run));
  CHECK(report.tolerates == std::vector<std::string>{"all"});
  // The signature is over what the device has sent, and is good.
  CHECK(status(report, Check::signature) == CheckStatus::pass);
  CHECK(status(report, Check::protocol) == CheckStatus::fail);
  CHECK(report.measurements.size() == 2);
  CHECK(report.measurements.back().is_signed);
}

TEST_CASE("tolerance: the same evidence, judged without, fails") {
  Trial trial(odd());
  tolerant(trial).collect();
  trial.question.user.tolerance = {};
  const Report report = trial.judge();
  CHECK(found(report, FindingId::protocol_violation));
  CHECK(broken(report).empty());
  CHECK_FALSE(found(report, FindingId::tolerant_run));
  CHECK(report.tolerates.empty());
  CHECK(report.verdict == Verdict::fail);
}

TEST_CASE("tolerance: a device without any fault is undetermined") {
  Trial trial;
  for (const char* const name : {"all", "MEASUREMENTS.Index"}) {
    tolerant(trial, name);
    trial.evidence = {};
    const Report report = trial.collect().judge();
    CHECK(report.verdict == Verdict::undetermined);
    CHECK(report.exit == Exit::usage);
    CHECK(report.reason.find("--tolerate") != std::string::npos);
    CHECK(status(report, Check::protocol) == CheckStatus::not_run);
    CHECK(status(report, Check::signature) == CheckStatus::pass);
  }
  trial.question.user.tolerance = {};
  CHECK(trial.judge().verdict == Verdict::pass);
}

TEST_CASE("tolerance: what is not named ends the conversation as before") {
  Trial trial(odd());
  tolerant(trial, "MEASUREMENTS.DMTFSpecMeasurementValueSize").collect();
  REQUIRE(trial.evidence.error);
  CHECK(trial.evidence.error->message == "MEASUREMENTS: Index: 3 after 5, blocks must be in ascending order");
  trial.evidence.error.reset();
  const Report report = trial.judge();
  CHECK(broken(report).size() == 1);  // also what was seen before the end
  CHECK(found(report, FindingId::protocol_violation));
}

TEST_CASE("tolerance: no signature is let go") {
  Trial trial(odd());
  trial.device.tamper = [](Code code, Bytes& response) {
    if (code == Code::get_measurements) response.back() ^= 1;
  };
  const Report report = tolerant(trial).collect().judge();
  CHECK(found(report, FindingId::bad_signature));
  CHECK(report.exit == Exit::bad_signature);
  CHECK_FALSE(report.measurements.front().is_signed);
}

TEST_CASE("tolerance: a signature counts for the slot that was asked for, whatever slot the answer names") {
  Trial trial;
  trial.device.tamper = [](Code code, Bytes& response) {
    if (code == Code::challenge) response[2] ^= 1;
  };
  const Report report = tolerant(trial).collect().judge();
  CHECK(broken(report).size() == 1);
  REQUIRE_FALSE(report.signatures.empty());
  CHECK(report.signatures.front().slot == 0);
  CHECK(report.signatures.front().result == SignatureResult::bad);  // it was changed behind the signature
}

TEST_CASE("tolerance: surplus bytes, wrong flags and opaque data that cannot be read") {
  Trial trial;
  trial.device.tamper = [](Code code, Bytes& response) {
    if (code == Code::get_digests) response.insert(response.end(), {1, 2, 3, 4, 5});
    if (code == Code::get_capabilities) response[8] |= 0x18;  // MEAS_CAP 11b
    if (code == Code::get_certificate) response[0] = 0x11;
  };
  const Report report = tolerant(trial).collect().judge();
  CHECK(broken(report) ==
        std::vector<std::string>{"message 4, CAPABILITIES.Flags", "message 8, DIGESTS.length", "message 10, CERTIFICATE.SPDMVersion"});
  fake::Profile opaque;
  opaque.opaque = {1, 0, 0, 0, 0, 9, 9, 9};  // an element whose vendor does not fit
  Trial free_form(opaque);
  const Report told = tolerant(free_form).collect().judge();
  REQUIRE(broken(told).size() == 2);
  CHECK(broken(told)[0].find("CHALLENGE_AUTH.OpaqueElement.VendorID") != std::string::npos);
  CHECK(broken(told)[1].find("MEASUREMENTS.OpaqueElement.VendorID") != std::string::npos);
  CHECK(status(told, Check::signature) == CheckStatus::pass);
}

TEST_CASE("tolerance: a device that breaks everything is bounded") {
  fake::Profile profile;
  for (unsigned i = 0; i < 200; ++i) profile.blocks.push_back(block(1, 20));
  Trial trial(profile);
  tolerant(trial).collect();
  trial.evidence.error.reset();
  const Report report = trial.judge();
  CHECK(broken(report).size() == 64);
  CHECK(found(report, FindingId::protocol_violation));
}

TEST_CASE("measurement-refused: an index that the device answers ERROR for") {
  Trial trial;
  trial.device.intercept = [](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::get_measurements) return std::nullopt;
    const bool refused = message[3] == 2 || message[3] == kAllMeasurements;
    if (!refused) return std::nullopt;
    return ErrorResponse{.version = k12, .code = ErrorCode::unspecified, .data = 0, .extended = {}}.encode();
  };
  trial.collect();
  REQUIRE(trial.evidence.error);
  CHECK(trial.judge().verdict == Verdict::undetermined);
  trial.evidence.error.reset();  // as a capture has it: what was announced still counts
  const Report report = trial.judge();
  CHECK(found(report, FindingId::measurement_refused));
  CHECK(report.measurements.size() == 2);
  CHECK(status(report, Check::measurements) == CheckStatus::not_run);
  CHECK(report.verdict == Verdict::undetermined);
}
