// Reference values saved from a device: it matches them, and nothing else does.
#include "core/appraisal/reference_writer.h"

#include "core/appraisal/trial.h"
#include "core/crypto/crypto.h"
#include "core/format/yaml_reader.h"

using namespace trial;

namespace {

std::string save(const Report& report) { return write_references({references_from(report)}, "a test"); }

References read(const std::string& yaml) {
  References out;
  out.asked = true;
  add_references(out, "saved.yaml", yaml);
  return out;
}

CheckStatus compared(Trial& trial, const std::string& yaml) {
  const References references = read(yaml);
  trial.question.references = &references;
  return status(trial.judge(), Check::references);
}

std::vector<MeasurementBlock> every_form(Bytes manifest) {
  return {{1, MeasurementType::immutable_rom, false, Bytes(32, 0xA1)},
          {2, MeasurementType::hardware_configuration, true, {1, 2, 3}},
          {3, MeasurementType::mutable_firmware, true, Bytes(200, 7)},
          {6, MeasurementType::firmware_version, true, {'2', '"', '\\', 'x'}},
          {7, MeasurementType::security_version, true, {9, 0, 0, 0, 0, 0, 0, 0}},
          {8, MeasurementType::hash_extend, false, Bytes(32, 0xE1)},
          {9, MeasurementType::informational, true, {'u', 'p'}},
          {0xF0, MeasurementType::manifest, true, std::move(manifest)},
          {0xFE, MeasurementType::device_mode, true, Writer().u32(0x3F).u32(4).u32(0x1F).u32(0).take()}};
}

}  // namespace

TEST_CASE("saved reference values: the device matches, an edit of one digit does not") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    fake::Profile profile = in_version(version);
    profile.blocks = every_form(Bytes(20, 0xD2));
    Trial trial(profile);
    trial.evidence.host.target = "emu://[host]*?";
    const std::string yaml = save(trial.collect().judge());
    CAPTURE(yaml);
    CHECK(compared(trial, yaml) == CheckStatus::pass);
    std::size_t edits = 0;
    for (const char* const value : {"a1a1a1", "010203", "2\\\"", "04000000"}) {
      std::string edited = yaml;
      const std::size_t at = edited.find(value);
      REQUIRE(at != std::string::npos);
      edited[at] = edited[at] == '3' ? '4' : '3';
      CHECK(compared(trial, edited) == CheckStatus::fail);
      ++edits;
    }
    CHECK(edits == 4);
    std::string newer = yaml;
    newer.replace(newer.find("min-svn: 9"), 10, "min-svn: 10");
    CHECK(compared(trial, newer) == CheckStatus::fail);
    std::string elsewhere = yaml;
    elsewhere.replace(elsewhere.find("target: \"emu"), 12, "target: \"tcp");
    CHECK(compared(trial, elsewhere) == CheckStatus::not_run);
  }
}

TEST_CASE("saved reference values: what differs from time to time is ignored") {
  fake::Profile profile = in_version(k13);
  profile.blocks = every_form(Bytes(20, 0xD2));
  Trial trial(profile);
  const std::string yaml = save(trial.collect().judge());
  CHECK(yaml.find("say it in match") != std::string::npos);  // as in a capture, nothing is known of the device
  profile.blocks[5].value[0] = 0;
  profile.blocks[6].value[0] = 'd';
  profile.blocks[7].value[5] = 0;
  Trial later(profile);
  later.collect();
  CHECK(compared(later, yaml) == CheckStatus::pass);
  profile.blocks[2].value[100] = 0;  // long values are digests
  Trial other(profile);
  other.collect();
  CHECK(compared(other, yaml) == CheckStatus::fail);
  CHECK(yaml.find(hex(crypto::hash(*find_hash("SHA-256"), Bytes(200, 7)))) != std::string::npos);
  CHECK(yaml.find("hash: SHA-256") != std::string::npos);
}

TEST_CASE("saved reference values: one index in two forms") {
  Report report;
  const auto add = [&](std::uint8_t index, MeasurementType type, bool raw, Bytes value) {
    Measurement& one = report.measurements.emplace_back();
    one.block = {index, type, raw, std::move(value)};
    one.is_signed = true;
  };
  add(2, MeasurementType::mutable_firmware, true, {1, 2});
  add(2, MeasurementType::mutable_firmware, false, Bytes(32, 0xA1));
  add(9, MeasurementType::informational, true, {'u'});
  add(9, MeasurementType::mutable_firmware, false, Bytes(32, 0xA2));
  add(10, MeasurementType::mutable_firmware, false, Bytes(32, 0xA3));
  add(10, MeasurementType::informational, true, {'u'});
  add(0xF0, MeasurementType::manifest, true, {0xD2});
  add(0xF0, MeasurementType::manifest, false, Bytes(32, 0xA4));
  const std::string yaml = save(report);
  CAPTURE(yaml);
  const References references = read(yaml);
  REQUIRE(references.devices.size() == 1);
  const auto& rows = references.devices.front().measurements;
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].allowed.size() == 2);
  for (std::size_t i = 1; i < 3; ++i) {  // two things under one index: what has a value keeps it
    CHECK_FALSE(rows[i].ignore);
    CHECK(rows[i].type == MeasurementType::mutable_firmware);
    CHECK(rows[i].allowed.size() == 1);
  }
  CHECK((rows[3].ignore && rows[3].allowed.empty()));
}

TEST_CASE("saved reference values: for devices of the same kind") {
  Trial trial;
  trial.evidence.host.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100");
  trial.question.user.identity_match = IdentityMatch::none;
  const Report report = trial.collect().judge();
  const std::string yaml = save(report);
  CHECK(yaml.find("  - match: {vendor: \"1b36\", device: \"0010\", subsystem-vendor: \"1af4\", subsystem: \"1100\"}\n") !=
        std::string::npos);
  CHECK(compared(trial, yaml) == CheckStatus::pass);
  trial.evidence.host.identity->device = 0x0011;
  CHECK(compared(trial, yaml) == CheckStatus::not_run);
  // The same twice is written once.
  CHECK(write_references({references_from(report), references_from(report)}, "a test") == yaml);
}

TEST_CASE("saved reference values: only what is signed, and nothing that a device can say breaks the file") {
  Trial open;
  open.wanted.sign_measurements = false;
  open.question.user.depth = Depth::authenticate;
  CHECK(references_from(open.collect().judge()).measurements.empty());

  fake::Profile profile = in_version(k13);
  profile.blocks = {{6, MeasurementType::firmware_version, true, {'"', '}', ']', ' ', '#', '\\', 'n'}},
                    {9, MeasurementType::mutable_firmware, true, {'a', '\n', 'b'}}};
  Trial trial(profile);
  trial.evidence.host.target = "x\n\"y\\*\xff";
  trial.change_chain = [](ChainResult& chain) { chain.certificates.back().subject = "CN=x\ndevices: []"; };
  const std::string yaml = save(trial.collect().judge());
  CAPTURE(yaml);
  CHECK(compared(trial, yaml) == CheckStatus::pass);
  CHECK(read(yaml).devices.size() == 1);
  CHECK(yaml.find("\ndevices: []") == std::string::npos);
  CHECK(yaml.find("raw: \"610a62\"") != std::string::npos);
}

TEST_CASE("a match in a line of YAML is read as the same") {
  for (const char* const line :
       {"{}", "{vendor: \"1b36\"}", "{vendor: \"1b36\", device: \"0010\", class: \"0108\"}", "{class: \"01\"}", "{class: \"010802\"}",
        "{bdf: \"0000:03:*\", target: \"emu://*\", driver: \"nvme\", slot: \"3\", removable: true}", "{removable: false}"})
    CHECK(to_string(read_device_match(yaml::parse("line", line))) == line);
}
