// Signatures over what was said: the right ones pass, and nothing else does.
#include "core/appraisal/trial.h"

using namespace trial;

namespace {

using Signer = std::function<Bytes(const fake::Device&, std::string_view context, const Bytes& transcript)>;

// Replaces the signatures of one message kind.
Report with_signer(std::string_view kind, std::uint8_t version, const Signer& signer) {
  Trial trial(in_version(version));
  trial.device.signer = [&](std::string_view context, const Bytes& transcript) {
    return context == kind ? signer(trial.device, context, transcript) : trial.device.sign(context, transcript);
  };
  return trial.collect().judge();
}

void is_bad(const Report& report) {
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::bad_signature);
  CHECK(found(report, FindingId::bad_signature));
  CHECK(status(report, Check::signature) == CheckStatus::fail);
  for (const SignatureReport& signature : report.signatures) CHECK(signature.hash == "SHA-256");  // also of one that is wrong
}

constexpr std::string_view kKinds[] = {kChallengeAuthContext, kMeasurementsContext};

void cut_off(std::string_view kind) {
  for (const std::size_t size : {0U, 1U, 63U}) {
    const Report report = with_signer(kind, k12, [&](auto&&...) { return Bytes(size, 0x51); });
    CHECK(report.verdict == Verdict::fail);
    CHECK(report.exit == Exit::peer);
    CHECK(found(report, FindingId::protocol_violation));
  }
}

}  // namespace

TEST_CASE("signature: a good conversation passes, in every version, with every common algorithm") {
  struct Case {
    std::uint8_t version;
    std::string_view asym, hash;
  };
  std::vector<Case> cases;
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) cases.push_back({version, "ECDSA-P256", "SHA-256"});
  cases.insert(cases.end(), {{k12, "ECDSA-P384", "SHA-384"},
                             {k13, "ECDSA-P521", "SHA3-512"},
                             {k12, "RSAPSS-2048", "SHA-512"},
                             {k11, "RSASSA-2048", "SHA-256"},
                             {k14, "Ed25519", "SHA-384"}});
  for (const Case& c : cases) {
    CAPTURE(c.asym);
    CAPTURE(version_name(c.version));
    fake::Profile profile = in_version(c.version);
    profile.asym = c.asym, profile.hash = c.hash;
    const Report report = Trial(profile).collect().judge();
    CHECK(report.verdict == Verdict::pass);
    CHECK(report.exit == Exit::ok);
    CHECK(report.findings.empty());
    REQUIRE(report.signatures.size() == 2);
    CHECK(report.signatures[0].result == SignatureResult::good);
    CHECK(report.signatures[0].fresh);
    CHECK(report.signatures[0].algorithm == c.asym);
    CHECK(std::all_of(report.measurements.begin(), report.measurements.end(), [](const Measurement& m) { return m.is_signed; }));
  }
}

TEST_CASE("signature: opaque data of a responder is under it") {
  fake::Profile profile;
  profile.opaque = {1, 0, 0, 0, 3, 2, 0x36, 0x1B, 2, 0, 0xAB, 0xCD};
  CHECK(Trial(profile).collect().judge().verdict == Verdict::pass);
}

TEST_CASE("N184 the signature of CHALLENGE_AUTH is absent or cut off") { cut_off(kChallengeAuthContext); }

TEST_CASE("N210 the signature of MEASUREMENTS is absent or cut off") { cut_off(kMeasurementsContext); }

TEST_CASE("N184 the signature of CHALLENGE_AUTH is zero or random") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    is_bad(with_signer(kChallengeAuthContext, version, [](auto&&...) { return Bytes(64, 0); }));
    is_bad(with_signer(kChallengeAuthContext, version, [](auto&&...) { return crypto::random(64); }));
  }
}

TEST_CASE("N211 the signature of MEASUREMENTS is zero or random") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    is_bad(with_signer(kMeasurementsContext, version, [](auto&&...) { return Bytes(64, 0); }));
    const Report report = with_signer(kMeasurementsContext, version, [](auto&&...) { return crypto::random(64); });
    is_bad(report);
    for (const Measurement& measurement : report.measurements) CHECK_FALSE(measurement.is_signed);
    CHECK(found(report, FindingId::measurements_unsigned));
    CHECK(status(report, Check::measurements) == CheckStatus::not_run);
  }
}

TEST_CASE("N185 the signature belongs to an older nonce") {
  for (const std::uint8_t version : {k10, k11, k12}) {
    Trial trial(in_version(version));
    trial.collect();
    std::map<std::uint8_t, Bytes> recorded;
    for (const Message& message : trial.evidence.log) recorded[message.bytes[1]] = message.bytes;
    for (const Code code : {Code::challenge, Code::get_measurements}) {
      Trial replay(in_version(version));
      replay.device.intercept = [&](Code asked, View) -> std::optional<Bytes> {
        if (asked != code) return std::nullopt;
        return recorded[static_cast<std::uint8_t>(response_to(code))];
      };
      is_bad(replay.collect().judge());
    }
  }
}

TEST_CASE("N186 the signature was made for another message") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    const Signer as_measurements = [](const fake::Device& device, auto, const Bytes& all) {
      return device.sign(kMeasurementsContext, all);
    };
    const Signer as_challenge = [](const fake::Device& device, auto, const Bytes& all) { return device.sign(kChallengeAuthContext, all); };
    const Signer as_requester = [](const fake::Device& device, auto, const Bytes& all) {
      return device.sign("requester-challenge_auth signing", all);
    };
    is_bad(with_signer(kChallengeAuthContext, version, as_measurements));
    is_bad(with_signer(kMeasurementsContext, version, as_challenge));
    is_bad(with_signer(kChallengeAuthContext, version, as_requester));
  }
}

TEST_CASE("N187 the signature covers padding, or lacks what was negotiated") {
  for (const std::string_view kind : kKinds)
    for (const std::uint8_t version : {k11, k12, k13}) {
      is_bad(with_signer(kind, version, [](const fake::Device& device, auto context, Bytes transcript) {
        transcript.resize(transcript.size() + 2);
        return device.sign(context, transcript);
      }));
      is_bad(with_signer(kind, version, [](const fake::Device& device, auto context, const Bytes& transcript) {
        return device.sign(context, View(transcript).subspan(12));  // without GET_VERSION and VERSION, or what stands first
      }));
      is_bad(with_signer(kind, version, [](const fake::Device& device, auto context, const Bytes& transcript) {
        return device.sign(context, View(transcript).first(transcript.size() - 1));
      }));
    }
}

TEST_CASE("N188 signatures that are no r and s") {
  const Bytes order = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "order of P-256");
  const auto with_half = [](std::size_t at, const Bytes& half) {
    return [=](const fake::Device& device, std::string_view context, const Bytes& transcript) {
      Bytes out = device.sign(context, transcript);
      std::copy(half.begin(), half.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
      return out;
    };
  };
  for (const std::string_view kind : kKinds)
    for (const std::size_t at : {0U, 32U}) {
      is_bad(with_signer(kind, k12, with_half(at, Bytes(32, 0))));
      is_bad(with_signer(kind, k12, with_half(at, order)));
      is_bad(with_signer(kind, k12, with_half(at, Bytes(32, 0xFF))));
    }
  is_bad(with_signer(kChallengeAuthContext, k12, [](const fake::Device& device, auto context, const Bytes& transcript) {  // DER
    const Bytes plain = device.sign(context, transcript);
    Bytes der{0x30, 0x44, 0x02, 0x20};
    append(der, View(plain).first(32));
    append(der, Bytes{0x02, 0x20});
    append(der, View(plain).subspan(32));
    der.resize(64);
    return der;
  }));
}

TEST_CASE("signature: one answer is one answer, in whatever bytes its signature is written") {
  const Bytes order = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "order of P-256");
  Trial trial(in_version(k12));
  trial.collect();
  const Report before = trial.judge();
  REQUIRE(before.signatures.size() == 2);
  CHECK(before.signatures[0].answer.size() == 32);
  CHECK(before.signatures[0].answer != before.signatures[1].answer);
  // s becomes n - s.
  Evidence changed = trial.evidence;
  Bytes& message = changed.log.back().bytes;
  REQUIRE(message.size() > 64);
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    std::uint8_t& byte = message[message.size() - 32 + i];
    const int difference = order[i] - byte - borrow;
    borrow = difference < 0 ? 1 : 0;
    byte = static_cast<std::uint8_t>(difference + 256 * borrow);
  }
  REQUIRE(changed.log.back().bytes != trial.evidence.log.back().bytes);
  const Report after = trial.judge(changed);
  CHECK(after.verdict == Verdict::pass);
  CHECK(after.signatures[1].answer == before.signatures[1].answer);
  // Another conversation is another answer; a wrong signature is none.
  Trial other(in_version(k12));
  CHECK(other.collect().judge().signatures[1].answer != before.signatures[1].answer);
  changed.log.back().bytes[message.size() - 1] ^= 1;
  CHECK(trial.judge(changed).signatures[1].answer.empty());
}

TEST_CASE("N189 little-endian signatures of 1.0 and 1.1") {
  const auto reversed = [](const fake::Device& device, auto context, const Bytes& transcript) {
    Bytes out = device.sign(context, transcript);
    std::reverse(out.begin(), out.begin() + 32);
    std::reverse(out.begin() + 32, out.end());
    return out;
  };
  for (const std::string_view kind : kKinds)
    for (const std::uint8_t version : {k10, k11}) {
      const Report report = with_signer(kind, version, reversed);
      CHECK(report.verdict == Verdict::pass);
      CHECK(found(report, FindingId::signature_little_endian));
    }
  for (const std::string_view kind : kKinds) is_bad(with_signer(kind, k12, reversed));
}

TEST_CASE("A16 r or s with a leading zero") {
  const Report report = with_signer(kChallengeAuthContext, k12, [](const fake::Device& device, auto context, const Bytes& transcript) {
    for (;;) {
      Bytes out = device.sign(context, transcript);
      if (out[0] == 0 || out[32] == 0) return out;
    }
  });
  CHECK(report.verdict == Verdict::pass);
}

TEST_CASE("N177 CHALLENGE_AUTH names another chain than the one that was read") {
  Trial trial;
  trial.device.named_chain = trial.device.chain(5);
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::untrusted);
  CHECK(found(report, FindingId::chain_hash_mismatch));
  CHECK(status(report, Check::chain) == CheckStatus::fail);
  CHECK(report.signatures[0].result == SignatureResult::good);
}

TEST_CASE("signature: ENDPOINT_INFO") {
  fake::Profile profile = in_version(k13);
  profile.flags |= cap::ep_info_sig;
  Trial trial(profile);
  trial.wanted.endpoint_info = true;
  CHECK(trial.collect().judge().signatures.size() == 3);
  CHECK(trial.judge().verdict == Verdict::pass);
}

TEST_CASE("N301 ENDPOINT_INFO that was changed on the way") {
  fake::Profile profile = in_version(k13);
  profile.flags |= cap::ep_info_sig;
  Trial forged(profile);
  forged.wanted.endpoint_info = true;
  forged.device.tamper = [](Code code, Bytes& response) {
    if (code == Code::get_endpoint_info) response[44] ^= 1;  // in EPInfo
  };
  is_bad(forged.collect().judge());
}

TEST_CASE("N301 a bad signature of ENDPOINT_INFO") {
  fake::Profile profile = in_version(k14);
  profile.flags |= cap::ep_info_sig;
  Trial trial(profile);
  trial.wanted.endpoint_info = true;
  trial.device.signer = [&](std::string_view context, const Bytes& transcript) {
    return context == kEndpointInfoContext ? Bytes(64, 1) : trial.device.sign(context, transcript);
  };
  is_bad(trial.collect().judge());
}

TEST_CASE("signature: algorithms that the library lacks leave the question open") {
  const AsymAlgorithm& missing = *find_asym("ML-DSA-44");
  if (crypto::supports(missing)) return;
  Trial trial(in_version(k14));
  trial.device.tamper = [](Code code, Bytes& response) {
    if (code == Code::negotiate_algorithms) {
      std::fill(response.begin() + 12, response.begin() + 16, std::uint8_t{0});
      response[20] = 1;
    }
    if (code == Code::challenge) response.resize(response.size() - 64 + 2420);
  };
  trial.negotiate();
  trial.digests();
  trial.chain();
  trial.challenge();
  trial.question.user.depth = Depth::authenticate;
  const Report report = trial.judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.exit == Exit::internal);
  CHECK(found(report, FindingId::crypto_unsupported));
}

TEST_CASE("N96 no algorithm in common leaves it undetermined") {
  Trial trial;
  trial.device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code != Code::negotiate_algorithms) return std::nullopt;
    AlgorithmsResponse none;
    none.measurement_specification = 1;
    none.measurement_hash = 4;
    return none.encode(k12);
  };
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(report.exit == Exit::no_device);
  CHECK(found(report, FindingId::no_common_algorithm));
  CHECK_FALSE(found(report, FindingId::protocol_violation));
}
