// What a measurement says, and what it cannot say.
#include "core/appraisal/measurement.h"

#include <doctest/doctest.h>

#include "core/appraisal/trial.h"
#include "core/crypto/crypto.h"

using namespace spdm;

namespace {

struct Decoded {
  Decoded(std::uint8_t index, MeasurementType type, bool raw, Bytes value, std::uint8_t version = k13) {
    measurement = decode_measurement({index, type, raw, std::move(value)}, version, findings, room);
  }
  bool has(FindingId id) const {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) { return finding.id == id; });
  }

  std::vector<Finding> findings;
  ReadableRoom room;
  Measurement measurement;
};

Bytes mode(std::uint32_t operational, std::uint32_t device, std::uint32_t capable = 0x3F) {
  return Writer().u32(capable).u32(operational).u32(0x1F).u32(device).take();
}

using enum MeasurementType;

}  // namespace

TEST_CASE("N205 types that must be raw are digests") {
  for (const MeasurementType type : {device_mode, firmware_version, security_version})
    CHECK(Decoded(1, type, false, Bytes(32), k12).has(FindingId::measurement_malformed));
}

TEST_CASE("N319 an informational value is a digest") {
  CHECK(Decoded(1, informational, false, Bytes(32), k13).has(FindingId::measurement_malformed));
  CHECK(Decoded(1, informational, false, Bytes(32), k12).findings.empty());
}

TEST_CASE("measurement: types that may be digests") {
  for (const MeasurementType type :
       {immutable_rom, mutable_firmware, hardware_configuration, firmware_configuration, manifest, hash_extend, structured_manifest})
    CHECK(Decoded(1, type, false, Bytes(32)).findings.empty());
}

TEST_CASE("N205 a malformed measurement is a failure of the device") {
  fake::Profile profile;
  profile.blocks = {{1, security_version, false, Bytes(32, 1)}};
  trial::Trial trial(profile);
  const Report report = trial.collect().judge();
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::peer);
  CHECK(trial::found(report, FindingId::measurement_malformed));
}

TEST_CASE("N205 device mode") {
  for (const std::size_t size : {0U, 15U, 17U}) CHECK(Decoded(0xFE, device_mode, true, Bytes(size)).has(FindingId::measurement_malformed));
  const Decoded normal(0xFE, device_mode, true, mode(4, 0));
  CHECK(normal.findings.empty());
  REQUIRE(normal.measurement.device_mode);
  CHECK(operational_names(normal.measurement.device_mode->operational_state) == std::vector<std::string>{"normal"});
  CHECK(operational_names(0x41) == std::vector<std::string>{"manufacturing", "bit-6"});
  CHECK(device_mode_names(0x12) == std::vector<std::string>{"invasive-debug-active", "invasive-debug-was-active-ever"});
  for (const std::uint32_t state : {1U, 2U, 8U, 16U, 32U, 5U, 0x80000000U})
    CHECK(Decoded(0xFE, device_mode, true, mode(state, 0)).has(FindingId::debug_mode));
  for (const std::uint32_t state : {1U, 2U, 4U, 8U, 16U, 0x100U})
    CHECK(Decoded(0xFE, device_mode, true, mode(4, state)).has(FindingId::debug_mode));
  CHECK(Decoded(0xFE, device_mode, true, mode(4, 0, 0x3B)).has(FindingId::debug_mode));  // a mode that it does not have
}

TEST_CASE("N205 security version number") {
  CHECK(Decoded(7, security_version, true, {3, 0, 0, 0, 0, 0, 0, 1}).measurement.security_version == 0x0100000000000003);
  CHECK_FALSE(Decoded(7, security_version, true, Bytes(8)).has(FindingId::svn_size));
  // Other sizes than the one that it should have are worth a look; a shorter number is a number.
  const Decoded four(7, security_version, true, {3, 1, 0, 0});
  CHECK(four.has(FindingId::svn_size));
  CHECK(four.measurement.security_version == 0x103);
  CHECK(Decoded(7, security_version, true, {1, 2, 3, 4, 5, 6, 7}).measurement.security_version == 0x07060504030201);
  for (const std::size_t size : {0U, 9U}) {
    const Decoded wrong(7, security_version, true, Bytes(size));
    CHECK(wrong.has(FindingId::svn_size));
    CHECK_FALSE(wrong.measurement.security_version);
  }
}

TEST_CASE("N318 reserved indices are worth a look from 1.2 on") {
  for (const std::uint8_t index : {std::uint8_t{0xF0}, std::uint8_t{0xFC}}) {
    CHECK(Decoded(index, manifest, true, {1}, k12).has(FindingId::reserved_index));
    CHECK(Decoded(index, manifest, true, {1}, k11).findings.empty());
  }
  for (const std::uint8_t index : {std::uint8_t{0xEF}, kManifestIndex, kDeviceModeIndex})
    CHECK_FALSE(Decoded(index, manifest, true, {1}, k14).has(FindingId::reserved_index));
}

TEST_CASE("measurement: text is shown escaped, and only where text is meant") {
  const Bytes text{'1', '.', '2', '\\'};
  CHECK(Decoded(6, firmware_version, true, text).measurement.text == "1.2\\\\");
  CHECK_FALSE(Decoded(6, firmware_version, true, {'1', 0x1B, '['}).measurement.text);
  CHECK_FALSE(Decoded(6, mutable_firmware, true, text).measurement.text);
  CHECK_FALSE(Decoded(6, firmware_version, true, {}).measurement.text);
}

TEST_CASE("measurement: CBOR manifests") {
  const Bytes map{0xA2, 0x01, 0x63, 'a', 'b', 'c', 0x61, 'k', 0x82, 0x01, 0xF5};  // {1: "abc", "k": [1, true]}
  const Bytes good{0xA1, 0x61, 'k', 0x82, 0x01, 0xF5};
  CHECK(Decoded(0xFD, manifest, true, good).measurement.manifest.value() == R"({"k":[1,true]})");
  CHECK(Decoded(0xFD, manifest, true, {0x9F, 0x01, 0x7F, 0x61, 'a', 0x61, 'b', 0xFF, 0xFF}).measurement.manifest.value() == R"([1,"ab"])");
  CHECK(Decoded(0xFD, manifest, true, {0xD9, 0x01, 0x02, 0x81, 0x01}).measurement.manifest.value() == R"({"tag":258,"value":[1]})");
  CHECK(Decoded(0xFD, manifest, true, map).measurement.manifest.value() == R"({"1":"abc","k":[1,true]})");
  Bytes structured{0x03, 0x02, 0x36, 0x1B};
  append(structured, good);
  const Decoded with_header(0xFD, structured_manifest, true, structured);
  CHECK(with_header.measurement.manifest_format == "PCI-SIG 361b");
  CHECK(with_header.measurement.manifest.value() == R"({"k":[1,true]})");
  const std::vector<Bytes> no_cbor{{},
                                   {0x01},
                                   {0x61, 'a'},
                                   {0x81},
                                   {0x81, 0x01, 0x01},
                                   {0xFF},
                                   {0x82, 0x01},
                                   {0xA2, 0x01, 0x02, 0x01, 0x03},
                                   {0xA1, 0x61, 'k'},
                                   {0x9F, 0x01},
                                   {0x81, 0xFF},
                                   {0x81, 0x1C},
                                   {0x81, 0x1F},
                                   {0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE},
                                   {0xBB, 0x80, 0, 0, 0, 0, 0, 0, 0},
                                   {0x81, 0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                                   {0x81, 0x7A, 0xFF, 0xFF, 0xFF, 0xFF}};
  for (const Bytes& bytes : no_cbor) {
    CAPTURE(hex(bytes));
    CHECK_FALSE(Decoded(0xFD, manifest, true, bytes).measurement.manifest);
  }
}

TEST_CASE("measurement: manifests with many members") {
  constexpr unsigned count = 13000;
  Writer map;
  map.u8(0xB9).u8(count >> 8).u8(count & 0xFF);
  for (unsigned i = 0; i < count; ++i) map.u8(0x63).u8('!' + i % 94).u8('!' + i / 94 % 94).u8('!' + i / 94 / 94).u8(0xF5);
  const Bytes value = map.take();
  // Reading takes milliseconds each where members are found by their order, a quarter of a second where they are searched.
  for (int i = 0; i < 20; ++i) CHECK(Decoded(0xFD, manifest, true, value).measurement.manifest->size() > count * 10);
}

TEST_CASE("measurement: manifests with many members of one name") {
  constexpr unsigned count = 11000;  // NaNs with other bits are other keys, and one word
  Writer map;
  map.u8(0xB9).u8(count >> 8).u8(count & 0xFF);
  for (unsigned i = 0; i < count; ++i) map.u8(0xFA).u8(0x7F).u8(0xC0).u8(i >> 8).u8(i & 0xFF).u8(0xF5);
  const Bytes value = map.take();
  // Milliseconds each; where every name is made longer until it is free, minutes.
  for (int i = 0; i < 10; ++i) CHECK(Decoded(0xFD, manifest, true, value).measurement.manifest->size() < count * 24);
}

TEST_CASE("measurement: manifests nested to exhaust the stack") {
  for (const std::uint8_t head : {std::uint8_t{0x81}, std::uint8_t{0x9F}, std::uint8_t{0xC1}, std::uint8_t{0xBF}, std::uint8_t{0xD8}})
    CHECK_FALSE(Decoded(0xFD, manifest, true, Bytes(0xFFFC, head)).measurement.manifest);
  Bytes deep(0xFFFC, 0x81);
  deep.back() = 0x01;
  CHECK_FALSE(Decoded(0xFD, manifest, true, deep).measurement.manifest);
  Bytes sane(40, 0x81);
  sane.back() = 0x01;
  CHECK(Decoded(0xFD, manifest, true, sane).measurement.manifest);
}

TEST_CASE("measurement: manifests with any one bit changed") {
  const Bytes good{0xA2, 0x61, 'k', 0x82, 0x01, 0xF5, 0x61, 'm', 0x9F, 0x42, 0x01, 0x02, 0xFB, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xFF};
  REQUIRE(Decoded(0xFD, manifest, true, good).measurement.manifest);
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes changed = good;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    Decoded(0xFD, manifest, true, changed);
    Decoded(0xFD, manifest, true, to_bytes(View(good).first(bit / 8)));
  }
}

TEST_CASE("measurement: names") {
  CHECK(name(mutable_firmware) == "mutable-firmware");
  CHECK(name(static_cast<MeasurementType>(0x2A)) == "type-0x2a");
  CHECK(redfish_name(immutable_rom) == "ImmutableROM");
  CHECK(redfish_name(informational).empty());
}

TEST_CASE("measurement: the extension log counts in its order") {
  const HashAlgorithm& sha256 = *find_hash("SHA-256");
  const MelEntry first{.index = 0, .measurement_index = 9, .value_type = 0, .value = {}, .raw = Bytes{1}};
  const MelEntry second{.index = 1, .measurement_index = 9, .value_type = 0, .value = {}, .raw = Bytes{2}};
  const auto extend = [&](Bytes value, std::uint8_t entry) {
    value.push_back(entry);
    return crypto::hash(sha256, value);
  };
  CHECK(replay_extension({first, second}, 9, sha256) == extend(extend(Bytes(32, 0), 1), 2));
  CHECK(replay_extension({second, first}, 9, sha256) == extend(extend(Bytes(32, 0), 2), 1));
}

TEST_CASE("measurement: the extension log leads to its digest") {
  const HashAlgorithm& sha256 = *find_hash("SHA-256");
  const auto entry = [](std::uint32_t index, std::uint8_t measurement) {
    return Writer().u32(index).u8(measurement).zeros(3).u8(0x81).u16(2).u16(0xABCD).take();
  };
  Bytes log = Writer().u32(3).u32(39).u64(0).bytes(entry(1, 9)).bytes(entry(2, 4)).bytes(entry(3, 9)).take();
  Bytes expected(32, 0);  // start at zero, then hash(value || entry) for each entry of the index
  for (const std::uint32_t index : {1U, 3U}) {
    append(expected, entry(index, 9));
    expected = crypto::hash(sha256, expected);
  }
  CHECK(replay_extension(read_mel(log), 9, sha256) == expected);
  CHECK(replay_extension(read_mel(log), 8, sha256) == Bytes(32, 0));

  fake::Profile profile = trial::in_version(k13);
  profile.flags |= cap::mel;
  profile.mel = log;
  profile.blocks = {{9, hash_extend, false, expected}};
  for (const bool honest : {true, false}) {
    if (!honest) profile.mel[16 + 11] ^= 1;  // the value of the first entry
    trial::Trial trial(profile);
    trial.wanted.extension_log = true;
    const Report report = trial.collect().judge();
    CHECK(report.extension_log.size() == 3);
    CHECK(trial::found(report, FindingId::mel_mismatch) == !honest);
    CHECK(report.verdict == Verdict::pass);  // the log itself is never signed: a warning
  }
  SUBCASE("N303 a log that counts its entries wrong is a finding") {
    profile.mel[0] = 2;
    trial::Trial trial(profile);
    trial.wanted.extension_log = true;
    CHECK(trial::found(trial.collect().judge(), FindingId::measurement_malformed));
  }
}
