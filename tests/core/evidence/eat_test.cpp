// Device assignment tokens: written and read back, put together by others, and hostile.
#include "core/evidence/eat.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/evidence/eat_trial.h"
#include "core/evidence/file.h"

using namespace spdm;
using eat::collected;
using eat::contains;
using eat::Item;
using eat::judge;
using eat::refused;
using eat::refused_device;
using eat::token_of;
using trial::found;

namespace {

constexpr std::string_view kSigned = claim::signature;

Item& statement_of(Item& device, bool challenge) {
  return challenge ? eat::at(device, claim::challenge) : eat::at(eat::at(device, claim::measurements), kSigned);
}

// A device that can sign nothing, and has settled no hash, signs all the same.
Evidence signed_without_hash() {
  Evidence out;
  const auto add = [&](const Bytes& request, const Bytes& response) {
    out.log.push_back({.from_requester = true, .secured = false, .bytes = request});
    out.log.push_back({.from_requester = false, .secured = false, .bytes = response});
  };
  add(GetVersion{}.encode(), VersionResponse{{0x1100}}.encode());
  CapabilitiesResponse capabilities;
  add(GetCapabilities{}.encode(k11), capabilities.encode(k11));
  NegotiateAlgorithms offer;
  offer.measurement_specification = 0;
  offer.base_asym = 0x10, offer.base_hash = 1;
  AlgorithmsResponse selection;
  selection.base_asym = 0x10;
  add(offer.encode(k11), selection.encode(k11));
  ChallengeAuth answer;
  answer.slot_mask = 1;
  Bytes response = answer.encode(k11);
  append(response, Bytes(64, 1));
  add(Challenge{}.encode(k11), response);
  return out;
}

}  // namespace

TEST_CASE("a token gives the same verdict, signatures and measurements as the device, in every version") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14})
    for (const auto& what : {std::pair(true, true), std::pair(true, false), std::pair(false, true)}) {
      const bool challenge = what.first, measurements = what.second;
      CAPTURE(version_name(version));
      CAPTURE(challenge);
      CAPTURE(measurements);
      const trial::Trial trial = collected(version, challenge, measurements);
      const Report live = judge(trial, trial.evidence);
      REQUIRE(live.verdict == Verdict::pass);
      const Bytes token = token_of(trial.evidence);
      const Evidence evidence = load_evidence(token, "token");
      CHECK_FALSE(evidence.live);
      const Report read = judge(trial, evidence);
      CHECK(read.verdict == live.verdict);
      REQUIRE(read.signatures.size() == live.signatures.size());
      for (std::size_t i = 0; i < read.signatures.size(); ++i) {
        CHECK(read.signatures[i].message == live.signatures[i].message);
        CHECK(read.signatures[i].result == SignatureResult::good);
        CHECK(read.signatures[i].answer == live.signatures[i].answer);
      }
      REQUIRE(read.measurements.size() == live.measurements.size());
      for (std::size_t i = 0; i < read.measurements.size(); ++i) {
        CHECK(read.measurements[i].block.index == live.measurements[i].block.index);
        CHECK(read.measurements[i].block.value == live.measurements[i].block.value);
      }
      REQUIRE(read.connection);
      CHECK(read.connection->negotiation_proven == live.connection->negotiation_proven);
      CHECK(read.connection->negotiated);
      CHECK(contains(read.collector, kDatProfile));
      // It is written again as the same bytes, and can be kept as evidence of our own kind.
      CHECK(token_of(evidence) == token);
      CHECK(judge(trial, read_evidence(write_evidence(evidence), "again")).verdict == Verdict::pass);
    }
}

TEST_CASE("signed measurements whose negotiation nobody has kept: 1.1 is verified, 1.2 is not") {
  for (const std::uint8_t version : {k11, k12}) {
    CAPTURE(version_name(version));
    const trial::Trial trial = collected(version, false);
    Evidence part;
    part.log.assign(trial.evidence.log.end() - 2, trial.evidence.log.end());
    part.detached = Detached{.format = "report", .asym = "ECDSA-P256", .hash = "SHA-256", .chains = {{0, Bytes(100, 0x30)}}};
    Item token = cbor::read(token_of(part));
    CHECK(eat::device_of(token).find(claim::vca) == nullptr);
    const Evidence evidence = load_evidence(eat::encode(token), "token");
    REQUIRE(evidence.detached);
    CHECK(evidence.detached->format == kEatFormat);
    CHECK(evidence.detached->hash == "SHA-256");
    CHECK(evidence.detached->chains.size() == 1);
    CHECK(evidence.log.size() == 2);
    if (version == k12) CHECK(judge(trial, evidence).verdict == Verdict::undetermined);
    if (version == k12) CHECK(found(judge(trial, evidence), FindingId::vca_missing));
  }
}

TEST_CASE("what a device has not signed, or a token has no room for, is not written, and told") {
  const auto why = [](const Evidence& evidence) {
    try {
      dat_device(evidence);
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::unsupported);
      return std::string(error.what());
    }
    return std::string();
  };
  const trial::Trial good = collected(k12);
  Evidence evidence = good.evidence;
  evidence.error = Interruption{ErrorId::timeout, "no answer", ""};
  CHECK(contains(why(evidence), "interrupted: no answer"));
  evidence = good.evidence;
  evidence.log.push_back({.from_requester = true, .secured = true, .bytes = {1, 2}});
  CHECK(contains(why(evidence), "secure session"));
  evidence = good.evidence;
  evidence.log.insert(evidence.log.end(), good.evidence.log.begin(), good.evidence.log.end());
  CHECK(contains(why(evidence), "several connections"));
  evidence = good.evidence;
  evidence.log.insert(evidence.log.end(), good.evidence.log.end() - 2, good.evidence.log.end());
  CHECK(contains(why(evidence), "several signatures of MEASUREMENTS"));
  evidence = good.evidence;
  evidence.log.back().bytes.push_back(0);
  CHECK(contains(why(evidence), "after the end of the message"));
  evidence = good.evidence;
  evidence.log.resize(6);
  CHECK(contains(why(evidence), "nothing"));
  CHECK(contains(why({}), "no messages"));
  evidence = {};
  evidence.log.assign(good.evidence.log.end() - 2, good.evidence.log.end());
  evidence.detached = Detached{.format = "report", .asym = {}, .hash = {}, .chains = {}};
  CHECK(contains(why(evidence), "not known before a signature is checked"));
  CHECK(contains(why(signed_without_hash()), "not known before a signature is checked"));

  trial::Trial unsigned_too = collected(k12, true, false);
  unsigned_too.wanted.measurements = MeasurementMode::all;
  unsigned_too.wanted.sign_measurements = false;
  unsigned_too.evidence = {};
  unsigned_too.collect();
  const DatDevice device = dat_device(unsigned_too.evidence);
  REQUIRE(device.left_out.size() == 1);
  CHECK(device.left_out.front() == "measurements without a signature");
  CHECK(load_evidence(write_token({device}), "token").log.size() + 2 == unsigned_too.evidence.log.size());
}

TEST_CASE("a token has every device by its name, and a nonce where it is the same for all") {
  trial::Trial trial(trial::in_version(k12));
  trial.wanted.nonce.emplace().fill(0xA1);
  trial.collect();
  const DatDevice one = dat_device(trial.evidence);
  CHECK(one.name == "spdm:");  // the certificates of this device are none
  const Bytes token = write_token({one, one, one});
  const std::vector<EvidencePart> parts = load_parts(token, "token");
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].label == "[spdm:]");
  CHECK(parts[1].label == "[spdm:#2]");
  CHECK(parts[2].label == "[spdm:#3]");
  CHECK(parts[2].evidence.host.target == "spdm:#3");
  const Item tree = cbor::read(token);
  REQUIRE(tree.is_tag(601));
  CHECK(tree.items.front().find(claim::nonce)->bytes == Bytes(32, 0xA1));
  CHECK(tree.items.front().find(claim::profile)->text() == kDatProfile);
  const Bytes other = write_token({one, dat_device(collected(k12).evidence)});
  CHECK(cbor::read(other).items.front().find(claim::nonce) == nullptr);
  CHECK_THROWS_AS(load_evidence(token, "token"), Error);
  CHECK_THROWS_AS(write_token(std::vector<DatDevice>(kMaxDevicesOfDocument + 1)), Error);
}

TEST_CASE("claims that repeat what is signed must not contradict it") {
  for (const std::uint8_t version : {k10, k11, k12, k14}) {
    CAPTURE(version_name(version));
    const Bytes token = token_of(collected(version).evidence);
    for (const bool challenge : {true, false}) {
      const std::string where = challenge ? "claim 3807" : "claim 3802, \"signature\"";
      CAPTURE(where);
      const auto changed = [&](std::uint8_t key, const std::function<void(Item&)>& change) {
        return refused_device(token, [&](Item& device) { change(eat::at(statement_of(device, challenge), key)); });
      };
      const auto flip = [](Item& item) { item.bytes.back() ^= 1; };
      CHECK(changed(7, [](Item&) {}).empty());
      CHECK(contains(changed(1, [](Item& slot) { slot.number = 1; }), where + ", 1"));
      CHECK(contains(changed(2, flip), where + ", 2"));
      CHECK(contains(changed(3, flip), where + ", 3"));
      CHECK(contains(changed(4, flip), where + ", 4"));
      CHECK(contains(changed(6, [](Item& hash) { hash.number = 2; }), where + ", 6"));
      CHECK(contains(changed(6, [](Item& hash) { hash.number = 3; }), where + ", 6"));
      CHECK(contains(changed(7, [](Item& signature) { signature.bytes.pop_back(); }), where));
      CHECK(contains(changed(7, [](Item& signature) { signature.bytes.push_back(0); }), where));
      CHECK(contains(changed(7, [](Item& signature) { signature.bytes.clear(); }), where + ", 7"));
      CHECK(contains(changed(5, [](Item& transcript) { transcript.bytes.pop_back(); }), where));
      CHECK(contains(changed(5, [](Item& transcript) { transcript.bytes.resize(40); }), where));
      CHECK(contains(changed(5, [](Item& transcript) { transcript.bytes.clear(); }), where));
      for (const std::uint8_t key : Bytes{1, 2, 3, 5, 6, 7})
        CHECK(contains(refused_device(token, [&](Item& device) { eat::erase(statement_of(device, challenge), key); }),
                       cat(where, ", ", static_cast<int>(key), ": is missing")));
      for (const std::uint8_t key : Bytes{1, 2, 3, 4, 5, 6, 7})
        CHECK(contains(changed(key, [](Item& item) { item = eat::text("x"); }), where));
      const auto more = [&](Item key) {
        return refused_device(token, [&](Item& device) { eat::put(statement_of(device, challenge), std::move(key), eat::number(1)); });
      };
      CHECK(contains(more(eat::number(8)), "has the unknown key 8"));
      CHECK(contains(more(eat::text("more")), "has the unknown key more"));
      // DSP0274 has a prefix since 1.2.
      const bool needs = version >= k12;
      CHECK(refused_device(token, [&](Item& device) { eat::erase(statement_of(device, challenge), std::uint8_t{4}); }).empty() != needs);
      // The hash as BaseHashAlgo has it is understood, too.
      CHECK(changed(6, [](Item& hash) { hash.number = 1; }).empty());
    }
    CHECK(contains(refused_device(token, [](Item& device) { eat::at(device, claim::vca).bytes.back() ^= 1; }), "claim 3804"));
    CHECK(contains(refused_device(token, [](Item& device) { eat::at(device, claim::vca) = eat::number(1); }), "claim 3804"));
    CHECK(contains(refused_device(token, [](Item& device) { eat::at(device, claim::certificates).items.at(1).bytes.back() ^= 1; }),
                   "claim 3803, 0: is not the chain that was read"));
    CHECK(
        contains(refused_device(token, [](Item& device) { eat::at(device, claim::certificates).items.front().number = 8; }), "claim 3803"));
    CHECK(contains(refused_device(token, [](Item& device) { eat::at(device, claim::certificates).items.at(1) = eat::bytes({}); }),
                   "claim 3803"));
    CHECK(contains(refused_device(token, [](Item& device) { eat::at(device, claim::certificates) = eat::list({}); }), "claim 3803"));
    // Transcripts of two connections do not belong together.
    Item other = cbor::read(token_of(collected(version == k14 ? k13 : k14).evidence));
    CHECK_FALSE(refused_device(token, [&](Item& device) {
                  eat::at(device, claim::challenge) = eat::at(eat::device_of(other), claim::challenge);
                }).empty());
    // One of the two in the place of the other.
    CHECK(contains(refused_device(token, [](Item& device) { std::swap(statement_of(device, true), statement_of(device, false)); }),
                   "claim 3807, 5"));
  }
}

TEST_CASE("a token has measurements of every type that it has room for") {
  fake::Profile profile = trial::in_version(k12);
  profile.blocks = {{1, MeasurementType::structured_manifest, true, {1, 0, 0xA0}},
                    {2, static_cast<MeasurementType>(dat_measurement::last_type + 1), true, {1}}};
  trial::Trial trial(profile);
  trial.wanted.summary = Summary::none;
  trial.collect();
  Item tree = cbor::read(token_of(trial.evidence));
  const Item& map = eat::at(eat::device_of(tree), claim::measurements);
  CHECK(map.find(1) != nullptr);
  CHECK(map.find(2) == nullptr);
}

TEST_CASE("a measurement beside the transcript is what the device has signed, or the token is refused") {
  const Bytes token = token_of(collected(k12).evidence);
  const auto changed = [&](const std::function<void(Item & map)>& change) {
    return refused_device(token, [&](Item& device) { change(eat::at(device, claim::measurements)); });
  };
  Item tree = cbor::read(token);
  const Item map = eat::at(eat::device_of(tree), claim::measurements);
  std::size_t measured = 0;
  for (std::size_t i = 0; i < map.items.size(); i += 2) {
    if (!map.items[i].is(eat::Kind::unsigned_integer)) continue;
    ++measured;
    const std::string where = cat("claim 3802, ", map.items[i].number);
    CAPTURE(where);
    CHECK(contains(changed([&](Item& all) { eat::at(all.items[i + 1], std::uint8_t{1}).number ^= 1; }), where));
    CHECK(contains(changed([&](Item& all) { eat::at(all.items[i + 1], std::uint8_t{1}).number = 11; }), where));
    CHECK(contains(changed([&](Item& all) { eat::put(all.items[i + 1], eat::number(4), eat::number(1)); }), where));
    CHECK(contains(changed([&](Item& all) { all.items[i + 1] = eat::number(1); }), where));
    CHECK(contains(changed([&](Item& all) {
                     Item& one = all.items[i + 1];
                     const bool raw = one.find(3) != nullptr;
                     (raw ? eat::at(one, std::uint8_t{3}) : eat::at(one, std::uint8_t{2}).items.back()).bytes.front() ^= 1;
                   }),
                   where));
    CHECK(contains(changed([&](Item& all) { all.items[i].number = 200; }), "claim 3802, 200"));
    CHECK(contains(changed([&](Item& all) { all.items[i].number = 240; }), "claim 3802"));
  }
  CHECK(measured >= 2);
  CHECK(changed([](Item& all) { all.items.erase(all.items.begin(), all.items.begin() + 2); }).empty());
  CHECK(contains(changed([](Item& all) { all = eat::list({}); }), "claim 3802"));
  CHECK(contains(changed([](Item& all) { eat::put(all, eat::text("other"), eat::number(1)); }), "claim 3802"));
}

TEST_CASE("claims that are not known, devices without SPDM and tokens inside of tokens") {
  const trial::Trial trial = collected(k12);
  const Bytes token = token_of(trial.evidence);
  const auto parts_with = [&](const std::function<void(Item & claims)>& change) {
    Item tree = cbor::read(token);
    change(tree.items.front());
    return load_parts(eat::encode(tree), "token");
  };
  const Item legacy = eat::map({eat::number(claim::profile), eat::text(kDatPciProfile), eat::number(3806), eat::bytes(Bytes(256, 1))});
  std::vector<EvidencePart> parts = parts_with([&](Item& claims) {
    eat::put(claims, eat::number(99), eat::text("of others"));
    Item& submods = eat::at(claims, claim::submods);
    eat::put(submods.items.at(1), eat::number(3808), eat::map({eat::number(1), eat::bytes({0, 0})}));
    eat::put(submods.items.at(1), eat::text("more"), eat::number(1));
    eat::put(submods, eat::text("legacy-pcie:0000:01:02.0"), legacy);
    eat::put(submods, eat::text("digest"), eat::list({eat::number(1), eat::bytes({})}));
    eat::put(submods, eat::text("platform"), eat::map({eat::number(claim::profile), eat::text("tag:example.com,2026:x")}));
    eat::put(submods, eat::text("token"), eat::bytes(token));
    eat::put(submods, eat::text("next"), eat::map({eat::number(claim::profile), eat::text("tag:linaro.org,2025:device-spdm#2.0.0")}));
    eat::put(submods, eat::text("empty"), eat::map({eat::number(claim::profile), eat::text(kDatSpdmProfile)}));
    eat::put(submods, eat::text("no token"), eat::bytes({1, 2, 3}));
  });
  const auto labelled = [&](std::string_view label) {
    const auto part = std::find_if(parts.begin(), parts.end(), [&](const EvidencePart& one) { return one.label == label; });
    REQUIRE(part != parts.end());
    return part->error ? std::string(part->error->what()) : std::string();
  };
  CHECK(parts.size() == 5);
  CHECK(labelled("[spdm:]").empty());
  CHECK(labelled("[token][spdm:]").empty());
  CHECK(contains(labelled("[next]"), "device-spdm#2.0.0 is not known"));
  CHECK(contains(labelled("[empty]"), "nothing in them is signed"));
  CHECK_FALSE(labelled("[no token]").empty());
  for (const EvidencePart& part : parts)
    if (!part.error) CHECK(judge(trial, part.evidence).verdict == Verdict::pass);

  const auto of_claims = [&](const std::function<void(Item & claims)>& change) {
    return refused(token, [&](Item& tree) { change(tree.items.front()); });
  };
  CHECK(contains(of_claims([&](Item& claims) { eat::at(claims, claim::submods) = eat::map({eat::text("x"), legacy}); }), "no evidence"));
  CHECK(contains(of_claims([](Item& claims) { eat::at(claims, claim::submods) = eat::number(1); }), "claim 266"));
  CHECK(contains(of_claims([](Item& claims) { eat::at(claims, claim::submods).items.front() = eat::number(1); }), "claim 266"));
  CHECK(contains(of_claims([](Item& claims) { eat::at(claims, claim::submods).items.front() = eat::text(std::string(2000, 'x')); }),
                 "claim 266"));
  CHECK(contains(of_claims([](Item& claims) { eat::put(claims, eat::number(claim::nonce), eat::bytes({1, 2})); }), "claim 10"));
  CHECK(contains(of_claims([](Item& claims) { eat::put(claims, eat::number(claim::nonce), eat::text("12345678")); }), "claim 10"));
  CHECK(of_claims([](Item& claims) { eat::put(claims, eat::number(claim::nonce), eat::bytes(Bytes(64, 1))); }).empty());
}

TEST_CASE("a token that ends early, or lies about sizes, is refused") {
  const Bytes token = token_of(collected(k12).evidence);
  for (std::size_t size = 0; size < token.size(); size += size < 64 ? 1 : 37) {
    CAPTURE(size);
    CHECK_FALSE(refused(View(token).first(size)).empty());
  }
  Bytes more = token;
  more.push_back(0);
  CHECK(contains(refused(more), "left over"));
  CHECK_FALSE(refused(unhex("BB FFFFFFFFFFFFFFFF 00", "token")).empty());
  CHECK_FALSE(refused(unhex("a1 19010a 5B 7FFFFFFFFFFFFFFF 00", "token")).empty());
  Bytes deep(100'000, 0x82);
  CHECK_FALSE(refused(deep).empty());
  Bytes wide{0xB9, 0xFF, 0xFF};
  for (unsigned i = 0; i < 0xFFFF; ++i) append(wide, unhex(cat("19", hex(i, 4), "00"), "entry"));
  CHECK(contains(refused(wide), "items"));
}

TEST_CASE("whatever byte of a token is altered, only what the device has signed passes") {
  for (const std::uint8_t version : {k11, k12}) {
    const trial::Trial trial = collected(version);
    const Bytes token = token_of(trial.evidence);
    const MessageLog log = load_evidence(token, "token").log;
    // A claim under another key is left out. What is left is what was there.
    const auto was_there = [&](const Message& message) {
      return std::any_of(log.begin(), log.end(), [&](const Message& one) { return one.bytes == message.bytes; });
    };
    const auto same_signed = [&](const Evidence& evidence) { return std::all_of(evidence.log.begin(), evidence.log.end(), was_there); };
    for (std::size_t i = 0; i < token.size(); i += 7) {
      Bytes altered = token;
      altered[i] ^= static_cast<std::uint8_t>(1U << i % 8);
      try {
        for (const EvidencePart& part : load_parts(altered, "token"))
          if (!part.error && judge(trial, part.evidence).verdict == Verdict::pass) CHECK_MESSAGE(same_signed(part.evidence), "byte ", i);
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    }
  }
}
