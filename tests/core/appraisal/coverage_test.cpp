// Which connection, which chain and which measurements a good signature vouches for, and which it does not.
#include "core/appraisal/trial.h"

using namespace trial;

namespace {

const Measurement& at(const Report& report, std::uint8_t index) {
  const auto it =
      std::find_if(report.measurements.begin(), report.measurements.end(), [&](const Measurement& m) { return m.block.index == index; });
  REQUIRE(it != report.measurements.end());
  return *it;
}

MeasurementBlock device_mode(std::uint32_t state) {
  return {0xFE, MeasurementType::device_mode, true, Writer().u32(0x3F).u32(4).u32(0x1F).u32(state).take()};
}

}  // namespace

TEST_CASE("A8 unsigned measurements before the signed one are covered by it") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    Trial trial(in_version(version));
    trial.wanted.measurements = MeasurementMode::each;
    const Report report = trial.collect().judge();
    CHECK(report.verdict == Verdict::pass);
    CHECK(report.measurements.size() == 3);
    CHECK(status(report, Check::measurements) == CheckStatus::pass);
  }
}

TEST_CASE("coverage: all but one of the measurements are not all") {
  for (const bool last : {false, true}) {
    Trial trial;
    trial.negotiate();
    trial.digests(), trial.chain(), trial.challenge();
    trial.measure(kMeasurementCount, false);
    trial.measure(1, false);
    trial.measure(2, !last);
    if (last) trial.measure(7, true);
    const Report report = trial.judge();
    REQUIRE(report.measurement_count == 3);
    CHECK(report.all_measured == last);
  }
}

TEST_CASE("N217 another request in between: the earlier measurements are not covered") {
  Trial trial;
  trial.negotiate();
  trial.digests(), trial.chain(), trial.challenge();
  trial.measure(1, false);
  trial.digests();
  trial.measure(2, true);
  const Report report = trial.judge();
  CHECK(report.signatures.back().result == SignatureResult::good);
  CHECK_FALSE(at(report, 1).is_signed);
  CHECK(at(report, 2).is_signed);
  CHECK(found(report, FindingId::measurements_unsigned));
  CHECK(status(report, Check::measurements) == CheckStatus::not_run);
  CHECK(report.verdict == Verdict::undetermined);
}

TEST_CASE("N45 ERROR in between: the earlier measurements are not covered") {
  Trial trial;
  trial.negotiate();
  trial.digests(), trial.chain(), trial.challenge();
  trial.measure(1, false);
  CHECK_THROWS_AS(trial.measure(99, false), Error);
  trial.measure(2, true);
  const Report report = trial.judge();
  CHECK(report.signatures.back().result == SignatureResult::good);
  CHECK_FALSE(at(report, 1).is_signed);
}

TEST_CASE("N218 values that change between the unsigned and the signed pass") {
  Trial trial;
  trial.negotiate();
  trial.digests(), trial.chain(), trial.challenge();
  trial.measure(kAllMeasurements, false);
  trial.device.blocks[0].value[0] ^= 1;
  trial.measure(kAllMeasurements, true);
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::pass);  // both are signed
  CHECK(found(report, FindingId::measurements_changed));
  CHECK(at(report, 1).block.value == trial.device.blocks[0].value);

  Trial forged;  // somebody on the way changes the unsigned answer
  forged.device.tamper = [first = true](Code code, Bytes& response) mutable {
    if (code == Code::get_measurements && std::exchange(first, false)) response[20] ^= 1;
  };
  forged.wanted.measurements = MeasurementMode::each;
  const Report judged = forged.collect().judge();
  CHECK(judged.verdict == Verdict::fail);
  CHECK(found(judged, FindingId::bad_signature));
}

TEST_CASE("N218 an unsigned answer cannot hide what the signed one shows") {
  fake::Profile profile;
  profile.blocks = {device_mode(0x02)};
  for (const bool hide_first : {true, false}) {
    Trial trial(profile);
    trial.negotiate();
    trial.digests(), trial.chain(), trial.challenge();
    const auto unsigned_read = [&] {
      trial.device.tamper = [](Code code, Bytes& response) {
        if (code == Code::get_measurements) response[8 + 4 + 3 + 12] = 0;  // DeviceModeState
      };
      trial.measure(kAllMeasurements, false);
      trial.device.tamper = {};
      trial.digests();
    };
    if (hide_first) unsigned_read();
    trial.measure(kAllMeasurements, true);
    trial.digests();
    if (!hide_first) unsigned_read();
    const Report report = trial.judge();
    CHECK(report.signatures.back().result == SignatureResult::good);
    CHECK(at(report, 0xFE).is_signed);
    CHECK(at(report, 0xFE).device_mode->device_state == 2);
    CHECK(found(report, FindingId::debug_mode));
    CHECK(found(report, FindingId::measurements_changed));
  }
}

TEST_CASE("N207 the responder says that its measurements changed") {
  fake::Profile profile;
  profile.changed = ContentChanged::changed;
  const Report report = Trial(profile).collect().judge();
  CHECK(report.verdict == Verdict::pass);
  CHECK(found(report, FindingId::measurements_changed));
  CHECK(report.content_changed == ContentChanged::changed);
}

TEST_CASE("N215 the summary hash differs from the blocks that were read") {
  Trial trial;
  trial.device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code == Code::get_measurements) trial.device.blocks[1].value[0] ^= 1;
    return std::nullopt;
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::pass);
  CHECK(found(report, FindingId::summary_hash_mismatch));
  trial.wanted.raw_bit_stream = true;  // the summary is of the blocks in their usual form
  trial.evidence = {};
  CHECK_FALSE(found(trial.collect().judge(), FindingId::summary_hash_mismatch));
}

TEST_CASE("N216 many unsigned measurements before the signed one") {
  fake::Profile profile;
  profile.chain_size = 100;
  Trial trial(profile);
  trial.negotiate();
  trial.digests(), trial.chain(), trial.challenge();
  for (unsigned i = 0; i < 2000; ++i) trial.measure(1, false);
  trial.measure(kAllMeasurements, true);
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::pass);
  CHECK(report.measurements.size() == 3);
}

TEST_CASE("coverage: the number of measurements alone") {
  for (const bool sign : {false, true}) {
    Trial trial;
    trial.wanted.measurements = MeasurementMode::count;
    trial.wanted.sign_measurements = sign;
    trial.question.user.depth = Depth::count;
    const Report report = trial.collect().judge();
    CHECK(report.measurement_count == 3);
    CHECK(status(report, Check::measurements) == (sign ? CheckStatus::pass : CheckStatus::not_run));
    CHECK(report.verdict == (sign ? Verdict::pass : Verdict::undetermined));
    trial.question.user.depth = Depth::measurements;  // who asks for the measurements is not content with their number
    CHECK(trial.judge().verdict == Verdict::undetermined);
  }
}

TEST_CASE("coverage: a key that the owner gave") {
  Trial trial;
  trial.question.user.provisioned = true;  // and the evidence speaks for the key of a certificate
  const Report report = trial.collect().judge();
  CHECK(found(report, FindingId::key_missing));
  CHECK(status(report, Check::signature) == CheckStatus::not_run);
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(std::none_of(report.measurements.begin(), report.measurements.end(), [](const Measurement& m) { return m.is_signed; }));
}

TEST_CASE("coverage: which measurements there are must be covered, too") {
  // Somebody on the way makes up a list of one measurement, and cuts it off from the signature with a Busy of their own.
  Trial trial;
  trial.wanted.measurements = MeasurementMode::each;
  MeasurementsResponse forged;
  forged.record = encode_block(trial.device.blocks[0]);
  trial.device.intercept = [&, list = true, busy = true](Code code, View message) mutable -> std::optional<Bytes> {
    if (code != Code::get_measurements) return std::nullopt;
    if (message[3] == kAllMeasurements && std::exchange(list, false)) return forged.encode(message[0], 1);
    if (message[3] != kAllMeasurements && std::exchange(busy, false))
      return ErrorResponse{.version = message[0], .code = ErrorCode::busy, .data = 0, .extended = {}}.encode();
    return std::nullopt;
  };
  const Report report = trial.collect().judge();
  CHECK(report.signatures.back().result == SignatureResult::good);
  CHECK(report.measurements.size() == 1);
  CHECK(at(report, 1).is_signed);
  CHECK(found(report, FindingId::measurements_unsigned));
  CHECK(status(report, Check::measurements) == CheckStatus::not_run);
  CHECK(report.verdict == Verdict::undetermined);
}

TEST_CASE("coverage: every measurement is refused") {
  fake::Profile profile;
  profile.chunks = false;
  Trial trial(profile);
  trial.device.intercept = [](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::get_measurements || message[3] == kMeasurementCount) return std::nullopt;
    return ErrorResponse{.version = k12, .code = ErrorCode::invalid_request, .data = 0, .extended = {}}.encode();
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(status(report, Check::measurements) != CheckStatus::pass);
}

TEST_CASE("coverage: measurements that nobody signs") {
  fake::Profile profile;
  profile.flags = cap::cert | cap::chal | cap::meas_no_sig;
  Trial trial(profile);
  Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(found(report, FindingId::measurements_unsigned));
  trial.question.user.depth = Depth::authenticate;
  report = trial.judge();
  CHECK(report.verdict == Verdict::pass);  // authenticated, the measurements are only shown
  CHECK(status(report, Check::measurements) == CheckStatus::not_needed);
}

TEST_CASE("coverage: what was proven before a new start says nothing about what followed") {
  Trial trial;
  trial.collect();
  CHECK(trial.judge().verdict == Verdict::pass);
  trial.negotiate();
  const Report report = trial.judge();
  CHECK(report.connections == 2);
  CHECK(report.signatures.size() == 2);
  CHECK(report.signatures[0].result == SignatureResult::good);
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(found(report, FindingId::signature_missing));
}

TEST_CASE("coverage: a bad signature before a new start still counts") {
  Trial trial;
  trial.device.signer = [&](std::string_view, const Bytes&) { return Bytes(64, 1); };
  trial.collect();
  trial.device.signer = {};
  trial.collect();
  const Report report = trial.judge();
  CHECK(report.signatures.back().result == SignatureResult::good);
  CHECK(report.verdict == Verdict::fail);
}

TEST_CASE("N25 the report says that the conversation began again") {
  for (const Code at : {Code::get_version, Code::get_digests, Code::challenge, Code::get_measurements})
    for (const unsigned times : {0U, 1U, 2U}) {
      Trial trial;
      unsigned left = times;
      trial.device.intercept = [&](Code code, View) -> std::optional<Bytes> {
        if (code != at || left == 0) return std::nullopt;
        --left;
        return ErrorResponse{.version = at == Code::get_version ? k10 : k12, .code = ErrorCode::request_resynch, .data = 0, .extended = {}}
            .encode();
      };
      const Report report = trial.collect().judge();
      const auto restarts = std::count_if(report.findings.begin(), report.findings.end(),
                                          [](const Finding& finding) { return finding.id == FindingId::resynchronized; });
      CHECK(restarts == (times == 0 ? 0 : 1));
      CHECK(report.verdict == (times == 2 ? Verdict::undetermined : Verdict::pass));
    }
}

TEST_CASE("N25 another start, after another error, is none that the device asked for") {
  Trial trial;
  trial.device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code != Code::challenge) return std::nullopt;
    return ErrorResponse{.version = k12, .code = ErrorCode::unspecified, .data = 0, .extended = {}}.encode();
  };
  trial.collect();
  trial.device.intercept = {};
  trial.evidence.error.reset();
  CHECK_FALSE(found(trial.collect().judge(), FindingId::resynchronized));
}

TEST_CASE("coverage: a capture that ends before the response") {
  Trial trial;
  trial.collect();
  trial.evidence.log.pop_back();
  trial.evidence.live = false;
  Report report = trial.judge();
  CHECK(found(report, FindingId::capture_incomplete));
  CHECK(report.verdict == Verdict::undetermined);  // no measurements
  CHECK_FALSE(report.signatures[0].fresh);
  trial.evidence.log.clear();
  report = trial.judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.exit != Exit::ok);
}

TEST_CASE("coverage: nothing was signed at all") {
  Trial trial;
  trial.wanted.challenge = false;
  trial.wanted.sign_measurements = false;
  trial.question.user.depth = Depth::authenticate;
  Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.exit == Exit::untrusted);
  CHECK(found(report, FindingId::signature_missing));
  trial.question.user.depth = Depth::look;
  CHECK(status(trial.judge(), Check::signature) == CheckStatus::not_needed);
}

TEST_CASE("N130 the chain is not the one of the digest") {
  Trial trial;
  trial.change_chain = [](ChainResult& chain) {
    chain.sound = false;
    chain.findings.push_back({FindingId::digest_mismatch, "slot 0", "is not the hash of the chain", ""});
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::untrusted);
  CHECK(status(report, Check::chain) == CheckStatus::fail);
}

TEST_CASE("coverage: the chain decides, too") {
  struct Case {
    std::function<void(ChainResult&)> change;
    Verdict verdict;
    Exit exit;
    FindingId finding;
  };
  const std::vector<Case> cases{
      {[](auto& c) {
         c.trust = Trust::untrusted,
         c.findings.push_back({FindingId::not_trusted, "slot 0", "not trusted: no root or pin vouches for it", ""});
       },
       Verdict::fail, Exit::untrusted, FindingId::not_trusted},
      {[](auto& c) {
         c.sound = false, c.findings.push_back({FindingId::expired, "slot 0", "since yesterday", ""});
       },
       Verdict::fail, Exit::untrusted, FindingId::expired},
      {[](auto& c) { c.leaf_key.reset(); }, Verdict::undetermined, Exit::untrusted, FindingId::key_missing},
      {[](auto& c) { c.leaf_key = pki::Key::make("EC", "P-256").public_key(); }, Verdict::fail, Exit::bad_signature,
       FindingId::bad_signature},
      {[](auto& c) { c.slot = 3; }, Verdict::undetermined, Exit::untrusted, FindingId::key_missing},
      {[](auto& c) { c.connection = 1; }, Verdict::undetermined, Exit::untrusted, FindingId::key_missing},
  };
  for (const Case& c : cases) {
    Trial trial;
    trial.change_chain = c.change;
    const Report report = trial.collect().judge();
    CHECK(report.verdict == c.verdict);
    CHECK(report.exit == c.exit);
    CHECK(found(report, c.finding));
  }
  Trial sound_by_name_only;  // without a finding: still no pass
  sound_by_name_only.change_chain = [](auto& c) { c.sound = false; };
  CHECK(sound_by_name_only.collect().judge().verdict == Verdict::fail);
  Trial not_checked;
  not_checked.change_chain = [](auto& c) { c.trust = Trust::not_checked; };
  CHECK(not_checked.collect().judge().verdict == Verdict::undetermined);
}

TEST_CASE("coverage: where nothing was signed, the slot can count that a challenge would go to") {
  fake::Profile profile;
  profile.slots = 0x03;
  Trial trial(profile);
  trial.wanted.challenge = false;
  trial.wanted.all_slots = true;
  trial.wanted.measurements = MeasurementMode::none;
  trial.question.user.depth = Depth::look;
  trial.collect();
  std::vector<std::uint8_t> untrusted;
  trial.change_chain = [&](ChainResult& chain) {
    if (std::find(untrusted.begin(), untrusted.end(), chain.slot) == untrusted.end()) return;
    chain.trust = Trust::untrusted;
    chain.findings.push_back({FindingId::not_trusted, "slot", "not trusted: no root or pin vouches for it", ""});
  };
  const struct {
    std::vector<std::uint8_t> untrusted;
    Verdict of_all, of_one;
  } cases[] = {{{}, Verdict::pass, Verdict::pass},
               {{0}, Verdict::fail, Verdict::pass},
               {{1}, Verdict::fail, Verdict::pass},
               {{0, 1}, Verdict::fail, Verdict::fail}};
  for (const auto& row : cases) {
    untrusted = row.untrusted;
    CAPTURE(untrusted.size());
    trial.question.user.one_slot = false;
    CHECK(trial.judge().verdict == row.of_all);
    trial.question.user.one_slot = true;
    CHECK(trial.judge().verdict == row.of_one);
    CHECK(trial.judge().slots.size() == 2);  // told all the same
  }
}

TEST_CASE("coverage: slots that signed nothing do not count") {
  fake::Profile profile;
  profile.slots = 0x03;
  Trial trial(profile);
  trial.wanted.trusts = [](const Connection&, std::uint8_t slot) { return slot == 1; };
  trial.change_chain = [](ChainResult& chain) {
    if (chain.slot == 0) chain.trust = Trust::untrusted;
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::pass);
  REQUIRE(report.slots.size() == 2);
  CHECK_FALSE(report.slots[0].used);
  CHECK(report.slots[1].used);
}

TEST_CASE("coverage: an interrupted conversation does not pass") {
  Trial trial;
  trial.device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code == Code::get_measurements) throw Error(ErrorId::timeout, "nothing came");
    return std::nullopt;
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.exit == Exit::busy);
  CHECK(report.reason == "nothing came");
  CHECK(report.signatures[0].result == SignatureResult::good);
}
