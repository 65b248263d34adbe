// Files of reference values: what they mean, and what is wrong with them in one line.
#include "core/appraisal/references.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

using namespace spdm;

namespace {

References read(const std::string& text) {
  References out;
  add_references(out, "dir/refs.yaml", text);
  return out;
}

void expect_config(const std::string& part, const std::string& text) {
  expect_error(ErrorId::config, part, [&] { read(text); });
}

std::string measurement(const std::string& text) { return cat("version: 1\ndevices:\n- match: {}\n  measurements:\n  - {", text, "}\n"); }

}  // namespace

TEST_CASE("references: every form") {
  const References all = read(R"(version: 1
source: "firmware 2.3"
devices:
  - match: {vendor: "1b36", device: "0010"}
    hash: SHA-384
    measurements:
      - index: 0x01
        type: immutable-rom
        digest: ")" + std::string(96, 'A') +
                              R"("
      - index: 6
        any-of: [{text: "2.3"}, {raw: "00 ff"}, {svn: 5}]
      - {index: 7, min-svn: 0xffffffffffffffff}
      - {index: 254, ignore: true}
  - match: {target: "emu://*"}
    complete: false
    measurements: [{index: 2, digest: ")" +
                              std::string(64, '2') + "\"}]\n");
  REQUIRE(all.devices.size() == 2);
  const DeviceReferences& first = all.devices.front();
  CHECK(first.match.vendor == 0x1B36);
  CHECK(first.complete);
  CHECK(first.source == "dir/refs.yaml:4");
  REQUIRE(first.measurements.size() == 4);
  CHECK(first.measurements[0].type == MeasurementType::immutable_rom);
  CHECK(first.measurements[0].allowed.front().hash == find_hash("SHA-384"));
  CHECK(first.measurements[0].source == "dir/refs.yaml:7");
  CHECK(to_string(first.measurements[0].allowed.front()) == std::string(96, 'a'));
  REQUIRE(first.measurements[1].allowed.size() == 3);
  CHECK(to_string(first.measurements[1].allowed[0]) == "2.3");
  CHECK(to_string(first.measurements[1].allowed[1]) == "00ff");
  CHECK(to_string(first.measurements[1].allowed[2]) == "svn 5");
  CHECK(first.measurements[1].allowed[2].bytes == Bytes{5, 0, 0, 0, 0, 0, 0, 0});
  CHECK(first.measurements[2].min_svn == ~std::uint64_t{0});
  CHECK(first.measurements[3].ignore);
  CHECK_FALSE(all.devices[1].complete);
  CHECK(all.devices[1].measurements.front().allowed.front().hash == nullptr);
}

TEST_CASE("references: what is wrong, and where") {
  expect_config("dir/refs.yaml:1:1: key 'version' is missing", "devices: []\n");
  expect_config("dir/refs.yaml:1:10: version: 2 is out of range", "version: 2\ndevices: []\n");
  expect_config("dir/refs.yaml:2:1: unknown key 'device'", "version: 1\ndevice: []\n");
  expect_config("key 'devices' is missing", "version: 1\n");
  expect_config("devices[0]: key 'match' is missing", "version: 1\ndevices: [{measurements: []}]\n");
  expect_config("devices[0].measurements: is empty", "version: 1\ndevices: [{match: {}, measurements: []}]\n");
  expect_config("unknown key 'vender'", "version: 1\ndevices: [{match: {vender: \"1b36\"}, measurements: []}]\n");
  expect_config("unknown hash algorithm 'SHA-1'", "version: 1\ndevices: [{match: {}, hash: SHA-1, measurements: []}]\n");
  expect_config("key 'index' is missing", measurement("ignore: true"));
  for (const char* const index : {"0", "255", "256", "-1", "x"}) expect_config("index: ", measurement(cat("ignore: true, index: ", index)));
  expect_config("unknown measurement type 'rom'", measurement("index: 1, type: rom, ignore: true"));
  expect_config("has no value to compare with", measurement("index: 1"));
  expect_config("has no value to compare with", measurement("index: 1, ignore: false"));
  expect_config("has no value to compare with", measurement("index: 1, any-of: []"));
  expect_config("ignore and a value cannot be combined", measurement("index: 1, ignore: true, text: x"));
  expect_config("digest: has 31 bytes, digests have 32, 48 or 64", measurement("index: 1, digest: \"" + std::string(62, '0') + "\""));
  expect_config("dir/refs.yaml:5:24: devices[0].measurements[0].digest", measurement("index: 1, digest: \"0g\""));
  expect_config("any-of[0]: must be one value", measurement("index: 1, any-of: [{}]"));
  expect_config("any-of[0]: must be one value", measurement("index: 1, any-of: [{text: a, raw: \"00\"}]"));
  expect_config("any-of[0]: unknown key 'min-svn'", measurement("index: 1, any-of: [{min-svn: 1}]"));
  expect_config("min-svn: '18446744073709551616' is not a number", measurement("index: 1, min-svn: 18446744073709551616"));
  expect_config("index 1 stands in line 5, too", measurement("index: 1, ignore: true}\n  - {index: 0x1, ignore: true"));
  expect_config("a SHA-384 digest has 48", "version: 1\ndevices: [{match: {}, hash: SHA-384, measurements: [{index: 1, digest: \"" +
                                               std::string(64, '0') + "\"}]}]\n");
  expect_config("dir/refs.yaml:", "version: [\n");
}

TEST_CASE("references: no more than anybody needs") {
  std::string list = "&a [";
  for (int i = 0; i < 1000; ++i) list += "{text: x}, ";
  std::string text = cat("version: 1\ndevices:\n- {match: {}, measurements: [{index: 1, any-of: ", list, "]}]}\n");
  for (int i = 0; i < 300; ++i) text += "- {match: {}, measurements: [{index: 1, any-of: *a}]}\n";
  expect_config("exceeds the limit of 200000 reference values", text);
  for (int i = 0; i < 25; ++i) list += "{text: x}, ";
  expect_config("any-of[1024]: exceeds the limit of 1024 values",
                cat("version: 1\ndevices:\n- {match: {}, measurements: [{index: 1, any-of: ", list, "]}]}\n"));
}

TEST_CASE("references: environments") {
  const auto environment = [](const std::string& keys) {
    return cat("version: 1\ndevices:\n- match: {}\n  environments: [{", keys, "}]\n");
  };
  expect_config("environments[0]: key 'class' is missing", environment("svn: 1"));
  expect_config("class: names no environment", environment("class: {layer: 1}, svn: 1"));
  expect_config("class: unknown key 'modle'", environment("class: {modle: x}, svn: 1"));
  expect_config("has no value to compare with", environment("class: {model: x}, element: e"));
  expect_config("digest: unknown key 'SHA-1'", environment("class: {model: x}, digest: {SHA-1: \"00\"}"));
  expect_config("a SHA-256 digest has 32", environment("class: {model: x}, digest: {SHA-256: \"00\"}"));
  expect_config("environments: is empty", "version: 1\ndevices: [{match: {}, environments: []}]\n");
  expect_config("key 'measurements' is missing", "version: 1\ndevices: [{match: {}}]\n");
  std::string many = "version: 1\ndevices:\n- match: {}\n  environments:\n";
  for (std::size_t i = 0; i <= kMaxEnvironments; ++i) many += "  - {class: {model: x}, svn: 1}\n";
  expect_config("environments[4096]: exceeds the limit of 4096 environments", many);
}

TEST_CASE("references: no more nodes, and no deeper, than memory is taken for") {
  std::string flat = "version: 1\ndevices: [";
  for (std::size_t i = 0; i < yaml::kMaxNodes; ++i) flat += "a,";
  expect_config("exceeds the limit of 1000000 values and keys", flat + "]\n");
  expect_config("more than 32 nested lists and mappings", cat("version: ", std::string(1000, '['), std::string(1000, ']')));
}
