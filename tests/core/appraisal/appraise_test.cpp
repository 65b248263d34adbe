// What the report says of a conversation as a whole.
#include "core/appraisal/trial.h"

using namespace trial;

TEST_CASE("where nothing was said nothing passes, however little is asked") {
  Trial silent;
  silent.question.user.depth = Depth::look;
  const Report report = silent.judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(status(report, Check::protocol) == CheckStatus::not_run);
  CHECK(report.reason.find("no SPDM connection in the evidence") != std::string::npos);
}

TEST_CASE("the algorithms that a responder says it has are told, and no others") {
  Trial trial(in_version(k13));
  trial.wanted.supported_algorithms = true;
  trial.wanted.challenge = false;
  trial.wanted.measurements = MeasurementMode::none;
  trial.question.user.depth = Depth::look;
  trial.device.tamper = [](Code code, Bytes& response) {
    if (code != Code::get_capabilities) return;
    response[2] = 1;
    append(response, Writer().u8(0).u8(0).u16(30).u8(1).u8(2).u32(0x90).u32(2).zeros(15).u8(1).take());
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::pass);
  REQUIRE(report.connection);
  CHECK(report.connection->supported_asym == std::vector<std::string_view>{"ECDSA-P256", "ECDSA-P384"});
  CHECK(report.connection->supported_hash == std::vector<std::string_view>{"SHA-384"});
}
