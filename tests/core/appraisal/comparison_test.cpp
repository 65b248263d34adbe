// What matches a reference value, what does not, and what cannot be said.
#include "core/appraisal/references.h"
#include "core/appraisal/trial.h"
#include "core/crypto/crypto.h"
#include "core/format/yaml_reader.h"

using namespace trial;

namespace {

using Result = Comparison::Result;

const std::string k11x(64, '1'), k22x(64, '2'), k33x(64, '3');

// The usual blocks: 1 and 2 digests of 0x11.. and 0x22.., 7 the security version number 3.
const std::string kGood = cat("[{index: 1, digest: \"", k11x, "\"}, {index: 2, digest: \"", k22x, "\"}, {index: 7, min-svn: 3}]");

References references_of(const std::string& measurements, const std::string& more = {}, const std::string& match = "{}") {
  References out;
  out.asked = true;
  add_references(out, "refs.yaml", cat("version: 1\ndevices:\n- match: ", match, "\n", more, "  measurements: ", measurements, "\n"));
  return out;
}

Report compared(Trial& trial, const References& references) {
  trial.question.references = &references;
  return trial.collect().judge();
}

Report compared(const References& references) {
  Trial trial;
  return compared(trial, references);
}

Report compared(const std::string& measurements) { return compared(references_of(measurements)); }

const Comparison& at(const Report& report, std::uint8_t index) {
  const auto it =
      std::find_if(report.comparisons.begin(), report.comparisons.end(), [&](const Comparison& one) { return one.index == index; });
  REQUIRE(it != report.comparisons.end());
  return *it;
}

struct Wanted {
  Verdict verdict;
  Exit exit;
  CheckStatus status;
};

void expect(const Report& report, const Wanted& wanted) {
  CAPTURE(report.reason);
  CHECK(report.verdict == wanted.verdict);
  CHECK(report.exit == wanted.exit);
  CHECK(status(report, Check::references) == wanted.status);
}

constexpr Wanted kMatches{Verdict::pass, Exit::ok, CheckStatus::pass};
constexpr Wanted kDiffers{Verdict::fail, Exit::measurement, CheckStatus::fail};
constexpr Wanted kNothing{Verdict::undetermined, Exit::no_reference, CheckStatus::not_run};
constexpr Wanted kUnsigned{Verdict::undetermined, Exit::measurement, CheckStatus::not_run};

fake::Profile with(std::vector<MeasurementBlock> blocks) {
  fake::Profile out;
  out.blocks = std::move(blocks);
  return out;
}

}  // namespace

TEST_CASE("comparison: everything as expected") {
  const Report report = compared(kGood);
  expect(report, kMatches);
  CHECK(report.reason == "authenticated, measurements: 3 match");
  REQUIRE(report.comparisons.size() == 3);
  CHECK(at(report, 2).result == Result::match);
  CHECK(at(report, 2).expected == std::vector{k22x});
  CHECK(at(report, 2).reported == k22x);
  CHECK(at(report, 2).source == "refs.yaml:4");
  CHECK(at(report, 7).expected == std::vector<std::string>{"svn >= 3"});
  CHECK(at(report, 7).reported == "svn 3");
}

TEST_CASE("comparison: another value, of any form, is a mismatch with both values") {
  const std::string start = cat("[{index: 1, digest: \"", k11x, "\"}, {index: 2, ignore: true}, {index: 7, ignore: true}, ");
  Report report = compared(cat("[{index: 1, digest: \"", k11x, "\"}, {index: 2, digest: \"", k33x, "\"}, {index: 7, min-svn: 3}]"));
  expect(report, kDiffers);
  CHECK(at(report, 1).result == Result::match);
  CHECK(at(report, 2).result == Result::mismatch);
  CHECK(report.reason == cat("measurement 0x02 (mutable-firmware): is ", k22x, ", the reference value of refs.yaml:4 is ", k33x));
  std::string one_digit = k22x;
  one_digit.back() = '3';
  expect(compared(cat("[{index: 1, digest: \"", k11x, "\"}, {index: 2, digest: \"", one_digit, "\"}, {index: 7, min-svn: 3}]")), kDiffers);

  for (const char* const good : {"raw: \"322e33\"", "text: \"2.3\"", "any-of: [{text: \"2.2\"}, {text: \"2.3\"}]"}) {
    Trial trial(with({{6, MeasurementType::firmware_version, true, {'2', '.', '3'}}}));
    expect(compared(trial, references_of(cat("[{index: 6, ", good, "}]"))), kMatches);
  }
  for (const char* const bad :
       {"raw: \"322e34\"", "text: \"2.30\"", "any-of: [{text: \"2.2\"}, {text: \"2.4\"}]", "min-svn: 1", "svn: 2"}) {
    Trial trial(with({{6, MeasurementType::firmware_version, true, {'2', '.', '3'}}}));
    expect(compared(trial, references_of(cat("[{index: 6, ", bad, "}]"))), kDiffers);
  }
}

TEST_CASE("comparison: security version numbers") {
  const std::string rest = cat("[{index: 1, digest: \"", k11x, "\"}, {index: 2, digest: \"", k22x, "\"}, {index: 7, ");
  for (const char* const good : {"min-svn: 0", "min-svn: 3", "svn: 3", "svn: 3, min-svn: 3", "any-of: [{svn: 2}, {svn: 3}]"})
    expect(compared(cat(rest, good, "}]")), kMatches);
  const Report low = compared(cat(rest, "min-svn: 4}]"));
  expect(low, kDiffers);
  CHECK(found(low, FindingId::svn_too_low));
  CHECK(low.reason ==
        "measurement 0x07 (mutable-firmware-security-version): the security version number is 3, refs.yaml:4 asks for at least 4");
  for (const char* const bad : {"svn: 4", "svn: 3, min-svn: 4", "min-svn: 18446744073709551615"})
    expect(compared(cat(rest, bad, "}]")), kDiffers);
}

TEST_CASE("comparison: no reference value is not a mismatch") {
  const std::string one = cat("[{index: 1, digest: \"", k11x, "\"}]");
  const Report report = compared(one);
  expect(report, kNothing);
  CHECK(at(report, 2).result == Result::no_reference);
  CHECK(at(report, 2).reported == k22x);
  CHECK(report.reason == cat("measurement 0x02 (mutable-firmware): is ", k22x, ", refs.yaml:3 has no reference value for it"));
  const Report incomplete = compared(references_of(one, "  complete: false\n"));
  expect(incomplete, kMatches);
  CHECK(at(incomplete, 2).result == Result::no_reference);

  Trial demanding;  // a policy leaves nothing out
  demanding.question.rule.require.references = true;
  expect(compared(demanding, references_of(one, "  complete: false\n")), kNothing);
}

TEST_CASE("comparison: a policy that asks for reference values is not content with none that counts") {
  const std::string ignored = "[{index: 1, ignore: true}, {index: 2, ignore: true}, {index: 7, ignore: true}]";
  expect(compared(ignored), kMatches);
  Trial demanding;
  demanding.question.rule.require.references = true;
  const Report report = compared(demanding, references_of(ignored));
  expect(report, kNothing);
  CHECK(report.reason == "no measurement was compared with a value: refs.yaml:3 has none that counts");
  Trial one;
  one.question.rule.require.references = true;
  expect(compared(one, references_of(cat("[{index: 1, digest: \"", k11x, "\"}, {index: 2, ignore: true}, {index: 7, ignore: true}]"))),
         kMatches);
}

TEST_CASE("comparison: a device without any reference values") {
  const References other = references_of(kGood, {}, "{vendor: \"8086\"}");
  const Report report = compared(other);
  expect(report, kNothing);
  CHECK(report.comparisons.empty());
  CHECK(report.reason == "no reference values match this device");

  References layers = other;  // of the system: nobody asked for them in this run
  layers.asked = false;
  expect(compared(layers), {Verdict::pass, Exit::ok, CheckStatus::not_needed});
  Trial demanding;
  demanding.question.rule.require.references = true;
  expect(compared(demanding, layers), kNothing);
  Trial without;
  without.question.rule.require.references = true;
  expect(without.collect().judge(), kNothing);
}

TEST_CASE("comparison: what a device does not report") {
  const std::string more = kGood.substr(0, kGood.size() - 1) + ", {index: 9, digest: \"" + k33x + "\"}]";
  const Report report = compared(more);
  expect(report, kDiffers);
  CHECK(at(report, 9).result == Result::not_reported);
  CHECK(report.reason == "measurement 0x09: is not reported, refs.yaml:4 has a reference value for it");

  Trial each;
  each.wanted.measurements = MeasurementMode::each;
  expect(compared(each, references_of(more)), kDiffers);
  Trial one;  // what nobody asked for is not missing if the user says so, not the prover
  one.wanted.measurements = MeasurementMode::indices;
  one.wanted.indices = {1};
  expect(compared(one, references_of(more)), kNothing);
  one.question.user.partial = true;
  expect(compared(one, references_of(more)), kMatches);
  Trial demanding;
  demanding.wanted.measurements = MeasurementMode::indices;
  demanding.wanted.indices = {1};
  demanding.question.rule.require.references = true;
  expect(compared(demanding, references_of(more)), kNothing);
}

TEST_CASE("comparison: no measurements at all") {
  Trial trial;
  trial.wanted.measurements = MeasurementMode::none;
  trial.question.user.depth = Depth::authenticate;
  References references = references_of(kGood);
  expect(compared(trial, references), kNothing);
  references.asked = false;
  Trial again;
  again.wanted.measurements = MeasurementMode::none;
  again.question.user.depth = Depth::authenticate;
  expect(compared(again, references), {Verdict::pass, Exit::ok, CheckStatus::not_needed});
  Trial refusing;  // to be asked and to say nothing is more than not to be asked
  refusing.question.user.depth = Depth::authenticate;
  refusing.device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code != Code::get_measurements) return std::nullopt;
    return ErrorResponse{.version = k12, .code = ErrorCode::invalid_request, .data = 0, .extended = {}}.encode();
  };
  CHECK(status(compared(refusing, references), Check::references) == CheckStatus::not_run);
}

TEST_CASE("comparison: only what a good signature covers can match") {
  Trial open;
  open.wanted.sign_measurements = false;
  open.question.user.depth = Depth::authenticate;
  const Report report = compared(open, references_of(kGood));
  expect(report, kUnsigned);
  CHECK(at(report, 1).result == Result::not_signed);
  CHECK(found(report, FindingId::reference_unsigned));

  Trial wrong;  // and a mismatch is one, signed or not
  wrong.wanted.sign_measurements = false;
  wrong.question.user.depth = Depth::authenticate;
  expect(compared(wrong, references_of(cat("[{index: 1, digest: \"", k33x, "\"}]"))), kDiffers);

  Trial forged;
  forged.device.signer = [](std::string_view, const Bytes&) { return Bytes(64, 1); };
  const Report bad = compared(forged, references_of(kGood));
  CHECK(bad.exit == Exit::bad_signature);
  CHECK(at(bad, 1).result == Result::not_signed);
}

TEST_CASE("comparison: DSP0274 bit 7 tells raw values from digests, and a digest is the hash of its raw value") {
  const Bytes image(100, 0x5A);
  const HashAlgorithm& sha256 = *find_hash("SHA-256");
  const std::string digest = hex(crypto::hash(sha256, image)), raw = hex(image);
  const auto one = [](bool is_raw, const Bytes& value, MeasurementType type = MeasurementType::mutable_firmware) {
    return with({{2, type, is_raw, value}});
  };
  for (const std::string& form : {cat("digest: \"", digest, "\""), cat("raw: \"", raw, "\"")}) {
    CAPTURE(form);
    Trial as_raw(one(true, image)), as_digest(one(false, crypto::hash(sha256, image)));
    expect(compared(as_raw, references_of(cat("[{index: 2, ", form, "}]"))), kMatches);
    expect(compared(as_digest, references_of(cat("[{index: 2, ", form, "}]"))), kMatches);
    Bytes other = image;
    other[99] ^= 1;
    Trial raw_differs(one(true, other)), digest_differs(one(false, crypto::hash(sha256, other)));
    expect(compared(raw_differs, references_of(cat("[{index: 2, ", form, "}]"))), kDiffers);
    expect(compared(digest_differs, references_of(cat("[{index: 2, ", form, "}]"))), kDiffers);
  }
  // Bytes that happen to be equal are not: a raw value of 32 bytes is no digest.
  Trial disguised(one(true, Bytes(32, 0x22)));
  expect(compared(disguised, references_of(cat("[{index: 2, digest: \"", k22x, "\"}]"))), kDiffers);
  // What a log extends is no hash of a raw value.
  Trial extended(one(false, crypto::hash(sha256, image), MeasurementType::hash_extend));
  expect(compared(extended, references_of(cat("[{index: 2, raw: \"", raw, "\"}]"))), kNothing);
}

TEST_CASE("comparison: digests of another algorithm cannot be compared") {
  const Report size = compared(references_of(cat("[{index: 1, digest: \"", std::string(96, '1'), "\"}]"), "  complete: false\n"));
  expect(size, kNothing);
  CHECK(size.reason.find("is a digest of SHA-256 of 32 bytes, nothing in refs.yaml:5 can be compared with it") != std::string::npos);
  expect(compared(references_of(cat("[{index: 1, digest: \"", k11x, "\"}]"), "  complete: false\n  hash: SHA3-256\n")), kNothing);
  expect(compared(references_of(cat("[{index: 1, digest: \"", k11x, "\"}]"), "  complete: false\n  hash: SHA-256\n")), kMatches);
  // A raw value can be hashed with whatever the reference value was made with.
  const std::string digest = hex(crypto::hash(*find_hash("SHA-384"), Bytes(10, 1)));
  Trial raw(with({{2, MeasurementType::mutable_firmware, true, Bytes(10, 1)}}));
  const Report hashed = compared(raw, references_of(cat("[{index: 2, digest: \"", digest, "\"}]"), "  hash: SHA-384\n"));
  expect(hashed, kMatches);
  CHECK(at(hashed, 2).reported == digest);
  // One that fits among others that cannot be compared is enough, and so is one that differs.
  const std::string both = cat("[{index: 1, any-of: [{digest: \"", std::string(96, '1'), "\"}, {digest: \"", k11x, "\"}]}]");
  expect(compared(references_of(both, "  complete: false\n")), kMatches);
}

TEST_CASE("comparison: the type must be the same where it is given") {
  const std::string typed = "[{index: 1, type: immutable-rom, digest: \"" + k11x + "\"}, {index: 2, type: ";
  const std::string rest = ", digest: \"" + k22x + "\"}, {index: 7, min-svn: 3}]";
  expect(compared(cat(typed, "mutable-firmware", rest)), kMatches);
  const Report report = compared(cat(typed, "firmware-configuration", rest));
  expect(report, kDiffers);
  CHECK(report.reason == "measurement 0x02 (mutable-firmware): the reference value of refs.yaml:4 is for firmware-configuration");
}

TEST_CASE("comparison: several entries for a device") {
  const auto both = [](const std::string& first, const std::string& second, const std::string& match = "{}") {
    References out = references_of(first, "  complete: false\n");
    add_references(out, "b.yaml", cat("version: 1\ndevices:\n- match: ", match, "\n  complete: false\n  measurements: ", second));
    return out;
  };
  const std::string good = cat("[{index: 1, digest: \"", k11x, "\"}]"), bad = cat("[{index: 1, digest: \"", k33x, "\"}]");
  expect(compared(both(good, bad)), kMatches);
  expect(compared(both(bad, good)), kMatches);
  expect(compared(both(bad, bad)), kDiffers);
  expect(compared(both(bad, good, "{vendor: \"8086\"}")), kDiffers);
  const std::string ignored = "[{index: 1, ignore: true}]";
  expect(compared(both(ignored, bad)), kDiffers);
  expect(compared(both(bad, ignored)), kDiffers);
  expect(compared(both(ignored, ignored)), kMatches);
  expect(compared(both("[{index: 7, min-svn: 3}]", "[{index: 7, min-svn: 4}]")), kDiffers);
  const Report report = compared(both(good, bad));
  CHECK(at(report, 1).source == "refs.yaml:5, b.yaml:5");
  CHECK(at(report, 1).expected == std::vector{k11x, k33x});
}

TEST_CASE("comparison: entries are for the devices that they match") {
  Trial trial;
  trial.evidence.host.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02");
  trial.question.user.identity_match = IdentityMatch::none;
  expect(compared(trial, references_of(kGood, {}, "{vendor: \"1b36\", device: \"0010\"}")), kMatches);
  const References other = references_of(kGood, {}, "{vendor: \"1b36\", device: \"0011\"}");
  trial.question.references = &other;
  expect(trial.judge(), kNothing);
}
