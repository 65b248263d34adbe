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

namespace {

// What a device of an early version sends in one message is more than collectors of an earlier version of this program took.
struct BrokenOff : Trial {
  explicit BrokenOff(std::size_t size, std::uint8_t version = k11) : Trial(profile_of(size, version)) {
    link = fake::Link([this](View message) { return device.answer(message); }, Binding::none, 8000);
    collect();
    REQUIRE_FALSE(evidence.error);
    evidence.live = false;
    const auto last = std::find_if(evidence.log.rbegin(), evidence.log.rend(), [](const Message& message) {
      return !message.from_requester && message.bytes.at(1) == static_cast<std::uint8_t>(Code::measurements);
    });
    REQUIRE(last != evidence.log.rend());
    evidence.log.erase(last.base(), evidence.log.end());
    evidence.error = Interruption{ErrorId::peer, "the message is too large", {}};
  }

  static fake::Profile profile_of(std::size_t size, std::uint8_t version) {
    fake::Profile out = in_version(version);
    out.send_limit = out.room = 8000;
    out.chunks = false;
    out.blocks = {{.index = 1, .type = MeasurementType::mutable_firmware, .raw = true, .value = Bytes(size, 7)}};
    return out;
  }
};

}  // namespace

TEST_CASE("a message that is kept whole is judged, where an earlier version broke off for its size") {
  const Report report = BrokenOff(5000).judge();
  CHECK_FALSE(report.error);
  CHECK(found(report, FindingId::capture_incomplete));
  CHECK(report.verdict == Verdict::pass);
}

TEST_CASE("breaking off stays an error where its size was not the reason") {
  CHECK(BrokenOff(4000).judge().error);       // small
  CHECK(BrokenOff(5000, k12).judge().error);  // both sides announce what they take
  BrokenOff live(5000);
  live.evidence.live = true;
  CHECK(live.judge().error);
  BrokenOff other(5000);
  other.evidence.error->id = ErrorId::io;
  CHECK(other.judge().error);
  BrokenOff torn(5000);  // a message that nobody has read to its end
  torn.evidence.log.back().bytes.resize(4800);
  const Report report = torn.judge();
  CHECK(report.error);
  CHECK(report.verdict == Verdict::fail);
}

TEST_CASE("no common algorithm is no breach of the protocol, whatever the collector called it") {
  Trial trial;
  trial.device.tamper = [](Code code, Bytes& response) {
    if (code == Code::negotiate_algorithms) std::fill_n(response.begin() + 12, 8, std::uint8_t{0});  // BaseAsymSel, BaseHashSel
  };
  trial.collect();
  REQUIRE(trial.evidence.error);
  CHECK(trial.evidence.error->id == ErrorId::no_spdm);
  for (const ErrorId told : {ErrorId::no_spdm, ErrorId::peer}) {
    trial.evidence.error->id = told;
    const Report report = trial.judge();
    REQUIRE(report.error);
    CHECK(report.error->id == ErrorId::no_spdm);
    CHECK(report.exit == Exit::no_device);
  }
  trial.evidence.error->id = ErrorId::timeout;
  CHECK(trial.judge().error->id == ErrorId::timeout);
}
