// What evidence may expand to: no more than it is looked at, and what is not looked at is told and passes nothing.
#include <nlohmann/json.hpp>

#include "core/appraisal/manifest.h"
#include "core/appraisal/trial.h"
#include "core/evidence/budget.h"
#include "core/format/cbor.h"

using namespace trial;

namespace {

const Finding* told(const Report& report) {
  for (const Finding& finding : report.findings)
    if (finding.id == FindingId::budget_reached) return &finding;
  return nullptr;
}

// The messages of a good conversation, behind `count` others that were answered.
Report behind(std::size_t count, const Bytes& request, const Bytes& response) {
  Trial trial;
  trial.collect();
  Evidence evidence = trial.evidence;
  evidence.log.clear();
  for (std::size_t i = 0; i < count; ++i) {
    evidence.log.push_back({true, false, request});
    evidence.log.push_back({false, false, response});
  }
  evidence.log.insert(evidence.log.end(), trial.evidence.log.begin(), trial.evidence.log.end());
  return trial.judge(evidence);
}

const Bytes kGetVersion{0x10, 0x84, 0, 0}, kVersion{0x10, 0x04, 0, 0, 0, 1, 0, 0x12}, kBroken{0x10, 0x04, 0, 0, 0, 9, 0, 0x12};

Measurement decoded(Bytes value, std::vector<Finding>& findings, ReadableRoom& room) {
  return decode_measurement({0xFD, MeasurementType::manifest, true, std::move(value)}, k13, findings, room);
}

// An array of so many times `false`.
Bytes wide(std::size_t count) {
  Bytes out = Writer().u8(0x99).u8(count >> 8).u8(count & 0xFF).take();
  out.resize(out.size() + count, 0xF4);
  return out;
}

}  // namespace

TEST_CASE("no more connections are looked at than may be kept, and what comes after them passes nothing") {
  CHECK(behind(kMaxConnections - 1, kGetVersion, kVersion).verdict == Verdict::pass);
  const Report report = behind(kMaxConnections, kGetVersion, kVersion);
  CHECK(report.verdict == Verdict::undetermined);
  REQUIRE(told(report) != nullptr);
  CHECK(told(report)->why.find("more than 1024 connections") != std::string::npos);
}

TEST_CASE("no more faults are told than can be read, and a failure stays one") {
  const Report report = behind(kMaxFindings + 10, kGetVersion, kBroken);
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.findings.size() <= kMaxFindings + 5);
  CHECK(told(report) != nullptr);
}

TEST_CASE("no more certificate chains are kept than 1 MiB") {
  Trial trial;
  trial.collect();
  Evidence evidence = trial.evidence;
  evidence.log.clear();
  // The chain of the device once more, in every connection.
  for (std::size_t bytes = 0; bytes <= kMaxChainBytes + 4096;) {
    for (const Message& message : trial.evidence.log) {
      evidence.log.push_back(message);
      if (!message.from_requester && message.bytes[1] == static_cast<std::uint8_t>(Code::certificate)) bytes += message.bytes.size();
    }
    if (evidence.log.size() > 100'000) break;
  }
  const Analysis analysis = analyze(evidence);
  std::size_t kept = 0;
  for (const Connection& connection : analysis.connections) kept += connection.chain(0).chain().size();
  CHECK(kept <= kMaxChainBytes);
  CHECK(analysis.connections.size() <= kMaxConnections);
  CHECK(analysis.findings.back().id == FindingId::budget_reached);
}

TEST_CASE("manifests are decoded as long as there is room for all of them, and then told to be bytes") {
  std::vector<Finding> findings;
  ReadableRoom room;
  const Bytes some = wide(kMaxManifestItems / 2);
  CHECK(decoded(some, findings, room).manifest);
  CHECK(findings.empty());
  const Measurement second = decoded(some, findings, room);  // with the array itself it is more
  CHECK_FALSE(second.manifest);
  CHECK(second.block.value == some);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].id == FindingId::budget_reached);
  CHECK(findings[0].severity() == Severity::gap);
  CHECK(findings[0].why.find("not decoded") != std::string::npos);
}

TEST_CASE("text takes no room from manifests, and is told where there is none left for them") {
  const MeasurementBlock text{0xFD, MeasurementType::manifest, true, {'a', 'b'}};
  CHECK_FALSE(read_manifest(text, {.depth = 1, .items = 0}));
  const MeasurementBlock list{0xFD, MeasurementType::manifest, true, {0x81, 0x01}};
  CHECK_THROWS_AS(read_manifest(list, {.depth = 1, .items = 0}), cbor::Oversized);
}

TEST_CASE("a manifest that is long once it is indented, or that nests too deep, is told") {
  for (const std::size_t depth : {50U, 70U}) {
    CAPTURE(depth);
    Bytes deep(depth, 0x81);
    append(deep, wide(20'000));
    std::vector<Finding> findings;
    ReadableRoom room;
    CHECK_FALSE(decoded(deep, findings, room).manifest);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].id == FindingId::budget_reached);
  }
}

TEST_CASE("keys that are maps, one inside of the other, do not double") {
  for (const std::size_t depth : {2U, 30U, 60U}) {
    CAPTURE(depth);
    Bytes keys(depth, 0xA1);
    keys.resize(keys.size() + depth + 1, 0);
    std::vector<Finding> findings;
    ReadableRoom room;
    const Measurement measurement = decoded(keys, findings, room);
    CHECK(measurement.manifest.has_value() == (depth == 2));
    CHECK(findings.size() == (depth == 2 ? 0 : 1));
    if (depth != 2) CHECK_THROWS_AS(cbor::to_json(cbor::read(keys)), cbor::Oversized);
  }
}

TEST_CASE("texts share the room of the manifests") {
  std::vector<Finding> findings;
  ReadableRoom room;
  const MeasurementBlock block{1, MeasurementType::informational, true, Bytes(60'000, '\\')};
  std::size_t shown = 0;
  for (int i = 0; i < 20; ++i) shown += decode_measurement(block, k13, findings, room).text ? 1U : 0U;
  CHECK(shown == kMaxReadable / 120'000);
  CHECK(findings.size() == 20 - shown);
}

TEST_CASE("a long path of a manifest is shortened in its lines") {
  Json json = Json::object();
  json[std::string(5000, 'k')] = Json::array({1, Json::array({2})});
  for (const std::string& line : manifest_lines(json, 10)) CHECK(line.size() < 600);
}

TEST_CASE("an extension log of more entries than are looked at is told, and passes nothing") {
  for (const std::size_t entries : {kMaxExtensionEntries, kMaxExtensionEntries + 1}) {
    CAPTURE(entries);
    Writer writer;
    writer.u32(entries).u32(entries * 11).zeros(8);
    for (std::size_t i = 1; i <= entries; ++i) writer.u32(i).u8(8).zeros(3).u8(0x8A).u16(0);
    fake::Profile profile;
    profile.versions = {k13};
    profile.flags |= cap::mel;
    profile.mel = writer.take();
    Trial trial(profile);
    trial.wanted.extension_log = true;
    const Report report = trial.collect().judge();
    CHECK((told(report) == nullptr) == (entries == kMaxExtensionEntries));
    CHECK(report.extension_log.size() == (entries == kMaxExtensionEntries ? entries : 0));
    CHECK(report.verdict == (entries == kMaxExtensionEntries ? Verdict::pass : Verdict::undetermined));
  }
}
