// What is in the manifests of devices: concise evidence of the TCG, tokens of OCP devices.
#include "core/appraisal/manifest.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/text.h"

using namespace spdm;

namespace {

// {0: {0: [[{0: {0: 111(oid), 1: "ACME"}}, [{0: 1, 1: {2: [[7, digest]]}}, {1: {12: {0: [2]}}}]]]}, 2: "p"}
const std::string kEvidence =
    "a2 00 a1 00 81 82 a1 00 a2 00 d86f 43 2a0304 01 6441434d45 82"
    "a2 00 01 01 a1 02 81 82 07 42 beef"
    "a1 01 a1 0c a1 00 81 02"
    "02 6170";
const std::string kToc = "a1 00 81 d9023b " + kEvidence;

MeasurementBlock block(const std::string& digits, MeasurementType type = MeasurementType::manifest, std::uint8_t index = 0xFD) {
  return {index, type, true, unhex(digits, "test")};
}

std::string named(const MeasurementBlock& measured) {
  const std::optional<cbor::Item> item = read_manifest(measured);
  return item ? name_manifest(*item).dump() : "nothing";
}

const std::string kNamedEvidence =
    R"({"tag":571,"name":"concise-evidence","value":{"ev-triples":{"evidence-triples":[{"environment":{"class":{"class-id":)"
    R"({"tag":111,"name":"oid","value":"h'2a0304'"},"vendor":"ACME"}},"measurements":[)"
    R"({"mkey":1,"mval":{"digests":[{"alg":7,"val":"h'beef'"}]}},{"mval":{"spdm-indirect":{"index":[2]}}}]}]},"profile":"p"}})";
const std::string kNamedToc = R"({"tag":570,"name":"spdm-toc","value":{"tagged-evidence":[)" + kNamedEvidence + "]}}";

}  // namespace

TEST_CASE("manifest: the TCG's table of contents and concise evidence") {
  CHECK(named(block("d9023a " + kToc)) == kNamedToc);
  CHECK(named(block("d9023b " + kEvidence)) == kNamedEvidence);
  // Behind the header of a structured manifest the tag is the vendor id, and may be written once more.
  CHECK(named(block("0a 03 d9023a " + kToc, MeasurementType::structured_manifest)) == kNamedToc);
  CHECK(named(block("0a 03 d9023a d9023a " + kToc, MeasurementType::structured_manifest)).find("tagged-evidence") != std::string::npos);
  CHECK(named(block("01 02 0100 d9023a " + kToc, MeasurementType::structured_manifest)) == kNamedToc);
}

TEST_CASE("manifest: entity attestation tokens") {
  // 18([{1: -35}, {}, {1: "x", 10: h'00..', 265: 111(oid), 273: [[10571, 571(evidence)]], -70001: [...], 99: 1}, signature])
  const std::string content = "d9023b " + kEvidence;
  const std::size_t size = unhex(content, "test").size();
  const std::string claims =
      cat("a6 01 6178 0a 4400112233 190109 d86f 412a 190111 81 82 19294b 58", hex(size, 2), content, " 3a00011170 81 a1 00 6175 1863 01");
  const std::size_t payload = unhex(claims, "test").size();
  const std::string token = cat("84 44 a1013822 a0 59", hex(payload, 4), claims, " 41ff");
  const std::string expected =
      cat(R"({"protected":{"alg":-35},"unprotected":{},"payload":{"iss":"x","eat_nonce":"h'00112233'","eat_profile":)",
          R"({"tag":111,"name":"oid","value":"h'2a'"},"measurements":[{"content-type":10571,"content":)", kNamedEvidence,
          R"(}],"rim-locators":[{"href":"u"}],"99":1},"signature":"h'ff'"})");
  const std::string tagged = cat(R"({"tag":18,"name":"cose-sign1","value":)", expected, "}");
  CHECK(named(block("d2 " + token, MeasurementType::manifest, 0xF0)) == tagged);
  CHECK(named(block(token, MeasurementType::manifest, 0xF0)) == expected);
  CHECK(named(block("0a 01 d2 " + token, MeasurementType::structured_manifest, 0xF0)) == tagged);
}

TEST_CASE("manifest: what is not known stays as it is") {
  CHECK(named(block("a2 01 02 6178 43010203")) == R"({"1":2,"x":"h'010203'"})");
  CHECK(named(block("d9ffff a1 00 01")) == R"({"tag":65535,"value":{"0":1}})");
  CHECK(named(block("a2 01 02 41aa 03")) == R"({"1":2,"h'aa'":3})");  // a map, not the array of a signature
  // A byte string that should hold CBOR, and does not.
  CHECK(named(block("d2 84 41ff a0 41ff 40")) ==
        R"({"tag":18,"name":"cose-sign1","value":{"protected":"h'ff'","unprotected":{},"payload":"h'ff'","signature":"h''"}})");
  // Of another kind than it should be.
  CHECK(named(block("d9023a 01")) == R"({"tag":570,"name":"spdm-toc","value":1})");
  CHECK(named(block("d9023a a1 00 01")) == R"({"tag":570,"name":"spdm-toc","value":{"tagged-evidence":1}})");
  for (const char* const none : {"", "00", "6161", "a1", "a10102ff"}) CHECK(named(block(none)) == "nothing");
  CHECK(named({0xFD, MeasurementType::manifest, false, unhex("a10102", "test")}) == "nothing");
  CHECK(named(block("a10102", MeasurementType::informational)) == "nothing");
}

TEST_CASE("manifest: nested without end") {
  Bytes inner = unhex("a0", "test");
  for (int i = 0; i < 40; ++i) {  // 18([h'', {}, h'18([...', h''])
    Bytes next = unhex("d28440a0", "test");
    append(next, Writer().u8(0x59).u8(inner.size() >> 8).u8(inner.size() & 0xFF).take());
    append(next, inner);
    next.push_back(0x40);
    inner = std::move(next);
  }
  const std::optional<cbor::Item> item = read_manifest({0xFD, MeasurementType::manifest, true, inner});
  REQUIRE(item);
  CHECK(name_manifest(*item).dump().size() < 4 * inner.size());
}

TEST_CASE("manifest: as lines") {
  const std::vector<std::string> lines = manifest_lines(name_manifest(*read_manifest(block("d9023a " + kToc))), 100);
  CHECK(lines ==
        std::vector<std::string>{
            "spdm-toc: tagged-evidence: concise-evidence: ev-triples: evidence-triples: environment: class: class-id: oid: h'2a0304'",
            "spdm-toc: tagged-evidence: concise-evidence: ev-triples: evidence-triples: environment: class: vendor: ACME",
            "spdm-toc: tagged-evidence: concise-evidence: ev-triples: evidence-triples: measurements: mkey: 1",
            "spdm-toc: tagged-evidence: concise-evidence: ev-triples: evidence-triples: measurements: mval: digests: alg: 7",
            "spdm-toc: tagged-evidence: concise-evidence: ev-triples: evidence-triples: measurements: mval: digests: val: h'beef'",
            "spdm-toc: tagged-evidence: concise-evidence: ev-triples: evidence-triples: measurements: mval: spdm-indirect: index: [2]",
            "spdm-toc: tagged-evidence: concise-evidence: profile: p"});
  CHECK(manifest_lines(name_manifest(*read_manifest(block("d9023a " + kToc))), 2).back() == "...");
  CHECK(manifest_lines(name_manifest(*read_manifest(block("d9023a " + kToc))), lines.size()) == lines);
}
